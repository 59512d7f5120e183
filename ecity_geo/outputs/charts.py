"""Figures of survey statistics as SVG: answers, means against a value, and mean ranks.

Each takes plain frames and labels, in Persian or English. `width` chooses the layout: with less
than 560 the names of the items stand above their bars, for a phone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from ecity_geo.outputs.chart_rows import (
    BAR,
    MARGIN,
    SMALL,
    Groups,
    Labels,
    Layout,
    Place,
    Row,
    draw_dot,
    draw_interval,
    half_points,
    lay_out,
    marker,
    value_axis,
    write_heads,
    write_label,
    write_legend,
)
from ecity_geo.outputs.drawing import (
    ALERT,
    FAINT,
    SOFT,
    WIDE,
    Drawing,
    words_width,
)
from ecity_geo.outputs.symbols import INK
from ecity_geo.outputs.text import interval, number, percent, text
from ecity_geo.outputs.views import plain

# ColorBrewer's BrBG, whose ends the colour-blind can tell apart, and a grey for the middle.
_LOW = ("#8c510a", "#dfc27d")
_HIGH = ("#80cdc1", "#01665e")
_MIDDLE = "#dcdcd8"
_LIGHT = 0.45  # relative luminance under which words on a colour are white
VERDICTS = ("above", "cannot tell", "below")


def likert_svg(
    answers: pd.DataFrame,
    *,
    scale: tuple[int, int],
    lang: str,
    labels: Labels | None = None,
    constructs: Groups | None = None,
    scale_labels: Mapping[int, str] | None = None,
    width: float = WIDE,
) -> str:
    """Draw the shares of answers per item as bars that part at the middle of the scale.

    Parameters
    ----------
    answers
        A row per respondent, an integer column per item; missing answers are left out of the
        item's shares, and counted beside it.
    scale
        Lowest and highest answer.
    lang
        ``"fa"`` or ``"en"``.
    labels
        Names of items and constructs; ids where there is none.
    constructs
        Items of each construct, which stand together under its name; all items alike by
        default.
    scale_labels
        Names of answers.
    width
        Width of the drawing.

    Returns
    -------
    svg
        Low answers lie before the middle line, high ones behind it, and half of the neutral
        ones on each side; an even scale has no neutral answer.
    """
    names = labels or {}
    shares, counts = answer_shares(answers, scale=scale)
    groups = constructs or {"": list(answers.columns)}
    drawing = Drawing(width, lang)
    colours = _diverging(shares.shape[1])
    top = _swatches(drawing, _answer_names(scale, scale_labels, lang), colours)
    layout = lay_out(drawing, groups, names, top=top + 20, ends=92)
    sides = _sides(shares)
    reach = _reach(sides)
    place = layout.scale(-reach[0], reach[1])
    _share_axis(drawing, layout, place, reach, top)
    # Under the bars, so that it does not strike through their figures.
    drawing.line((place(0), top + 22), (place(0), layout.bottom), weight=1)
    _count_heads(drawing, layout, top)
    write_heads(drawing, layout)
    for row in layout.rows:
        write_label(drawing, row)
        before = -float(sides["low"][row.item])
        for share, colour in zip(shares.loc[row.item], colours, strict=True):
            _segment(drawing, row, place(before), place(before + share), share, colour)
            before += share
        for at, amount in enumerate(counts.loc[row.item]):
            x = width - MARGIN - (0 if at else 50)
            drawing.words(x, row.middle, number(amount, lang), anchor="end", fill=SOFT)
    said = "; ".join(_said_shares(row, shares, names, scale, lang) for row in layout.rows)
    label = f"{text('statistics.figure.likert', lang)}. {said}"
    return drawing.svg(layout.bottom + MARGIN, label=label, kind="likert")


def means_svg(
    tests: pd.DataFrame,
    *,
    test_value: float,
    lang: str,
    labels: Labels | None = None,
    constructs: Groups | None = None,
    width: float = WIDE,
) -> str:
    """Draw means with their intervals against the value they were tested against.

    Parameters
    ----------
    tests
        As `ecity_geo.stats.inference.one_sample` returns them, indexed by item: `mean`, `low`,
        `high`, `verdict`.
    test_value
        The value.
    lang, labels, constructs, width
        As in `likert_svg`.

    Returns
    -------
    svg
        A triangle points up or down where a mean is above or below the value, a hollow circle
        says that one cannot tell.
    """
    names = labels or {}
    drawing = Drawing(width, lang)
    value = plain(test_value, lang)
    words = {
        each: text(f"statistics.figure.{each.replace(' ', '_')}", lang, test=value)
        for each in VERDICTS
    }
    top = write_legend(drawing, [(marker(drawing, each), word) for each, word in words.items()])
    layout = lay_out(drawing, constructs or {"": list(tests.index)}, names, top=top + 20, ends=58)
    ends = half_points([test_value, *tests["low"], *tests["high"]])
    place = layout.scale(*ends)
    value_axis(drawing, layout, place, ends, top)
    drawing.line(
        (place(test_value), top + 22), (place(test_value), layout.bottom), stroke=ALERT, weight=1.6
    )
    write_heads(drawing, layout)
    said = []
    found = {str(item): test for item, test in tests.to_dict("index").items()}
    for row in layout.rows:
        test = found[row.item]
        write_label(drawing, row)
        draw_interval(drawing, row, place, test["low"], test["high"])
        marker(drawing, str(test["verdict"]))(place(test["mean"]), row.middle)
        drawing.words(width - MARGIN, row.middle, number(test["mean"], lang, 2), anchor="end")
        said.append(
            f"{names.get(row.item, row.item)}: {number(test['mean'], lang, 2)} "
            f"({interval(test['low'], test['high'], lang, 2)}), {words[test['verdict']]}"
        )
    label = text("statistics.figure.means", lang, test=value)
    return drawing.svg(layout.bottom + MARGIN, label=f"{label}. {'; '.join(said)}", kind="means")


def mean_ranks_svg(
    ranks: pd.DataFrame,
    *,
    lang: str,
    labels: Labels | None = None,
    width: float = WIDE,
) -> str:
    """Draw mean ranks, highest first, and which items cannot be told apart.

    Parameters
    ----------
    ranks
        Indexed by item: `mean_rank`; `low` and `high` where there are intervals; `group`, letters
        of the groups that an item belongs to (``"ab"``), where items were compared in pairs.
    lang, labels, width
        As in `likert_svg`.

    Returns
    -------
    svg
        Items that share a bar at the side cannot be told apart.
    """
    names = labels or {}
    table = ranks.sort_values("mean_rank", ascending=False, kind="stable")
    letters = table.get("group", pd.Series("", index=table.index)).fillna("").astype(str)
    groups = sorted(set("".join(letters)))
    step = 11.0
    side = step * len(groups)
    drawing = Drawing(width, lang)
    layout = lay_out(drawing, {"": list(table.index)}, names, top=26, ends=52 + side)
    bounds = [table.get(each, table["mean_rank"]) for each in ("low", "high")]
    ends = half_points([*bounds[0], *bounds[1], *table["mean_rank"]], step=1)
    place = layout.scale(*ends)
    value_axis(drawing, layout, place, ends, 4)
    for row in layout.rows:
        write_label(drawing, row)
        low, high = (values[row.item] for values in bounds)
        draw_interval(drawing, row, place, low, high)
        mean = float(table["mean_rank"][row.item])
        draw_dot(drawing, place(mean), row.middle)
        drawing.words(width - MARGIN - side, row.middle, number(mean, lang, 2), anchor="end")
    for at, letter in enumerate(groups):
        members = [row for row in layout.rows if letter in letters[row.item]]
        _group_bar(drawing, width - MARGIN - side + step * (at + 1) - 3, members)
    said = "; ".join(
        f"{names.get(str(item), str(item))}: {number(mean, lang, 2)}"
        for item, mean in table["mean_rank"].items()
    )
    kind = "ranks_grouped" if groups else "ranks"
    return drawing.svg(
        layout.bottom + MARGIN,
        label=f"{text(f'statistics.figure.{kind}', lang)}. {said}",
        kind="mean-ranks",
    )


def answer_shares(
    answers: pd.DataFrame, *, scale: tuple[int, int]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count the answers of each item.

    Parameters
    ----------
    answers, scale
        As in `likert_svg`.

    Returns
    -------
    shares
        Indexed by item, a column per answer: its share among those who answered; 0 throughout
        where nobody did.
    counts
        Indexed by item: `n` who answered, `missing` who did not.
    """
    points = list(range(scale[0], scale[1] + 1))
    numbers = answers.astype("Float64")
    n = numbers.count()
    shares = pd.DataFrame(
        {point: (numbers == point).sum() / n.where(n > 0, 1) for point in points}, dtype=float
    )
    return shares, pd.DataFrame({"n": n, "missing": len(answers) - n})


def _segment(
    drawing: Drawing, row: Row, start: float, end: float, share: float, colour: str
) -> None:
    if share <= 0:
        return
    words = percent(share, drawing.lang)
    drawing.box(start, row.middle - BAR / 2, end - start, BAR, fill=colour, title=words)
    if words_width(words, SMALL) + 3 <= end - start:
        ink = "#ffffff" if _luminance(colour) < _LIGHT else INK
        drawing.words((start + end) / 2, row.middle, words, anchor="middle", size=SMALL, fill=ink)


def _sides(shares: pd.DataFrame) -> pd.DataFrame:
    """Split the shares at the middle of the scale, the neutral answer in half."""
    points = shares.shape[1]
    half = points // 2
    neutral = shares.iloc[:, half] / 2 if points % 2 else 0.0
    return pd.DataFrame(
        {
            "low": shares.iloc[:, :half].sum(axis=1) + neutral,
            "high": shares.iloc[:, points - half :].sum(axis=1) + neutral,
        }
    )


def _reach(sides: pd.DataFrame) -> tuple[float, float]:
    """Return how far bars reach on both sides, in steps of a tenth."""
    low, high = (float(np.ceil(sides[side].max() * 10 - 1e-9) / 10) for side in ("low", "high"))
    return max(low, 0.1), max(high, 0.1)


def _diverging(points: int) -> list[str]:
    half = points // 2
    low = [_mix(_LOW[0], _LOW[1], at / max(half - 1, 1)) for at in range(half)]
    high = [_mix(_HIGH[1], _HIGH[0], at / max(half - 1, 1)) for at in range(half)]
    return [*low, *([_MIDDLE] if points % 2 else []), *reversed(high)]


def _mix(one: str, other: str, part: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + part * (b - a)):02x}" for a, b in pairs)


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    red, green, blue = (channel / 255 for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _answer_names(scale: tuple[int, int], named: Mapping[int, str] | None, lang: str) -> list[str]:
    low, high = scale
    names = {
        low: text("statistics.figure.lowest", lang, answer=number(low, lang)),
        high: text("statistics.figure.highest", lang, answer=number(high, lang)),
    }
    given = {point: name for point, name in (named or {}).items() if name}
    return [
        given.get(point) or names.get(point) or number(point, lang)
        for point in range(low, high + 1)
    ]


def _swatches(drawing: Drawing, names: list[str], colours: list[str]) -> float:
    def swatch(colour: str) -> Callable[[float, float], None]:
        return lambda x, y: drawing.box(
            x - 6, y - 6, 12, 12, fill=colour, stroke="#8a949b", weight=0.5
        )

    return write_legend(
        drawing, [(swatch(colour), name) for name, colour in zip(names, colours, strict=True)]
    )


def _count_heads(drawing: Drawing, layout: Layout, top: float) -> None:
    lang = drawing.lang
    for at, word in enumerate(("n", "missing")):
        x = drawing.width - MARGIN - (0 if at else 50)
        drawing.words(
            x,
            top + 10,
            text(f"statistics.figure.{word}", lang),
            anchor="end",
            size=SMALL,
            fill=SOFT,
        )


def _share_axis(
    drawing: Drawing,
    layout: Layout,
    place: Place,
    reach: tuple[float, float],
    top: float,
) -> None:
    step = 0.25 if sum(reach) > 0.7 else 0.1
    ticks = np.arange(-np.floor(reach[0] / step + 1e-9), np.floor(reach[1] / step + 1e-9) + 1)
    for tick in ticks * step:
        drawing.line((place(tick), top + 20), (place(tick), layout.bottom), stroke=FAINT, weight=1)
        drawing.words(
            place(tick),
            top + 10,
            percent(abs(tick), drawing.lang),
            anchor="middle",
            size=SMALL,
            fill=SOFT,
        )


def _group_bar(drawing: Drawing, x: float, members: Sequence[Row]) -> None:
    """Join the items of a group; those between that do not belong to it have no dot."""
    if not members:
        return
    first, last = members[0].middle, members[-1].middle
    drawing.line((x, first - 5), (x, last + 5), stroke=SOFT, weight=2)
    for row in members:
        drawing.ellipse(x, row.middle, 3, 3, fill=SOFT, stroke="#ffffff")


def _said_shares(
    row: Row, shares: pd.DataFrame, names: Labels, scale: tuple[int, int], lang: str
) -> str:
    said = text("common.list_separator", lang).join(
        f"{number(point, lang)}: {percent(share, lang)}"
        for point, share in zip(range(scale[0], scale[1] + 1), shares.loc[row.item], strict=True)
    )
    return f"{names.get(row.item, row.item)} ({said})"
