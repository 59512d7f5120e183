"""What each chapter of the statistics says in plain words.

A headline needs the tables of its chapter; where one has no answer, so has the headline, and the
reason stands in its place.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from ecity_geo.outputs.apa import p_value
from ecity_geo.outputs.brief import listing
from ecity_geo.outputs.statistics_table import path_words, study_labels
from ecity_geo.outputs.text import interval, isolate, number, percent, text
from ecity_geo.outputs.views import plain
from ecity_geo.survey_findings import SurveyFindings

ASKED_ALPHA = 0.7
LEVEL = 0.05
WORST = 3


class Speaker:
    """Tables and names of a survey, as sentences need them."""

    def __init__(self, survey: SurveyFindings, lang: str) -> None:
        self.survey = survey
        self.lang = lang
        self.labels = study_labels(survey.study, lang)

    def table(self, name: str) -> pd.DataFrame:
        """Return a table."""
        return self.survey.tables[name]

    def row(self, name: str) -> pd.Series:
        """Return the only row of a table."""
        return self.table(name).iloc[0]

    def name(self, value: object) -> str:
        """Return the name of an id."""
        return isolate(self.labels.get(str(value), str(value)), self.lang)

    def say(self, key: str, **values: str) -> str:
        """Return a sentence of the catalogue."""
        return text(f"statistics.say.{key}", self.lang, **values)

    def figure(self, value: float, digits: int = 2) -> str:
        """Write a figure in plain words: with its zero, unlike in tables."""
        return number(value, self.lang, digits)


def headline(survey: SurveyFindings, chapter: str, lang: str) -> str:
    """Say what a chapter found.

    Parameters
    ----------
    survey
        The statistics.
    chapter
        Its name, as in `ecity_geo.survey_findings.CHAPTERS`.
    lang
        Language.

    Returns
    -------
    sentence
        In plain words; empty where its tables have no answer.
    """
    needed, say = _HEADLINES.get(chapter, ((), None))
    if say is None or not set(needed) <= set(survey.tables):
        return ""
    return say(Speaker(survey, lang))


def council_sentences(survey: SurveyFindings, lang: str) -> list[str]:
    """Say for the council how far the survey can be trusted and what it says.

    Parameters
    ----------
    survey
        The statistics.
    lang
        Language.

    Returns
    -------
    sentences
        Precision, reliability, questions below the test value, and what drives the outcome;
        those without an answer are left out.
    """
    said = [headline(survey, chapter, lang) for chapter in ("sampling", "instrument")]
    if "one-sample" in survey.tables:
        said.append(_below(Speaker(survey, lang)))
    said.append(headline(survey, "path", lang))
    return [sentence for sentence in said if sentence]


def _sampling(speaker: Speaker) -> str:
    row, lang = speaker.row("sample-size"), speaker.lang
    said = speaker.say(
        "sampling",
        n=number(row["n"], lang),
        population=number(row["population"], lang),
        margin=number(100 * row["margin"], lang, 1),
    )
    if row["margin"] <= 0.05:
        return said
    more = speaker.say("sampling_more", needed=number(row["cochran_5_percent"], lang))
    return f"{said} {more}"


def _instrument(speaker: Speaker) -> str:
    table = speaker.table("reliability").set_index("construct")
    alpha, low, high = (float(table[name]["overall"]) for name in ("alpha", "low", "high"))
    good, fair = alpha >= ASKED_ALPHA, high >= ASKED_ALPHA
    word = "good" if good else "fair" if fair else "weak"
    said = speaker.say(
        f"instrument_{word}",
        alpha=speaker.figure(alpha),
        interval=interval(low, high, speaker.lang, 2),
    )
    parts = table.drop(index="overall")["alpha"].dropna().astype(float)
    if len(parts) < 2:
        return said
    ends = speaker.say(
        "instrument_parts",
        lowest=speaker.figure(parts.min()),
        worst=speaker.name(parts.idxmin()),
        highest=speaker.figure(parts.max()),
        best=speaker.name(parts.idxmax()),
    )
    return f"{said} {ends}"


def _level(speaker: Speaker) -> str:
    table, lang = speaker.table("one-sample").set_index("item"), speaker.lang
    counts = table["verdict"].value_counts()
    said = speaker.say(
        "level",
        items=number(len(table), lang),
        below=number(counts.get("below", 0), lang),
        above=number(counts.get("above", 0), lang),
        unclear=number(counts.get("cannot tell", 0), lang),
        test=plain(speaker.survey.study.options.test_value, lang),
    )
    means = table["mean"]
    ends = speaker.say(
        "level_ends",
        worst=speaker.name(means.idxmin()),
        lowest=number(means.min(), lang, 2),
        best=speaker.name(means.idxmax()),
        highest=number(means.max(), lang, 2),
    )
    return f"{said} {ends}"


def _below(speaker: Speaker) -> str:
    table, lang = speaker.table("one-sample").set_index("item"), speaker.lang
    test = plain(speaker.survey.study.options.test_value, lang)
    below = table[table["verdict"] == "below"]["mean"].sort_values()
    if below.empty:
        return speaker.say("level_none", test=test)
    names = [speaker.name(item) for item in below.index[:WORST]]
    return speaker.say(
        "level_council",
        below=number(len(below), lang),
        items=number(len(table), lang),
        test=test,
        names=listing(names, lang),
    )


def _ranks(speaker: Speaker) -> str:
    test = speaker.row("friedman")
    if test["p"] >= LEVEL:
        return speaker.say("ranks_none", p=p_value(test["p"], speaker.lang))
    ranks = speaker.table("mean-ranks").set_index("item")["mean_rank"]
    w = float(test["kendall_w"])
    # Landis & Koch's words for agreement, coarser.
    word = "agree" if w >= 0.5 else "some" if w >= 0.2 else "little"
    return speaker.say(
        f"ranks_{word}",
        w=speaker.figure(w),
        best=speaker.name(ranks.idxmax()),
        worst=speaker.name(ranks.idxmin()),
    )


def _regression(speaker: Speaker) -> str:
    row, table = speaker.row("regression"), speaker.table("coefficients")
    own = table[(table["outcome"] == row["outcome"]) & table["beta"].notna()]
    said = speaker.say(
        "regression",
        outcome=speaker.name(row["outcome"]),
        share=percent(row["r2"], speaker.lang),
        interval=interval(100 * row["r2_low"], 100 * row["r2_high"], speaker.lang, 0),
    )
    if row["robust_needed"]:
        said = f"{said} {speaker.say('regression_robust')}"
    clear = own[own["p_hc3" if row["robust_needed"] else "p"] < LEVEL]
    if clear.empty:
        return f"{said} {speaker.say('regression_none')}"
    strongest = clear.iloc[int(clear["beta"].abs().to_numpy(dtype=float).argmax())]
    return f"{said} " + speaker.say(
        "regression_strongest",
        term=speaker.name(strongest["term"]),
        beta=speaker.figure(float(strongest["beta"])),
    )


def _measurement(speaker: Speaker) -> str:
    row = speaker.row("cfa-fit")
    if row["problem"]:
        return ""
    # Hu & Bentler's (1999) pair of cut-offs, which has few false alarms.
    good = row["rmsea"] <= 0.06 and row["srmr"] <= 0.08 and row["cfi"] >= 0.95
    fair = row["rmsea"] <= 0.08 and row["srmr"] <= 0.08
    said = speaker.say(
        f"measurement_{'good' if good else 'fair' if fair else 'weak'}",
        cfi=speaker.figure(float(row["cfi"])),
        rmsea=speaker.figure(float(row["rmsea"]), 3),
        srmr=speaker.figure(float(row["srmr"]), 3),
    )
    if "validity" not in speaker.survey.tables:
        return said
    validity = speaker.table("validity")
    weak = int((validity["ave"] < 0.5).sum())
    key = "measurement_ave" if weak else "measurement_ave_all"
    return f"{said} " + speaker.say(
        key, weak=number(weak, speaker.lang), count=number(len(validity), speaker.lang)
    )


def _soar(speaker: Speaker) -> str:
    table, lang = speaker.table("soar-choice"), speaker.lang
    best, second = table.iloc[0], table.iloc[1]
    if second["chosen"]:
        return speaker.say("soar_tied", first=best["strategy"], second=second["strategy"])
    firm = "firm" if best["survival"] >= 0.9 else "fair" if best["survival"] >= 0.7 else "open"
    said = speaker.say(
        "soar",
        strategy=best["strategy"],
        first=text(f"statistics.word.{best['first']}", lang),
        second=text(f"statistics.word.{best['second']}", lang),
        score=number(best["score"], lang, 3),
        runner=second["strategy"],
        behind=number(second["behind"], lang, 3),
    )
    return f"{said} " + speaker.say(f"soar_{firm}", share=percent(best["survival"], lang))


def _compare(speaker: Speaker) -> str:
    table = speaker.table("compare")
    computed = table[table["agrees"] != "not computed"]
    return speaker.say(
        "compare",
        count=number(len(computed), speaker.lang),
        agree=number(int(computed["agrees"].isin(["yes", "by construction"]).sum()), speaker.lang),
        made=number(int((computed["agrees"] == "by construction").sum()), speaker.lang),
        impossible=number(int((table["audit"] == "impossible").sum()), speaker.lang),
    )


def _path(speaker: Speaker) -> str:
    table = speaker.table("hypotheses")
    confirmed = table[table["verdict"] == "confirmed"]
    firm, key = 0, "path"
    if "p_holm" in table and len(confirmed):
        firm = int((confirmed["p_holm"] < LEVEL).sum())
        key = "path_adjusted" if firm else "path_adjusted_none"
    said = speaker.say(
        key,
        confirmed=number(len(confirmed), speaker.lang),
        count=number(len(table), speaker.lang),
        firm=number(firm, speaker.lang),
    )
    if confirmed.empty:
        return said
    strongest = confirmed.iloc[int(confirmed["std"].abs().to_numpy(dtype=float).argmax())]
    return f"{said} " + speaker.say(
        "path_strongest",
        path=path_words(str(strongest["path"]), speaker.labels, speaker.lang),
        std=speaker.figure(float(strongest["std"])),
    )


def _groups(speaker: Speaker) -> str:
    table = speaker.table("groups")
    table = table[table["test"] == "kruskal_wallis"]
    return speaker.say(
        "groups",
        differ=number(int((table["p_adjusted"] < LEVEL).sum()), speaker.lang),
        count=number(len(table), speaker.lang),
    )


# The tables that a headline needs, and what says it.
_HEADLINES: dict[str, tuple[tuple[str, ...], Callable[[Speaker], str] | None]] = {
    "sampling": (("sample-size",), _sampling),
    "instrument": (("reliability",), _instrument),
    "level": (("one-sample",), _level),
    "ranks": (("friedman", "mean-ranks"), _ranks),
    "regression": (("regression", "coefficients"), _regression),
    "measurement": (("cfa-fit",), _measurement),
    "path": (("hypotheses",), _path),
    "groups": (("groups",), _groups),
    "soar": (("soar-choice",), _soar),
    "compare": (("compare",), _compare),
}
