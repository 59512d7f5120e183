"""Checks of figures made from models: regression, fit indices, scores that are added up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from ecity_geo.stats.evidence import Finding, Row, Survey
from ecity_geo.stats.figures import Figure, overlap, parse_figure
from ecity_geo.stats.sampling import cochran, krejcie_morgan, margin_of_error

# Where the numbers of indicators and degrees of freedom are not known: an independence model with
# more than ten times the degrees of freedom belongs to a model that has used up nearly all of its
# own, and tests next to nothing.
_LARGEST_DF_RATIO = 10.0
_SOAR_SUMS = {
    "internal": ("strengths", "opportunities"),
    "external": ("results", "aspirations"),
}


def regression_findings(rows: list[Row], survey: Survey) -> Iterator[Finding]:
    """Judge R2, adjusted R2, F and beta; the figures of one model may stand in two tables."""
    models: dict[str, dict[str, Row]] = {}
    for row in rows:
        if "mean" not in row.figures:
            for name in row.figures:
                models.setdefault(row.label, {}).setdefault(name, row)
    for label, places in models.items():
        counts = {name: n for row in places.values() for name, n in row.counts.items()}
        # One R per construct: each construct was the only predictor of its regression.
        predictors = counts.get("predictors", 1 if label in survey.items else None)
        figures = {name: row.figures[name] for name, row in places.items()}
        for name, (possible, why) in _regression(
            figures, counts.get("n", survey.n), predictors
        ).items():
            yield places[name].judge(name, possible, why)


def ratio_findings(row: Row) -> Iterator[Finding]:
    """Judge a t or critical ratio against its printed estimate and standard error."""
    figures = row.figures
    estimate, error = figures.get("estimate", figures.get("B")), figures.get("se")
    name = next((name for name in ("critical_ratio", "t") if name in figures), None)
    if estimate is None or error is None or name is None or error.low <= 0:
        return
    ratios = [a / b for a in estimate.ends for b in error.ends]
    possible = overlap((min(ratios), max(ratios)), figures[name].ends)
    why = f"{estimate} / {error} lies in {min(ratios):.3f} to {max(ratios):.3f}; printed "
    yield row.judge(name, possible, why + f"{figures[name]}")


def fit_findings(row: Row, survey: Survey) -> Iterator[Finding]:
    """Judge the fit indices of a model against one another."""
    nfi, ifi, cfi = (row.figures.get(name) for name in ("NFI", "IFI", "CFI"))
    if nfi is None:
        return
    if ifi is not None:
        # Equal only without degrees of freedom, so touching intervals are not enough.
        possible = ifi.high > nfi.low or nfi.low >= 1
        yield row.judge("IFI", possible, f"IFI >= NFI always; printed IFI {ifi}, NFI {nfi}")
    rmsea = row.figures.get("RMSEA")
    if cfi is not None and rmsea is not None:
        yield _cfi_finding(row, nfi, cfi, rmsea, survey)


def soar_findings(table: str, block: Mapping[str, Any]) -> Iterator[Finding]:
    """Judge the sums of SOAR scores."""
    scores = {name: parse_figure(text) for name, text in block.get("scores", {}).items()}
    for name, parts in _SOAR_SUMS.items():
        total, one, other = (scores.get(each) for each in (name, *parts))
        if total is not None and one is not None and other is not None:
            possible = one.low + other.low <= total.high and total.low <= one.high + other.high
            why = f"{one} + {other} = {float(one.value + other.value):g}; printed {total}"
            whole = Row(table=table, label="soar", figures={}, counts={})
            yield whole.judge(name, possible, why)


def sample_findings(survey: Survey) -> Iterator[Finding]:
    """Judge the size of the sample against the margin of error that it should have."""
    if survey.population is None:
        return
    margin = margin_of_error(survey.n, survey.population)
    needed = cochran(survey.population, margin=survey.margin)
    table = krejcie_morgan(survey.population, margin=survey.margin)
    why = (
        f"n = {survey.n} of {survey.population} has a margin of {margin:.3f} at 95 %, p = 0.5; "
        f"Cochran at {survey.margin:g} asks for {needed}, Krejcie-Morgan for {table}"
    )
    enough = survey.n >= min(needed, table)
    yield Finding("method", "n", "possible" if enough else "doubtful", why)


def _regression(
    figures: Mapping[str, Figure], n: int, predictors: int | None
) -> dict[str, tuple[bool, str]]:
    found: dict[str, tuple[bool, str]] = {}
    r, r2 = figures.get("R"), figures.get("R2")
    if r is not None and r2 is not None:
        low, high = _magnitude(r)
        possible = overlap((low**2, high**2), r2.ends)
        found["R2"] = possible, f"R squared is {float(r.value) ** 2:.3f}; printed {r2}"
    if predictors is None:
        return found
    model = "one predictor" if predictors == 1 else f"{predictors} predictors"
    rest = n - predictors - 1
    if rest > 0 and r2 is not None:
        found |= _from_r2(figures, r2, (n, predictors, rest), model)
    beta = figures.get("beta")
    if predictors == 1 and r is not None and beta is not None:
        possible = overlap(_magnitude(r), _magnitude(beta))
        found["beta"] = possible, f"one predictor: beta equals R = {r}; printed {beta}"
    return found


def _from_r2(
    figures: Mapping[str, Figure], r2: Figure, size: tuple[int, int, int], model: str
) -> dict[str, tuple[bool, str]]:
    n, predictors, rest = size
    found: dict[str, tuple[bool, str]] = {}
    adjusted, f = figures.get("adj_R2"), figures.get("F")
    if adjusted is not None:
        low, high = (1 - (1 - end) * (n - 1) / rest for end in r2.ends)
        why = f"{model}, n = {n}: {low:.4f}-{high:.4f}; printed {adjusted}"
        possible = overlap((low, high), adjusted.ends)
        found["adj_R2"] = possible, why
    if f is not None:
        low, high = (_f_of_r2(end, predictors, rest) for end in r2.ends)
        middle = _f_of_r2(float(r2.value), predictors, rest)
        why = f"{model}: F = {middle:.1f} from R2; printed {f}"
        found["F"] = overlap((low, high), f.ends), why
    return found


def _f_of_r2(r2: float, predictors: int, rest: int) -> float:
    return inf if r2 >= 1 else max(r2, 0.0) / predictors / ((1 - r2) / rest)


def _magnitude(figure: Figure) -> tuple[float, float]:
    low, high = figure.ends
    return (max(low, 0.0), high) if figure.value >= 0 else (max(-high, 0.0), -low)


def _cfi_finding(row: Row, nfi: Figure, cfi: Figure, rmsea: Figure, survey: Survey) -> Finding:
    n = row.counts.get("n", survey.n)
    least_ratio, largest_ratio, known = _df_ratio(row, survey)
    # Chi-square per degree of freedom from RMSEA, which divides by n - 1 or by n.
    least = 1 + (n - 1) * max(rmsea.ends[0], 0.0) ** 2
    largest = 1 + n * rmsea.ends[1] ** 2
    low = 1 - _noncentrality_share(largest, 1 - nfi.ends[0], largest_ratio)
    high = 1 - _noncentrality_share(least, 1 - nfi.ends[1], least_ratio)
    why = (
        f"RMSEA {rmsea} means chi-square within {largest - 1:.5f} per df of its expectation, so "
        f"with NFI {nfi} CFI lies in {low:.3f}-{high:.3f}; printed {cfi}"
    )
    if cfi.high < nfi.low:
        why += (
            ". CFI < NFI would need a model that fits worse per degree of freedom than the "
            "independence model"
        )
    if not known:
        why += f" (if that has at most {largest_ratio:g} times the df of the model)"
    return row.judge("CFI", overlap((low, high), cfi.ends), why)


def _df_ratio(row: Row, survey: Survey) -> tuple[float, float, bool]:
    """Bounds of the independence model's df over the model's, and whether they are certain."""
    indicators = row.counts.get("indicators", survey.items.get(row.label))
    if indicators is None:
        return 1.0, _LARGEST_DF_RATIO, False
    baseline = indicators * (indicators - 1) / 2
    if "df_model" in row.counts:
        ratio = baseline / row.counts["df_model"]
        return ratio, ratio, True
    return 1.0, max(baseline, 1.0), True


def _noncentrality_share(per_df: float, misfit: float, ratio: float) -> float:
    """Return 1 - CFI from chi-square per df, 1 - NFI and the ratio of degrees of freedom.

    With chi-square c of d degrees of freedom and the independence model's b of e,
    ``1 - CFI = (c - d) / (b - e)``; divided by d and with ``b = c / (1 - NFI)`` this is
    ``(c/d - 1) / ((c/d) / (1 - NFI) - e/d)``, which grows with each of its three arguments.
    """
    if per_df <= 1 or misfit <= 0:
        return 0.0
    rest = per_df / misfit - ratio
    return 1.0 if rest <= per_df - 1 else (per_df - 1) / rest
