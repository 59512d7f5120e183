"""Whether answers hang together enough for a factor model: KMO, and Bartlett's test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import complete_answers

_WHAT = "The measure of sampling adequacy"
# Kaiser's words, with the least value of each.
_WORDS = (
    *((0.9, "marvellous"), (0.8, "meritorious"), (0.7, "middling")),
    *((0.6, "mediocre"), (0.5, "miserable"), (0.0, "unacceptable")),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factorability:
    """How well some answers suit a factor model.

    Parameters
    ----------
    kmo
        Kaiser-Meyer-Olkin measure of sampling adequacy of all items, 0 to 1.
    word
        Kaiser's word for it, from ``"unacceptable"`` to ``"marvellous"``.
    items
        The same measure of each item.
    chi_square, df, p
        Bartlett's test that no items are correlated.
    n
        Respondents who answered all items.
    missing
        Respondents left out because they did not.
    """

    kmo: float
    word: str
    items: pd.Series
    chi_square: float
    df: int
    p: float
    n: int
    missing: int


def factorability(answers: pd.DataFrame) -> Factorability:
    """Measure how well answers suit a factor model.

    Parameters
    ----------
    answers
        A row per respondent, a numeric column per item. Respondents with a missing answer are
        left out, and counted.

    Returns
    -------
    factorability
        KMO and Bartlett's test.

    Raises
    ------
    AnalysisError
        Unless there are more respondents than items, if an item is a sum of others, or as in
        `ecity_geo.stats.answers.complete_answers`.

    Notes
    -----
    Sum of squared correlations over that plus the squared partial ones (Kaiser 1974,
    doi:10.1007/BF02291575); ``-(n - 1 - (2k + 5)/6) log|R|`` (Bartlett 1951).
    """
    complete, missing = complete_answers(answers, what=_WHAT)
    n, k = complete.shape
    if n <= k:
        raise AnalysisError(
            f"{_WHAT} of {k} items needs more respondents than items; {n} answered all of them."
        )
    correlation = np.corrcoef(complete.to_numpy(), rowvar=False)
    sign, log_determinant = np.linalg.slogdet(correlation)
    if sign <= 0 or np.linalg.cond(correlation) > 1e12:
        raise AnalysisError(f"{_WHAT} is not defined: an item is made of others. Leave it out.")
    inverse = np.linalg.inv(correlation)
    spread = np.sqrt(np.diag(inverse))
    partial = -inverse / np.outer(spread, spread)
    off = ~np.eye(k, dtype=bool)
    whole, rest = (np.where(off, one**2, 0.0).sum(axis=0) for one in (correlation, partial))
    kmo = float(whole.sum() / (whole.sum() + rest.sum()))
    chi_square = -(n - 1 - (2 * k + 5) / 6) * float(log_determinant)
    df = k * (k - 1) // 2
    return Factorability(
        kmo=kmo,
        word=next(word for least, word in _WORDS if kmo >= least),
        items=pd.Series(whole / (whole + rest), index=complete.columns.rename("item"), name="kmo"),
        chi_square=chi_square,
        df=df,
        p=float(stats.chi2.sf(chi_square, df)),
        n=n,
        missing=missing,
    )
