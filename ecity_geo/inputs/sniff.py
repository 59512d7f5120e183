"""What a file really holds, looked up before any library opens it.

GDAL opens by content and ignores the name: a ``districts.geojson`` that holds VRT or GDALG text
makes it fetch whatever that text names. So each file must begin as its name says, and an archive
is judged by its directory before a byte of it is unpacked.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ecity_geo.errors import Fault, InputError
from ecity_geo.geo.indirect import HEAD, points_elsewhere

MEBIBYTE = 1024**2
MAX_TABLE = 256 * MEBIBYTE
MAX_LAYER = 8192 * MEBIBYTE
MAX_MEMBERS = 1000
MAX_UNPACKED = 2048 * MEBIBYTE
MAX_RATIO = 200
# Below this an archive harms nobody, however well it is packed.
SMALL = 16 * MEBIBYTE
# What the zip reader lets through: zlib has an error of its own for a stream that breaks off.
ARCHIVE_ERRORS = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError)

VECTORS = (".geojson", ".json", ".gpkg", ".shp", ".zip", ".parquet", ".fgb", ".pbf")
RASTERS = (".tif", ".tiff")
TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".sav", ".zsav")
_BY_ROLE = {
    "boundaries": VECTORS,
    "fabric": VECTORS,
    "streets": VECTORS,
    "services": (*VECTORS, *TABLES),
    "candidates": (*VECTORS, *TABLES),
    "population": (*RASTERS, *VECTORS),
    "survey": TABLES,
    "table": TABLES,
}
_TEXTS = (".geojson", ".json", ".csv", ".tsv", ".txt")
_IN_ZIP = (".shp", ".gpkg", ".geojson", ".json", ".tif", ".tiff", ".fgb")

_STARTS: dict[str, tuple[bytes, ...]] = {
    ".gpkg": (b"SQLite format 3\x00",),
    ".shp": (b"\x00\x00\x27\x0a",),
    ".zip": (b"PK\x03\x04",),
    ".xlsx": (b"PK\x03\x04",),
    ".parquet": (b"PAR1",),
    ".fgb": (b"fgb",),
    ".tif": (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
    ".sav": (b"$FL2", b"$FL3"),
    ".zsav": (b"$FL3", b"$FL2"),
}
_STARTS[".tiff"] = _STARTS[".tif"]
_GEOJSON = re.compile(
    rb'"type"\s*:\s*"(FeatureCollection|Feature|(Multi)?(Point|LineString|Polygon)'
    rb'|GeometryCollection)"'
)


def check_safe(path: Path, role: str, *, source: str = "") -> None:
    """Refuse a file whose content is not what its name says, or that would unpack too large.

    Parameters
    ----------
    path
        An existing file.
    role
        What it is read as: ``"boundaries"``, ``"fabric"``, ``"services"``, ``"population"``,
        ``"streets"``, ``"candidates"``, ``"survey"`` or ``"table"``.
    source
        The file as the user named it; by default its name.

    Raises
    ------
    InputError
        If the kind of file does not suit the role, the file is empty or too large, its first
        bytes belong to another format, or an archive holds what it should not.
    """
    faults = list(_faults(path, role, source or path.name))
    if faults:
        raise InputError(faults)


def _faults(path: Path, role: str, source: str) -> Iterator[Fault]:
    suffix = path.suffix.lower()
    allowed = _BY_ROLE.get(role, (*VECTORS, *RASTERS, *TABLES))
    if suffix not in allowed:
        yield Fault(
            source=source,
            found=f"a file of type '{suffix or 'none'}'",
            expected=f"one of {', '.join(allowed)}",
            cure="Convert the file, or name another one.",
        )
        return
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        yield Fault(
            source=source,
            found=f"a file that cannot be read ({error.strerror})",
            expected="a readable file",
            cure="Check the permissions of the file.",
        )
        return
    limit = MAX_TABLE if suffix in TABLES else MAX_LAYER
    if size > limit:
        yield _too_large(source, size, limit)
    elif fault := _content(suffix, head, source):
        yield fault
    elif suffix in (".zip", ".xlsx"):
        yield from _archive(path, source, sniff=suffix == ".zip")


def _too_large(source: str, size: int, limit: int, where: str = "") -> Fault:
    return Fault(
        source=source,
        where=where,
        found=f"{size / MEBIBYTE:,.0f} MB",
        expected=f"at most {limit / MEBIBYTE:,.0f} MB",
        cure="Cut the file to the city.",
    )


def _content(suffix: str, head: bytes, source: str, where: str = "") -> Fault | None:
    """Judge the first bytes by the name."""
    # GDAL looks for such text up to the first zero byte, and all other formats begin with one.
    indirect = points_elsewhere(head) and (suffix in _TEXTS or not _suits(suffix, head))
    if not head:
        found = "an empty file"
    elif indirect:
        found = "a description that points to other data (VRT, web service or GDAL command)"
    elif not _suits(suffix, head):
        found = f"other content ({_looks_like(head)})"
    else:
        return None
    return Fault(
        source=source,
        where=where,
        found=found,
        expected=f"the content of a {suffix} file",
        cure="Export the data itself again, under the name of its format.",
    )


def _suits(suffix: str, head: bytes) -> bool:
    if suffix in _STARTS:
        return head.startswith(_STARTS[suffix])
    if suffix in (".geojson", ".json"):
        return _is_geojson(head)
    if suffix == ".pbf":
        return b"OSMHeader" in head[:64]
    return not _is_no_text(head)


def _is_geojson(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x1e")
    return text.startswith(b"{") and _GEOJSON.search(head) is not None


def _is_no_text(head: bytes) -> bool:
    known = any(head.startswith(start) for starts in _STARTS.values() for start in starts)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return known or text.startswith((b"<", b"{\\rtf", b"%PDF", b"\xd0\xcf\x11\xe0"))


def _looks_like(head: bytes) -> str:
    for suffix, starts in _STARTS.items():
        if head.startswith(starts):
            return f"it begins like a {suffix} file"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        return "it begins like XML or HTML"
    if text.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer"
    if text.startswith(b"\xd0\xcf\x11\xe0"):
        return "it begins like an old Office file"
    return "its first bytes are of no known format" if b"\x00" in head else "it begins like text"


def _archive(path: Path, source: str, *, sniff: bool) -> Iterator[Fault]:
    """Judge an archive by its directory; nothing is unpacked but the heads of its layers."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            faults = [*_bomb(path, members, source), *_names(members, source)]
            yield from faults
            if sniff and not faults:
                yield from _layers(archive, members, source)
            elif not sniff and "[Content_Types].xml" not in archive.namelist():
                yield Fault(
                    source=source,
                    found="a plain archive",
                    expected="an Excel workbook",
                    cure="Name a file that Excel has saved as .xlsx.",
                )
    except (*ARCHIVE_ERRORS, OSError, ValueError) as error:
        yield Fault(
            source=source,
            found=f"a damaged or unusual archive ({error})",
            expected="a plain zip archive",
            cure="Pack the files again.",
        )


def _bomb(path: Path, members: list[zipfile.ZipInfo], source: str) -> Iterator[Fault]:
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    size = path.stat().st_size
    cure = "Pack only the files of the layer, once, with an ordinary zip program."
    if len(members) > MAX_MEMBERS:
        found, expected = f"{len(members)} files", f"at most {MAX_MEMBERS}"
        yield Fault(source=source, found=found, expected=expected, cure=cure)
    if unpacked > MAX_UNPACKED:
        yield _too_large(source, unpacked, MAX_UNPACKED, where="unpacked")
    elif unpacked > SMALL and unpacked > MAX_RATIO * size:
        found = f"{unpacked / MEBIBYTE:,.0f} MB packed into {size / MEBIBYTE:,.2f} MB"
        expected = f"at most {MAX_RATIO} times the size of the archive"
        yield Fault(source=source, found=found, expected=expected, cure=cure)
    if packed > size:
        found = "files that share the same bytes of the archive"
        yield Fault(source=source, found=found, expected="each file packed once", cure=cure)


def _names(members: list[zipfile.ZipInfo], source: str) -> Iterator[Fault]:
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        problem = ""
        if name.is_absolute() or ".." in name.parts or ":" in member.filename:
            problem = "a path that leads out of the archive"
        elif name.suffix.lower() in (".zip", ".vrt", ".7z", ".rar", ".gz", ".tar"):
            problem = f"a {name.suffix.lower()} file inside"
        elif member.flag_bits & 0x1:
            problem = "a file under a password"
        if problem:
            yield Fault(
                source=source,
                where=f"member '{member.filename[:100]}'",
                found=problem,
                expected="only the files of one layer",
                cure="Pack the files again.",
            )


def _layers(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], source: str
) -> Iterator[Fault]:
    """Each layer inside must begin as its name says, and there must be one."""
    count = 0
    for member in members:
        suffix = PurePosixPath(member.filename).suffix.lower()
        if suffix not in _IN_ZIP:
            continue
        count += 1
        with archive.open(member) as file:
            fault = _content(suffix, file.read(HEAD), source, f"member '{member.filename[:100]}'")
        if fault:
            yield fault
    if not count:
        yield Fault(
            source=source,
            found="no layer inside",
            expected=f"one of {', '.join(_IN_ZIP)}",
            cure="Pack the .shp with its .dbf, .shx and .prj, or a single .gpkg or .geojson.",
        )
