"""A printed p against its test statistic and degrees of freedom."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf, sqrt

from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.figures import Figure, overlap, parse_figure

_NUMBER = r"[-+−–]?[\d۰-۹٠-٩]*[.٫]?[\d۰-۹٠-٩]+"
_APA = re.compile(
    rf"(?P<kind>t|F|r|z|chi2|χ2|χ²|X2)\s*"
    rf"(?:\(\s*(?P<df1>{_NUMBER})\s*(?:,\s*(?:N\s*=\s*)?(?P<df2>{_NUMBER})\s*)?\))?\s*=\s*"
    rf"(?P<value>{_NUMBER})\s*[,;]\s*p\s*(?P<p>[<>=≤≥]=?\s*{_NUMBER})",
    re.IGNORECASE,
)
# How many degrees of freedom each statistic has.
_DF = {"t": 1, "f": 2, "r": 1, "z": 0, "chi2": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """A p as it follows from its statistic.

    Parameters
    ----------
    low, high
        Least and largest p of the numbers that print as the statistic.
    agrees
        Whether one of them prints as the p that is printed.
    decision_error
        Whether the printed p is significant and the recomputed one is not, or the reverse.
    """

    low: float
    high: float
    agrees: bool
    decision_error: bool


def p_value(kind: str, value: float, df: tuple[float, ...] = (), *, tails: int = 2) -> float:
    """Tail probability of a test statistic.

    Parameters
    ----------
    kind
        ``"t"``, ``"F"``, ``"r"`` (a correlation), ``"z"`` or ``"chi2"``.
    value
        The statistic.
    df
        Its degrees of freedom: none for z, two for F, one for the others.
    tails
        2 for a two-sided test of t, r or z, 1 for the tail in the direction found.

    Returns
    -------
    p
        Upper tail for F and chi-square.

    Raises
    ------
    AnalysisError
        If the kind is unknown, or it has another number of degrees of freedom.
    """
    name = kind.lower()
    if name not in _DF or len(df) != _DF[name] or any(not one > 0 for one in df):
        raise AnalysisError(f"{kind} with degrees of freedom {df} is no known test statistic.")
    if name == "f":
        return float(stats.f.sf(value, *df))
    if name == "chi2":
        return float(stats.chi2.sf(value, *df))
    if name == "z":
        return float(tails * stats.norm.sf(abs(value)))
    if name == "r":
        value = inf if abs(value) >= 1 else value * sqrt(df[0] / (1 - value**2))
    return float(tails * stats.t.sf(abs(value), *df))


def recompute(
    kind: str,
    value: Figure,
    p: Figure,
    df: tuple[float, ...] = (),
    *,
    tails: int = 2,
    alpha: float = 0.05,
) -> Recomputed:
    """Compare a printed p with the p of its printed statistic.

    Parameters
    ----------
    kind, df, tails
        As in `p_value`.
    value
        The statistic as printed.
    p
        As printed, such as ``"0.000"`` or ``"< .05"``.
    alpha
        Level at which the paper calls a result significant; a p equal to it is.

    Returns
    -------
    recomputed
        Its range over all values that print as the statistic, and whether it agrees.

    Raises
    ------
    AnalysisError
        As in `p_value`.

    Notes
    -----
    The idea, and the meaning of a decision error, are statcheck's (Nuijten et al. 2016,
    doi:10.3758/s13428-015-0664-2).
    """
    low, high = value.ends
    if kind.lower() not in ("f", "chi2") and low < 0:
        low, high = (0.0, max(-low, high)) if high > 0 else (-high, -low)
    least = p_value(kind, high, df, tails=tails)
    most = p_value(kind, low, df, tails=tails)
    printed = float(p.value)
    if p.relation == "<":
        agrees, significant = least < printed, printed <= alpha
    elif p.relation == ">":
        agrees, significant = most > printed, printed < alpha
    else:
        agrees, significant = overlap((least, most), p.ends), printed <= alpha
    decision_error = least > alpha if significant else most <= alpha
    return Recomputed(low=least, high=most, agrees=agrees, decision_error=decision_error)


def parse_result(text: str) -> tuple[str, Figure, Figure, tuple[float, ...]] | None:
    """Read a test result as papers print it.

    Parameters
    ----------
    text
        ``"t(28) = 2.20, p = .06"``, ``"chi2(17) = 412.4, p < .001"``, ``"z = 1.20, p = .03"``.

    Returns
    -------
    result
        Kind, statistic, p and degrees of freedom, as `recompute` takes them; None when the
        text is no such result.
    """
    match = _APA.fullmatch(text.strip())
    if match is None:
        return None
    kind = {"f": "F", "χ2": "chi2", "χ²": "chi2", "x2": "chi2"}.get(
        match["kind"].lower(), match["kind"].lower()
    )
    found = [parse_figure(match[name]) for name in ("df1", "df2") if match[name]]
    df = tuple(float(figure.value) for figure in found if figure is not None)
    # "chi2(4, N = 182)": the second number counts people.
    df = df[:1] if kind == "chi2" else df
    value, p = parse_figure(match["value"]), parse_figure(match["p"])
    if value is None or p is None or len(df) != _DF[kind.lower()] or min(df, default=1) <= 0:
        return None
    return kind, value, p, df
