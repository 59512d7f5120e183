"""The model language of lavaan, read into terms."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ecity_geo.errors import AnalysisError

_OPERATOR = re.compile(r"=~|~~|~\*~|:=|==|<~|[<>|]|~")
_NAME = re.compile(r"[^\W\d][\w.]*")
_NUMBER = re.compile(r"[-+]?\s*(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_CALL = re.compile(r"(start|label|c)\s*\((.*)\)", re.DOTALL)
_OPEN = ("=~", "~", "~~", ":=", "+", "*", "(", ",")
_UNKNOWN = {
    "==": "give both parameters the same label instead",
    "<": "inequalities are not supported",
    ">": "inequalities are not supported",
    "|": "thresholds are estimated by themselves with an ordinal estimator",
    "<~": "formative constructs are not supported",
    "~*~": "scaling factors are not supported",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One relation of a model, such as ``visual =~ 0.5*x2``.

    Parameters
    ----------
    lhs, op, rhs
        Names and ``"=~"``, ``"~"``, ``"~~"`` or ``"~1"`` (an intercept; `rhs` is empty then).
    line
        Line of the syntax, from 1.
    fixed
        Value per group, or one for all; None frees the parameter (``NA*``). Empty: the default.
    start
        Starting value per group, or one for all.
    label
        Name of the parameter per group, or one for all.
    """

    lhs: str
    op: str
    rhs: str
    line: int
    fixed: tuple[float | None, ...] = ()
    start: tuple[float, ...] = ()
    label: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A quantity made of labelled parameters, ``name := expression``."""

    name: str
    expression: str
    line: int


@dataclass(frozen=True, slots=True)
class Syntax:
    """A model as it was written: its relations and its defined quantities."""

    terms: tuple[Term, ...]
    definitions: tuple[Definition, ...]


@dataclass(slots=True)
class _Modifier:
    fixed: tuple[float | None, ...] = ()
    start: tuple[float, ...] = ()
    label: tuple[str, ...] = ()


@dataclass(slots=True)
class _Statement:
    line: int
    text: str


class _Malformed(Exception):  # noqa: N818
    """What is wrong with one statement; becomes a sentence of the `AnalysisError`."""


def parse_syntax(text: str) -> Syntax:
    """Read a model written in lavaan's language.

    Parameters
    ----------
    text
        Statements on lines of their own or parted by ``;``. ``=~`` is measured by, ``~`` is
        regressed on, ``~~`` varies with, ``~ 1`` an intercept, ``:=`` defines a quantity.
        ``label*x``, ``0.5*x``, ``NA*x``, ``start(0.5)*x`` and ``c(a, b)*x`` (per group) modify a
        term. ``#`` and ``!`` begin a comment.

    Returns
    -------
    syntax
        Terms in the order written.

    Raises
    ------
    AnalysisError
        Naming line and text of every statement that cannot be read.

    Notes
    -----
    Rosseel (2012), doi:10.18637/jss.v048.i02, appendix of the manual on model syntax.
    """
    terms: list[Term] = []
    definitions: list[Definition] = []
    faults: list[str] = []
    for statement in _statements(text):
        try:
            read = _read(statement)
        except _Malformed as fault:
            faults.append(f'Line {statement.line} of the model, "{statement.text}": {fault}')
            continue
        if isinstance(read, Definition):
            definitions.append(read)
        else:
            terms.extend(read)
    if not faults and not terms:
        faults.append("The model is empty: write one relation a line, such as f =~ x1 + x2 + x3.")
    if faults:
        raise AnalysisError("\n".join(faults))
    return Syntax(_merge(terms), tuple(definitions))


def _statements(text: str) -> list[_Statement]:
    found: list[_Statement] = []
    for number, line in enumerate(text.splitlines(), start=1):
        for part in re.split(r"[#!]", line, maxsplit=1)[0].split(";"):
            piece = part.strip()
            if not piece:
                continue
            if found and (found[-1].text.endswith(_OPEN) or piece.startswith(("+", "*"))):
                found[-1].text += f" {piece}"
            else:
                found.append(_Statement(number, piece))
    return found


def _read(statement: _Statement) -> Definition | list[Term]:
    operator = _OPERATOR.search(statement.text)
    if operator is None:
        raise _Malformed("there is no operator; expected =~, ~, ~~ or :=.")
    op = operator.group()
    if op in _UNKNOWN:
        raise _Malformed(f"{op} cannot be used here; {_UNKNOWN[op]}.")
    left, right = statement.text[: operator.start()], statement.text[operator.end() :].strip()
    if not left.strip() or not right:
        raise _Malformed(f"something is missing beside {op}.")
    if op == ":=":
        return Definition(_name(left), right, statement.line)
    if _OPERATOR.search(right):
        raise _Malformed("there are two operators; write one relation a line.")
    terms = []
    for lhs in _split(left, "+"):
        for rhs in _split(right, "+"):
            terms.append(_term(_name(lhs), op, rhs, statement.line))
    return terms


def _term(lhs: str, op: str, text: str, line: int) -> Term:
    *modifiers, last = _split(text, "*")
    rhs = last.strip()
    if op == "~" and rhs in ("1", "0"):
        op, modifiers = "~1", modifiers if rhs == "1" else ["0"]
        rhs = ""
    else:
        rhs = _name(rhs)
    if rhs == lhs and op != "~~":
        raise _Malformed(f"{lhs!r} cannot explain itself.")
    modifier = _Modifier()
    for one in modifiers:
        _modify(modifier, one.strip())
    return Term(lhs, op, rhs, line, modifier.fixed, modifier.start, modifier.label)


def _modify(modifier: _Modifier, text: str) -> None:
    call = _CALL.fullmatch(text)
    if call and call[1] == "start":
        modifier.start = tuple(_number(one) for one in _elements(call[2]))
    elif call and call[1] == "label":
        modifier.label = tuple(_label(one) for one in _elements(call[2]))
    else:
        _fix_or_name(modifier, _elements(call[2]) if call else [text])


def _fix_or_name(modifier: _Modifier, elements: list[str]) -> None:
    values = [one == "NA" or _NUMBER.fullmatch(one) is not None for one in elements]
    if all(values):
        modifier.fixed = tuple(None if one == "NA" else _number(one) for one in elements)
    elif all(one == "NA" or not value for one, value in zip(elements, values, strict=True)):
        modifier.label = tuple("" if one == "NA" else _label(one) for one in elements)
    else:
        raise _Malformed("numbers and labels cannot stand in one c(); use numbers and NA.")


def _elements(text: str) -> list[str]:
    text = text.strip()
    if text.startswith("c(") and text.endswith(")"):
        text = text[2:-1]
    return [one.strip() for one in _split(text, ",")]


def _split(text: str, separator: str) -> list[str]:
    """Split outside parentheses; a sign or an exponent does not part a number."""
    parts, depth, begin = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            break
        if letter == separator and depth == 0:
            if separator == "+" and re.search(r"\d[eE]$", text[:at]):
                continue
            parts.append(text[begin:at])
            begin = at + 1
    if depth:
        raise _Malformed("a parenthesis is not closed or not opened.")
    return [*parts, text[begin:]]


def _name(text: str) -> str:
    name = text.strip()
    if not name:
        raise _Malformed("a name is missing.")
    if not _NAME.fullmatch(name):
        raise _Malformed(f"{name!r} is no name; expected letters, digits, _ and full stops.")
    return name


def _label(text: str) -> str:
    return _name(text.strip().strip("\"'"))


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise _Malformed(f"{text!r} is no number.")
    return float(text.replace(" ", ""))


def _merge(terms: list[Term]) -> tuple[Term, ...]:
    """Let a relation be told twice, as in ``f =~ x1 + a*x1``, if the tellings do not disagree."""
    found: dict[tuple[str, str, str], Term] = {}
    for term in terms:
        key = (term.lhs, term.op, term.rhs)
        if term.op == "~~" and (term.rhs, "~~", term.lhs) in found:
            key = (term.rhs, "~~", term.lhs)
        first = found.get(key)
        if first is None:
            found[key] = term
            continue
        parts = {}
        for part in ("fixed", "start", "label"):
            before, now = getattr(first, part), getattr(term, part)
            if before and now and before != now:
                raise AnalysisError(
                    f"Line {term.line} of the model: {' '.join(key).strip()} stands there twice "
                    f"with different modifiers (first in line {first.line}). Leave one out."
                )
            parts[part] = before or now
        found[key] = Term(*key, first.line, **parts)
    return tuple(found.values())
