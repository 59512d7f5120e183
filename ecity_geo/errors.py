"""What may go wrong, said so that a user can mend it.

`InputError` carries every fault of the files that were read; `AnalysisError` says that a
question has no valid answer. Anything else that is raised is a bug and stays a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

SHOWN_FAULTS = 10


class EcityError(Exception):
    """Base of all errors that are a user's to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with an input.

    Parameters
    ----------
    source
        The file (or table) as the user named it.
    where
        Place inside it: ``"line 57"``, ``"feature 3 (district_id '7')"``; empty for the whole file.
    field
        Column or key; empty where none applies.
    found
        What stands there, as text.
    expected
        What was expected, as text.
    cure
        One sentence: what to do.
    """

    source: str
    found: str
    expected: str
    cure: str
    where: str = ""
    field: str = ""

    def fact(self) -> str:
        """Return the fault as one sentence of fact."""
        place = ", ".join(
            part
            for part in (self.source, self.where, self.field and f'field "{self.field}"')
            if part
        )
        return f"{place}: found {self.found}, expected {self.expected}."


class InputError(EcityError):
    """Bad data: one or many faults, all reported together.

    Parameters
    ----------
    faults
        The faults, in the order in which a reader of the file meets them.
    """

    def __init__(self, faults: Fault | Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__(_message(self.faults))


class AnalysisError(EcityError):
    """A question without a valid answer, such as an infeasible plan."""


def _message(faults: tuple[Fault, ...]) -> str:
    """Faults that share a cure stand together; the first ten are told, the rest counted."""
    lines: list[str] = []
    shown = faults[:SHOWN_FAULTS]
    for cure, group in groupby(shown, key=lambda fault: fault.cure):
        lines.extend(fault.fact() for fault in group)
        lines.append(cure)
    rest = faults[SHOWN_FAULTS:]
    if rest:
        places = ", ".join(fault.where or fault.field or fault.source for fault in rest[:20])
        more = ", ..." if len(rest) > 20 else ""
        lines.append(f"({len(rest)} more faults: {places}{more})")
    return "\n".join(lines)
