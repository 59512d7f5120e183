"""From files to findings: what a city is called, where it lies and how its rows are ordered.

No number here is ours: each test analyses one city twice, in two disguises, and the two answers
must be one. The city is uneven enough for ranks, gaps and plans to have something to tell.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import city
from ecity_geo import analyse, load_study
from ecity_geo.findings import Findings

SITING = {"siting": {"p": 2, "models": ["mclp", "p_median"]}}
NAMES = {"1": "شمال", "2": "b-2", "3": "007", "4": "4"}


def people() -> np.ndarray:
    """People who live unevenly, so that no two cells of the raster are as full."""
    drawn = np.random.default_rng(5).gamma(2.0, 10.0, (20, 20))
    return np.round(drawn * city.population(), 2).astype("float32")


def answers() -> pd.DataFrame:
    """Twelve respondents per district, around its own answer."""
    rng = np.random.default_rng(6)
    rows = []
    for district, middle in city.ANSWER.items():
        drawn = np.clip(rng.integers(-1, 2, (12, 4)) + middle, 1, 5)
        rows += [(f"r{district}{n:02d}", district, *line) for n, line in enumerate(drawn.tolist())]
    return pd.DataFrame(rows, columns=["respondent_id", "district_id", *city.ITEMS])


def findings(folder: Path, **changes: Any) -> Findings:
    parts = {"population": people(), "responses": answers(), "study": SITING} | changes
    return analyse(load_study(city.write_city(folder, **parts)))


def lines() -> gpd.GeoDataFrame:
    """The streets, a little aside, so that no cell is as near to one as to another."""
    aside = city.streets()
    return aside.set_geometry(aside.translate(13, 29))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return findings(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def on_streets(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return findings(tmp_path_factory.mktemp("streets"), streets=lines())


def numbers(found: Findings, names: dict[str, str] | None = None) -> pd.DataFrame:
    """Every number of the districts, under their first names and in their first order."""
    table = pd.DataFrame(found.districts.drop(columns="geometry"))
    if names:
        table = table.rename(index={new: old for old, new in names.items()})
    return table.loc[list(city.PEOPLE)].select_dtypes("number").astype(float)


def same(one: Findings, two: Findings, names: dict[str, str] | None = None) -> None:
    """Hold that two findings tell the same of each district, of the city and of its plans."""
    pd.testing.assert_frame_equal(
        numbers(one), numbers(two, names), rtol=1e-6, atol=1e-9, check_names=False
    )
    words = ["readiness_reason", "gap_class"]
    back = {new: old for old, new in (names or {}).items()}
    told = two.districts.rename(index=back).loc[list(city.PEOPLE), words]
    assert told.to_numpy().tolist() == one.districts[words].to_numpy().tolist()
    assert list(one.city) == list(two.city)
    for key, value in one.city.items():
        expected = value if isinstance(value, str) else pytest.approx(value, rel=1e-6, nan_ok=True)
        assert two.city[key] == expected, key
    same_plans(one, two)


def same_plans(one: Findings, two: Findings) -> None:
    assert list(one.plans) == list(two.plans) == ["mclp", "p_median"]
    for name, plan in one.plans.items():
        other = two.plans[name]
        assert other.objective == pytest.approx(plan.objective, rel=1e-6)
        assert (other.status, len(other.sites)) == (plan.status, len(plan.sites))
        assert other.gains["added"].tolist() == pytest.approx(plan.gains["added"].tolist())


def places(found: Findings) -> np.ndarray:
    """Where the new sites stand, in metres from the corner of the city."""
    corner = found.districts.total_bounds[:2]
    return np.column_stack([found.sites.geometry.x, found.sites.geometry.y]) - corner


# --- where the city lies ----------------------------------------------------------------------


def moved(folder: Path, monkeypatch: pytest.MonkeyPatch, by: tuple[float, float]) -> Path:
    """Write the city somewhere else, every file of it."""
    x, y = city.ORIGIN[0] + by[0], city.ORIGIN[1] + by[1]
    with monkeypatch.context() as patch:
        patch.setattr(city, "ORIGIN", (x, y))
        path = city.write_city(folder, population=people(), responses=answers(), study=SITING)
        city.write_raster(folder / "population.tif", people(), west=x, north=y + 2000)
    return path


# By whole cells of the grid of candidates (500 m), which lies in the CRS and not at the city.
@pytest.mark.parametrize("by", [(-90_000.0, 0.0), (12_500.0, -60_500.0), (-500.0, 2_000_000.0)])
def test_a_city_that_has_moved_is_the_same_city(
    by: tuple[float, float], plain: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = analyse(load_study(moved(tmp_path, monkeypatch, by)))
    same(plain, there)
    assert there.sites.index.tolist() == plain.sites.index.tolist()
    assert places(there) == pytest.approx(places(plain), abs=1e-6)


@pytest.mark.parametrize("code", ["EPSG:4326", "EPSG:32639", "EPSG:3857"])
def test_files_in_another_crs_tell_of_the_same_city(
    code: str, plain: Findings, tmp_path: Path
) -> None:
    # An edge that is straight in one projection bends in another by less than a decimetre per
    # kilometre, which moves no cell's centre across it: all is the same but the areas' last digits.
    path = city.write_city(
        tmp_path,
        population=people(),
        responses=answers(),
        study=SITING | {"boundaries": {"path": "d.gpkg"}},
    )
    city.districts().to_crs(code).to_file(tmp_path / "d.gpkg")
    there = analyse(load_study(path))
    area = ["area_km2", "density_km2"]
    pd.testing.assert_frame_equal(
        numbers(plain).drop(columns=area), numbers(there).drop(columns=area), rtol=1e-6
    )
    pd.testing.assert_frame_equal(numbers(plain)[area], numbers(there)[area], rtol=1e-3)
    same_plans(plain, there)


# --- what things are called -------------------------------------------------------------------


def test_other_ids_of_districts_change_no_number(plain: Findings, tmp_path: Path) -> None:
    drawn = city.districts()
    drawn["district_id"] = drawn["district_id"].map(NAMES)
    asked = answers()
    asked["district_id"] = asked["district_id"].map(NAMES)
    same(plain, findings(tmp_path, districts=drawn, responses=asked), NAMES)


def test_other_ids_of_respondents_and_services_change_no_number(
    plain: Findings, tmp_path: Path
) -> None:
    asked = answers().assign(respondent_id=[f"پاسخگو {n}" for n in range(48)])
    kiosks = city.services().assign(service_id=["z", "y", "x"])
    there = findings(tmp_path, responses=asked, services=kiosks)
    same(plain, there)
    assert there.services["people_nearest"].tolist() == plain.services["people_nearest"].tolist()


def test_other_names_of_fields_change_nothing(plain: Findings, tmp_path: Path) -> None:
    fields = {"service_id": "کد", "lon": "طول", "lat": "عرض", "status": "وضعیت"}
    keys = {"id": "کد", "x": "طول", "y": "عرض", "status": "وضعیت"}
    there = findings(
        tmp_path,
        services=city.services().rename(columns=fields),
        responses=answers().rename(columns={"district_id": "منطقه"}),
        study=SITING | {"services": keys, "survey": {"district": "منطقه"}},
    )
    same(plain, there)


def test_districts_by_name_or_by_coordinates_are_those_by_code(
    plain: Findings, tmp_path: Path
) -> None:
    asked = answers()
    names = city.districts().set_index("district_id")["name_fa"]
    middles = city.districts().set_index("district_id").geometry.centroid.to_crs("EPSG:4326")
    home = asked["district_id"]
    asked = asked.assign(name=home.map(names), x=home.map(middles.x), y=home.map(middles.y))
    by_name = {"survey": {"district": "name", "district_by": "name"}}
    same(plain, findings(tmp_path / "a", responses=asked, study=SITING | by_name))
    by_place = {"survey": {"district": None, "district_by": "coordinates", "x": "x", "y": "y"}}
    same(plain, findings(tmp_path / "b", responses=asked, study=SITING | by_place))


# --- how rows and columns are ordered ---------------------------------------------------------


def shuffled(frame: Any, rng: np.random.Generator) -> Any:
    """Rows and columns in another order."""
    columns = frame.columns[rng.permutation(frame.shape[1])]
    return frame.iloc[rng.permutation(len(frame))][columns].reset_index(drop=True)


@pytest.mark.parametrize("seed", range(4))
def test_order_of_rows_and_columns_of_every_file_changes_nothing(
    seed: int, plain: Findings, tmp_path: Path
) -> None:
    rng = np.random.default_rng(seed)
    there = findings(
        tmp_path,
        districts=shuffled(city.districts(), rng),
        responses=shuffled(answers(), rng),
        services=shuffled(city.services(), rng),
    )
    same(plain, there)
    assert there.sites.index.tolist() == plain.sites.index.tolist()
    low, high = plain.ranking.table["rank_low"], plain.ranking.table["rank_high"]
    assert there.ranking.table["rank_low"].loc[low.index].tolist() == low.tolist()
    assert there.ranking.table["rank_high"].loc[high.index].tolist() == high.tolist()


@pytest.mark.parametrize("seed", range(4))
def test_order_and_direction_of_streets_change_nothing(
    seed: int, on_streets: Findings, tmp_path: Path
) -> None:
    # Walkers go both ways, so a street may be drawn from either end.
    rng = np.random.default_rng(seed)
    drawn = shuffled(lines(), rng)
    turned = rng.random(len(drawn)) < 0.5
    drawn.loc[turned, "geometry"] = drawn.geometry[turned].reverse()
    there = findings(tmp_path, streets=drawn)
    same(on_streets, there)


def test_streets_cut_in_halves_are_the_same_streets(on_streets: Findings, tmp_path: Path) -> None:
    start, middle, end = (lines().interpolate(at, normalized=True) for at in (0, 0.5, 1))
    halves = pd.concat([start.shortest_line(middle), middle.shortest_line(end)])
    cut = gpd.GeoDataFrame({"minutes": 0.5}, index=range(len(halves)), geometry=halves.to_numpy())
    same(on_streets, findings(tmp_path, streets=cut.set_crs(city.CRS)))


# --- what is counted twice or nowhere ---------------------------------------------------------


def test_twice_the_people_double_every_count_of_them(plain: Findings, tmp_path: Path) -> None:
    there = findings(tmp_path, population=people() * 2)
    one, two = numbers(plain), numbers(there)
    doubled = ["population", "density_km2", "people_uncovered"]
    halved = ["services_per_10k", "access_per_1000"]
    kept = ["mean_cost", "covered_share", "covered_share_planned", "readiness", "rank"]
    pd.testing.assert_frame_equal(one[doubled] * 2, two[doubled], rtol=1e-6)
    pd.testing.assert_frame_equal(one[halved] / 2, two[halved], rtol=1e-6)
    pd.testing.assert_frame_equal(one[kept], two[kept], rtol=1e-6)
    assert there.sites.index.tolist() == plain.sites.index.tolist()
    for name, plan in plain.plans.items():
        assert there.plans[name].objective == pytest.approx(2 * plan.objective, rel=1e-6)


def test_every_respondent_twice_keeps_every_mean(plain: Findings, tmp_path: Path) -> None:
    again = answers().assign(respondent_id=lambda frame: frame["respondent_id"] + "'")
    there = findings(tmp_path, responses=pd.concat([answers(), again]))
    means = [name for name in numbers(plain) if name.startswith("readiness")]
    means = [name for name in means if name.rpartition("_")[2] not in {"low", "high", "n"}]
    pd.testing.assert_frame_equal(numbers(plain)[means], numbers(there)[means])
    assert there.districts["readiness_n"].tolist() == [24] * 4
    width = [f.districts["readiness_high"] - f.districts["readiness_low"] for f in (there, plain)]
    assert (width[0] < width[1]).all()


def test_a_column_and_a_layer_that_nobody_asked_for_change_nothing(
    plain: Findings, tmp_path: Path
) -> None:
    there = findings(
        tmp_path,
        responses=answers().assign(remark="خیلی خوب", telephone="0914"),
        services=city.services().assign(owner="x"),
        districts=city.districts().assign(mayor="y"),
    )
    same(plain, there)


def test_people_of_districts_fabrics_and_cells_add_up(plain: Findings) -> None:
    total = float(people().astype(float).sum())
    assert plain.city["population"] == pytest.approx(total)
    assert plain.districts["population"].sum() == pytest.approx(total)
    assert plain.fabrics["population"].sum() == pytest.approx(total)
    assert plain.demand["population"].sum() == pytest.approx(total)
    left = plain.demand.loc[~plain.demand["covered"].astype(bool), "population"].sum()
    assert plain.city["people_uncovered"] == pytest.approx(left)
    assert plain.districts["people_uncovered"].sum() == pytest.approx(left)
