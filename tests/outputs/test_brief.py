"""Sentences hold for any city: what is not known is not said to be none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import city
import ecity_geo
from ecity_geo.findings import Findings
from ecity_geo.inputs.conditions import MODELS, SiteKind
from ecity_geo.outputs import brief, grids, maps, report, site_grids
from ecity_geo.outputs.brief_spread import spread
from ecity_geo.outputs.condition_words import conditions_said
from ecity_geo.outputs.grid import Grid
from ecity_geo.outputs.qgis import styles
from ecity_geo.outputs.views import district_view
from outputs.factory import make_findings

Make = Callable[..., Findings]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def make(**changes: object) -> Findings:
        return ecity_geo.analyse(ecity_geo.load_study(city.write_city(tmp_path, **changes)))

    return make


def said(findings: Findings) -> str:
    return "\n".join(brief.sentences(findings, "en"))


def test_suppressed_readiness_is_not_called_free_of_gaps(make: Make) -> None:
    findings = make(responses=city.responses().groupby("district_id").head(1))
    assert set(findings.districts["gap_class"]) == {"unknown"}
    assert "nobody can say" in said(findings)
    assert "In no district are readiness" not in said(findings)
    tile = {tile.label: tile.figure for tile in brief.tiles(findings, "en")}
    assert tile["Double gap"] == "–"
    assert "nobody can say" in maps.gaps_map(findings, "en").sheet.headline


def test_one_unknown_district_limits_the_claim(make: Make) -> None:
    answers = city.responses()
    answers = answers[answers["district_id"] != "2"]
    findings = make(responses=answers)
    assert "whose readiness is known" in said(findings)


def test_parts_that_score_alike_are_not_called_strongest_and_weakest(make: Make) -> None:
    # All four squares answer every question alike.
    assert "strongest" not in said(make())


def test_different_parts_are_named(make: Make) -> None:
    answers = city.responses()
    answers[["skills", "habit"]] = 1
    text = said(make(responses=answers))
    assert "The strongest part is Infrastructure" in text
    assert "the weakest People (1.00)" in text


@pytest.mark.parametrize(("p", "words"), [(1, "1 new site would"), (2, "2 new sites would")])
def test_new_sites_are_counted_in_words(p: int, words: str, make: Make) -> None:
    findings = make(study={"siting": {"p": p}})
    assert words in said(findings)
    assert words in maps.siting_map(findings, "en").sheet.headline.replace(
        "and the planned services ", ""
    )


def test_nobody_out_of_reach_is_said_plainly(make: Make) -> None:
    findings = make(study={"access": {"measure": "straight", "unit": "m", "standard": 5000}})
    assert "100% of the people live within 5,000 metres of an open service." in said(findings)


def test_legend_of_readiness_stays_on_the_scale(make: Make) -> None:
    view = district_view(make(), "readiness", "en")
    labels = " ".join(item.label for item in view.legend.items)
    # The squares answer 2 to 5 on a scale of 1 to 5.
    assert "6" not in labels
    assert "5" in labels
    assert None not in view.fills


@pytest.mark.parametrize("answer", [1, 5])
def test_a_city_at_an_end_of_the_scale_has_its_maps(answer: int, make: Make) -> None:
    findings = make(responses=city.responses().assign(**dict.fromkeys(city.ITEMS, answer)))
    for measure in ("readiness", "readiness_technical"):
        view = district_view(findings, measure, "en")
        assert None not in view.fills
        assert len(set(view.fills)) == 1
        assert not any(word in str(view.legend.items) for word in ("0.9", "5.1"))
    [style] = [each for each in styles(findings, "en") if each.name == "readiness"]
    assert style.qml.count("<rule ") == len(view.legend.items) + 1


def test_one_district_has_most_people_out_of_reach(make: Make) -> None:
    # South-west and north-east have a kiosk; 3000 live in the north-west, 2000 in the south-east.
    assert "The largest number of them, 3,000, live in District three." in said(make())


def test_a_plan_of_the_p_median_alone_is_told(make: Make) -> None:
    findings = make(study={"siting": {"models": ["p_median"]}})
    [saved] = findings.plans["p_median"].gains["added"]
    words = f"shorten the way to a service by {saved / 10_000:,.0f} m per person on average"
    assert f"Beyond the services already planned, 1 new site would {words}" in said(findings)
    tile = brief.tiles(findings, "en")[-1]
    assert (tile.figure, tile.note) == ("1", f"which {words}")


def test_planned_services_are_named_only_where_they_count(make: Make) -> None:
    findings = make(study={"siting": {"include_planned": False}})
    assert "planned" not in grids.coverage_grid(findings, "en").note
    assert "planned" not in maps.siting_map(findings, "en").sheet.headline
    assert "planned" in grids.coverage_grid(make(), "en").note


def test_a_single_site_is_proved_best_in_the_singular(make: Make) -> None:
    for model in ("mclp", "p_median"):
        assert "no other of these places" in site_grids.proof(make(), model, "en")


def test_the_map_counts_those_behind_its_mean(make: Make) -> None:
    answers = city.responses().astype(dict.fromkeys(city.ITEMS, "Int64"))
    answers.loc[:2, ["network", "computers"]] = pd.NA
    headline = maps.readiness_map(make(responses=answers), "en").sheet.headline
    assert "37 respondents" in headline


@pytest.mark.parametrize(
    ("ranks", "words"),
    [
        ([1, 2, 3], "District 1 is best placed and District 2 is last of the 3 districts"),
        ([1, 1, 3], "Best placed: District 1 and District 3. Last: District 2."),
        ([1, 2, 2], "Best placed: District 1. Last: District 3 and District 2."),
        ([1, 1, 1], "The 3 districts that could be ranked all have the same score."),
    ],
)
def test_ranking_tells_of_ties(ranks: list[int], words: str) -> None:
    findings = make_findings()
    table = findings.ranking.table.assign(rank=pd.array([*ranks, *[pd.NA] * 3], dtype="Int64"))
    tied = replace(findings, ranking=replace(findings.ranking, table=table))
    assert words in said(tied)


def test_fewer_than_half_a_person_is_nobody() -> None:
    findings = make_findings()
    districts = findings.districts.assign(people_uncovered=[0.3, 0.2, 0.0, 0.0, 0.0, 0.0])
    assert "largest number" not in said(replace(findings, districts=districts))


def test_no_double_gap_is_said_on_the_map_as_on_the_page(make: Make) -> None:
    findings = make(responses=city.responses().query("district_id != '2'"))
    assert "whose readiness is known" in maps.gaps_map(findings, "en").sheet.headline


def test_the_picture_of_the_new_sites_says_that_they_stand(make: Make) -> None:
    view = district_view(make(), "covered_share_planned", "en")
    assert view.legend.title == "Share of people covered, with the new sites"


def spread_over(districts: int, **city: float) -> list[str]:
    findings = make_findings()
    repeated = findings.districts.iloc[np.arange(districts) % len(findings.districts)]
    many = repeated.assign(covered_share=0.5)
    return spread(replace(findings, districts=many, city={**findings.city, **city}), "en")


def test_page_says_how_evenly_access_is_shared() -> None:
    shared = spread(make_findings(), "en")[0]
    assert "share 18% of the capacity (Gini 0.41;" in shared
    assert "25% of the inequality lies between urban fabrics" in shared
    nobody = dict.fromkeys(("gini", "between_fabrics", "concentration"), np.nan)
    assert len(spread(make_findings(city=make_findings().city | nobody), "fa")) == 1


@pytest.mark.parametrize(
    ("index", "told"),
    [
        (0.12, "higher readiness have more capacity for their people (concentration index 0.12;"),
        (-0.12, "have less capacity for their people (concentration index \u22120.12;"),
        (0.004, "Capacity has no link with readiness (concentration index 0.00)"),
    ],
)
def test_page_says_whether_capacity_goes_with_readiness(index: float, told: str) -> None:
    assert told in spread_over(6, concentration=index)[1]


@pytest.mark.parametrize(
    ("districts", "i", "p", "said"),
    [
        (19, np.nan, np.nan, "With 19 districts a cluster cannot be told from chance"),
        (20, 0.42, 0.004, "lie together more than chance would have it (Moran's I 0.42, p below"),
        (
            20,
            -0.42,
            0.004,
            "differ in coverage more than chance would have it (Moran's I \u22120.42",
        ),
        (
            20,
            0.12,
            0.051,
            "do not lie together more than chance would have it (Moran's I 0.12, p = 0.051)",
        ),
    ],
)
def test_page_says_whether_low_coverage_lies_together(
    districts: int, i: float, p: float, said: str
) -> None:
    assert said in spread_over(districts, moran_i=i, moran_p=p)[2]


def test_nothing_is_said_of_clusters_where_all_are_covered_alike() -> None:
    assert len(spread_over(20, moran_i=np.nan, moran_p=np.nan)) == 2


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("lang", ["fa", "en"])
def test_every_model_has_words_of_its_own_wherever_it_stands_alone(
    model: str, lang: str, make: Make
) -> None:
    findings = make(study={"siting": {"models": [model], "p": 2, "curve": 2}})
    told = "\n".join(brief.sentences(findings, lang))
    tile = brief.tiles(findings, lang)[-1]
    grid = site_grids.site_grid(findings, model, lang)
    sheet = maps.siting_map(findings, lang).sheet
    method = {each.title: each for each in report.methods(findings, lang)}
    assert tile.figure
    assert len(grid.rows) == len(findings.plans[model].sites)
    assert all(len(row) == len(grid.columns) for row in grid.rows)
    assert grid.note
    assert report.SITING_SOURCES[model] in [each.source for each in method.values()]
    assert len(sheet.tables) == 3  # districts, services, sites
    shown = [told, tile.note, grid.caption, grid.note, sheet.headline, *grid_words(grid)]
    assert not any("{" in words for words in shown)
    if lang == "fa":
        assert not any(digit in told for digit in "0123456789")


def grid_words(grid: Grid) -> list[str]:
    return [column.label for column in grid.columns]


def test_longest_way_is_told_before_and_after(make: Make) -> None:
    findings = make(study={"siting": {"models": ["mclp", "p_center"], "p": 2}})
    whole = findings.before_after.query("model == 'p_center' and level == 'city'").iloc[0]
    before, after = (f"{whole[f'longest_{state}']:,.0f} m" for state in ("before", "after"))
    assert f"longest way to a service from {before} to {after}." in said(findings)
    assert findings.plans["p_center"].objective == pytest.approx(whole["longest_after"])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"longest_before": 9000.0, "longest_standing": 4000.0},
            "The planned services and 2 new sites could shorten the longest way",
        ),
        (
            {"out_of_reach_before": 120.0},
            "Today 120 people reach no service at all. With 2 new sites it would be 0, and",
        ),
    ],
)
def test_longest_way_is_told_with_what_shortens_it(
    changed: dict[str, float], told: str, make: Make
) -> None:
    findings = make(study={"siting": {"models": ["p_center"], "p": 2}})
    table = findings.before_after
    whole = table["level"] == "city"
    table.loc[whole, list(changed)] = list(changed.values())
    assert told in said(findings)
    assert brief.tiles(findings, "en")[-1].note != brief.tiles(findings, "fa")[-1].note


def test_fewest_sites_are_counted_and_who_is_left_out(make: Make) -> None:
    findings = make(study={"siting": {"models": ["lscp"]}})
    count = len(findings.plans["lscp"].sites)
    assert f"It would take {count} new sites to bring everybody within reach" in said(findings)
    unproven = {"lscp": replace(findings.plans["lscp"], status="time_limit", gap=0.1)}
    told = said(replace(findings, plans=unproven))
    assert f"It would take at most {count} new sites to bring everybody" in told


def test_people_who_lose_a_service_are_taken_off_those_whom_sites_bring(make: Make) -> None:
    siting = {"models": ["conditioned"], "objective": "price", "closing": -2.0}
    findings = make(study={"siting": siting})
    assert findings.conditioned is not None
    assert len(findings.conditioned.closed)
    whole = findings.before_after.query("level == 'city'").iloc[0]
    net = whole["uncovered_standing"] - whole["uncovered_after"]
    assert net < findings.sites["reached"].sum()
    assert brief.tiles(findings, "en")[-1].figure == f"+{net:,.0f}"
    assert f"Services that would close: {len(findings.conditioned.closed)}." in said(findings)


def test_a_budget_of_nothing_opens_nothing(make: Make) -> None:
    findings = make(study={"siting": {"models": ["conditioned"], "budget": 0}})
    assert site_grids.proof(findings, "conditioned", "en").startswith("These conditions leave no")


def test_conditions_are_told_with_their_price_and_floor(make: Make) -> None:
    siting = {"models": ["conditioned"], "budget": 4, "floor": 0.5}
    told = said(make(study={"siting": siting}))
    assert "Under the conditions set, 4 new sites for a price of 4 would bring coverage to" in told
    assert "of the people would be served." in told


def test_the_conditions_of_a_plan_stand_under_its_heading_in_both_languages(make: Make) -> None:
    kinds = {"kiosk": {"price": 1.0, "capacity": 20.0}, "office": {"price": 3.0}}
    siting = {"models": ["conditioned"], "budget": 8, "floor": 0.25, "closing": 0.5}
    findings = make(study={"siting": siting})
    options = findings.study.options
    kept = replace(
        options.conditions,
        kinds={name: SiteKind(**values) for name, values in kinds.items()},
        people_per_capacity=250.0,
        gini=0.3,
    )
    study = replace(findings.study, options=replace(options, conditions=kept))
    asked = replace(findings, study=study)
    assert conditions_said(asked, "en") == (
        "Conditions: opening and closing cost 8 or less together; a site is one of these kinds: "
        "kiosk at a price of 1 with a capacity of 20, office at a price of 3; closing a service "
        "costs 0.5; at least 25% of the people of each district served; Gini coefficient of the "
        "districts' shares at most 0.3; one unit of capacity is enough for 250 people."
    )
    assert site_grids.site_grid(findings, "conditioned", "en").note.startswith("Conditions: ")
    persian = conditions_said(asked, "fa")
    assert persian.startswith("شرط‌ها: ")
    assert not any(digit in persian for digit in "0123456789")
    one = replace(kept, floor={"1": 0.4, "2": 0.3}, budget=None, closing=-1.0)
    study = replace(findings.study, options=replace(options, conditions=one))
    told = conditions_said(replace(findings, study=study), "en")
    assert "closing a service saves 1; at least these shares of the people served: 40% in" in told


def test_how_unequal_a_plan_may_be_is_told_in_both_languages(make: Make) -> None:
    siting = {"models": ["conditioned"], "p": 3, "gini": 0.1}
    findings = make(study={"siting": siting})
    assert findings.conditioned is not None
    groups = findings.conditioned.groups
    n, c = groups["people"].to_numpy(), groups["share"].to_numpy()
    # Over all pairs of people: half their mean difference, by the mean.
    found = (n[:, None] * n * abs(c[:, None] - c)).sum() / (2 * n.sum() * (n @ c))
    assert f"Gini coefficient {found:.2f} of at most 0.1 " in said(findings)
    assert "ضریب جینی" in " ".join(brief.sentences(findings, "fa"))


def test_one_site_for_each_place_is_told(make: Make) -> None:
    siting = {"models": ["conditioned"], "single_source": True, "people_per_capacity": 1000}
    findings = make(study={"siting": siting})
    assert "The people of one place would all be served at the same site." in said(findings)
    assert "همگی از یک مکان" in " ".join(brief.sentences(findings, "fa"))
