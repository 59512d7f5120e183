"""Ordinary least squares of an outcome on scores, with its checks; statsmodels inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special, stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import as_numbers, check_confidence, refuse_constant

CONSTANT = "constant"
"""Name of the constant among the coefficients."""
Floats = NDArray[np.float64]

_WHAT = "A regression"
_VIF_LIMIT, _CONDITION_LIMIT = 10.0, 30.0
_SHAPIRO_MOST = 5000
# Logarithm of the odds of a share of explained variance that is none, and steps of its sum.
_NO_ODDS, _STEPS = -30.0, 8000
# A column is determined by others where less than this share of it is left beside them, and a
# respondent's residual is 0 whatever the answer where less than that is left of it.
_NOTHING = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regression:
    """A linear regression.

    Parameters
    ----------
    summary
        `n`, `missing` (respondents left out for a missing value), `r`, `r2`, `r2_adjusted`,
        `r2_low`, `r2_high`, `se` (standard error of the estimate), `durbin_watson`, `f`, `df1`,
        `df2`, `p`, `robust_needed` and `robust_reason` (which test asks for robust errors).
    coefficients
        A row per term, ``"constant"`` first: `term`, `b`, `se`, `beta`, `t`, `p`, `low`,
        `high`, `vif`, and by the heteroscedasticity-consistent HC3: `se_hc3`, `t_hc3`, `p_hc3`,
        `low_hc3`, `high_hc3`. The constant has no `beta` and no `vif`: NaN.
    checks
        A row per check of the residuals and the predictors: `check`, `statistic`, `df` (of
        White's and RESET those of the terms that could be added), `p`, `verdict` (``"fine"``,
        ``"look"``, or ``"cannot tell"`` where the data leave nothing to test with: figures NaN).
        What is measured and not tested has no `df` and `p`: NaN.
    """

    summary: pd.Series
    coefficients: pd.DataFrame
    checks: pd.DataFrame


def regress(scores: pd.DataFrame, outcome: pd.Series, *, confidence: float = 0.95) -> Regression:
    """Regress an outcome on scores by ordinary least squares.

    Parameters
    ----------
    scores
        A row per respondent, a column per predictor.
    outcome
        Aligned by index. Respondents with a missing value are left out, and counted.
    confidence
        Level of the intervals, and of the checks.

    Returns
    -------
    regression
        Summary, coefficients with robust twins, and checks.

    Raises
    ------
    AnalysisError
        Without predictors, with fewer than two respondents more than terms, a respondent who
        comes twice, a predictor or an outcome that never varies, a predictor that others
        determine (all are named), an outcome without residual, or a respondent who alone fixes
        a coefficient, so that no error of it can be known.

    Notes
    -----
    Standard errors HC3 of MacKinnon & White (1985), doi:10.1016/0304-4076(85)90158-7; they are
    needed where a test tells unequal variance: that of Breusch and Pagan, studentised by Koenker
    (1981), doi:10.1016/0304-4076(81)90062-2, or that of White (1980), doi:10.2307/1912934. RESET
    of Ramsey (1969) adds the square and cube of the fitted values. Shapiro and Wilk's test is
    made up to 5,000 respondents.

    The interval of R² is that of random predictors (`r2_limits`): scores are answered like the
    outcome, not set beforehand. Durbin-Watson is about residuals that follow one another in time:
    respondents have no order, another order gives another figure, and it says nothing of them.
    It is there because papers print it.
    """
    check_confidence(confidence)
    x, y, missing = _complete(scores, outcome)
    _refuse_collinear(x)
    from statsmodels.regression.linear_model import OLS
    from statsmodels.stats.stattools import durbin_watson

    fit = OLS(y.to_numpy(), _design(x)).fit()
    _refuse_leverage(fit, x)
    if fit.ssr <= 1e-12 * fit.centered_tss:
        raise AnalysisError(
            f"The predictors determine {y.name!r} to the last digit: there is no error to test "
            "against. The outcome may be a score of the predictors."
        )
    checks = _checks(fit, x, 1 - confidence)
    low, high = r2_limits(float(fit.rsquared), int(fit.nobs), x.shape[1], confidence=confidence)
    reason = _unequal(checks)
    summary = {
        "n": int(fit.nobs),
        "missing": missing,
        "r": float(np.sqrt(fit.rsquared)),
        "r2": float(fit.rsquared),
        "r2_adjusted": float(fit.rsquared_adj),
        "r2_low": low,
        "r2_high": high,
        "se": float(np.sqrt(fit.scale)),
        "durbin_watson": float(durbin_watson(fit.resid)),
        "f": float(fit.fvalue),
        "df1": int(fit.df_model),
        "df2": int(fit.df_resid),
        "p": float(fit.f_pvalue),
        "robust_needed": bool(reason),
        "robust_reason": reason,
    }
    return Regression(
        summary=pd.Series(summary, dtype=object),
        coefficients=_coefficients(fit, x, y, confidence),
        checks=checks,
    )


def r2_limits(
    r2: float, n: int, predictors: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of the population's share of explained variance.

    Parameters
    ----------
    r2
        Of the sample, 0 to 1 without 1.
    n
        Respondents, more than `predictors` and the constant.
    predictors
        How many.
    confidence
        Level.

    Returns
    -------
    low, high
        The shares at which `r2` is a quantile of its distribution when predictors and outcome
        are drawn together from a normal distribution. Both are 0 where `r2` is smaller than
        chance leaves it.

    Raises
    ------
    AnalysisError
        If `r2`, `n` or the level has no interval.

    Notes
    -----
    Noncentral F with a random noncentrality (Lee 1971, J. R. Stat. Soc. B 33, 117-130): R² is a
    beta variable with J more pairs of degrees of freedom, J negative binomial with size
    (n - 1)/2 and probability 1 - rho². With predictors taken as fixed the interval is too short:
    95 % covers 91 % at a share of 0.56 (182 respondents, three predictors).
    """
    check_confidence(confidence)
    if not (0 <= r2 < 1 and predictors >= 1 and n > predictors + 1):
        raise AnalysisError(f"No interval of R² {r2} with n = {n} and {predictors} predictors.")

    def limit(level: float) -> float:
        def excess(log_odds: float) -> float:
            return _r2_below(r2, float(np.exp(log_odds)), n, predictors) - level

        ends = _NO_ODDS, np.log(r2 / (1 - r2)) + 3 if r2 > 0 else _NO_ODDS
        if excess(ends[0]) <= 0:
            return 0.0
        while excess(ends[1]) > 0:
            ends = ends[1], ends[1] + 3
        return float(special.expit(optimize.brentq(excess, *ends)))

    tail = (1 - confidence) / 2
    return limit(1 - tail), limit(tail)


def _r2_below(r2: float, odds: float, n: int, predictors: int) -> float:
    """Return the probability of a smaller R² where the population's is odds / (1 + odds)."""
    size = (n - 1) / 2
    mean, spread = size * odds, float(np.sqrt(size * odds * (1 + odds)))
    start, end = max(np.floor(mean - 40 * spread), 0.0), mean + 40 * spread + 60
    # Of a wide distribution some thousand steps give the sum to the last digits.
    j = np.arange(start, end, np.ceil((end - start) / _STEPS))
    mass = stats.nbinom.pmf(j, size, 1 / (1 + odds))
    below = special.betainc(predictors / 2 + j, (n - predictors - 1) / 2, r2)
    return float(mass @ below / mass.sum())


def _unequal(checks: pd.DataFrame) -> str:
    """Say which test tells unequal variance; nothing where none does."""
    found = checks[checks["check"].isin(["breusch_pagan", "white"]) & (checks["verdict"] == "look")]
    told = [f"{check} p = {p:.3g}" for check, p in zip(found["check"], found["p"], strict=True)]
    return f"The residuals vary unequally: {', '.join(told)}." if told else ""


def _complete(scores: pd.DataFrame, outcome: pd.Series) -> tuple[pd.DataFrame, pd.Series, int]:
    name = str(outcome.name or "outcome")
    if scores.shape[1] == 0:
        raise AnalysisError(f"{_WHAT} needs a predictor; there is none.")
    if scores.index.has_duplicates or outcome.index.has_duplicates:
        raise AnalysisError(
            f"{_WHAT} needs each respondent once, but an id comes twice. Give each its own."
        )
    if name in scores.columns:
        raise AnalysisError(f"{name!r} is an outcome and a predictor at once; leave one out.")
    together = as_numbers(scores.assign(**{name: outcome.reindex(scores.index)}))
    complete = together.dropna()
    needed = scores.shape[1] + 3
    if len(complete) < needed:
        raise AnalysisError(
            f"{_WHAT} on {scores.shape[1]} predictors needs at least {needed} respondents with "
            f"every score and the outcome; there are {len(complete)}."
        )
    refuse_constant(complete, what=_WHAT)
    return complete[list(scores.columns)], complete[name], len(together) - len(complete)


def _refuse_collinear(x: pd.DataFrame) -> None:
    """Name the first predictor that those before it determine, and which of them do."""
    centred = x.to_numpy() - x.to_numpy().mean(axis=0)
    centred /= np.linalg.norm(centred, axis=0)
    kept = _independent(centred)
    for at in sorted(set(range(x.shape[1])) - set(kept)):
        before = [one for one in kept if one < at]
        share = np.linalg.lstsq(centred[:, before], centred[:, at], rcond=None)[0]
        by = [x.columns[one] for one, size in zip(before, share, strict=True) if abs(size) > 1e-6]
        raise AnalysisError(
            f"{_WHAT} cannot tell {str(x.columns[at])!r} from "
            f"{', '.join(repr(str(name)) for name in by)}, which determine it. Leave one out."
        )


def _independent(columns: Floats) -> list[int]:
    """Return the columns that those before them do not determine (Gram-Schmidt, twice)."""
    basis = np.empty((len(columns), 0))
    kept = []
    for at, column in enumerate(columns.T):
        size = float(np.linalg.norm(column))
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        left = float(np.linalg.norm(rest))
        if left > _NOTHING * size:
            basis = np.column_stack([basis, rest / left])
            kept.append(at)
    return kept


def _refuse_leverage(fit: Any, x: pd.DataFrame) -> None:
    """Refuse a respondent whose residual is 0 whatever the answer: HC3 would divide by it."""
    leverage = fit.get_influence().hat_matrix_diag
    at = int(np.argmax(leverage))
    if leverage[at] > 1 - _NOTHING:
        raise AnalysisError(
            f"Respondent {str(x.index[at])!r} alone fixes a coefficient: nobody else differs from "
            "the rest in that way. Leave out the respondent, or the predictor."
        )


def _design(x: pd.DataFrame) -> Floats:
    return np.column_stack([np.ones(len(x)), x.to_numpy()])


def _coefficients(fit: Any, x: pd.DataFrame, y: pd.Series, confidence: float) -> pd.DataFrame:
    robust = fit.get_robustcov_results("HC3", use_t=True)
    spread = x.std(ddof=1).to_numpy() / y.std(ddof=1)
    interval = fit.conf_int(alpha=1 - confidence)
    wide = robust.conf_int(alpha=1 - confidence)
    return pd.DataFrame(
        {
            "term": [CONSTANT, *(str(name) for name in x.columns)],
            "b": fit.params,
            "se": fit.bse,
            "beta": np.concatenate([[np.nan], fit.params[1:] * spread]),
            "t": fit.tvalues,
            "p": fit.pvalues,
            "low": interval[:, 0],
            "high": interval[:, 1],
            "vif": np.concatenate([[np.nan], variance_inflation(x)]),
            "se_hc3": robust.bse,
            "t_hc3": robust.tvalues,
            "p_hc3": robust.pvalues,
            "low_hc3": wide[:, 0],
            "high_hc3": wide[:, 1],
        }
    )


def variance_inflation(scores: pd.DataFrame) -> Floats:
    """Return the variance inflation factor of each predictor.

    Parameters
    ----------
    scores
        A row per respondent, complete, a column per predictor; none determined by the others.

    Returns
    -------
    vif
        ``1 / (1 - R²)`` of each regressed on the others: the diagonal of the inverse of their
        correlations (Belsley, Kuh & Welsch 1980).
    """
    correlation = np.atleast_2d(np.corrcoef(scores.to_numpy(), rowvar=False))
    return np.asarray(np.diag(np.linalg.inv(correlation)))


def _checks(fit: Any, x: pd.DataFrame, alpha: float) -> pd.DataFrame:
    from statsmodels.stats.stattools import jarque_bera

    bera, bera_p, _, _ = jarque_bera(fit.resid)
    rows = [
        _score_test("breusch_pagan", fit, x.to_numpy(), alpha),
        _score_test("white", fit, _second_order(x), alpha),
        _reset(fit, alpha),
        _tested("jarque_bera", float(bera), 2.0, float(bera_p), alpha),
    ]
    if len(fit.resid) <= _SHAPIRO_MOST:
        shapiro = stats.shapiro(fit.resid)
        rows.append(
            _tested("shapiro_wilk", float(shapiro.statistic), np.nan, float(shapiro.pvalue), alpha)
        )
    far = int((fit.get_influence().cooks_distance[0] > 1).sum())
    scaled = _design(x) / np.linalg.norm(_design(x), axis=0)
    rows += [
        _measured("cooks_distance_above_1", far, far > 0),
        _measured("largest_vif", variance_inflation(x).max(), _VIF_LIMIT),
        _measured("condition_number", np.linalg.cond(scaled), _CONDITION_LIMIT),
    ]
    return pd.DataFrame(rows)


def _second_order(x: pd.DataFrame) -> Floats:
    """Return the predictors, their squares and their products, each in standard units."""
    z = ((x - x.mean()) / x.std(ddof=0)).to_numpy()
    a, b = np.triu_indices(z.shape[1])
    return np.column_stack([z, z[:, a] * z[:, b]])


def _score_test(check: str, fit: Any, terms: Floats, alpha: float) -> dict[str, Any]:
    """Test n R² of the squared residuals on terms, without those that others determine."""
    squared = fit.resid**2
    design = np.column_stack([np.ones(len(terms)), terms])
    design = design[:, _independent(design)]
    n, rank = design.shape
    if n <= rank:
        return _untold(check)
    spread = float(((squared - squared.mean()) ** 2).sum())
    # Residuals of one size differ by rounding alone.
    differ = spread > 1e-20 * float((squared**2).sum())
    statistic = max(n * (1 - _squares_left(design, squared) / spread), 0.0) if differ else 0.0
    return _tested(check, statistic, rank - 1.0, float(stats.chi2.sf(statistic, rank - 1)), alpha)


def _reset(fit: Any, alpha: float) -> dict[str, Any]:
    """Ramsey's test, with as many powers of the fitted values as say something new."""
    z = (fit.fittedvalues - fit.fittedvalues.mean()) / fit.fittedvalues.std()
    design = np.column_stack([fit.model.exog, z**2, z**3])
    design = design[:, _independent(design)]
    added = design.shape[1] - fit.model.exog.shape[1]
    df2 = len(z) - design.shape[1]
    left = _squares_left(design, fit.resid) if df2 > 0 else 0.0
    if added < 1 or left <= 1e-12 * fit.ssr:
        return _untold("reset")
    f = (fit.ssr - left) / added / (left / df2)
    return _tested("reset", f, float(added), float(stats.f.sf(f, added, df2)), alpha)


def _squares_left(design: Floats, values: Floats) -> float:
    """Return the sum of squares that independent columns leave of values."""
    basis = np.linalg.qr(design / np.linalg.norm(design, axis=0))[0]
    left = values - basis @ (basis.T @ values)
    return float(left @ left)


def _untold(check: str) -> dict[str, Any]:
    nothing = {"statistic": np.nan, "df": np.nan, "p": np.nan}
    return {"check": check, **nothing, "verdict": "cannot tell"}


def _tested(check: str, statistic: float, df: float, p: float, alpha: float) -> dict[str, Any]:
    verdict = "look" if p < alpha else "fine"
    return {"check": check, "statistic": statistic, "df": df, "p": p, "verdict": verdict}


def _measured(check: str, value: float, limit: float | bool) -> dict[str, Any]:
    bad = limit if isinstance(limit, bool) else value > limit
    verdict = "look" if bad else "fine"
    figures = {"statistic": float(value), "df": np.nan, "p": np.nan}
    return {"check": check, **figures, "verdict": verdict}
