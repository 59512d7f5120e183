"""Leaflet and the fonts, from installed packages, ready to stand inside a page.

Nothing here is pasted into the repository: Leaflet comes from ``xstatic-leaflet`` (BSD-2), the
fonts from ``fontpkg-noto-sans`` and ``fontpkg-noto-sans-arabic`` (OFL 1.1), cut down to the
characters that Persian and Latin text needs.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

# The only addresses that a page may contain: names of XML vocabularies, which nobody fetches.
ALLOWED_ADDRESSES = frozenset({"http://www.w3.org/2000/svg"})

# Ranges of characters (first, last). All of the Arabic block, because names may be Kurdish,
# Azeri or Arabic; U+200C to U+200F and U+2066 to U+2069 are the half-space and marks of direction.
_MARKS = ((0x20, 0x20), (0xA0, 0xA0), (0x200B, 0x200F), (0x2066, 0x2069))
_ARABIC = (*_MARKS, (0x0600, 0x06FF))
_LATIN = (
    *_MARKS,
    (0x21, 0x7E),
    (0xA1, 0x17F),
    (0x2010, 0x2027),
    (0x2030, 0x203A),
    (0x20AC, 0x20AC),
    (0x2190, 0x2193),
    (0x2212, 0x2212),
    (0x2248, 0x2248),
    (0x2264, 0x2265),
)
_WEIGHTS = (400, 700)


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """Licence of a part that stands inside each page.

    Parameters
    ----------
    name
        What it is, with its version.
    holder
        Copyright line.
    licence
        SPDX name.
    package
        Installed package that it comes from, and that holds the licence's text.
    """

    name: str
    holder: str
    licence: str
    package: str


def licences() -> tuple[Licence, ...]:
    """Name the parts of others inside each page, with their licences.

    Returns
    -------
    licences
        Leaflet and the two fonts.
    """
    from xstatic.pkg import leaflet

    return (
        Licence(
            name=f"Leaflet {leaflet.VERSION}",
            holder="© 2010-2022 Vladimir Agafonkin, © 2010-2011 CloudMade",
            licence="BSD-2-Clause",
            package="xstatic-leaflet",
        ),
        Licence(
            name="Noto Sans",
            holder="© 2022 The Noto Project Authors",
            licence="OFL-1.1",
            package="fontpkg-noto-sans",
        ),
        Licence(
            name="Noto Sans Arabic",
            holder="© 2022 The Noto Project Authors",
            licence="OFL-1.1",
            package="fontpkg-noto-sans-arabic",
        ),
    )


@lru_cache(maxsize=1)
def leaflet_js() -> str:
    """Return Leaflet's script, with no address in it and its marker pictures inside.

    Returns
    -------
    script
        To be written into a ``<script>`` element.
    """
    folder = files("xstatic.pkg.leaflet") / "data"
    script = (folder / "leaflet.js").read_text(encoding="utf-8")
    script = re.sub(r"^//# sourceMappingURL=.*$", "", script, flags=re.MULTILINE)
    # The prefix of the attribution is switched off by every map; its link goes as well.
    script = script.replace("https://leafletjs.com", "Leaflet").replace("</script", r"<\/script")
    pictures = {
        "iconUrl": "marker-icon.png",
        "iconRetinaUrl": "marker-icon-2x.png",
        "shadowUrl": "marker-shadow.png",
    }
    options = ",".join(
        f'{option}:"{_base64((folder / "images" / name).read_bytes())}"'
        for option, name in pictures.items()
    )
    return (
        f'{script.strip()}\nL.Icon.Default.imagePath="data:image/png;base64,";'
        f"L.Icon.Default.mergeOptions({{{options}}});"
    )


@lru_cache(maxsize=1)
def leaflet_css() -> str:
    """Return Leaflet's style sheet without pictures and addresses.

    Returns
    -------
    style
        To be written into a ``<style>`` element.
    """
    folder = files("xstatic.pkg.leaflet") / "data"
    style = (folder / "leaflet.css").read_text(encoding="utf-8")
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    style = re.sub(r"url\([^)]*\)", "none", style)
    return re.sub(r"\s*\n\s*", "\n", style).strip()


@lru_cache(maxsize=1)
def font_css() -> str:
    """Return the fonts as ``@font-face`` rules with the files inside, weights 400 to 700.

    Returns
    -------
    style
        To be written into a ``<style>`` element; the families are ``Noto Sans`` and
        ``Noto Sans Arabic``.

    Notes
    -----
    WOFF, not WOFF2: the latter saves 16 KB of 118 but takes twice the time and needs brotli.
    """
    faces = (
        ("Noto Sans", "fontpkg_noto_sans", "NotoSans[wdth,wght].ttf", _LATIN),
        (
            "Noto Sans Arabic",
            "fontpkg_noto_sans_arabic",
            "NotoSansArabic[wdth,wght].ttf",
            _ARABIC,
        ),
    )
    return "\n".join(
        _font_face(family, (files(package) / "files" / name).read_bytes(), ranges)
        for family, package, name, ranges in faces
    )


def hash_source(content: str) -> str:
    """Return a script's or style's source expression for a Content-Security-Policy.

    Parameters
    ----------
    content
        Everything between the tags, byte for byte.

    Returns
    -------
    source
        ``'sha256-...'``, with its quotes.
    """
    return f"'sha256-{_base64(hashlib.sha256(content.encode()).digest())}'"


def _font_face(family: str, font: bytes, ranges: Iterable[tuple[int, int]]) -> str:
    subset = _base64(_subset(font, ranges))
    covered = ",".join(f"U+{first:X}-{last:X}" for first, last in ranges)
    return (
        f'@font-face{{font-family:"{family}";font-weight:{_WEIGHTS[0]} {_WEIGHTS[1]};'
        f'font-display:block;src:url("data:font/woff;base64,{subset}") format("woff");'
        f"unicode-range:{covered}}}"
    )


def _subset(font: bytes, ranges: Iterable[tuple[int, int]]) -> bytes:
    """Cut a variable font down to some characters, one width, and the weights in use."""
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    # Without this the time of day would be written into the file.
    opened = TTFont(BytesIO(font), lazy=True, recalcTimestamp=False)
    options = subset.Options()
    options.layout_features = [*options.layout_features, "tnum"]
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = [0, 13]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in ranges for code in range(first, last + 1)])
    # Subset first: pinning the axes of all glyphs would take ten times as long.
    subsetter.subset(opened)
    instancer.instantiateVariableFont(
        opened, {"wdth": 100, "wght": _WEIGHTS}, inplace=True, updateFontNames=False
    )
    opened.flavor = "woff"
    written = BytesIO()
    opened.save(written)
    return written.getvalue()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
