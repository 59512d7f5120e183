"""What every reader hands on: the data, its repairs, and the count of its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

import pandas as pd

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Something that was mended on the way in, counted.

    Parameters
    ----------
    source
        The file, as the user named it.
    kind
        Stable word, key of the message catalogues: ``"reprojected"``, ``"folded_text"`` ...
    count
        Rows, features or cells concerned.
    detail
        What was done, in English, with the values that matter.
    """

    source: str
    kind: str
    count: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Rows of one input: ``read = matched + unmatched + rejected``, always.

    Parameters
    ----------
    source
        The file, as the user named it.
    role
        ``"survey"``, ``"services"``, ``"population"`` ...
    read
        Rows in the file.
    matched
        Rows used and joined to a district.
    unmatched
        Rows kept but outside every district, or without one.
    rejected
        Rows left out by a declared rule.
    """

    source: str
    role: str
    read: int
    matched: int
    unmatched: int = 0
    rejected: int = 0

    def __post_init__(self) -> None:
        if self.read != self.matched + self.unmatched + self.rejected:
            raise ValueError(f"rows of {self.source} do not add up: {self}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checked(Generic[T]):
    """Checked data with what happened to it on the way in.

    Parameters
    ----------
    data
        The frame, or what else the reader returns.
    repairs
        Repairs in the order in which they were made.
    tallies
        Row counts.
    matches
        Match table of joined keys: `source`, `value` (as written), `matched` (id), `tier`
        (how much folding it took), `rows`.
    """

    data: T
    repairs: tuple[Repair, ...] = ()
    tallies: tuple[Tally, ...] = ()
    matches: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["source", "value", "matched", "tier", "rows"])
    )
