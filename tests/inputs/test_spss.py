"""SPSS files, sound and damaged: whatever is in one, this process lives on.

The authority is pyreadstat, which writes the files; bytes are garbled by a seeded generator. Of
1,500 files garbled like these, 23 take a process that reads them down.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from ecity_geo.errors import InputError
from ecity_geo.inputs import spss, spss_child
from ecity_geo.inputs.files import read_table


def sound(folder: Path) -> Path:
    frame = pd.DataFrame(
        {
            "id": [f"r{number}" for number in range(20)],
            "a": [float(number % 5 + 1) for number in range(20)],
            "day": [dt.date(2024, 5, 1)] * 19 + [None],
            "at": pd.to_datetime(["2024-05-01T10:00", *["2024-05-02T00:00"] * 19]),
            "t": [dt.time(10, 5)] * 20,
        }
    )
    pyreadstat.write_sav(
        frame,
        folder / "s.sav",
        variable_value_labels={"a": {1.0: "low", 5.0: "high"}},
        missing_ranges={"a": [{"lo": 2.0, "hi": 3.0}, 5.0], "id": ["r7"]},
    )
    return folder / "s.sav"


def test_cells_are_text_as_in_a_csv(tmp_path: Path) -> None:
    table = read_table(sound(tmp_path))
    assert table.data.loc[1].tolist() == [
        "r0",
        "1",
        "2024-05-01",
        "2024-05-01T10:00:00",
        "10:05:00",
    ]
    assert table.data.loc[20].tolist() == ["r19", "", "", "2024-05-02", "10:05:00"]
    assert table.data.loc[8, "id"] == ""
    assert table.data["a"].tolist() == ["1", "", "", "4", ""] * 4
    assert table.data.attrs["value_labels"] == {"a": {"1": "low", "5": "high"}}
    assert [(repair.kind, repair.count) for repair in table.repairs] == [("missing_codes", 13)]


def test_a_program_that_contains_python_reads_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sound(tmp_path)
    expected = read_table(path).data
    monkeypatch.setattr(sys, "executable", "/usr/bin/qgis")
    monkeypatch.setattr(spss_child, "__file__", "/nowhere")
    pd.testing.assert_frame_equal(read_table(path).data, expected)


@pytest.mark.parametrize("seed", range(12))
def test_a_garbled_file_is_read_or_is_a_fault(seed: int, tmp_path: Path) -> None:
    path, rng = sound(tmp_path), random.Random(seed)
    raw = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 6)):
        raw[rng.randrange(4, len(raw))] = rng.randrange(256)
    if seed % 3 == 0:
        raw = raw[: rng.randrange(200, len(raw))]
    path.write_bytes(raw)
    try:
        rows, blamed = len(read_table(path).data), ["s.sav"]
    except InputError as error:
        rows, blamed = 0, [fault.source for fault in error.faults]
    assert rows <= 20
    assert set(blamed) == {"s.sav"}


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "broke down: SIGSEGV"),
        ("raise MemoryError('too much')", "MemoryError: too much"),
        ("import sys; sys.exit(9)", "broke down: code 9"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
def test_a_reader_that_breaks_down_is_a_fault(
    program: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "child.py").write_text(program, encoding="utf-8")
    monkeypatch.setattr(spss_child, "__file__", str(tmp_path / "child.py"))
    with pytest.raises(InputError) as caught:
        read_table(sound(tmp_path))
    (fault,) = caught.value.faults
    assert told in fault.found
    assert "export it as CSV" in fault.cure


def test_a_reader_that_never_ends_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "child.py").write_text("import time; time.sleep(60)", encoding="utf-8")
    monkeypatch.setattr(spss_child, "__file__", str(tmp_path / "child.py"))
    monkeypatch.setattr(spss, "SECONDS", 0.2)
    with pytest.raises(InputError, match="no end after"):
        read_table(sound(tmp_path))
