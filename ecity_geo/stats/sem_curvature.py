"""Second derivatives of implied moments, weighed and summed: what makes a Hessian exact."""

from __future__ import annotations

import numpy as np

from ecity_geo.stats.sem_matrices import Cells, CompiledModel, Slopes


def curvature(
    model: CompiledModel, group: int, slopes: Slopes, pull: np.ndarray, push: np.ndarray
) -> np.ndarray:
    """Sum the second derivatives of covariance and mean with given weights.

    Parameters
    ----------
    model
        Compiled.
    group
        Number of the group.
    slopes
        Of the group, at the point in question.
    pull
        Symmetric weight of each implied covariance, p x p.
    push
        Weight of each implied mean, p.

    Returns
    -------
    curvature
        ``sum of pull * d2 sigma + sum of push * d2 mu``, q x q.

    Notes
    -----
    With ``B = (I - A)^-1`` a path a(i, j) moves B by ``B e_i e_j' B``; all the rest follows by the
    product rule.
    """
    made = model.groups[group]
    reach = slopes.effect[: model.observed]
    ends = reach.T @ pull @ reach
    crossed = slopes.total[:, : model.observed] @ pull @ reach
    mean = np.outer(slopes.place, push @ reach)
    result = np.zeros((model.count, model.count))
    paths, spreads, levels = made.directed_cells, made.symmetric_cells, made.intercept_cells
    _add(result, paths, paths, _two_paths(paths, slopes, ends, crossed, mean))
    if len(spreads.index):
        _add(result, paths, spreads, _path_and_spread(paths, spreads, slopes.effect, ends))
    if len(levels.index):
        by_mean = slopes.effect[np.ix_(paths.column, levels.row)] * (push @ reach)[paths.row, None]
        _add(result, paths, levels, by_mean)
    return result


def _two_paths(
    paths: Cells, slopes: Slopes, ends: np.ndarray, crossed: np.ndarray, mean: np.ndarray
) -> np.ndarray:
    to, origin = paths.row, paths.column
    through = slopes.effect[np.ix_(origin, to)]
    back = (2 * crossed + mean)[np.ix_(origin, to)]
    chained = through * back.T
    result: np.ndarray = chained + chained.T
    result += 2 * ends[np.ix_(to, to)] * slopes.total[np.ix_(origin, origin)]
    return result


def _path_and_spread(
    paths: Cells, spreads: Cells, effect: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    to, origin = paths.row, paths.column
    one, other = spreads.row, spreads.column
    first = effect[np.ix_(origin, one)] * ends[np.ix_(to, other)]
    second = effect[np.ix_(origin, other)] * ends[np.ix_(to, one)]
    result: np.ndarray = (first + second) * np.where(one == other, 1.0, 2.0)
    return result


def _add(result: np.ndarray, left: Cells, right: Cells, block: np.ndarray) -> None:
    """Add a block to the rows and columns of its parameters, and its mirror image."""
    at = np.ix_(left.index, right.index)
    if left.unique and right.unique:
        result[at] += block
        if left is not right:
            result[at[1].T, at[0].T] += block.T
        return
    np.add.at(result, at, block)
    if left is not right:
        np.add.at(result, (at[1].T, at[0].T), block.T)
