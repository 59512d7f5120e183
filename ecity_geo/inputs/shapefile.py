"""A Shapefile is several files, often zipped, with text in an encoding that may be unstated."""

from __future__ import annotations

import codecs
import itertools
import shutil
import zipfile
from pathlib import Path, PurePosixPath

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.sniff import ARCHIVE_ERRORS

_LAYERS = {".shp", ".geojson", ".json", ".gpkg", ".fgb"}
_SHAPEFILE = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
_SAMPLE = 8_000_000


def unpack(path: Path, folder: Path, *, layer: str, source: str) -> Path:
    """Unpack the one layer of a zip file, under names of our own.

    Parameters
    ----------
    path
        The zip file.
    folder
        An empty folder to unpack into.
    layer
        Name of the file inside, without its ending; empty where there is but one.
    source
        The file, as the user named it.

    Returns
    -------
    path
        The unpacked file; the parts of a Shapefile stand beside it.

    Raises
    ------
    InputError
        If the zip file is damaged, or holds no layer or several. Size and members have been
        judged before, by `check_safe`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            main = _main_member(archive, layer, source)
            members = _parts(archive, main)
            for member in members:
                target = folder / f"layer{PurePosixPath(member.filename).suffix.lower()}"
                with archive.open(member) as packed, target.open("wb") as file:
                    shutil.copyfileobj(packed, file)
    except ARCHIVE_ERRORS as error:
        raise InputError(
            Fault(
                source=source,
                found=f"a zip file that cannot be unpacked ({error})",
                expected="a whole zip file",
                cure="Pack it again, or unpack it and name the file inside.",
            )
        ) from error
    return folder / f"layer{PurePosixPath(main.filename).suffix.lower()}"


def _main_member(archive: zipfile.ZipFile, layer: str, source: str) -> zipfile.ZipInfo:
    found = [
        member
        for member in archive.infolist()
        if PurePosixPath(member.filename).suffix.lower() in _LAYERS
        and not member.filename.startswith("__MACOSX/")
    ]
    chosen = [member for member in found if PurePosixPath(member.filename).stem == layer]
    if layer and chosen:
        found = chosen
    if len(found) == 1:
        return found[0]
    names = ", ".join(member.filename for member in found[:10]) or "no layer"
    raise InputError(
        Fault(
            source=source,
            found=f"a zip file with {names}",
            expected="one layer",
            cure='Name one with "layer", or give a zip file with one of them.',
        )
    )


def _parts(archive: zipfile.ZipFile, main: zipfile.ZipInfo) -> list[zipfile.ZipInfo]:
    # A Shapefile's parts share its name; other formats stand alone.
    name = PurePosixPath(main.filename)
    if name.suffix.lower() != ".shp":
        return [main]
    return [
        member
        for member in archive.infolist()
        if PurePosixPath(member.filename).with_suffix("") == name.with_suffix("")
        and PurePosixPath(member.filename).suffix.lower() in _SHAPEFILE
    ]


def shapefile_encoding(path: Path, source: str) -> str:
    """Find the encoding of a Shapefile's text where nothing states it.

    Parameters
    ----------
    path
        The ``.shp``.
    source
        The file, as the user named it.

    Returns
    -------
    encoding
        ``"UTF-8"`` or ``"cp1256"``; empty when the file states its own, or holds ASCII only.

    Raises
    ------
    InputError
        If the text is neither; the readings that were tried are shown.
    """
    table = _sibling(path, ".dbf")
    if table is None or _sibling(path, ".cpg") is not None:
        return ""
    with table.open("rb") as file:
        content = file.read(_SAMPLE)
    text = content[32:]
    if content[29:30] not in {b"\x00", b"\x57"} or text.isascii():
        return ""
    if _share_valid(text, "utf-8") > 0.99:
        return "UTF-8"
    if _share_valid(text, "cp1256") > 0.9:
        return "cp1256"
    raise InputError(_unreadable(text, source))


def _share_valid(text: bytes, encoding: str) -> float:
    """Share of the non-ASCII characters that a reading turns into letters of Arabic script.

    Any byte is some cp1256 character, so "it decodes" proves nothing there.
    """
    decoded = text.decode(encoding, errors="replace")
    foreign = [c for c in decoded if not c.isascii()]
    good = [c for c in foreign if c != "\ufffd" and (encoding == "utf-8" or _persian(c))]
    return len(good) / max(len(foreign), 1)


def _persian(character: str) -> bool:
    return "\u0600" <= character <= "\u06ff" or character in "\u200c\u200d\u00ab\u00bb\u00a0"


def _unreadable(text: bytes, source: str) -> Fault:
    at = next(i for i, byte in enumerate(text) if byte > 127)
    sample = text[at : at + 12].split(b"  ")[0]
    tried = ", ".join(
        f"{encoding} '{sample.decode(encoding, errors='replace')}'"
        for encoding in ("UTF-8", "cp1256", "cp1252")
    )
    return Fault(
        source=source,
        found=f"attribute text in an unstated encoding (tried: {tried})",
        expected="a .cpg file, or a stated encoding",
        cure='State "encoding" in the study file, or put a .cpg beside the .dbf.',
    )


def check_encoding(encoding: str, source: str) -> None:
    """Hold that an encoding exists.

    Parameters
    ----------
    encoding
        As the study file names it; empty is fine.
    source
        The file, as the user named it.

    Raises
    ------
    InputError
        If nobody knows it: GDAL would silently read something else.
    """
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError as error:
        raise InputError(
            Fault(
                source=source,
                field="encoding",
                found=f"'{encoding}'",
                expected="an encoding such as 'UTF-8' or 'cp1256'",
                cure='Correct "encoding" in the study file.',
            )
        ) from error


def mojibake(text: str) -> str:
    """Read a text again that may have been read in the wrong encoding.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    meant
        What it says when its characters are taken for the bytes of UTF-8 or cp1256 text in
        Arabic script; empty where the text is fine as it is.
    """
    if text.isascii():
        return ""
    foreign = [character for character in text if not character.isascii()]
    if len(foreign) < 3 or any("\u0600" <= character <= "\u06ff" for character in foreign):
        return ""
    letters = sum(character.isalpha() for character in text)
    for wrong, true in itertools.product(("latin-1", "cp1252"), ("utf-8", "cp1256")):
        try:
            meant = text.encode(wrong).decode(true)
        except UnicodeError:
            continue
        arabic = sum("\u0600" <= character <= "\u06ff" for character in meant)
        # A word of Western Europe holds a few accents among plain letters, never accents only.
        if arabic >= (3 if true == "utf-8" else max(4, 0.8 * letters)):
            return meant
    return ""


def missing_parts(path: Path) -> list[str]:
    """List the parts that a Shapefile cannot be read without.

    Parameters
    ----------
    path
        The ``.shp``.

    Returns
    -------
    endings
        Such as ``[".shx"]``.
    """
    return [ending for ending in (".shx", ".dbf") if _sibling(path, ending) is None]


def _sibling(path: Path, ending: str) -> Path | None:
    for name in (path.with_suffix(ending), path.with_suffix(ending.upper())):
        if name.is_file():
            return name
    return None
