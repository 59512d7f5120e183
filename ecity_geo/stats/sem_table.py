"""The parameters of a model: what was written, and what lavaan's defaults add to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.sem_syntax import Definition, Syntax, Term

EQUAL = (
    "loadings",
    "intercepts",
    "means",
    "regressions",
    "residuals",
    "residual.covariances",
    "lv.variances",
    "lv.covariances",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One row of a parameter table.

    Parameters
    ----------
    lhs, op, rhs
        As in `Term`.
    group
        Number of the group, from 0.
    label
        As written, or "".
    free
        Whether it is estimated.
    value
        Where it is fixed, or where the search starts; NaN when nobody said.
    exogenous
        Moment of an exogenous observed variable: fixed at what the sample has.
    added
        Put there by a default, not by the user.
    """

    lhs: str
    op: str
    rhs: str
    group: int = 0
    label: str = ""
    free: bool = True
    value: float = np.nan
    exogenous: bool = False
    added: bool = False

    @property
    def name(self) -> str:
        """Return the relation as written, without spaces."""
        return f"{self.lhs}{self.op}{self.rhs}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterTable:
    """Every parameter of a model in all groups.

    Parameters
    ----------
    rows
        Parameters, group after group.
    index
        Number of the free parameter behind each row, -1 where fixed; rows that are held equal
        share a number.
    observed, latent
        Variables in lavaan's order.
    given
        Observed variables that explain others and that nothing explains.
    exogenous
        Those of them whose moments are taken from the sample.
    groups
        How many.
    means
        Whether means are part of the model.
    definitions
        Quantities made of labelled parameters.
    """

    rows: tuple[Parameter, ...]
    index: np.ndarray
    observed: tuple[str, ...]
    latent: tuple[str, ...]
    given: tuple[str, ...]
    exogenous: tuple[str, ...]
    groups: int
    means: bool
    definitions: tuple[Definition, ...]

    @property
    def count(self) -> int:
        """Return the number of free parameters, those held equal counted once."""
        return int(self.index.max(initial=-1)) + 1


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Variables by the part that they play."""

    latent: tuple[str, ...]
    observed: tuple[str, ...]
    exogenous: tuple[str, ...]
    latent_exogenous: tuple[str, ...]
    outcomes: tuple[str, ...]


def build_table(
    syntax: Syntax,
    *,
    groups: int = 1,
    equal: Collection[str] = (),
    partial: Collection[str] = (),
    means: bool = False,
    fixed_x: bool = True,
    std_lv: bool = False,
    ordered: Collection[str] = (),
) -> ParameterTable:
    """Complete a model by the defaults of lavaan's ``cfa()`` and ``sem()``.

    Parameters
    ----------
    syntax
        Model as parsed.
    groups
        Number of groups.
    equal
        What is held equal over groups: words of `EQUAL` (lavaan's ``group.equal``).
    partial
        Relations exempt from `equal`, such as ``"visual=~x2"`` or ``"x3~1"``.
    means
        Whether means are part of the model; an intercept in the syntax brings them anyway.
    fixed_x
        Take the moments of exogenous observed variables from the sample.
    std_lv
        Fix the variances of latent variables at 1 in place of their first loadings.
    ordered
        Ordinal items: their residual variances are fixed at 1 and their intercepts at 0.

    Returns
    -------
    table
        Rows in lavaan's order.

    Raises
    ------
    AnalysisError
        If a modifier does not fit the number of groups, or `equal` has an unknown word.

    Notes
    -----
    First loadings are 1 (``auto.fix.first``), a single indicator has no residual
    (``auto.fix.single``), variances are free (``auto.var``), exogenous latent variables covary
    (``auto.cov.lv.x``), and so do the outcomes that explain nothing (``auto.cov.y``).
    """
    unknown = sorted(set(equal) - set(EQUAL))
    if unknown:
        raise AnalysisError(f"{unknown} cannot be held equal; expected some of {', '.join(EQUAL)}.")
    kinds = _kinds(syntax.terms, fixed_x=fixed_x)
    means = means or any(term.op == "~1" for term in syntax.terms)
    first = _one_group(syntax.terms, kinds, means, fixed_x, std_lv, frozenset(ordered))
    rows = [
        row
        for group in range(groups)
        for row in _in_group(first, syntax.terms, group, groups, equal, kinds, std_lv)
    ]
    rows = _unite_labels(rows)
    return ParameterTable(
        rows=tuple(rows),
        index=_index(rows, _equal_names(first, kinds, equal, partial)),
        observed=kinds.observed,
        latent=kinds.latent,
        given=kinds.exogenous,
        exogenous=kinds.exogenous if fixed_x else (),
        groups=groups,
        means=means,
        definitions=syntax.definitions,
    )


def _unique(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _kinds(terms: tuple[Term, ...], *, fixed_x: bool) -> _Kinds:
    latent = _unique(t.lhs for t in terms if t.op == "=~")
    measured = _unique(t.rhs for t in terms if t.op == "=~")
    explained = _unique(t.lhs for t in terms if t.op == "~")
    explaining = _unique(t.rhs for t in terms if t.op == "~")
    indicators = tuple(v for v in measured if v not in latent)
    inner = tuple(v for v in explained if v not in latent and v not in measured)
    outer = tuple(
        v for v in explaining if v not in latent and v not in measured and v not in explained
    )
    told = [t for t in terms if t.op in ("~~", "~1")]
    others = [t.lhs for t in told] + [t.rhs for t in told if t.op == "~~"]
    extra = _unique(v for v in others if v not in latent)
    observed = _unique(iter((*indicators, *inner, *outer, *extra)))
    random = {v for t in told for v in (t.lhs, t.rhs)}
    ends = [v for v in explained if v not in measured and v not in explaining]
    return _Kinds(
        latent=latent,
        observed=observed,
        # A variable whose moments the user models is no longer given.
        exogenous=tuple(v for v in outer if v not in random),
        latent_exogenous=tuple(v for v in latent if v not in measured and v not in explained),
        outcomes=(*(v for v in latent if v in ends), *(v for v in observed if v in ends)),
    )


def _one_group(
    terms: tuple[Term, ...],
    kinds: _Kinds,
    means: bool,
    fixed_x: bool,
    std_lv: bool,
    ordered: frozenset[str],
) -> list[Parameter]:
    written = [Parameter(lhs=t.lhs, op=t.op, rhs=t.rhs) for t in terms]
    told = {(row.lhs, row.op, row.rhs) for row in written}
    told |= {(row.rhs, row.op, row.lhs) for row in written if row.op == "~~"}
    added = [row for row in _defaults(kinds, means) if (row.lhs, row.op, row.rhs) not in told]
    rows = written + added
    single = _single_indicators(terms)
    seen: set[str] = set()
    result = []
    for row in rows:
        fixed = _default_value(row, kinds, seen, single, ordered, std_lv)
        if row.op == "=~":
            seen.add(row.lhs)
        given = row.added and fixed_x and _is_exogenous(row, kinds)
        if given:
            result.append(replace(row, free=False, exogenous=True))
        elif fixed is not None:
            result.append(replace(row, free=False, value=fixed))
        else:
            result.append(row)
    return result


def _defaults(kinds: _Kinds, means: bool) -> Iterator[Parameter]:
    inner = [v for v in kinds.observed if v not in kinds.exogenous]
    pairs = [(v, v) for v in (*inner, *kinds.latent)]
    pairs += combinations(kinds.latent_exogenous, 2)
    pairs += combinations(kinds.outcomes, 2)
    for at, name in enumerate(kinds.exogenous):
        pairs += [(name, other) for other in kinds.exogenous[at:]]
    for lhs, rhs in dict.fromkeys(pairs):
        yield Parameter(lhs=lhs, op="~~", rhs=rhs, added=True)
    if means:
        for name in (*kinds.observed, *kinds.latent):
            yield Parameter(lhs=name, op="~1", rhs="", added=True)


def _single_indicators(terms: tuple[Term, ...]) -> set[str]:
    measures = [(t.lhs, t.rhs) for t in terms if t.op == "=~"]
    factors = [lhs for lhs, _ in measures]
    items = [rhs for _, rhs in measures]
    return {b for a, b in measures if factors.count(a) == 1 and items.count(b) == 1}


def _default_value(
    row: Parameter,
    kinds: _Kinds,
    seen: set[str],
    single: set[str],
    ordered: frozenset[str],
    std_lv: bool,
) -> float | None:
    """Return where a default fixes the parameter, None where it leaves it free."""
    if row.op == "=~":
        return 1.0 if not std_lv and row.lhs not in seen else None
    if row.op == "~1":
        return 0.0 if row.added and (row.lhs in kinds.latent or row.lhs in ordered) else None
    if row.op == "~~" and row.lhs == row.rhs:
        if std_lv and row.lhs in kinds.latent:
            return 1.0
        if row.added and row.lhs in ordered:
            return 1.0
        if row.added and row.lhs in single:
            return 0.0
    return None


def _is_exogenous(row: Parameter, kinds: _Kinds) -> bool:
    if row.op == "~1":
        return row.lhs in kinds.exogenous
    return row.op == "~~" and row.lhs in kinds.exogenous and row.rhs in kinds.exogenous


def _in_group(
    first: list[Parameter],
    terms: tuple[Term, ...],
    group: int,
    groups: int,
    equal: Collection[str],
    kinds: _Kinds,
    std_lv: bool,
) -> Iterator[Parameter]:
    # Equal intercepts identify the latent means of later groups, equal loadings their variances.
    free_means = group > 0 and "intercepts" in equal and "means" not in equal
    free_variances = group > 0 and std_lv and "loadings" in equal and "lv.variances" not in equal
    for number, row in enumerate(first):
        made = replace(row, group=group)
        latent = row.added and row.lhs in kinds.latent
        if (latent and row.op == "~1" and free_means) or (
            latent and row.op == "~~" and row.lhs == row.rhs and free_variances
        ):
            made = replace(made, free=True, value=np.nan)
        yield _modified(made, terms[number], groups) if number < len(terms) else made


def _modified(row: Parameter, term: Term, groups: int) -> Parameter:
    for part in (term.fixed, term.start, term.label):
        if len(part) not in (0, 1, groups):
            raise AnalysisError(
                f"Line {term.line} of the model: {row.name} has {len(part)} values in a modifier "
                f"for {groups} groups. Give one per group."
            )
    at = row.group
    if term.fixed:
        fixed = term.fixed[at if len(term.fixed) > 1 else 0]
        row = replace(row, free=fixed is None, value=np.nan if fixed is None else fixed)
    if term.start:
        row = replace(row, value=term.start[at if len(term.start) > 1 else 0])
    if term.label:
        row = replace(row, label=term.label[at if len(term.label) > 1 else 0])
    return row


def _unite_labels(rows: list[Parameter]) -> list[Parameter]:
    """Fix all parameters of a label where one of them is fixed."""
    fixed = {row.label: row.value for row in rows if row.label and not row.free}
    return [
        replace(row, free=False, value=fixed[row.label]) if row.label in fixed else row
        for row in rows
    ]


def _equal_names(
    first: list[Parameter], kinds: _Kinds, equal: Collection[str], partial: Collection[str]
) -> frozenset[str]:
    exempt = {"".join(name.split()) for name in partial}
    exempt -= (known := {row.name for row in first})
    if exempt:
        raise AnalysisError(f"The model has no {sorted(exempt)} to exempt; it has {sorted(known)}.")
    exempt = {"".join(name.split()) for name in partial}
    return frozenset(
        row.name for row in first if _sort(row, kinds) in equal and row.name not in exempt
    )


def _sort(row: Parameter, kinds: _Kinds) -> str:
    latent = row.lhs in kinds.latent
    if row.op == "~~":
        if row.lhs == row.rhs:
            return "lv.variances" if latent else "residuals"
        return "lv.covariances" if latent else "residual.covariances"
    if row.op == "~1":
        return "means" if latent else "intercepts"
    return "loadings" if row.op == "=~" else "regressions"


def _index(rows: list[Parameter], shared: frozenset[str]) -> np.ndarray:
    numbers: dict[object, int] = {}
    index = np.full(len(rows), -1)
    for at, row in enumerate(rows):
        if not row.free:
            continue
        key: object = (row.name, row.group)
        if row.label:
            key = row.label
        elif row.name in shared:
            key = row.name, "all"
        index[at] = numbers.setdefault(key, len(numbers))
    return index
