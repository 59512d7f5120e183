"""What opening or closing a site costs, place by place, from a column of its file."""

from __future__ import annotations

import math

import pandas as pd

from ecity_geo.errors import Fault
from ecity_geo.inputs.frames import has_text
from ecity_geo.inputs.text import to_number


def read_prices(
    texts: pd.Series, *, source: str, field: str, opening: bool
) -> tuple[pd.Series, list[Fault]]:
    """Read a column of prices.

    Parameters
    ----------
    texts
        As written, by place in the file.
    source, field
        The file and the column, for faults.
    opening
        Whether it is that of opening: each place needs one, not negative. Else of closing: it may
        save, and an empty one is missing.

    Returns
    -------
    prices, faults
        Numbers by place, and what is none.
    """
    numbers: list[float] = []
    faults: list[Fault] = []
    for place, text in texts.items():
        empty = not has_text(text)
        number = None if empty else to_number(text)
        wrong = opening if empty else number is None or (opening and number < 0)
        if wrong:
            faults.append(
                Fault(
                    source=source,
                    where=str(place),
                    field=field,
                    found="no price" if empty else f"'{text}'",
                    expected="a price, not negative" if opening else "a price",
                    cure="Correct the price."
                    if opening
                    else "Correct the price; leave it empty where the service stays.",
                )
            )
        numbers.append(math.nan if number is None else number)
    return pd.Series(numbers, index=texts.index, dtype=float), faults
