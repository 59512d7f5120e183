"""Write a set of files so that readers find the old set or the new one, never half of one.

Everything is written into ``.ecity-geo/new`` inside the output folder (its sibling might lie on
another disk), brought to the disk, and only then moved over the old files, one rename each. A
run that is killed before leaves the old files untouched; one that is killed between two renames
(they take a millisecond together) is finished by the next run. ``.ecity-geo/manifest.json``
lists what belongs to the set: nothing else in the folder is ever replaced or removed.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ecity_geo.errors import Fault, InputError

STATE = ".ecity-geo"
# A set for a city of ten districts weighs 5 MB.
MIN_FREE = 16 * 2**20

_UNWRITABLE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
}
# A place that cannot be: a file on the way, a link to nowhere, a name that is too long.
_NO_PLACE = {errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG}


@dataclass(frozen=True, slots=True)
class _Manifest:
    """Files of the set; `swapping` while new ones are moved in."""

    files: frozenset[str] = frozenset()
    swapping: bool = False


@contextmanager
def output_set(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    """Write a set of files together.

    Parameters
    ----------
    folder
        Where they go; made if it does not exist.
    names
        Every file of the set, as a path with ``/`` relative to `folder`. Files of an earlier set
        that are not named are removed.

    Yields
    ------
    staging
        An empty folder (its subfolders made) to write the files into, under the same names.
        When the block ends without an exception they replace the earlier ones.

    Raises
    ------
    InputError
        Before the block: if the folder cannot be written, has too little room, is being written
        by another run, or holds a file or a link of such a name that no run has put there.
        From the block: if the disk fills up. The earlier files are whole in each case.
    """
    wanted = [_checked_name(name) for name in names]
    state = _open_folder(folder)
    with _translated(folder), _lock(folder, state):
        _finish_interrupted(folder, state)
        manifest = _read_manifest(state)
        _refuse_foreign(folder, wanted, manifest.files)
        _refuse_full_disk(folder, manifest.files)
        staging = state / "new"
        shutil.rmtree(staging, ignore_errors=True)
        for name in wanted:
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            yield staging
            _check_complete(staging, wanted)
            _publish(folder, state, manifest.files, frozenset(wanted))
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def check_place(folder: Path) -> None:
    """Say before long work that a folder cannot be written; nothing is made.

    Parameters
    ----------
    folder
        Where outputs will go; it need not exist.

    Raises
    ------
    InputError
        If it is a file or a link to nowhere, or the nearest folder above it is not writable.
    """
    above = folder.absolute()
    with _translated(folder, also=_NO_PLACE):
        # lstat, unlike lexists, tells a name that is too long from one that is free.
        while not _stands(above):
            above = above.parent
    if not above.is_dir():
        found = "a link to nowhere" if above.is_symlink() else f"a file at {above}"
        raise InputError(_fault(folder, "", found, "a folder", "Choose another folder."))
    if not os.access(above, os.W_OK | os.X_OK):
        raise InputError(
            _fault(
                folder,
                "",
                "a folder that cannot be written",
                "a writable folder",
                "Check its permissions, or choose another folder.",
            )
        )


def _stands(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def write_file(path: Path, content: bytes) -> Path:
    """Write one file so that readers find the old one or the new one.

    Parameters
    ----------
    path
        The file; its folder must exist.
    content
        Its bytes.

    Returns
    -------
    path
        The same path.

    Raises
    ------
    InputError
        If it cannot be written there.
    """
    if path.is_symlink():
        raise InputError(_link(path.parent, path.name))
    if path.exists() and not path.is_file():
        # A rename would put a file in the place of a device such as /dev/null, for everybody.
        found = "a folder" if path.is_dir() else "a device"
        raise InputError(
            _fault(path.parent, path.name, found, "a plain file", "Name a file of its own.")
        )
    if not path.parent.is_dir():
        raise InputError(
            Fault(
                source=str(path),
                found=f"no folder {path.parent}",
                expected="a folder to write into",
                cure="Make the folder first, or write elsewhere.",
            )
        )
    aside = path.with_name(f".{path.name}.{os.getpid()}.new")
    with _translated(path.parent, also=_NO_PLACE):
        try:
            _write_through(aside, content)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    return path


def _checked_name(name: str) -> str:
    """Names come from this package, never from data: a bad one is a bug."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or any(part.startswith(".") for part in parts):
        raise ValueError(f"not a name for an output file: {name!r}")
    return name


def _open_folder(folder: Path) -> Path:
    """Make the folder and its state, or say why that cannot be."""
    if folder.exists() and not folder.is_dir():
        raise InputError(_fault(folder, "", "a file", "a folder", "Choose another folder."))
    state = folder / STATE
    own = ("", "/new", "/lock", "/probe", "/manifest.json", "/manifest.new")
    links = [f"{STATE}{name}" for name in own if (folder / f"{STATE}{name}").is_symlink()]
    if links:
        raise InputError(_link(folder, links[0]))
    with _translated(folder, also=_NO_PLACE):
        state.mkdir(parents=True, exist_ok=True)
        probe = state / "probe"
        _write_through(probe, b"can this folder be written?")
        probe.unlink()
    return state


def _read_manifest(state: Path) -> _Manifest:
    path = state / "manifest.json"
    if not path.exists():
        return _Manifest()
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return _Manifest(
            files=frozenset(_checked_name(name) for name in stored["files"]),
            swapping=bool(stored["swapping"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            Fault(
                source=str(path),
                found="something that no run wrote",
                expected="the list of an earlier run's files",
                cure="Delete this file and the outputs beside it, or choose another folder.",
            )
        ) from error


def _write_manifest(state: Path, files: frozenset[str], *, swapping: bool) -> None:
    content = json.dumps({"files": sorted(files), "swapping": swapping}, indent=1) + "\n"
    aside = state / "manifest.new"
    _write_through(aside, content.encode())
    aside.replace(state / "manifest.json")
    _sync_folder(state)


def _refuse_foreign(folder: Path, wanted: list[str], own: frozenset[str]) -> None:
    faults = []
    for name in wanted:
        links = [part for part in _chain(name) if (folder / part).is_symlink()]
        blocks = [part for part in _chain(name)[:-1] if (folder / part).is_file()]
        if links:
            faults.append(_link(folder, links[0]))
        elif blocks or (folder / name).is_dir() or ((folder / name).exists() and name not in own):
            faults.append(
                _fault(
                    folder,
                    blocks[0] if blocks else name,
                    "a file or folder that no run has written",
                    "nothing, or a file of an earlier run",
                    "Move it away, or choose another folder.",
                )
            )
    if faults:
        raise InputError(dict.fromkeys(faults))


def _chain(name: str) -> list[str]:
    """Return a name after the folders above it, outermost first."""
    parts = PurePosixPath(name).parts
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]


def _refuse_full_disk(folder: Path, own: frozenset[str]) -> None:
    earlier = sum((folder / name).stat().st_size for name in own if (folder / name).is_file())
    needed = max(MIN_FREE, 2 * earlier)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(
            _fault(
                folder,
                "",
                f"{free / 2**20:.0f} MB free",
                f"at least {needed / 2**20:.0f} MB",
                "Make room, or choose another folder.",
            )
        )


def _check_complete(staging: Path, wanted: list[str]) -> None:
    written = {
        path.relative_to(staging).as_posix() for path in staging.rglob("*") if not path.is_dir()
    }
    if written != set(wanted):
        raise ValueError(f"outputs named but not written, or the reverse: {written ^ set(wanted)}")


def _publish(folder: Path, state: Path, old: frozenset[str], new: frozenset[str]) -> None:
    """Bring the new files to the disk, then move them in and the dropped ones away."""
    staging = state / "new"
    for name in new:
        _sync(staging / name)
    for inner in [staging, *(path for path in staging.rglob("*") if path.is_dir())]:
        _sync_folder(inner)
    with _without_interrupt():
        # From here on both sets are ours, whenever the run may end.
        _write_manifest(state, old | new, swapping=True)
        _swap(folder, staging, sorted(new))
        for name in old - new:
            (folder / name).unlink(missing_ok=True)
        _write_manifest(state, new, swapping=False)


def _swap(folder: Path, staging: Path, names: Iterable[str]) -> None:
    touched = {folder}
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (staging / name).replace(target)
        touched.add(target.parent)
    for inner in touched:
        _sync_folder(inner)


def _finish_interrupted(folder: Path, state: Path) -> None:
    """Move in what a run that was killed between two renames had ready."""
    manifest = _read_manifest(state)
    if not manifest.swapping:
        return
    staging = state / "new"
    ready = [name for name in sorted(manifest.files) if (staging / name).is_file()]
    _refuse_foreign(folder, ready, manifest.files)
    _swap(folder, staging, ready)
    _write_manifest(state, manifest.files, swapping=False)


@contextmanager
def _lock(folder: Path, state: Path) -> Iterator[None]:
    """Hold the folder for this run; the system lets go of it when the run ends in any way."""
    # The file stays: removing it would let two later runs lock two different files.
    with (state / "lock").open("a+b") as handle:
        try:
            _lock_handle(handle)
        except OSError as error:
            raise InputError(
                _fault(
                    folder,
                    "",
                    "another run that is writing here",
                    "one run at a time",
                    "Wait for it to end, or choose another folder.",
                )
            ) from error
        yield


def _lock_handle(handle: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def _translated(folder: Path, *, also: Set[int] = frozenset()) -> Iterator[None]:
    """Turn a system's refusal to write into an error with a cure."""
    try:
        yield
    except OSError as error:
        if error.errno not in _UNWRITABLE | also:
            raise
        raise InputError(
            _fault(
                folder,
                "",
                f"a folder that cannot be written ({error.strerror})",
                "a writable folder with room",
                "Check its permissions and free space, or choose another folder.",
            )
        ) from error


@contextmanager
def _without_interrupt() -> Iterator[None]:
    """Let Ctrl-C wait: renaming takes a moment, and done is better than half done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def _sync(path: Path) -> None:
    with path.open("rb+") as handle:
        os.fsync(handle.fileno())


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return  # Windows cannot open a folder; NTFS journals its renames.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _fault(folder: Path, where: str, found: str, expected: str, cure: str) -> Fault:
    return Fault(source=str(folder), where=where, found=found, expected=expected, cure=cure)


def _link(folder: Path, name: str) -> Fault:
    return _fault(
        folder,
        name,
        "a symbolic link",
        "a plain file or folder",
        "Remove the link: outputs are not written through links.",
    )
