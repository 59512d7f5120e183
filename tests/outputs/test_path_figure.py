"""The path diagram: every estimate stands on its arrow, and nothing lies over anything."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from ecity_geo.outputs import drawing
from ecity_geo.outputs.path_figure import path_svg
from ecity_geo.outputs.path_layout import place, read_model
from outputs.factory import HOSTILE
from pages import outside_addresses

LANGUAGES = ("fa", "en")
SVG = "{http://www.w3.org/2000/svg}"
FIT = pd.Series(
    {
        "n": 182,
        "chi_square": 215.314,
        "df": 145,
        "p": 0.00004,
        "cfi": 0.9312,
        "rmsea": 0.0521,
        "rmsea_low": 0.036,
        "rmsea_high": 0.066,
        "srmr": np.nan,
    }
)
Row = tuple[str, str, str, float, float]


def frame(*rows: Row) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["lhs", "op", "rhs", "std", "p"])


def loadings(construct: str, count: int) -> list[Row]:
    return [
        (construct, "=~", f"{construct}{at}", 0.5 + at / 100, np.nan if at == 1 else 0.0001)
        for at in range(1, count + 1)
    ]


def paper_model() -> pd.DataFrame:
    """Three constructs with 18 items and an outcome, as the shipped study has them."""
    return frame(
        *loadings("technical", 7),
        *loadings("services", 5),
        *loadings("organisation", 6),
        ("services", "~", "technical", 0.481, 0.0001),
        ("services", "~", "organisation", 0.362, 0.0001),
        ("realisation", "~", "technical", -0.213, 0.21),
        ("realisation", "~", "services", 0.174, 0.04),
        ("realisation", "~", "organisation", 0.295, 0.01),
        ("technical", "~~", "organisation", 0.533, 0.0001),
        ("services", "~~", "services", 0.64, 0.0001),
        ("realisation", "~~", "realisation", 0.7, 0.0001),
        ("technical", "~1", "", 0.0, np.nan),
        ("total", ":=", "a*b", 0.3, 0.2),
    )


def many_covariances(count: int) -> pd.DataFrame:
    names = [f"c{at}_" for at in range(count)]
    rows = [row for name in names for row in loadings(name, 3)]
    pairs = [(a, "~~", b, 0.1 + at / 100, 0.01) for at, (a, b) in enumerate(combinations(names, 2))]
    return frame(*rows, *pairs)


def deep_model() -> pd.DataFrame:
    """Eight constructs in five layers, with arrows that pass layers."""
    paths = [("d", "a"), ("d", "b"), ("e", "b"), ("e", "c"), ("f", "d"), ("f", "e"), ("f", "a")]
    paths += [("g", "f"), ("g", "d"), ("h", "g"), ("h", "a"), ("h", "e")]
    rows = [row for name in "abcdefgh" for row in loadings(name, 3)]
    rows += [(y, "~", x, 0.2 + at / 50, 0.01) for at, (y, x) in enumerate(paths)]
    return frame(*rows, ("a", "~~", "c", 0.3, 0.01))


MODELS = {
    "paper": paper_model(),
    "two": many_covariances(2),
    "eight": many_covariances(8),
    "deep": deep_model(),
    "observed": frame(("y", "~", "x", 0.5, 0.01), ("y", "~", "z", -0.4, 0.2)),
}


def elements(svg: str, tag: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(SVG + tag))  # noqa: S314  our own output


def texts(svg: str) -> list[str]:
    return [(each.text or "").strip("\u2066\u2067\u2068\u2069") for each in elements(svg, "text")]


def boxes(svg: str) -> list[tuple[float, float, float, float]]:
    """Outlines of the parts of the model: those that have a title."""
    found = []
    for each in elements(svg, "rect"):
        if each.find(SVG + "title") is not None:
            x, y, width, height = (
                float(each.get(name, "")) for name in ("x", "y", "width", "height")
            )
            found.append((x, y, x + width, y + height))
    for each in elements(svg, "ellipse"):
        cx, cy, rx, ry = (float(each.get(name, "")) for name in ("cx", "cy", "rx", "ry"))
        found.append((cx - rx, cy - ry, cx + rx, cy + ry))
    return found


def plates(svg: str) -> list[tuple[float, float, float, float]]:
    """Places of the estimates on arrows."""
    found = []
    for each in elements(svg, "rect"):
        if each.get("fill") == "#ffffff" and each.find(SVG + "title") is None:
            x, y, width, height = (
                float(each.get(name, "")) for name in ("x", "y", "width", "height")
            )
            found.append((x, y, x + width, y + height))
    return found


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def curve_points(d: str) -> np.ndarray:
    """Sample a path of M, L and C with absolute points."""
    at = np.zeros(2)
    found = []
    for command, body in re.findall(r"([MLC])([^MLCZ]*)", d):
        points = np.array([[float(v) for v in p.split(",")] for p in body.split()])
        t = np.linspace(0, 1, 200)[:, None]
        if command == "M":
            at = points[0]
        elif command == "L":
            found.append(at + t * (points[0] - at))
            at = points[0]
        else:
            b, c, end = points
            found.append(
                (1 - t) ** 3 * at + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * end
            )
            at = end
    return np.vstack(found)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", MODELS)
def test_nothing_lies_over_a_part_of_the_model(name: str, lang: str) -> None:
    svg = path_svg(MODELS[name], FIT, {}, lang)
    parts = boxes(svg)
    assert not [pair for pair in combinations(parts, 2) if overlap(*pair)]
    written = plates(svg)
    assert not [pair for pair in combinations(written, 2) if overlap(*pair)]
    assert not [(a, b) for a in written for b in parts if overlap(a, b)]
    root = ET.fromstring(svg)  # noqa: S314  our own output
    _, _, width, height = (float(each) for each in str(root.get("viewBox")).split())
    for left, top, right, bottom in [*parts, *written]:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["paper", "deep", "observed"])
def test_without_items_the_layers_run_downwards(name: str, lang: str) -> None:
    svg = path_svg(MODELS[name], FIT, {}, lang, items=False)
    parts = boxes(svg)
    assert len(parts) == len(read_model(MODELS[name]).nodes)
    assert not [pair for pair in combinations([*parts, *plates(svg)], 2) if overlap(*pair)]
    at = {str(e.findtext(SVG + "title")): float(e.get("cy", "")) for e in elements(svg, "ellipse")}
    if name == "paper":
        assert at["technical"] == at["organisation"] < at["services"]
        assert float(ET.fromstring(svg).get("width", "")) == drawing.NARROW  # noqa: S314


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["paper", "deep", "observed"])
def test_arrows_run_through_no_part(name: str, lang: str) -> None:
    svg = path_svg(MODELS[name], None, {}, lang)
    arrows = [
        curve_points(str(each.get("d")))
        for each in elements(svg, "path")
        if each.get("stroke") == drawing.ACCENT and "C" in str(each.get("d"))
    ]
    assert len(arrows) == (MODELS[name]["op"] == "~").sum()
    for left, top, right, bottom in boxes(svg):
        for points in arrows:
            inside = (
                (points[:, 0] > left + 1)
                & (points[:, 0] < right - 1)
                & (points[:, 1] > top + 1)
                & (points[:, 1] < bottom - 1)
            )
            # The box around an ellipse is wider than the ellipse where an arrow touches it.
            assert inside.sum() <= 14


def test_every_estimate_of_the_frame_is_written() -> None:
    model = paper_model()
    svg = path_svg(model, FIT, {}, "en")
    shown = model[model["op"].isin(["~", "=~"]) | (model["rhs"] == "organisation")]
    expected = [f"{each:.2f}".replace("0.", ".").replace("-", "−") for each in shown["std"]]
    written = [each for each in texts(svg) if re.fullmatch(r"−?\.\d\d", each)]
    assert sorted(written) == sorted(expected)
    assert {"R² = .36", "R² = .30"} <= set(texts(svg))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_estimate_stands_on_its_own_arrow(lang: str) -> None:
    svg = path_svg(deep_model(), None, {}, lang)
    written = [
        (each.text, float(each.get("x", "")), float(each.get("y", "")) - 4.5)
        for each in elements(svg, "text")
        if each.get("font-weight") == "600"
    ]
    routes = deep_model()
    routes = routes[routes["op"] != "=~"]
    thickness = {round(1 + 2.6 * std, 2): std for std in routes["std"]}
    arrows = [
        (thickness[float(each.get("stroke-width", ""))], curve_points(str(each.get("d"))))
        for each in elements(svg, "path")
        if "C" in str(each.get("d"))
    ]
    assert len(written) == len(arrows) == len(routes)
    for std, points in arrows:
        words = f"{std:.2f}".replace("0.", ".")
        if lang == "fa":
            words = f"{std:.2f}".replace(".", "٫").translate(
                str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
            )
        near = [np.hypot(*(points - (x, y)).T).min() for said, x, y in written if said == words]
        assert min(near) < 4, words


def test_an_arrow_that_could_be_zero_is_broken() -> None:
    svg = path_svg(paper_model(), None, {}, "en")
    routes = [e for e in elements(svg, "path") if e.get("stroke") == drawing.ACCENT]
    broken = [e for e in routes if e.get("stroke-dasharray")]
    solid = [e for e in routes if not e.get("stroke-dasharray")]
    # One arrow and the line of the legend; four arrows and the legend.
    assert (len(broken), len(solid)) == (2, 5)
    assert f"{1 + 2.6 * 0.213:.2f}" in {e.get("stroke-width") for e in broken}


def test_causes_stand_before_effects_in_the_direction_of_the_script() -> None:
    for lang, turn in (("en", 1), ("fa", -1)):
        svg = path_svg(paper_model(), None, {}, lang)
        at = {
            str(e.findtext(SVG + "title")): float(e.get("cx", "")) for e in elements(svg, "ellipse")
        }
        outcome = next(
            float(e.get("x", ""))
            for e in elements(svg, "rect")
            if e.findtext(SVG + "title") == "realisation"
        )
        assert turn * at["technical"] < turn * at["services"] < turn * outcome
        assert at["technical"] == at["organisation"]


def test_a_covariance_has_two_heads_and_a_path_one() -> None:
    only = frame(*loadings("a", 2), *loadings("b", 2), ("a", "~~", "b", 0.4, 0.01))
    path = frame(*loadings("a", 2), *loadings("b", 2), ("b", "~", "a", 0.4, 0.01))
    heads = [
        sum("Z" in str(e.get("d")) for e in elements(path_svg(each, None, {}, "en"), "path"))
        for each in (only, path)
    ]
    assert heads == [4 + 2, 4 + 1]


def test_fit_stands_under_the_figure() -> None:
    said = " ".join(texts(path_svg(paper_model(), FIT, {}, "en")))
    assert "χ²(145) = 215.31, p < .001; CFI = .931; RMSEA = .052 [.036, .066]; n = 182" in said
    assert "SRMR" not in said
    persian = " ".join(texts(path_svg(paper_model(), FIT, {}, "fa")))
    assert "CFI = ۰٫۹۳۱" in persian
    assert "χ²" not in " ".join(texts(path_svg(paper_model(), None, {}, "en")))


def test_a_loop_of_causes_is_drawn() -> None:
    loop = frame(("b", "~", "a", 0.4, 0.01), ("c", "~", "b", 0.3, 0.01), ("b", "~", "c", 0.2, 0.01))
    svg = path_svg(loop, None, {}, "en")
    assert {".40", ".30", ".20"} <= set(texts(svg))
    assert not [pair for pair in combinations(boxes(svg), 2) if overlap(*pair)]


def test_constructs_of_constructs_are_layers() -> None:
    higher = frame(
        *loadings("a", 2),
        *loadings("b", 2),
        ("g", "=~", "a", 0.8, np.nan),
        ("g", "=~", "b", 0.7, 0.01),
    )
    model = read_model(higher)
    assert model.latent == ("a", "b", "g")
    places = place(model, model.paths, dict.fromkeys(model.nodes, 10.0), gap=1, lane=1)
    assert (places.layer_of["g"], places.layer_of["a"]) == (0, 1)
    assert {".80", ".70"} <= set(texts(path_svg(higher, None, {}, "en")))


def test_lanes_keep_the_order_of_their_layer() -> None:
    model = read_model(deep_model())
    places = place(model, model.paths, dict.fromkeys(model.nodes, 50.0), gap=10, lane=20)
    for layer in places.layers:
        for above, below in pairwise(layer):
            assert above.middle + above.size / 2 + 10 == pytest.approx(
                below.middle - below.size / 2
            )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_hostile_names_stay_text(lang: str) -> None:
    for bad in HOSTILE:
        labels = dict.fromkeys(["technical", "realisation", "technical1"], bad)
        svg = path_svg(paper_model(), FIT, labels, lang)
        tags = {each.tag.removeprefix(SVG) for each in ET.fromstring(svg).iter()}  # noqa: S314
        assert tags <= {"svg", "rect", "path", "ellipse", "text", "title"}
        assert outside_addresses(svg.replace(bad, "")) == set()


def test_persian_figure_has_no_latin_digits() -> None:
    labels = dict.fromkeys(("technical", "services", "organisation", "realisation"), "سازه")
    labels |= {
        f"{c}{at}": "گویه" for c in ("technical", "services", "organisation") for at in range(1, 8)
    }
    svg = path_svg(paper_model(), FIT, labels, "fa")
    assert not set("0123456789") & set("".join(texts(svg)))
    said = str(ET.fromstring(svg).get("aria-label"))  # noqa: S314  our own output
    assert "سازه ← سازه: ۰٫۴۸" in said


def test_several_groups_or_nothing_to_draw_is_refused() -> None:
    two = pd.concat([paper_model().assign(group=each) for each in ("old", "new")])
    with pytest.raises(ValueError, match="one group"):
        path_svg(two, None, {}, "en")
    with pytest.raises(ValueError, match="no parameter"):
        path_svg(frame(("x", "~~", "x", 1.0, np.nan)), None, {}, "en")
