"""Published figures of a survey as a file: read, and checked before anything is computed.

The file is JSON. ``study`` says how many answered (`n`), on which `scale`, against which
`test_value`, from how many (`population` or `population_of_experts`). Every other object with
``rows`` is a table; ``docs/statistics.md`` lists the figures that the audit knows. Figures are
text, so that the last zeros count: ``"4.60"``. Persian digits do too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ecity_geo.errors import Fault, InputError
from ecity_geo.stats.figures import parse_figure, parse_setting
from ecity_geo.stats.recompute import parse_result

ANSWER_FIGURES = ("mean", "sd", "t", "p", "mean_rank", "z", "chi_square")
MODEL_FIGURES = ("R", "R2", "adj_R2", "F", "beta", "B", "se", "critical_ratio", "estimate")
FIT_FIGURES = ("NFI", "IFI", "CFI", "RMSEA")
FIGURES = (*ANSWER_FIGURES, *MODEL_FIGURES, *FIT_FIGURES, "df", "df1", "df2")
COUNTS = ("n", "items", "predictors", "indicators", "df_model")
LABELS = ("item", "path", "construct", "label", "model")
TEST_FIGURES = ("chi_square", "df", "p")
_LARGEST_FILE = 20_000_000
_MOST_PEOPLE = 1_000_000
# Points of a scale at most: every answer of it is gone through.
_MOST_POINTS = 1000


def read_published(path: str | Path) -> dict[str, Any]:
    """Read a file of published figures.

    Parameters
    ----------
    path
        The JSON file.

    Returns
    -------
    published
        As in the file; numbers without quotation marks are kept as printed.

    Raises
    ------
    InputError
        If the file cannot be read, is no JSON object, or holds figures that are no numbers;
        with every fault at once.
    """
    source = str(path)
    try:
        if Path(path).stat().st_size > _LARGEST_FILE:
            raise InputError(_fault(source, "", "", "more than 20 MB", "a file of figures"))
        text = Path(path).read_text(encoding="utf-8-sig")
        published = json.loads(
            text, parse_float=str, parse_constant=str, object_pairs_hook=_once(source)
        )
    except OSError as error:
        found = error.strerror or type(error).__name__
        raise InputError(_fault(source, "", "", found, "a file that can be read")) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise InputError(_fault(source, "", "", "no UTF-8 text", "JSON in UTF-8")) from error
    except ValueError as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(_fault(source, where, "", str(error), "JSON")) from error
    check_published(published, source=source)
    return dict(published)


def check_published(published: object, *, source: str = "published figures") -> None:
    """Check the shape of published figures, and that each figure is a number.

    Parameters
    ----------
    published
        As `read_published` returns it.
    source
        Name for messages.

    Raises
    ------
    InputError
        With every fault at once.
    """
    if not isinstance(published, Mapping):
        found = type(published).__name__
        raise InputError(_fault(source, "", "", found, 'an object with "study" and tables'))
    faults = [*_study_faults(published, source), *_table_faults(published, source)]
    if not faults and not any(True for _ in blocks(published)):
        expected = 'a table: an object with "rows"; or "soar", "results", or fit indices'
        faults = [_fault(source, "", "", "no figures", expected)]
    if faults:
        raise InputError(faults)


def blocks(published: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the parts of the file that hold figures, by their key."""
    for key, block in published.items():
        if key == "results" and isinstance(block, list):
            yield key, {"results": block}
        elif isinstance(block, Mapping) and key not in ("study", "source"):
            holds_scores = key == "soar" and "scores" in block
            if "rows" in block or holds_scores or any(name in block for name in FIT_FIGURES):
                yield key, block


def label_of(row: Mapping[str, Any]) -> str:
    """Return the name of a row: its item, path, construct, label or model."""
    return next((str(row[name]) for name in LABELS if row.get(name)), "")


def _study_faults(published: Mapping[str, Any], source: str) -> Iterator[Fault]:
    study = published.get("study")
    if not isinstance(study, Mapping):
        yield _fault(source, "", "study", _shown(study), 'an object with "n"')
        return
    n = study.get("n")
    if not _is_count(n):
        yield _fault(source, "study", "n", _shown(n), f"respondents, 1 to {_MOST_PEOPLE:,}")
    scale = study.get("scale")
    if scale is not None and not _is_scale(scale):
        most = f"at most {_MOST_POINTS:,} apart"
        expected = f"two whole numbers, the smaller first, {most}, such as [1, 5]"
        yield _fault(source, "study", "scale", _shown(scale), expected)
    for name in ("test_value", "margin"):
        if name in study and parse_setting(study[name]) is None:
            yield _fault(source, "study", name, _shown(study[name]), "a number")
    for name in ("population", "population_of_experts"):
        if name in study and not _is_at_least(study[name], n if _is_count(n) else 1):
            yield _fault(source, "study", name, _shown(study[name]), "people, at least n")
    if study.get("tails", 2) not in (1, 2):
        yield _fault(source, "study", "tails", _shown(study["tails"]), "1 or 2")
    yield from _construct_faults(published.get("constructs", []), source)


def _construct_faults(constructs: object, source: str) -> Iterator[Fault]:
    expected = 'a list of objects with "id" and "items" (a list)'
    whole = isinstance(constructs, list) and all(
        isinstance(one, Mapping) and "id" in one and isinstance(one.get("items"), list)
        for one in constructs
    )
    if not whole:
        yield _fault(source, "", "constructs", "another shape", expected)


def _table_faults(published: Mapping[str, Any], source: str) -> Iterator[Fault]:
    for key, block in blocks(published):
        if "results" in block and key == "results":
            yield from _result_faults(block["results"], source)
        if "rows" in block:
            yield from _row_faults(key, block["rows"], source)
        if key == "soar":
            yield from _scores_faults(block["scores"], source)
        if any(name in block for name in FIT_FIGURES):
            yield from _figure_faults(block, FIT_FIGURES, source, key)
        for name, fields in (("friedman", TEST_FIGURES), ("stated", ())):
            part = block.get(name, {})
            if not isinstance(part, Mapping):
                yield _fault(source, key, name, _shown(part), "an object")
            else:
                yield from _figure_faults(part, fields, source, f"{key}.{name}")


def _row_faults(key: str, rows: object, source: str) -> Iterator[Fault]:
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        yield _fault(source, key, "rows", _shown(rows), "a list of objects")
        return
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        label = label_of(row)
        where = f"{key}, row {number}" + (f" ({label})" if label else "")
        if not label or label in seen:
            found = f"'{label}' again" if label else "no name"
            expected = f"a name of its own in one of {', '.join(LABELS)}"
            yield _fault(source, where, "", found, expected)
        seen.add(label)
        yield from _figure_faults(row, FIGURES, source, where)


def _figure_faults(
    row: Mapping[str, Any], fields: tuple[str, ...], source: str, where: str
) -> Iterator[Fault]:
    for name in fields:
        if row.get(name) is None:
            continue
        figure = parse_figure(row[name])
        if figure is None or (figure.relation != "=" and name != "p"):
            yield _fault(source, where, name, _shown(row[name]), 'a number as printed ("4.60")')
        elif name.startswith("df") and figure.value <= 0:
            yield _fault(source, where, name, _shown(row[name]), "degrees of freedom above 0")
    for name in COUNTS:
        if row.get(name) is not None and not _is_count(row[name]):
            yield _fault(source, where, name, _shown(row[name]), "a whole number above 0")


def _scores_faults(scores: object, source: str) -> Iterator[Fault]:
    if not isinstance(scores, Mapping):
        yield _fault(source, "soar", "scores", _shown(scores), "an object")
        return
    yield from _figure_faults(scores, tuple(map(str, scores)), source, "soar.scores")


def _result_faults(results: list[object], source: str) -> Iterator[Fault]:
    for number, text in enumerate(results, start=1):
        if not isinstance(text, str) or parse_result(text) is None:
            expected = 'a result as papers print it, "t(28) = 2.20, p = .06"'
            yield _fault(source, f"results, entry {number}", "", _shown(text), expected)


def _once(source: str) -> Any:
    """Refuse a key that stands twice: the first figure would be lost without a word."""

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(_fault(source, "", twice, "the key twice", "each key once"))
        return built

    return build


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_at_least(value: Any, least: Any) -> bool:
    return _is_whole(value) and bool(value >= least)


def _is_count(value: Any) -> bool:
    return _is_whole(value) and 1 <= value <= _MOST_PEOPLE


def _is_scale(value: Any) -> bool:
    whole = isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_whole, value))
    return whole and 0 < value[1] - value[0] <= _MOST_POINTS


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _fault(source: str, where: str, field: str, found: str, expected: str) -> Fault:
    cure = "Correct the file; docs/statistics.md describes the format."
    return Fault(source=source, where=where, field=field, found=found, expected=expected, cure=cure)
