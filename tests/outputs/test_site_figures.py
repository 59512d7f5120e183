"""The curve of coverage on the council's page: when it is drawn, from where, and what it marks."""

from __future__ import annotations

import pytest

from ecity_geo.outputs import report
from ecity_geo.outputs.site_figures import CURVE, site_figures
from ecity_geo.outputs.statistics_figures import Figure
from outputs.factory import make_findings

CHOSEN = {"fa": "طرح برگزیده", "en": "the chosen plan"}


def curve(lang: str = "en", **changes: object) -> Figure:
    return site_figures(make_findings(**changes), lang)[CURVE]


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_curve_begins_where_the_standing_services_leave_off(lang: str) -> None:
    # Of 15,000 people 6,750 are covered today; what is planned comes before the first new site.
    findings = make_findings()
    whole = findings.before_after.query("model == 'mclp' and level == 'city'").iloc[0]
    standing = whole["population"] - whole["uncovered_standing"]
    assert findings.curve.loc[0, "covered"] == standing
    first = findings.curve.loc[1, "covered"] - standing
    drawn = curve("en")
    assert f"{first:,.0f} people more" in drawn.wide
    assert drawn.wide != drawn.narrow
    assert CHOSEN[lang] in curve(lang).wide


def test_only_the_plan_of_most_people_is_marked_on_its_curve() -> None:
    findings = make_findings()
    plans = {"p_median": findings.plans["p_median"]}
    assert CHOSEN["en"] not in curve(plans=plans).wide
    longer = findings.curve.loc[[1]]
    assert CHOSEN["en"] not in curve(curve=longer).wide  # the plan has two sites


def test_a_study_that_asks_for_no_curve_has_none() -> None:
    assert CURVE not in site_figures(make_findings(curve=None), "en")


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_page_shows_it_among_the_new_sites(lang: str) -> None:
    findings = make_findings()
    cards = {kind: report.Card(title="", sentence="", picture="", href="") for kind in report.MAPS}
    given = {"languages": (lang,), "drawn": site_figures(findings, lang)}
    page = report.council_page(findings, lang, cards, **given)
    section = page.split('<section id="sites">')[1].split("</section>")[0]
    assert section.count("<svg") == 2
    bare = make_findings(curve=None)
    given["drawn"] = site_figures(bare, lang)
    assert CHOSEN[lang] not in report.council_page(bare, lang, cards, **given)
