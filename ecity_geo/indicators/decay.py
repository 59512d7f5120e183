"""How the use of a service falls with the cost of getting there: weights between 0 and 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError

Floats = NDArray[np.float64]
Decay = Callable[[Floats], Floats]


def step(weights: Mapping[float, float]) -> Decay:
    """Weight by zones of cost.

    Parameters
    ----------
    weights
        Outer limit of each zone, inclusive, and its weight: ``{500: 1.0, 1000: 0.68}``. Beyond
        the last limit the weight is 0.

    Returns
    -------
    decay
        Weight of each cost.

    Raises
    ------
    AnalysisError
        If there is no zone, or a limit or weight is negative or not finite.

    Notes
    -----
    Luo & Qi (2009), doi:10.1016/j.healthplace.2009.06.002, take zones of 10, 20 and 30 minutes.
    """
    try:
        zones = {float(limit): float(weight) for limit, weight in dict(weights).items()}
    except (TypeError, ValueError):
        zones = {}
    limits = np.array(sorted(zones))
    values = np.array([zones[limit] for limit in sorted(zones)] + [0.0])
    if not limits.size or not (_amounts(limits) and _amounts(values)):
        raise AnalysisError(
            f"step: found zones {weights!r}, expected limits and weights of 0 or more, "
            "such as {500: 1.0, 1000: 0.68}."
        )

    def decay(cost: Floats) -> Floats:
        return np.asarray(values[np.searchsorted(limits, cost, side="left")], dtype=np.float64)

    return decay


def gaussian(bandwidth: float) -> Decay:
    """Weight ``exp(-(cost / bandwidth)^2 / 2)``: 1 at no cost, 0.61 at one bandwidth.

    Parameters
    ----------
    bandwidth
        In the unit of the cost, above 0.

    Returns
    -------
    decay
        Weight of each cost.

    Raises
    ------
    AnalysisError
        If the bandwidth is not above 0.
    """
    _positive(bandwidth, "gaussian", "bandwidth")

    def decay(cost: Floats) -> Floats:
        return np.exp(-0.5 * (cost / bandwidth) ** 2)

    return decay


def catchment_gaussian(catchment: float) -> Decay:
    """Weight that falls from 1 at no cost to exactly 0 at the edge of the catchment.

    Parameters
    ----------
    catchment
        Edge, in the unit of the cost, above 0.

    Returns
    -------
    decay
        ``(exp(-(cost / catchment)^2 / 2) - exp(-1/2)) / (1 - exp(-1/2))``, and 0 beyond.

    Raises
    ------
    AnalysisError
        If the catchment is not above 0.

    Notes
    -----
    Dai (2010), doi:10.1016/j.healthplace.2010.06.012.
    """
    _positive(catchment, "catchment_gaussian", "catchment")
    edge = np.exp(-0.5)

    def decay(cost: Floats) -> Floats:
        falling = (np.exp(-0.5 * (cost / catchment) ** 2) - edge) / (1 - edge)
        return np.asarray(np.maximum(falling, 0.0), dtype=np.float64)

    return decay


def power(exponent: float, *, nearest: float = 1.0) -> Decay:
    """Weight ``cost^-exponent``, the gravity model's.

    Parameters
    ----------
    exponent
        Above 0; 1 to 2 is usual.
    nearest
        Costs below this count as this, in the unit of the cost: at no cost the power is
        infinite.

    Returns
    -------
    decay
        Weight of each cost, 1 at `nearest` and below.

    Raises
    ------
    AnalysisError
        If either is not above 0.
    """
    _positive(exponent, "power", "exponent")
    _positive(nearest, "power", "nearest")

    def decay(cost: Floats) -> Floats:
        return np.asarray((np.maximum(cost, nearest) / nearest) ** -exponent, dtype=np.float64)

    return decay


def exponential(scale: float) -> Decay:
    """Weight ``exp(-cost / scale)``.

    Parameters
    ----------
    scale
        In the unit of the cost, above 0.

    Returns
    -------
    decay
        Weight of each cost.

    Raises
    ------
    AnalysisError
        If the scale is not above 0.
    """
    _positive(scale, "exponential", "scale")

    def decay(cost: Floats) -> Floats:
        return np.exp(-cost / scale)

    return decay


def weights_of(decay: Decay, cost: Floats) -> Floats:
    """Weight costs by a decay of anybody's, held to give a number for each.

    Parameters
    ----------
    decay
        Weight of each cost.
    cost
        Costs, n of them.

    Returns
    -------
    weights
        n numbers.

    Raises
    ------
    AnalysisError
        If it gives anything else.
    """
    if not callable(decay):
        raise AnalysisError(
            f"decay: found {decay!r}, expected a function of the cost. "
            "Give one of ecity_geo.indicators.decay, such as gaussian(bandwidth)."
        )
    given = decay(cost)
    try:
        weights = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"The decay gives weights that are no numbers: {error}.") from error
    if weights.shape != cost.shape:
        raise AnalysisError(
            f"The decay gives weights of shape {weights.shape} for {len(cost)} costs. "
            "It must take an array of costs and give a weight for each."
        )
    return weights


def _positive(value: object, what: str, name: str) -> None:
    if not (isinstance(value, Real) and isfinite(value) and float(value) > 0):
        raise AnalysisError(f"{what}: found a {name} of {value!r}, expected a number above 0.")


def _amounts(values: Floats) -> bool:
    return bool(np.isfinite(values).all() and (values >= 0).all())
