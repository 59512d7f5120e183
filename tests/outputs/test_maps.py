"""The four maps as pages: complete, the same each time, light, in two languages."""

from __future__ import annotations

import hashlib
import html as html_module
import json
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from folium.plugins import Draw

from ecity_geo.outputs import assets, maps
from ecity_geo.outputs.fence import BYTE_BUDGET, OfflineMap, json_in_html
from ecity_geo.outputs.sheet import Link
from outputs.factory import CITY_CRS, SOUTH, WEST, make_findings
from pages import Reader, outside_addresses

PAGES = [(kind, lang) for kind in maps.KINDS for lang in ("fa", "en")]
ROOT = Path(__file__).parents[2]


def page(kind: str, lang: str = "en", **changes: Any) -> Reader:
    return Reader(maps.map_html(maps.make_map(make_findings(**changes), kind, lang)))


@cache
def plain_html(kind: str, lang: str = "en") -> str:
    return maps.map_html(maps.make_map(make_findings(), kind, lang))


@cache
def plain(kind: str, lang: str = "en") -> Reader:
    return Reader(plain_html(kind, lang))


def tag(reader: Reader, name: str) -> dict[str, str | None]:
    return next(attrs for each, attrs in reader.tags if each == name)


@pytest.mark.parametrize(("kind", "lang"), PAGES)
def test_page_states_language_direction_and_title(kind: str, lang: str) -> None:
    reader = plain(kind, lang)
    assert tag(reader, "html") == {"lang": lang, "dir": "rtl" if lang == "fa" else "ltr"}
    assert next(a for t, a in reader.tags if a.get("id") == "map")["dir"] == "ltr"
    assert make_findings().study.name.text(lang) in reader.text
    assert [attrs.get("id") for _, attrs in reader.tags if attrs.get("id") == "map"] == ["map"]


@pytest.mark.parametrize(("kind", "lang"), PAGES)
def test_synthetic_data_are_marked_with_the_note(kind: str, lang: str) -> None:
    badge = {"fa": "داده‌های ساختگی", "en": "synthetic data"}[lang]
    assert badge in plain(kind, lang).text
    assert make_findings().study.note.text(lang) in plain(kind, lang).text
    real = page(kind, lang, study={"synthetic": False})
    assert "badge" not in [attrs.get("class") for _, attrs in real.tags]


@pytest.mark.parametrize("kind", maps.KINDS)
def test_same_findings_give_the_same_bytes(kind: str) -> None:
    made = maps.make_map(make_findings(), kind, "en")
    assert maps.map_html(made) == plain_html(kind)
    assert maps.map_html(made) == plain_html(kind), "rendered a second time"


def test_another_process_gives_the_same_bytes() -> None:
    code = (
        "import hashlib\nfrom ecity_geo.outputs import maps\n"
        "from outputs.factory import make_findings\n"
        "page = maps.map_html(maps.siting_map(make_findings(), 'fa'))\n"
        "print(hashlib.sha256(page.encode()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "tests"), "PYTHONHASHSEED": "7"},
    )
    here = hashlib.sha256(plain_html("siting", "fa").encode()).hexdigest()
    assert done.stdout.strip() == here


@pytest.mark.parametrize(("kind", "lang"), PAGES)
def test_policy_names_the_hash_of_each_script_and_style(kind: str, lang: str) -> None:
    reader = plain(kind, lang)
    policy = next(
        str(attrs["content"])
        for name, attrs in reader.tags
        if name == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert len(reader.running_scripts) == 3
    for content in (*reader.running_scripts, *reader.styles):
        assert assets.hash_source(content) in policy
    assert not any("style" in attrs for _, attrs in reader.tags)


@pytest.mark.parametrize(("kind", "lang"), PAGES)
def test_no_text_of_the_catalogues_is_left_unfilled(kind: str, lang: str) -> None:
    reader = plain(kind, lang)
    assert not re.search(r"\{\w*\}|\{\{|nan|None|inf\b", reader.text)


@pytest.mark.parametrize("kind", maps.KINDS)
def test_persian_pages_show_persian_digits(kind: str) -> None:
    findings = make_findings()
    lettered = replace(
        findings,
        districts=findings.districts.assign(name_fa=list("ابپتثج")),
        services=findings.services.assign(name_fa="کیوسک"),
    )
    reader = Reader(maps.map_html(maps.make_map(lettered, kind, "fa")))
    ours = reader.text.split("اجزای این صفحه")[0]
    assert not set(ours) & set("0123456789")


@pytest.mark.parametrize("kind", maps.KINDS)
def test_table_under_the_map_says_what_the_popups_say(kind: str) -> None:
    reader = plain(kind)
    for feature in reader.data()["areas"]["features"]:
        assert feature["properties"]["name"] in reader.text
        for label, value in feature["properties"]["rows"]:
            assert label in reader.text
            assert value in reader.text


def test_table_keeps_columns_apart_that_have_the_same_name() -> None:
    # The second construct is called "People", and so is the population.
    made = maps.readiness_map(make_findings(), "en")
    table = made.sheet.tables[0]
    assert table.columns.count("People") == 2
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert table.rows[0][3] == "3.10 (2.90 to 3.30)"
    assert [row[5] for row in table.rows] == ["1,000", "2,000", "3,000", "4,000", "5,000", "0"]


def test_readiness_map_switches_between_constructs() -> None:
    data = plain("readiness").data()
    assert len(data["views"]) == 3
    assert data["views"][0]["values"][3] == "fewer than 5 answered"
    assert data["views"][0]["fills"][3:] == [None, None, None]


def test_coverage_map_marks_open_and_planned_services_apart() -> None:
    data = plain("coverage").data()
    assert [mark["layer"] for mark in data["marks"]] == ["open"] * 3 + ["planned"]
    assert len(data["cells"]) == len(data["views"][0]["cells"]) == 20
    assert data["views"][1]["cells"] == []


def test_gaps_map_says_how_many_people_have_both_gaps() -> None:
    assert "2,000 people live in districts with low readiness" in plain("gaps").text


def test_siting_map_numbers_the_sites_of_each_model() -> None:
    data = plain("siting", "fa").data()
    sites = [(mark["layer"], mark["text"]) for mark in data["marks"] if "text" in mark]
    assert sites == [("sites_mclp", "۱"), ("sites_mclp", "۲"), ("sites_p_median", "۱")]
    assert [view["groups"] for view in data["views"]] == [["sites_mclp"], ["sites_p_median"]]


def test_siting_headline_names_planned_services_only_where_they_count() -> None:
    assert "2 new sites and the planned services would bring 75%" in plain("siting").text
    findings = make_findings()
    opened = replace(findings, services=findings.services.assign(status="open"))
    reader = Reader(maps.map_html(maps.siting_map(opened, "en")))
    assert "2 new sites would bring 75%" in reader.text


def test_siting_map_without_plans_shows_today() -> None:
    findings = make_findings()
    bare = replace(findings, plans={}, sites=findings.sites.iloc[:0])
    reader = Reader(maps.map_html(maps.siting_map(bare, "en")))
    assert "No new sites were asked for." in reader.text
    assert reader.data()["views"][0]["values"][0] == "100%"


def test_map_without_any_readiness_is_all_hatched() -> None:
    findings = make_findings()
    nothing = findings.districts.assign(readiness=np.nan, readiness_technical=np.nan)
    nothing = nothing.assign(readiness_people=np.nan, readiness_reason="too_few")
    table = findings.readiness.assign(mean=np.nan, low=np.nan, high=np.nan, reason="too_few")
    city = {**findings.city, "readiness": np.nan}
    bare = replace(findings, districts=nothing, readiness=table, city=city)
    reader = Reader(maps.map_html(maps.readiness_map(bare, "en")))
    assert "Too few people answered" in reader.text
    assert reader.data()["views"][0]["fills"] == [None] * 6


def test_unknown_map_is_refused_with_what_there_is() -> None:
    with pytest.raises(ValueError, match="no map 'weather'; there are readiness, coverage"):
        maps.make_map(make_findings(), "weather", "en")


def many(n: int, rng: np.random.Generator) -> dict[str, Any]:
    x = WEST + rng.uniform(0, 6000, n)
    y = SOUTH + rng.uniform(0, 4000, n)
    return {"geometry": shapely.points(x, y), "crs": CITY_CRS}


@pytest.mark.parametrize("kind", ["coverage", "siting"])
def test_twenty_thousand_homes_and_three_thousand_services_keep_the_budget(kind: str) -> None:
    rng = np.random.default_rng(1)
    findings = make_findings()
    homes = findings.demand.sample(20_000, replace=True, random_state=1).reset_index(drop=True)
    demand = gpd.GeoDataFrame(pd.DataFrame(homes.drop(columns="geometry")), **many(20_000, rng))
    demand["population"] = rng.uniform(1, 100, 20_000)
    kiosks = findings.services.sample(3000, replace=True, random_state=1)
    kiosks.index = pd.Index([f"k{n}" for n in range(3000)])
    services = gpd.GeoDataFrame(pd.DataFrame(kiosks.drop(columns="geometry")), **many(3000, rng))
    plans = {
        name: replace(
            plan,
            existing=pd.Index(["k1"]),
            assignment=pd.DataFrame({"cost": rng.uniform(0, 40, 20_000)}, index=demand.index),
        )
        for name, plan in findings.plans.items()
    }
    costs = pd.DataFrame({"k1": rng.uniform(0, 40, 20_000)}, index=demand.index)
    crowded = replace(
        findings,
        demand=demand,
        services=services,
        plans=plans,
        costs=type(findings.costs).from_frame(costs, unit="min"),
        study=replace(findings.study, services=services),
    )
    html = maps.map_html(maps.make_map(crowded, kind, "fa"))
    assert len(html.encode()) < BYTE_BUDGET
    data = Reader(html).data()
    assert len(data["cells"]) <= 2000
    assert sum(mark["layer"] == "open" for mark in data["marks"]) > 1000


def test_map_is_a_folium_map_that_shows_itself_in_a_notebook() -> None:
    made = maps.coverage_map(make_findings(), "fa")
    assert isinstance(made, folium.Map)
    shown = made._repr_html_()
    inner = html_module.unescape(re.search(r'srcdoc="([^"]*)"', shown).group(1))  # type: ignore[union-attr]
    assert inner == maps.map_html(made)


def test_map_saves_itself_as_folium_maps_do(tmp_path: Path) -> None:
    made = maps.gaps_map(make_findings(), "en")
    made.save(tmp_path / "gaps.html")
    assert (tmp_path / "gaps.html").read_text("utf-8") == maps.map_html(made)


def test_own_elements_of_leaflet_may_be_added() -> None:
    made = maps.gaps_map(make_findings(), "en")
    folium.CircleMarker([38.05, 46.28], radius=9).add_to(made)
    folium.Marker([38.06, 46.29]).add_to(made)
    html = maps.map_html(made)
    assert "L.circleMarker(" in html
    assert outside_addresses(html) == set()


def test_an_element_that_fetches_is_refused() -> None:
    made = maps.gaps_map(make_findings(), "en")
    Draw().add_to(made)
    with pytest.raises(ValueError, match=r"fetches .* from https://.*open without a network"):
        maps.map_html(made)


def test_folium_itself_stays_as_it_was() -> None:
    before = list(folium.Map.default_js), list(folium.Map.default_css)
    maps.map_html(maps.gaps_map(make_findings(), "en"))
    assert (folium.Map.default_js, folium.Map.default_css) == before
    assert OfflineMap.default_js == OfflineMap.default_css == []


@pytest.mark.parametrize("text", ["</script>", "<!--", "a & b", "\u2028", "]]>"])
def test_json_in_html_reads_back_and_holds_no_markup(text: str) -> None:
    written = json_in_html({"name": text})
    assert json.loads(written) == {"name": text}
    assert not set(written) & set("<>&\u2028\u2029")


def test_json_in_html_refuses_what_json_does_not_know() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        json_in_html({"cost": float("inf")})


def test_services_stand_in_a_table_where_the_map_marks_them() -> None:
    findings = make_findings()
    for lang, caption in {"en": "The services as a table", "fa": "جدول خدمات"}.items():
        sheet = maps.coverage_map(findings, lang).sheet
        grid = next(each for each in sheet.tables if each.caption == caption)
        assert len(grid.rows) == len(findings.services)
        assert all(len(row) == len(grid.columns) for row in grid.rows)
        bare = maps.readiness_map(findings, lang).sheet.tables
        assert caption not in [each.caption for each in bare]


def test_each_plan_has_a_headline_with_its_aim() -> None:
    sheet = maps.siting_map(make_findings(), "en").sheet
    first, second = (view.headline for view in sheet.views)
    assert first.startswith("To bring the most people within reach (Maximal covering): 2 new sites")
    assert second.startswith("So that the way is shortest for all together (p-median): ")
    assert "shorter per person" in second
    assert sheet.headline == first


def test_a_map_alone_leads_nowhere_and_in_a_run_to_all_pages() -> None:
    alone = maps.siting_map(make_findings(), "en")
    assert 'href="index' not in maps.map_html(alone)
    links = [Link(label="Council", href="index.en.html"), Link(label="Here")]
    html = maps.map_html(maps.linked(alone, links))
    assert '<a href="index.en.html">Council</a>' in html
    assert '<span aria-current="page">Here</span>' in html


def test_services_outside_the_city_are_counted_apart() -> None:
    findings = make_findings()
    services = findings.services.copy()
    services["district_id"] = services["district_id"].astype(object)
    services.iloc[0, services.columns.get_loc("district_id")] = None
    layer = maps.coverage_map(replace(findings, services=services), "en").sheet.layers[0]
    assert layer.items[-1].label == "and 1 outside the city, counted for reach"
    amounts = [int(item.amount) for item in layer.items if item.amount]
    assert sum(amounts) == (services["status"] == "open").sum() - 1
