"""Where the search for estimates begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ecity_geo.stats.sem_moments import Moments
from ecity_geo.stats.sem_table import Parameter, ParameterTable

# Loadings on a latent variable of variance 1, relative to one another, of standardised indicators.
Guess = Callable[[np.ndarray, int], np.ndarray]


def starting_values(table: ParameterTable, moments: Sequence[Moments]) -> Iterator[np.ndarray]:
    """Guess free parameters from sample moments, in the units of the data.

    Parameters
    ----------
    table
        Parameters; a start given in the syntax wins.
    moments
        One per group.

    Yields
    ------
    start
        Loadings by the ratio of covariances with the other indicators (Hagglund 1982,
        doi:10.1007/BF02296276), half the variance as residual, regressions 0, means as observed.
        Then, for searches that fail from there, with loadings of the first principal component,
        and with equal ones: a first indicator that hardly belongs to the others makes poor ratios.
    """
    for guess in (_ratios, _component, _equal):
        yield _start(table, moments, guess)


def _start(table: ParameterTable, moments: Sequence[Moments], guess: Guess) -> np.ndarray:
    start = np.zeros(table.count)
    done = np.zeros(table.count, dtype=bool)
    loadings = [_loadings(table, group, moments[group], guess) for group in range(table.groups)]
    for row, index in zip(table.rows, table.index, strict=True):
        if index < 0 or done[index]:
            continue
        start[index] = _guess(row, table, moments[row.group], loadings[row.group])
        done[index] = True
    return start


def _guess(
    row: Parameter,
    table: ParameterTable,
    sample: Moments,
    loadings: dict[tuple[str, str], float],
) -> float:
    if not np.isnan(row.value):
        return row.value
    at = {name: place for place, name in enumerate(table.observed)}
    if row.op == "=~":
        return loadings[row.lhs, row.rhs]
    if row.op == "~1" and row.lhs in at:
        return float(sample.mean[at[row.lhs]])
    if row.op == "~~" and row.lhs in at and row.rhs in at:
        return _observed_spread(row, at, table, sample)
    if row.op == "~~" and row.lhs == row.rhs:
        return _latent_variance(row.lhs, table, sample, loadings)
    return 0.0


def _observed_spread(
    row: Parameter, at: dict[str, int], table: ParameterTable, sample: Moments
) -> float:
    here = float(sample.covariance[at[row.lhs], at[row.rhs]])
    if row.lhs == row.rhs:
        return here if _unexplained(row.lhs, table) else here / 2
    # Two variables that nothing explains begin with the covariance that they have.
    return here if _unexplained(row.lhs, table) and _unexplained(row.rhs, table) else 0.0


def _unexplained(name: str, table: ParameterTable) -> bool:
    return not any(
        (row.op == "~" and row.lhs == name) or (row.op == "=~" and row.rhs == name)
        for row in table.rows
    )


def _latent_variance(
    name: str,
    table: ParameterTable,
    sample: Moments,
    loadings: dict[tuple[str, str], float],
) -> float:
    """Half of what the indicators have in the unit of the latent variable."""
    at = {variable: place for place, variable in enumerate(table.observed)}
    found = [
        float(sample.covariance[at[item], at[item]]) / loading**2
        for (latent, item), loading in loadings.items()
        if latent == name and item in at and loading != 0
    ]
    return 0.5 * (min(found) if found else 0.1)


def _loadings(
    table: ParameterTable, group: int, sample: Moments, guess: Guess
) -> dict[tuple[str, str], float]:
    at = {name: place for place, name in enumerate(table.observed)}
    result: dict[tuple[str, str], float] = {}
    for latent in table.latent:
        rows = [r for r in table.rows if r.op == "=~" and r.lhs == latent and r.group == group]
        items = [r for r in rows if r.rhs in at]
        marker = next((place for place, r in enumerate(items) if not r.free and r.value), None)
        places = [at[r.rhs] for r in items]
        guesses = _in_units(sample.covariance[np.ix_(places, places)], marker, guess)
        result |= {(latent, r.rhs): 1.0 for r in rows if r.rhs not in at}
        for row, value in zip(items, guesses, strict=True):
            unit = 1.0 if marker is None else items[marker].value
            result[latent, row.rhs] = row.value if not np.isnan(row.value) else value * unit
    return result


def _in_units(covariance: np.ndarray, marker: int | None, guess: Guess) -> list[float]:
    """Return loadings relative to the marker; without one, for a latent variance of 1."""
    if not len(covariance):
        return []
    spread = np.sqrt(np.diag(covariance))
    first = marker or 0
    ratio = guess(covariance / np.outer(spread, spread), first)
    if marker is None:
        return [float(value) for value in np.where(ratio < 0, -0.7, 0.7) * spread]
    return [float(value) for value in ratio * spread / spread[first]]


def _ratios(correlation: np.ndarray, first: int) -> np.ndarray:
    result = []
    for place in range(len(correlation)):
        others = [one for one in range(len(correlation)) if one not in (place, first)]
        mine = float(correlation[place, others].sum()) if others else 1.0
        its = float(correlation[first, others].sum()) if others else 1.0
        ratio = mine / its if abs(its) > 1e-3 else np.sign(mine) or 1.0
        # Guesses far from 1 come from noise, and send the search astray.
        result.append(float(np.sign(ratio) * np.clip(abs(ratio), 0.3, 3.0)))
    return np.array(result)


def _component(correlation: np.ndarray, first: int) -> np.ndarray:
    loading = np.linalg.eigh(correlation)[1][:, -1]
    loading = np.where(loading < 0, -1.0, 1.0) * np.maximum(abs(loading), 0.1)
    return np.asarray(loading / loading[first])


def _equal(correlation: np.ndarray, first: int) -> np.ndarray:
    return np.where(correlation[first] < 0, -1.0, 1.0)
