"""What a path model says: which hypotheses hold, and the direct, indirect and total effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.adjust import adjust_p
from ecity_geo.stats.answers import check_confidence
from ecity_geo.stats.one_thread import one_thread
from ecity_geo.stats.resampling import resampling
from ecity_geo.stats.sem import SemFit
from ecity_geo.stats.sem_matrices import CompiledModel
from ecity_geo.stats.sem_moments import moments_of, select_sample
from ecity_geo.stats.sem_refit import refit_all
from ecity_geo.stats.sem_stack import Samples, drawn_samples, implied_stack

Floats = NDArray[np.float64]

METHODS = ("percentile", "bc")
_FAILED = 0.2
_STEP = 1e-5
_ENDS = ("origin", "target")


def hypotheses(
    fit: SemFit, *, level: float = 0.05, signs: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """Judge each path of a structural model.

    Parameters
    ----------
    fit
        The model, of one group.
    level
        Greatest p of a path that counts as confirmed.
    signs
        Expected sign, 1 or -1, by path as written below; 1 where it is not named.

    Returns
    -------
    hypotheses
        A row per path: `path` (``"predictor -> outcome"``), `estimate`, `std`, `se`,
        `critical_ratio`, `p` (two-sided), `p_holm` (adjusted over the paths), `low`, `high`,
        and `verdict`: ``"confirmed"`` where p is below the level and the sign is the expected
        one, else ``"not confirmed"``.

    Raises
    ------
    AnalysisError
        If the fit has problems or several groups, or the model has no paths.

    Notes
    -----
    The critical ratio is the estimate over its standard error, as AMOS calls it.
    """
    _check(fit)
    paths = fit.parameters[fit.parameters["op"] == "~"].reset_index(drop=True)
    names = paths["rhs"] + " -> " + paths["lhs"]
    expected = names.map(lambda path: (signs or {}).get(path, 1)).to_numpy()
    good = (paths["p"] < level) & (np.sign(paths["estimate"]) == expected)
    table = paths[["estimate", "std", "se", "z", "p", "low", "high"]]
    table = table.rename(columns={"z": "critical_ratio"})
    table.insert(0, "path", names)
    table.insert(6, "p_holm", _adjusted(paths["p"].to_numpy(dtype=float)))
    table["verdict"] = np.where(good, "confirmed", "not confirmed")
    return table


def _adjusted(p: Floats) -> Floats:
    """Adjust the p that there are; a fixed path has none."""
    known = np.isfinite(p)
    out = np.full(len(p), np.nan)
    out[known] = adjust_p(p[known], "holm")
    return out


@dataclass(frozen=True, slots=True)
class _Effect:
    """One effect: `routes` are chains of variables whose products add up."""

    origin: str
    target: str
    kind: str
    routes: tuple[tuple[str, ...], ...]


def effects(
    fit: SemFit,
    answers: pd.DataFrame,
    *,
    replicates: int = 1000,
    method: str = "percentile",
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Direct, indirect and total effects of a structural model, with intervals.

    Parameters
    ----------
    fit
        The model, of one group and without loops.
    answers
        Those that it was fitted to.
    replicates
        Resamples of respondents for the intervals, each a fit of its own; 0 for intervals by
        the delta method.
    method
        ``"percentile"`` or ``"bc"`` (bias-corrected).
    confidence
        Level of the intervals.
    seed
        Of the resamples.

    Returns
    -------
    effects
        A row per effect: `from`, `to`, `kind` (``"direct"``, ``"indirect"`` along one route,
        ``"indirect, all"`` where there are several, ``"total"``), `via` (variables between,
        joined by ``->``), `estimate`, `se` and `p` (delta method), `low`, `high`, `std`, `std_low`,
        `std_high`, `method` (of the intervals), `replicates` and `failed` (resamples in which
        the model did not converge or a variable has no variance, which the intervals leave
        out).

    Raises
    ------
    AnalysisError
        If the fit has problems or several groups, the model has no paths or a loop, the method
        is unknown, the answers are not those of the fit, resamples are asked for and there are
        fewer than 100, the estimator is ordinal or answers are missing (take
        ``replicates=0``), or more than a fifth of the resamples fail.

    Notes
    -----
    Total effects are ``(I - B)^-1 - I`` of the paths B (Bollen 1989, 8.3), an indirect one is
    the product along its route. Products are skewed, and their intervals by bootstrap are not
    symmetric (Shrout & Bolger 2002, doi:10.1037/1082-989X.7.4.422). Observed predictors vary
    from resample to resample, and so do the deviations that standardise; the delta method takes
    their moments as given (as lavaan does with ``fixed.x``).
    """
    _check(fit)
    check_confidence(confidence)
    if method not in METHODS:
        raise AnalysisError(f"No method '{method}'; there are {', '.join(METHODS)}.")
    wanted = _effects(fit.model)
    own = _values(fit.model, fit.theta[None, :], _of_fit(fit, 1), wanted)
    estimate, std = (values[0] for values in own)
    se, std_se = _delta(fit, wanted)
    z = np.divide(estimate, se, out=np.full(len(se), np.nan), where=se > 0)
    table = pd.DataFrame(
        {
            "from": [one.origin for one in wanted],
            "to": [one.target for one in wanted],
            "kind": [one.kind for one in wanted],
            "via": [_via(one) for one in wanted],
            "estimate": estimate,
            "se": se,
            "p": 2 * special.ndtr(-np.abs(z)),
        }
    )
    if replicates:
        raw, scaled, failed = _bootstrap(fit, answers, wanted, replicates, seed)
        ends = [_interval(raw[:, at], estimate[at], method, confidence) for at in range(len(se))]
        wide = [_interval(scaled[:, at], std[at], method, confidence) for at in range(len(se))]
        used = method
    else:
        ends, wide = _around(estimate, se, confidence), _around(std, std_se, confidence)
        failed, used = 0, "delta"
    table["low"], table["high"] = np.array(ends).T
    table["std"] = std
    table["std_low"], table["std_high"] = np.array(wide).T
    return table.assign(method=used, replicates=replicates, failed=failed)


def _check(fit: SemFit) -> None:
    if fit.problems:
        raise AnalysisError("There are no effects. " + " ".join(fit.problems))
    if len(fit.groups) > 1:
        raise AnalysisError("Effects are of one group; fit each of them alone.")
    if not (fit.parameters["op"] == "~").any():
        raise AnalysisError("The model has no paths, such as services ~ technical.")


def _effects(model: CompiledModel) -> list[_Effect]:
    """List all effects in the order of the model: predictors as they come, then outcomes."""
    rows = [row for row in model.table.rows if row.op == "~"]
    causes: dict[str, list[str]] = {}
    for row in rows:
        causes.setdefault(row.rhs, []).append(row.lhs)
    names = list(dict.fromkeys(name for row in rows for name in (row.rhs, row.lhs)))
    found = []
    for origin in names:
        routes = list(_routes(origin, causes, (origin,)))
        for target in names:
            own = [route for route in routes if route[-1] == target]
            found += _of_pair(origin, target, own)
    return found


def _of_pair(origin: str, target: str, routes: list[tuple[str, ...]]) -> list[_Effect]:
    direct = [route for route in routes if len(route) == 2]
    indirect = [route for route in routes if len(route) > 2]
    found = [_Effect(origin, target, "direct", (route,)) for route in direct]
    found += [_Effect(origin, target, "indirect", (route,)) for route in indirect]
    if len(indirect) > 1:
        found.append(_Effect(origin, target, "indirect, all", tuple(indirect)))
    if direct and indirect:
        found.append(_Effect(origin, target, "total", tuple(routes)))
    return found


def _routes(
    name: str, causes: Mapping[str, list[str]], trace: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    for target in causes.get(name, []):
        if target in trace:
            loop = " -> ".join((*trace, target))
            raise AnalysisError(f"Effects need a model without loops; this one has {loop}.")
        yield (*trace, target)
        yield from _routes(target, causes, (*trace, target))


def _via(effect: _Effect) -> str:
    if effect.kind != "indirect":
        return ""
    return " -> ".join(effect.routes[0][1:-1])


def _values(
    model: CompiledModel, theta: Floats, samples: Samples, wanted: list[_Effect]
) -> tuple[Floats, Floats]:
    """Return the effects in each sample at its row of `theta`, as they are and standardised."""
    implied = implied_stack(model, theta, samples)
    place = {name: at for at, name in enumerate(model.variables)}
    values = np.zeros((len(theta), len(wanted)))
    for at, one in enumerate(wanted):
        for route in one.routes:
            steps = [implied.directed[:, place[b], place[a]] for a, b in pairwise(route)]
            values[:, at] += np.prod(steps, axis=0)
    spread = np.sqrt(np.maximum(np.diagonal(implied.total, axis1=1, axis2=2), 0.0))
    origins, targets = ([place[getattr(one, end)] for one in wanted] for end in _ENDS)
    with np.errstate(divide="ignore", invalid="ignore"):
        return values, values * (spread[:, origins] / spread[:, targets])


def _delta(fit: SemFit, wanted: list[_Effect]) -> tuple[Floats, Floats]:
    """Return standard errors by the delta method, as they are and standardised.

    Central differences: the effects are smooth, and few.
    """
    steps = _STEP * np.maximum(np.abs(fit.theta), 1.0)
    theta = np.concatenate([fit.theta + np.diag(steps), fit.theta - np.diag(steps)])
    around = np.array(_values(fit.model, theta, _of_fit(fit, len(theta)), wanted))
    above, below = np.split(around, 2, axis=1)
    slopes = ((above - below) / (2 * steps[:, None])).swapaxes(1, 2)
    variance = np.einsum("hij,jk,hik->hi", slopes, fit.covariance, slopes)
    se, std_se = np.sqrt(np.maximum(variance, 0.0))
    return se, std_se


def _around(values: Floats, errors: Floats, confidence: float) -> list[tuple[float, float]]:
    half = float(special.ndtri((1 + confidence) / 2)) * errors
    return list(zip(values - half, values + half, strict=True))


def _bootstrap(
    fit: SemFit, answers: pd.DataFrame, wanted: list[_Effect], replicates: int, seed: int
) -> tuple[Floats, Floats, int]:
    """Return the effects in each resample that converged, and how many did not."""
    if fit.estimator not in ("ML", "MLR") or fit.missing != "complete":
        raise AnalysisError(
            f"Resamples are fitted by ML to complete answers; the model has {fit.estimator} and "
            f"missing={fit.missing!r}. Ask for replicates=0: intervals by the delta method."
        )
    if replicates < 100:
        raise AnalysisError(f"{replicates} resamples have no tails; ask for 100 or more.")
    complete = _fitted(fit, answers)
    ways, rng = resampling(pd.RangeIndex(len(complete))), np.random.default_rng(seed)
    samples = drawn_samples(complete, ways.counts(replicates, rng), fit.moments[0].weight)
    with one_thread():
        refits = refit_all(fit.model, samples, fit.theta)
        raw, std = _values(fit.model, refits.theta, samples, wanted)
    held = refits.converged & np.isfinite(raw).all(axis=1) & np.isfinite(std).all(axis=1)
    raw, std = raw[held], std[held]
    failed = replicates - len(raw)
    if failed > _FAILED * replicates:
        raise AnalysisError(
            f"In {failed} of {replicates} resamples the model did not converge: intervals from "
            "the rest would be too short. Simplify the model, or ask for replicates=0."
        )
    return raw, std, failed


def _fitted(fit: SemFit, answers: pd.DataFrame) -> Floats:
    """Return the complete answers, if they have the moments that the model was fitted to."""
    (values,) = select_sample(answers, fit.model.table.observed).values
    known, told = moments_of(values, convention=fit.convention), fit.moments[0]
    same = known.n == told.n and np.allclose(known.covariance, told.covariance)
    if not same or not np.allclose(known.mean, told.mean):
        raise AnalysisError(
            f"These are not the answers of the fit: {known.n} complete respondents, where it has "
            f"{told.n}, or other values. Pass the frame that the model was fitted to."
        )
    return values


def _of_fit(fit: SemFit, count: int) -> Samples:
    """Return the sample of the fit, over and over."""
    own = fit.moments[0]
    return Samples(
        weight=own.weight,
        covariance=np.broadcast_to(own.covariance, (count, *own.covariance.shape)),
        mean=np.broadcast_to(own.mean, (count, len(own.mean))),
        log_determinant=np.full(count, own.log_determinant),
    )


def _interval(
    drawn: Floats, estimate: float, method: str, confidence: float
) -> tuple[float, float]:
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    if method == "bc":
        share = np.clip((drawn < estimate).mean(), 1 / len(drawn), 1 - 1 / len(drawn))
        tails = special.ndtr(2 * special.ndtri(share) + special.ndtri(tails))
    low, high = np.quantile(drawn, tails)
    return float(low), float(high)
