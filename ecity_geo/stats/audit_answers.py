"""Checks of figures made straight from answers: means, t, p, mean ranks and Friedman's test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from ecity_geo.stats.evidence import Finding, Row, Survey
from ecity_geo.stats.figures import Figure, parse_figure
from ecity_geo.stats.grim import Answers
from ecity_geo.stats.recompute import recompute

# Where so many sums print as one mean, its grain says nothing, and trying them all takes minutes.
_MANY_SUMS = 2000


def answer_findings(row: Row, survey: Survey) -> Iterator[Finding]:
    """Judge the mean, standard deviation and t of a row whose figures come from answers.

    Standard deviation and t are left alone where more than 2,000 sums print as the mean,
    and for one respondent.
    """
    mean = row.figures.get("mean")
    if mean is None:
        return
    items = row.counts.get("items", survey.items.get(row.label, 1))
    answers = Answers(n=respondents(row, survey), items=items, scale=survey.scale)
    sums = answers.sums(mean)
    yield row.judge("mean", bool(sums), _mean_reason(answers, sums, mean))
    df = row.figures.get("df")
    if df is not None and df.low > survey.n - 1:
        yield row.judge("df", False, f"{survey.n} respondents give at most {survey.n - 1}")
    if len(sums) > _MANY_SUMS or answers.n < 2:
        return
    sd, t = row.figures.get("sd"), row.figures.get("t")
    if sd is not None:
        yield _sd_finding(row, answers, sums, sd)
    if t is not None and survey.test_value is not None:
        yield _t_finding(row, answers, sums, t, survey)


def respondents(row: Row, survey: Survey) -> int:
    """Return how many answered: as the row says, or its df when answers are missing, or all."""
    if "n" in row.counts:
        return row.counts["n"]
    df = row.figures.get("df")
    if df is not None and "mean" in row.figures and df.value.denominator == 1:
        return min(int(df.value) + 1, survey.n)
    return survey.n


def p_findings(row: Row, survey: Survey) -> Iterator[Finding]:
    """Judge a printed p whose statistic and degrees of freedom are printed too."""
    p, found = row.figures.get("p"), _statistic(row, survey)
    if p is None or found is None:
        return
    kind, name, df = found
    yield p_finding(row, kind, row.figures[name], p, df, survey)


def p_finding(
    row: Row, kind: str, value: Figure, p: Figure, df: tuple[float, ...], survey: Survey
) -> Finding:
    """Judge a printed p against its statistic."""
    result = recompute(kind, value, p, df, tails=survey.tails)
    if result.agrees:
        return row.judge("p", True, f"p about {_p_text(result.low, result.high)}")
    sides = "two-sided " if survey.tails == 2 and kind in ("t", "z", "r") else ""
    why = f"{sides}p of {kind} = {value} is about {_p_text(result.low, result.high)}; printed {p}"
    if sides and recompute(kind, value, p, df, tails=1).agrees:
        why += "; the one-sided p would fit"
    if result.decision_error:
        why += "; the verdict at 0.05 turns over"
    return row.judge("p", False, why)


def rank_findings(
    table: str, rows: list[Row], block: Mapping[str, Any], survey: Survey
) -> Iterator[Finding]:
    """Judge the mean ranks of a table and its Friedman test."""
    ranked = [row for row in rows if "mean_rank" in row.figures]
    k = len(rows)
    for row in ranked:
        rank = row.figures["mean_rank"]
        why = f"mean rank of {k} items lies in 1-{k}; printed {rank}"
        yield row.judge("mean_rank", rank.high >= 1 and rank.low <= k, why)
    if not ranked or len(ranked) < k or k < 2:
        return
    ranks = [row.figures["mean_rank"] for row in ranked]
    whole = Row(table=table, label="mean_ranks", figures={}, counts={})
    fits = 2 * sum(r.low for r in ranks) <= k * (k + 1) <= 2 * sum(r.high for r in ranks)
    total = float(sum(r.value for r in ranks))
    why = f"mean ranks must sum to {k * (k + 1) / 2:g}; printed sum {total:g}"
    yield whole.judge("sum", fits, why)
    test = block.get("friedman")
    if isinstance(test, Mapping):
        n = test.get("n", min(respondents(row, survey) for row in ranked))
        yield from _friedman_findings(table, test, ranks, n, survey)


def stated_findings(
    table: str, rows: list[Row], block: Mapping[str, Any], survey: Survey
) -> Iterator[Finding]:
    """Judge what the text says of a table: how many items are critical, and figures repeated."""
    stated = block.get("stated", {})
    count = parse_figure(stated.get("critical_items"))
    if count is not None and survey.test_value is not None:
        yield _critical_finding(table, rows, count, survey)
    for row in rows:
        for name, figure in row.figures.items():
            key = f"{name}_{row.label}_in_text"
            repeated = parse_figure(stated.get(key))
            if repeated is not None:
                agree = repeated.low <= figure.high and figure.low <= repeated.high
                whole = Row(table=table, label="stated", figures={}, counts={})
                yield whole.judge(key, agree, f"text {repeated}, table {figure}")


def _mean_reason(answers: Answers, sums: range, mean: Figure) -> str:
    count = answers.n * answers.items
    of = f"{count}" if answers.items == 1 else f"{answers.n} x {answers.items}"
    if sums:
        return f"GRIM: whole answers of {of} reach {mean} with sums {_sums_text(sums)}"
    if answers.scale and not (answers.scale[0] <= mean.high and mean.low <= answers.scale[1]):
        return f"the scale ends at {answers.scale[0]} and {answers.scale[1]}; printed {mean}"
    below = int(mean.low * count // 1)
    return (
        f"GRIM: whole answers of {of} reach {below / count:.4f} and {(below + 1) / count:.4f}, "
        f"nothing that prints as {mean}"
    )


def _sd_finding(row: Row, answers: Answers, sums: range, sd: Figure) -> Finding:
    if not sums:
        return _without_mean(row, "sd")
    ranges = [answers.sd_range(total) for total in sums]
    low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
    why = (
        f"sums {_sums_text(sums)} of whole answers{_scale_text(answers)} allow a standard "
        f"deviation from {low:.3f} to {high:.3f}; printed {sd}"
    )
    possible = _any_sum(answers, sums, sd=sd)
    if not possible and sd.low <= high and sd.high >= low:
        why += ". GRIMMER: no whole sum of squares of the sum's parity gives it"
    return row.judge("sd", possible, why)


def _t_finding(row: Row, answers: Answers, sums: range, t: Figure, survey: Survey) -> Finding:
    if not sums or survey.test_value is None:
        return _without_mean(row, "t")
    ranges = [answers.t_range(total, survey.test_value) for total in sums]
    low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
    why = (
        f"sums {_sums_text(sums)} of whole answers{_scale_text(answers)} allow t from {low:.2f} "
        f"to {high:.2f} against {float(survey.test_value):g}; printed {t}"
    )
    possible = any(answers.can_have(s, t=t, test_value=survey.test_value) for s in sums)
    if not possible:
        return row.judge("t", False, why + _t_reason(answers, sums, t, (low, high), survey))
    sd = row.figures.get("sd")
    if sd is not None and _any_sum(answers, sums, sd=sd):
        together = any(answers.can_have(s, t=t, sd=sd, test_value=survey.test_value) for s in sums)
        if not together:
            return row.judge("t", False, f"{why}; the standard deviation {sd} gives another")
    return row.judge("t", True, why)


def _t_reason(
    answers: Answers, sums: range, t: Figure, limits: tuple[float, float], survey: Survey
) -> str:
    """Say why t is impossible: its sign, or the gap between the t that whole answers reach."""
    if t.high < 0 <= limits[0] or limits[1] <= 0 < t.low:
        return "; its sign is not that of the mean minus the test value"
    if survey.test_value is None or t.high < limits[0] or t.low > limits[1]:
        return ""
    found = [answers.nearest_t(total, t, survey.test_value) for total in sums]
    near = [pair for pair in found if pair is not None]
    if not near:
        return ""
    below, above = max(pair[0] for pair in near), min(pair[1] for pair in near)
    return (
        ". The range holds it, but sums of squares of whole answers are whole and of the "
        f"parity of the sum: the nearest t are {below:.2f}, {above:.2f}"
    )


def _any_sum(answers: Answers, sums: range, *, sd: Figure) -> bool:
    return any(answers.can_have(total, sd=sd, test_value=Fraction(0)) for total in sums)


def _without_mean(row: Row, column: str) -> Finding:
    why = "cannot be judged: no whole answers have the printed mean"
    return Finding(row.table, f"{row.label}.{column}", "doubtful", why)


def _statistic(row: Row, survey: Survey) -> tuple[str, str, tuple[float, ...]] | None:
    """Kind, column and degrees of freedom of the statistic that a row's p belongs to."""
    df = [float(row.figures[name].value) for name in ("df1", "df2") if name in row.figures]
    one = row.figures.get("df")
    counted = "mean" in row.figures and respondents(row, survey) > 1
    if "t" in row.figures and (one is not None or counted):
        return "t", "t", (float(one.value) if one else respondents(row, survey) - 1.0,)
    if "F" in row.figures and len(df) == 2:
        return "F", "F", (df[0], df[1])
    if "chi_square" in row.figures and one is not None:
        return "chi2", "chi_square", (float(one.value),)
    return next((("z", name, ()) for name in ("critical_ratio", "z") if name in row.figures), None)


def _friedman_findings(
    table: str, test: Mapping[str, Any], ranks: list[Figure], n: int, survey: Survey
) -> Iterator[Finding]:
    k = len(ranks)
    whole = Row(table=table, label="friedman", figures={}, counts={})
    chi_square, df = parse_figure(test.get("chi_square")), parse_figure(test.get("df"))
    if chi_square is not None:
        yield whole.judge("chi_square", *_chi_square(chi_square, ranks, n))
    if df is None:
        return
    yield whole.judge(
        "df", df.value == k - 1, f"{k} items give {k - 1} degrees of freedom; printed {df}"
    )
    p = parse_figure(test.get("p"))
    if p is not None and chi_square is not None and df.value == k - 1:
        yield p_finding(whole, "chi2", chi_square, p, (k - 1.0,), survey)


def _chi_square(printed: Figure, ranks: list[Figure], n: int) -> tuple[bool, str]:
    """Ties divide the statistic by a number below 1, so the mean ranks bound it from below."""
    k = len(ranks)
    middle = Fraction(k + 1, 2)
    factor = 12 * n / (k * (k + 1))
    distances = [abs(rank.value - middle) for rank in ranks]
    least = [max(Fraction(0), d - r.unit / 2) for d, r in zip(distances, ranks, strict=True)]
    bound = factor * float(sum(d**2 for d in least))
    nominal = factor * float(sum(d**2 for d in distances))
    low, high = printed.ends
    if low > n * (k - 1):
        return False, f"{n} respondents and {k} items give at most {n * (k - 1)}; printed {printed}"
    why = (
        f"the printed mean ranks give {nominal:.0f} without ties (ties only raise it); "
        f"printed {printed}"
    )
    return high >= bound, why


def _critical_finding(table: str, rows: list[Row], count: Figure, survey: Survey) -> Finding:
    mu = survey.test_value or Fraction(0)
    means = sum(row.figures["mean"].value < mu for row in rows if "mean" in row.figures)
    ts = sum(row.figures["t"].value < mu for row in rows if "t" in row.figures)
    why = f"{means} means lie below {float(mu):g}, the text says {count}"
    if count.value == means:
        return Finding(table, "stated.critical_items", "possible", why)
    if count.value == ts:
        why += (
            f"; exactly {ts} t statistics lie below {float(mu):g}: the t statistic was compared "
            "with the test value"
        )
    others = [value for value in _fitting_test_values(rows, survey) if value != mu]
    if others and mu not in _fitting_test_values(rows, survey):
        why += f". The signs of t fit a test value of {others[0]}, not {float(mu):g}"
    return Finding(table, "stated.critical_items", "doubtful", why)


def _fitting_test_values(rows: list[Row], survey: Survey) -> list[int]:
    """Points of the scale that every t has the right sign against."""
    pairs = [
        (row.figures["mean"].value, row.figures["t"].value)
        for row in rows
        if "mean" in row.figures and "t" in row.figures
    ]
    if survey.scale is None or not pairs:
        return []
    points = range(survey.scale[0], survey.scale[1] + 1)
    return [at for at in points if all((mean - at) * t >= 0 for mean, t in pairs)]


def _sums_text(sums: range) -> str:
    return str(list(sums)) if len(sums) <= 3 else f"{sums[0]} to {sums[-1]}"


def _scale_text(answers: Answers) -> str:
    return f" {answers.scale[0]}-{answers.scale[1]}" if answers.scale else ""


def _p_text(low: float, high: float) -> str:
    middle = (low + high) / 2
    return f"{middle:.1e}" if middle < 0.0001 else f"{middle:.4f}"
