"""Reads an SPSS file in a process of its own: what a damaged file brings down is only this.

Run with the file and an encoding (or nothing); writes JSON. It imports nothing of this package,
so that it starts fast.
"""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, time
from typing import Any

DAMAGED = 3


def read(path: str, encoding: str) -> dict[str, Any]:
    """Read a file with ``pyreadstat``.

    Parameters
    ----------
    path
        An existing ``.sav`` or ``.zsav`` file.
    encoding
        Empty for the one that the file states.

    Returns
    -------
    content
        `columns` (name to values: texts, numbers, None), `missing` (name to spans of values that
        stand for no answer), `labels` (name to pairs of code and label); or `error`.
    """
    import pyreadstat

    try:
        columns, meta = pyreadstat.read_sav(
            path,
            apply_value_formats=False,
            user_missing=True,
            encoding=encoding or None,
            output_format="dict",
        )
    except (
        pyreadstat.ReadstatError,
        pyreadstat.PyreadstatError,
        UnicodeDecodeError,
        OverflowError,
        ValueError,
        OSError,
    ) as error:
        return {"error": str(error)}
    return {
        "columns": {name: [plain(value) for value in values] for name, values in columns.items()},
        "missing": meta.missing_ranges,
        "labels": {
            name: [[code, str(label)] for code, label in labels.items()]
            for name, labels in meta.variable_value_labels.items()
        },
    }


def plain(value: Any) -> Any:
    """Write moments in ISO form, days without a time; leave all else as it is."""
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else value


if __name__ == "__main__":
    content = read(sys.argv[1], sys.argv[2])
    sys.stdout.write(json.dumps(content))
    sys.exit(DAMAGED if "error" in content else 0)
