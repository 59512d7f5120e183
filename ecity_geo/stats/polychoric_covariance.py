"""How thresholds and polychoric correlations vary together from sample to sample."""

from __future__ import annotations

import numpy as np
from scipy.linalg import block_diag
from scipy.special import ndtr

from ecity_geo.stats.binormal import binormal_pdf, corners, pad_thresholds, rectangles

_NOTHING = np.sqrt(np.finfo(float).eps)


def asymptotic_covariance(
    codes: np.ndarray,
    taus: list[np.ndarray],
    rho: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    tables: np.ndarray,
) -> np.ndarray:
    """Covariance of √n times the thresholds and polychoric correlations.

    Parameters
    ----------
    codes
        Respondents x items, categories from 0, -1 where missing.
    taus
        Thresholds of each item.
    rho, first, second
        Correlation of each pair, and the items of the pair.
    tables
        Counts of each pair, pairs x answers x answers.

    Returns
    -------
    gamma
        Square, thresholds item by item before the correlations.

    Notes
    -----
    ``n B⁻¹ (Σ s sᵀ) B⁻ᵀ``: s are the scores of a respondent in the likelihood of each item and of
    each pair, B their derivatives, of which products of scores stand in (Muthén 1984,
    doi:10.1007/BF02294210; Muthén & Satorra 1995, doi:10.1007/BF02294325). B is lower block
    triangular, as thresholds do not hang on correlations.
    """
    cell, by_threshold = _pair_scores(taus, rho, first, second, tables)
    one = codes >= 0
    both = one[:, first] & one[:, second]
    pairs = np.arange(len(rho))
    of_pairs = np.where(both, cell[pairs, codes[:, first], codes[:, second]], 0.0)
    of_items, blocks = _item_scores(codes, taus)
    scores = np.hstack([of_items, of_pairs])
    outer = scores.T @ scores
    inverse_items = block_diag(*(np.linalg.inv(block) for block in blocks))
    inverse_pairs = 1 / np.diag(outer)[len(inverse_items) :]
    between = -inverse_pairs[:, None] * (by_threshold @ inverse_items)
    bread = np.block(
        [
            [inverse_items, np.zeros((len(inverse_items), len(rho)))],
            [between, np.diag(inverse_pairs)],
        ]
    )
    gamma = len(codes) * bread @ outer @ bread.T
    return np.asarray((gamma + gamma.T) / 2)


def _item_scores(codes: np.ndarray, taus: list[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return scores of the thresholds, respondents x thresholds, and their products per item."""
    scores, blocks = [], []
    for at, tau in enumerate(taus):
        probability = np.diff(np.concatenate([[0.0], ndtr(tau), [1.0]]))
        density = np.diag(np.exp(-tau * tau / 2) / np.sqrt(2 * np.pi))
        # A threshold gains from the answer below it and loses from the answer above.
        by_answer = np.pad(density, ((0, 1), (0, 0))) - np.pad(density, ((1, 0), (0, 0)))
        by_answer /= probability[:, None]
        own = np.where(codes[:, at, None] >= 0, by_answer[codes[:, at]], 0.0)
        scores.append(own)
        blocks.append(own.T @ own)
    return np.hstack(scores), blocks


def _pair_scores(
    taus: list[np.ndarray],
    rho: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    tables: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores by cell, and their products with the scores of the thresholds.

    The products are pairs x all thresholds: each pair has them with its own two items only.
    """
    padded = pad_thresholds(taus)
    x, y = padded[first], padded[second]
    probability = rectangles(x, y, rho)
    seen = probability > _NOTHING
    weight = np.where(seen, 1.0, 0.0) / np.where(seen, probability, 1.0)
    cell = corners(binormal_pdf(x[:, :, None], y[:, None, :], rho[:, None, None])) * weight
    product = tables * cell * weight
    products = np.zeros((len(rho), *padded.shape))
    pairs = np.arange(len(rho))
    products[pairs, first] = (np.diff(-product, axis=1) * _edges(x, y, rho)).sum(axis=2)
    turned = np.swapaxes(product, 1, 2)
    products[pairs, second] = (np.diff(-turned, axis=1) * _edges(y, x, rho)).sum(axis=2)
    return cell, products[:, np.isfinite(padded)]


def _edges(x: np.ndarray, y: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Give how much probability crosses each threshold of x, by the answers to y.

    Pairs x thresholds x answers.
    """
    density = np.where(np.isfinite(x), np.exp(-np.square(x) / 2) / np.sqrt(2 * np.pi), 0.0)
    x = np.where(np.isfinite(x), x, 0.0)
    root = np.sqrt((1 - rho) * (1 + rho))[:, None, None]
    below = ndtr((y[:, None, :] - rho[:, None, None] * x[:, :, None]) / root)
    framed = np.pad(below, ((0, 0), (0, 0), (1, 1)))
    framed[:, :, -1] = 1.0
    flux: np.ndarray = density[:, :, None] * np.diff(framed, axis=2)
    return flux
