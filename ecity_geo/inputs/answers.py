"""Answers to the items of an instrument: from text to scale points, and what looks odd in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecity_geo.errors import Fault
from ecity_geo.inputs.instrument import Instrument
from ecity_geo.inputs.schema import Repair
from ecity_geo.inputs.sections import SurveyConfig
from ecity_geo.inputs.text import MatchResult, fold, match_keys, to_number

MIN_PAIRS = 10
MIN_STRAIGHT = 6
_Z95 = 1.959963984540054
_LABELS_SHOWN = 7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """Answers read from text.

    Parameters
    ----------
    values
        A nullable integer column per item, indexed like the text.
    faults
        Answers that are no point of the scale, by line and item.
    repairs
        Folded digits, text answers and missing codes, counted by cells.
    matches
        Match table of the text answers.
    """

    values: pd.DataFrame
    faults: tuple[Fault, ...]
    repairs: tuple[Repair, ...]
    matches: pd.DataFrame


def read_answers(
    texts: pd.DataFrame, instrument: Instrument, config: SurveyConfig, *, source: str
) -> Answers:
    """Read answers as scale points.

    Parameters
    ----------
    texts
        A text column per item, named by item id; the index is the place in the file.
    instrument
        Gives the scale; an answer is a whole number on it, or the label of one.
    config
        Declares missing codes and text answers; both go before numbers and labels.
    source
        The file as the user named it.

    Returns
    -------
    answers
        Values, faults, repairs and the match table of text answers.
    """
    # Few answers are written in many cells: each is read once, by its number among them.
    numbers, written = pd.factorize(texts.to_numpy(dtype=object).ravel())
    distinct = pd.Series(written, dtype=str)
    words = _words(instrument, config)
    declared = match_keys(distinct, pd.DataFrame(index=list(words)), source=source)
    points = {text: words[key] for text, key in declared.mapping.items()}
    readings = [_read(text, instrument, config, points) for text in distinct]
    counts = np.bincount(numbers, minlength=len(readings))
    values = pd.array([reading.value for reading in readings], dtype="Int64")
    cells = numbers.reshape(texts.shape)
    columns = {item: values[cells[:, column]] for column, item in enumerate(texts.columns)}
    return Answers(
        values=pd.DataFrame(columns, index=texts.index),
        faults=(
            *_declaration_faults(instrument, config),
            *_answer_faults(texts, cells, readings, instrument, config, source),
        ),
        repairs=tuple(_repairs(readings, counts, source)),
        matches=_matches(declared, dict(zip(distinct, counts.tolist(), strict=True)), words),
    )


def _words(instrument: Instrument, config: SurveyConfig) -> dict[str, int]:
    """Answers in words: those declared, and labels of the scale that tell points apart."""
    declared = {fold(text, 2) for text in config.answers}
    found: dict[str, tuple[str, set[int]]] = {}
    for point, label in instrument.scale_labels.items():
        for text in (label.fa, label.en):
            key = fold(text, 2)
            if key and key not in declared and to_number(text) is None:
                found.setdefault(key, (text, set()))[1].add(point)
    labels = {text: min(points) for text, points in found.values() if len(points) == 1}
    return labels | config.answers


def _matches(declared: MatchResult, rows: dict[str, int], words: dict[str, int]) -> pd.DataFrame:
    table = declared.table[declared.table["matched"].notna()]
    return table.assign(
        matched=[str(words[key]) for key in table["matched"]],
        rows=pd.array([rows[text] for text in table["value"]], dtype="Int64"),
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    kind: str
    value: int | None = None


def _read(
    text: str, instrument: Instrument, config: SurveyConfig, declared: dict[str, int]
) -> _Reading:
    number = to_number(text)
    if not text.strip():
        return _Reading("blank")
    if is_missing_code(text, config):
        return _Reading("missing")
    if text in declared:
        return _Reading("text", declared[text])
    if number is None:
        return _Reading("words")
    if not number.is_integer() or not instrument.scale_min <= number <= instrument.scale_max:
        return _Reading("off_scale")
    return _Reading("number" if text.isascii() else "folded", int(number))


def is_missing_code(text: str, config: SurveyConfig) -> bool:
    """Tell whether a cell holds a declared code for "no answer".

    Parameters
    ----------
    text
        The cell.
    config
        Declares numbers or texts in `missing`; digits and ways of typing do not matter.
    """
    number = to_number(text)
    return any(
        fold(text, 1) == fold(code, 1) if isinstance(code, str) else number == code
        for code in config.missing
    )


def _declaration_faults(instrument: Instrument, config: SurveyConfig) -> Iterator[Fault]:
    low, high = instrument.scale_min, instrument.scale_max
    scale = f"{low}-{high} (scale of the instrument)"
    for code in config.missing:
        if not isinstance(code, str) and low <= code <= high:
            yield Fault(
                source="study file",
                field="survey.missing",
                found=f"{code}",
                expected=f"a code outside {scale}",
                cure="Remove the code, or correct the scale.",
            )
    for text, value in config.answers.items():
        if not low <= value <= high:
            yield Fault(
                source="study file",
                field=f"survey.answers.{text}",
                found=f"{value}",
                expected=scale,
                cure="Correct the number; declare answers that do not count in survey.missing.",
            )


def _answer_faults(
    texts: pd.DataFrame,
    cells: npt.NDArray[np.intp],
    readings: list[_Reading],
    instrument: Instrument,
    config: SurveyConfig,
    source: str,
) -> Iterator[Fault]:
    kinds = np.array([reading.kind for reading in readings], dtype=object)[cells]
    words = kinds == "words"
    if words.sum() > (kinds != "blank").sum() / 2:
        distinct = np.unique(texts.to_numpy(dtype=object)[words]).tolist()
        yield _label_fault(distinct, int(words.sum()), source)
        return
    scale = f"{instrument.scale_min}-{instrument.scale_max} (scale of the instrument)"
    cures = {
        "off_scale": f"Correct the value, or declare another scale in {config.instrument}.",
        "words": "Correct the value, or declare it in [survey.answers] or in survey.missing.",
    }
    for row, column in zip(*np.nonzero(words | (kinds == "off_scale")), strict=True):
        text, kind = str(texts.iloc[row, column]).strip(), kinds[row, column]
        yield Fault(
            source=source,
            where=f"{texts.index.name} {texts.index[row]}",
            field=str(texts.columns[column]),
            found=text if kind == "off_scale" else f"'{_short(text)}'",
            expected=scale,
            cure=cures[kind],
        )


def _label_fault(distinct: list[str], count: int, source: str) -> Fault:
    """One fault when most answers are words: the file holds labels, not mistakes."""
    shown = ", ".join(f"'{_short(text)}'" for text in sorted(distinct)[:_LABELS_SHOWN])
    more = f" and {len(distinct) - _LABELS_SHOWN} more" if len(distinct) > _LABELS_SHOWN else ""
    return Fault(
        source=source,
        found=f"{count} answers in words ({shown}{more})",
        expected="scale points, or words declared in [survey.answers]",
        cure='Export with values in place of labels (KoboToolbox: "XML values and headers"), '
        "or declare the words in [survey.answers].",
    )


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _repairs(
    readings: list[_Reading], counts: npt.NDArray[np.intp], source: str
) -> Iterator[Repair]:
    told = {
        "folded": ("folded_digits", "answers in Persian or Arabic digits"),
        "text": (
            "text_answers",
            "answers in words, read by [survey.answers] or the scale's labels",
        ),
        "missing": ("missing_codes", "answers that are declared missing codes"),
    }
    for kind, (name, detail) in told.items():
        pairs = zip(readings, counts.tolist(), strict=True)
        count = sum(cells for reading, cells in pairs if reading.kind == kind)
        if count:
            yield Repair(source=source, kind=name, count=count, detail=detail)


def odd_answers(values: pd.DataFrame, instrument: Instrument, *, source: str) -> Iterator[Repair]:
    """Find what a reader of the results should know of the answers; nothing is changed.

    Parameters
    ----------
    values
        A nullable integer column per item and per outcome.
    instrument
        Constructs, and which items are declared reversed.
    source
        The file as the user named it.

    Yields
    ------
    warning
        ``"warning_negative_item"`` per item whose correlation with the rest of its construct
        (reversed items turned) is negative with its whole 95 % interval (Fisher's z), so that
        chance alone does not warn; ``"warning_constant_item"`` per item that everyone answers
        alike; ``"warning_straight_liners"`` for respondents who give one answer to all of six
        items or more.
    """
    for item in instrument.questions:
        answered = values[item.id].dropna()
        if len(answered) >= MIN_PAIRS and answered.min() == answered.max():
            detail = f"everyone answers {answered.iloc[0]} to '{item.id}'"
            yield Repair(
                source=source, kind="warning_constant_item", count=len(answered), detail=detail
            )
    yield from _negative_items(values, instrument, source)
    rows = values[[item.id for item in instrument.items]]
    alike = rows.min(axis=1) == rows.max(axis=1)
    straight = alike.fillna(value=False) & (rows.count(axis=1) >= MIN_STRAIGHT)
    if straight.any():
        detail = "respondents with the same answer to every item"
        count = int(straight.sum())
        yield Repair(source=source, kind="warning_straight_liners", count=count, detail=detail)


def _negative_items(values: pd.DataFrame, instrument: Instrument, source: str) -> Iterator[Repair]:
    turn = instrument.scale_min + instrument.scale_max
    for construct in instrument.constructs:
        scores = values[[item.id for item in construct.items]].astype(float)
        for item in construct.items:
            if item.reverse:
                scores[item.id] = turn - scores[item.id]
        for item in construct.items:
            rest = scores.drop(columns=item.id).mean(axis=1)
            pairs = pd.DataFrame({"item": scores[item.id], "rest": rest}).dropna()
            r, high = _correlation(pairs)
            if high < 0:
                advice = (
                    "declared reversed, perhaps wrongly" if item.reverse else "perhaps reversed"
                )
                detail = f"'{item.id}' correlates {r:.2f} with the rest of '{construct.id}': "
                yield Repair(
                    source=source,
                    kind="warning_negative_item",
                    count=len(pairs),
                    detail=detail + advice,
                )


def _correlation(pairs: pd.DataFrame) -> tuple[float, float]:
    """Pearson's r and the upper end of its 95 % interval; nothing to say without spread."""
    if len(pairs) < MIN_PAIRS or (pairs.nunique() < 2).any():
        return 0.0, 0.0
    r = float(np.clip(pairs["item"].corr(pairs["rest"]), -0.999999, 0.999999))
    return r, float(np.tanh(np.arctanh(r) + _Z95 / np.sqrt(len(pairs) - 3)))
