"""A set of files is replaced whole or not at all, whatever happens to the run."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from ecity_geo.errors import InputError
from ecity_geo.outputs import files
from ecity_geo.outputs.files import output_set, write_file

NAMES = ["index.html", "tables/ranking.csv"]
KILLED = """
import os, signal, sys
from pathlib import Path
from ecity_geo.outputs import files
folder, moment = Path(sys.argv[1]), sys.argv[2]
moved = []
replace = Path.replace
def replace_and_die(self, target):
    if "index" in self.name or "ranking" in self.name:
        if moved: os.kill(os.getpid(), signal.SIGKILL)
        moved.append(self)
    return replace(self, target)
with files.output_set(folder, ["index.html", "tables/ranking.csv"]) as staging:
    (staging / "index.html").write_text("new")
    if moment == "writing": os.kill(os.getpid(), signal.SIGKILL)
    (staging / "tables" / "ranking.csv").write_text("new")
    Path.replace = replace_and_die
"""


def publish(folder: Path, content: str, names: list[str] | None = None) -> None:
    names = NAMES if names is None else names
    with output_set(folder, names) as staging:
        for name in names:
            (staging / name).write_text(content)


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and files.STATE not in path.parts
    }


def die(folder: Path, moment: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), moment], check=False)
    assert done.returncode == -signal.SIGKILL


def test_a_new_folder_is_made_and_filled(tmp_path: Path) -> None:
    publish(tmp_path / "deep" / "maps", "one")
    assert contents(tmp_path / "deep" / "maps") == dict.fromkeys(NAMES, "one")


def test_killed_while_writing_leaves_the_earlier_set_whole(tmp_path: Path) -> None:
    publish(tmp_path, "old")
    die(tmp_path, "writing")
    assert contents(tmp_path) == dict.fromkeys(NAMES, "old")
    publish(tmp_path, "newer")
    assert contents(tmp_path) == dict.fromkeys(NAMES, "newer")


def test_killed_between_two_renames_is_finished_by_the_next_run(tmp_path: Path) -> None:
    publish(tmp_path, "old")
    die(tmp_path, "swapping")
    assert contents(tmp_path) == {"index.html": "new", "tables/ranking.csv": "old"}
    with pytest.raises(RuntimeError, match="no maps today"), output_set(tmp_path, NAMES):
        raise RuntimeError("no maps today")
    assert contents(tmp_path) == dict.fromkeys(NAMES, "new")


def test_an_exception_leaves_the_earlier_set_whole(tmp_path: Path) -> None:
    publish(tmp_path, "old")

    def begin_and_press_ctrl_c() -> None:
        with output_set(tmp_path, NAMES) as staging:
            (staging / "index.html").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin_and_press_ctrl_c()
    assert contents(tmp_path) == dict.fromkeys(NAMES, "old")
    assert not (tmp_path / files.STATE / "new").exists()


def test_files_of_the_user_stay(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    publish(tmp_path, "one")
    publish(tmp_path, "two", ["index.html"])
    assert contents(tmp_path) == {"README.md": "mine", "index.html": "two"}


def test_a_file_of_the_user_with_an_output_name_is_refused_before_work(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    (tmp_path / "tables").write_text("mine too")
    with pytest.raises(InputError) as raised, output_set(tmp_path, NAMES):
        pytest.fail("must stop before any work")
    assert [fault.where for fault in raised.value.faults] == ["index.html", "tables"]
    assert "Move it away" in str(raised.value)
    assert contents(tmp_path) == {"index.html": "mine", "tables": "mine too"}


def test_a_folder_with_an_output_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.html").mkdir()
    with pytest.raises(InputError, match=r"index\.html"):
        publish(tmp_path, "one")


@pytest.mark.parametrize("link", ["index.html", "tables", ".ecity-geo"])
def test_nothing_is_written_through_a_link(tmp_path: Path, link: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / "maps"
    folder.mkdir()
    (folder / link).symlink_to(elsewhere)
    with pytest.raises(InputError, match="symbolic link"):
        publish(folder, "one")
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("link", ["new", "probe", "lock"])
def test_a_link_inside_the_folder_of_the_state_is_refused(tmp_path: Path, link: str) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "index.html").write_text("mine")
    state = tmp_path / "maps" / ".ecity-geo"
    state.mkdir(parents=True)
    (state / link).symlink_to(mine if link == "new" else mine / "index.html")
    with pytest.raises(InputError, match="symbolic link"):
        publish(tmp_path / "maps", "one")
    assert (mine / "index.html").read_text() == "mine"


def test_a_link_that_replaced_an_earlier_output_is_refused(tmp_path: Path) -> None:
    publish(tmp_path / "maps", "one")
    (tmp_path / "maps" / "index.html").unlink()
    (tmp_path / "secret").write_text("mine")
    (tmp_path / "maps" / "index.html").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="symbolic link"):
        publish(tmp_path / "maps", "two")
    assert (tmp_path / "secret").read_text() == "mine"


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    with output_set(tmp_path, NAMES) as staging:
        with pytest.raises(InputError, match="another run"):
            publish(tmp_path, "second")
        for name in NAMES:
            (staging / name).write_text("first")
    assert contents(tmp_path) == dict.fromkeys(NAMES, "first")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "maps").write_text("mine")
    with pytest.raises(InputError, match="expected a folder"):
        publish(tmp_path / "maps", "one")


def test_a_folder_that_cannot_be_written_is_refused_before_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "mkdir", refuse)  # permissions do not bind a test run as root
    with pytest.raises(InputError, match=r"Read-only.*\nCheck its permissions"):
        publish(tmp_path / "maps", "one")


def test_a_nearly_full_disk_is_refused_before_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 5 * 2**20))
    with pytest.raises(InputError, match="found 5 MB free, expected at least 16 MB"):
        publish(tmp_path, "one")


def test_a_disk_that_fills_up_leaves_the_earlier_set_whole(tmp_path: Path) -> None:
    publish(tmp_path, "old")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(InputError, match="No space left"), output_set(tmp_path, NAMES):
        raise full
    assert contents(tmp_path) == dict.fromkeys(NAMES, "old")


def test_other_system_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), output_set(tmp_path, NAMES):
        raise FileNotFoundError(errno.ENOENT, "a font is missing")


def test_a_file_named_but_not_written_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ranking"), output_set(tmp_path, NAMES) as staging:
        (staging / "index.html").write_text("one")
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("name", ["../up", "/root", ".hidden", "", "a/../b"])
def test_names_that_leave_the_folder_are_bugs(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"), output_set(tmp_path, [name]):
        pytest.fail("must not begin")


def test_a_manifest_that_no_run_wrote_deletes_nothing(tmp_path: Path) -> None:
    publish(tmp_path, "one")
    (tmp_path / "mine.txt").write_text("mine")
    manifest = tmp_path / files.STATE / "manifest.json"
    manifest.write_text(json.dumps({"files": ["../mine.txt"], "swapping": False}))
    with pytest.raises(InputError, match=r"manifest\.json"):
        publish(tmp_path, "two")
    assert contents(tmp_path)["mine.txt"] == "mine"


def test_ctrl_c_waits_for_the_renames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swap = files._swap
    before = signal.getsignal(signal.SIGINT)  # a background job's shell lets it be ignored

    def interrupted(*arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        swap(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "_swap", interrupted)
    publish(tmp_path, "one")
    assert contents(tmp_path) == dict.fromkeys(NAMES, "one")
    assert signal.getsignal(signal.SIGINT) is before


def test_one_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    path.write_text("old")
    assert write_file(path, b"new") == path
    assert contents(tmp_path) == {"map.html": "new"}


def test_one_file_is_not_written_through_a_link_or_into_nowhere(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "map.html").symlink_to(tmp_path / "mine")
    with pytest.raises(InputError, match="symbolic link"):
        write_file(tmp_path / "map.html", b"new")
    with pytest.raises(InputError, match="Make the folder first"):
        write_file(tmp_path / "no" / "map.html", b"new")
    assert (tmp_path / "mine").read_text() == "mine"


def test_one_file_never_takes_the_place_of_a_device_or_a_folder(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="found a device"):
        write_file(pipe, b"page")
    assert pipe.is_fifo()
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="found a folder"):
        write_file(tmp_path / "folder", b"page")
