"""Scores and means: against scipy, statsmodels and sums that can be done in the head."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.indicators.readiness import (
    cell_means,
    overall_by_unit,
    readiness_table,
    score_respondents,
    suppress,
)

ITEMS = pd.DataFrame(
    {
        "construct": ["tech", "tech", "org"],
        "reverse": [False, True, False],
        "weight": [1.0, 3.0, 1.0],
    },
    index=pd.Index(["a", "b", "c"], name="item"),
)


def responses(**columns: list[int | None]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame(columns, index=[f"r{i}" for i in range(n)])
    return frame.astype("Int64")


def test_scores_reverse_weigh_and_average() -> None:
    scores = score_respondents(responses(a=[5], b=[1], c=[2]), ITEMS, scale=(1, 5))
    # b is reversed: 1 becomes 5. tech = (1 * 5 + 3 * 5) / 4, overall = (5 + 2) / 2.
    assert scores.loc["r0"].to_dict() == {
        "a": 5,
        "b": 5,
        "c": 2,
        "tech": 5,
        "org": 2,
        "overall": 3.5,
    }


def test_construct_weights_move_the_overall_score() -> None:
    weights = pd.Series({"tech": 3.0, "org": 1.0})
    scores = score_respondents(
        responses(a=[5], b=[1], c=[1]), ITEMS, scale=(1, 5), construct_weights=weights
    )
    assert scores.loc["r0", "overall"] == pytest.approx((3 * 5 + 1) / 4)


def test_a_construct_with_too_few_answers_has_no_score() -> None:
    answers = responses(a=[5, 5], b=[None, 1], c=[2, 2])
    strict = score_respondents(answers, ITEMS, scale=(1, 5))
    assert np.isnan(strict.loc["r0", "tech"])
    assert np.isnan(strict.loc["r0", "overall"])
    assert strict.loc["r1", "overall"] == 3.5
    lenient = score_respondents(answers, ITEMS, scale=(1, 5), min_answered=0.5)
    assert lenient.loc["r0", "tech"] == 5


def test_missing_item_column_is_named() -> None:
    with pytest.raises(AnalysisError, match=r"\['c'\]"):
        score_respondents(responses(a=[1], b=[1]), ITEMS, scale=(1, 5))


def test_unweighted_interval_agrees_with_scipy() -> None:
    rng = np.random.default_rng(0)
    x = pd.DataFrame({"m": rng.integers(1, 6, 40).astype(float)})
    by = pd.Series(["d"] * 40)
    row = cell_means(x, by, confidence=0.9).iloc[0]
    low, high = stats.t.interval(0.9, 39, loc=x["m"].mean(), scale=stats.sem(x["m"]))
    assert (row["low"], row["high"]) == pytest.approx((low, high), abs=1e-12)
    assert row["sd"] == pytest.approx(x["m"].std())


def test_weighted_interval_agrees_with_statsmodels_robust_wls() -> None:
    rng = np.random.default_rng(1)
    x = pd.DataFrame({"m": rng.integers(1, 6, 30).astype(float)})
    weight = pd.Series(rng.uniform(0.5, 2, 30))
    row = cell_means(x, pd.Series(["d"] * 30), weight=weight).iloc[0]
    peer = sm.WLS(x["m"], np.ones(30), weights=weight).fit(cov_type="HC1", use_t=True)
    low, high = peer.conf_int().to_numpy()[0]
    assert row["mean"] == pytest.approx(peer.params.iloc[0])
    assert (row["low"], row["high"]) == pytest.approx((low, high))


def test_interval_of_a_mean_stays_on_the_scale() -> None:
    x = pd.DataFrame({"m": [5.0, 5.0, 4.0]})
    row = cell_means(x, pd.Series(["d"] * 3), scale=(1, 5)).iloc[0]
    assert row["high"] == 5


def test_respondents_without_a_district_are_in_no_cell() -> None:
    x = pd.DataFrame({"m": [1.0, 2.0, 5.0]})
    cells = cell_means(x, pd.Series(["d", "d", None]))
    assert cells[["unit_id", "n", "mean"]].to_numpy().tolist() == [["d", 2, 1.5]]


def test_small_cells_are_suppressed_with_their_reason() -> None:
    x = pd.DataFrame({"m": [3.0] * 20})
    by = pd.Series(["big"] * 8 + ["other"] * 7 + ["small"] * 5)
    table = suppress(
        cell_means(x, by), units=pd.Index(["big", "other", "small", "none"]), min_count=6
    )
    reasons = table.set_index("unit_id")["reason"]
    # 5 hidden answers would follow from the city's mean, so the next smallest goes too.
    assert reasons.to_dict() == {
        "big": "",
        "other": "secondary",
        "small": "too_few",
        "none": "no_respondents",
    }
    assert table.set_index("unit_id")["n"].isna().to_dict() == {
        "big": False,
        "other": True,
        "small": True,
        "none": False,
    }
    assert table.loc[table["suppressed"], ["mean", "sd", "low", "high"]].isna().all(axis=None)


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 12), min_size=2, max_size=8),
    min_count=st.integers(1, 8),
)
def test_what_is_hidden_is_never_a_small_group(sizes: list[int], min_count: int) -> None:
    units = [f"d{i}" for i in range(len(sizes))]
    by = pd.Series(np.repeat(units, sizes), dtype=object)
    x = pd.DataFrame({"m": np.ones(len(by))})
    table = suppress(cell_means(x, by), units=pd.Index(units), min_count=min_count)
    if len(by) == 0:
        return
    size = dict(zip(units, sizes, strict=True))
    shown = table[~table["suppressed"]]
    assert all(size[unit] >= min_count for unit in shown["unit_id"])
    hidden = sum(size[u] for u in table.loc[table["suppressed"], "unit_id"])
    assert hidden == 0 or hidden >= min_count or shown.empty


def table_of(sizes: dict[tuple[str | None, str | None], int], min_count: int) -> pd.DataFrame:
    """Readiness of respondents who are so many per district and its fabric."""
    places = [place for place, size in sizes.items() for _ in range(size)]
    scores = pd.DataFrame({"overall": np.arange(len(places), dtype=float)})
    return readiness_table(
        scores,
        districts=pd.Series([district for district, _ in places], dtype=object),
        fabrics=pd.Series([fabric for _, fabric in places], dtype=object),
        district_ids=pd.Index(sorted({d for d, _ in sizes if d is not None})),
        fabric_ids=pd.Index(sorted({f for _, f in sizes if f is not None})),
        items=ITEMS,
        min_count=min_count,
    )


def reasons(table: pd.DataFrame, level: str) -> dict[str, str]:
    rows = table[table["level"] == level]
    return dict(zip(rows["unit_id"], rows["reason"], strict=True))


def test_a_small_district_is_not_given_away_by_its_fabric() -> None:
    sizes: dict[tuple[str | None, str | None], int] = {
        ("1", "planned"): 8,
        ("2", "historic"): 3,
        ("3", "historic"): 10,
        ("4", "planned"): 9,
    }
    # Historic less district 3 would be the three of district 2; district 1 is no cover for them.
    table = table_of(sizes, min_count=5)
    assert reasons(table, "district") == {"1": "", "2": "too_few", "3": "secondary", "4": ""}
    assert reasons(table, "fabric") == {"historic": "", "planned": ""}


def test_a_respondent_without_a_district_is_not_given_away_by_the_city() -> None:
    table = table_of({("1", "planned"): 9, ("2", "rural"): 10, (None, None): 1}, min_count=5)
    assert reasons(table, "city") == {"city": ""}
    assert reasons(table, "district") == {"1": "secondary", "2": ""}
    assert reasons(table, "fabric") == {"planned": "secondary", "rural": ""}


def test_districts_of_several_fabrics_are_refused() -> None:
    with pytest.raises(AnalysisError, match="'1'"):
        table_of({("1", "planned"): 9, ("1", "rural"): 9}, min_count=5)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(
        st.tuples(st.sampled_from([None, "a", "b", "c"]), st.integers(0, 12)),
        min_size=1,
        max_size=8,
    ),
    nowhere=st.integers(0, 7),
    min_count=st.integers(1, 7),
)
def test_no_sum_of_printed_cells_leaves_a_small_group(
    sizes: list[tuple[str | None, int]], nowhere: int, min_count: int
) -> None:
    places: dict[tuple[str | None, str | None], int] = {
        (str(at), fabric): size for at, (fabric, size) in enumerate(sizes)
    }
    places[None, None] = nowhere
    if not sum(places.values()):
        return
    table = table_of(places, min_count=min_count)
    leaves = list(places)
    size = np.array(list(places.values()))
    printed = []
    for level, unit in table.loc[~table["suppressed"], ["level", "unit_id"]].to_numpy().tolist():
        at = {"city": None, "fabric": 1, "district": 0}[level]
        printed.append([1 if at is None else int(leaf[at] == unit) for leaf in leaves])
    # Every sum and difference of printed cells, by enumeration, that is a plain group of leaves.
    groups = {tuple([0] * len(leaves))}
    for row in printed:
        groups |= {
            tuple(np.add(group, np.multiply(sign, row)).tolist())
            for group in groups
            for sign in (-1, 1)
        }
    for group in groups:
        if set(group) <= {0, 1} and any(group):
            count = int(size @ np.array(group))
            assert count == 0 or count >= min_count


def test_readiness_table_has_every_unit_and_joins_wide() -> None:
    rng = np.random.default_rng(2)
    answers = responses(
        a=rng.integers(1, 6, 30).tolist(),
        b=rng.integers(1, 6, 30).tolist(),
        c=rng.integers(1, 6, 30).tolist(),
    )
    scores = score_respondents(answers, ITEMS, scale=(1, 5))
    districts = pd.Series(["1"] * 15 + ["2"] * 13 + [None] * 2, index=scores.index)
    fabrics = pd.Series(["planned"] * 30, index=scores.index)
    table = readiness_table(
        scores,
        districts=districts,
        fabrics=fabrics,
        district_ids=pd.Index(["1", "2", "3"], name="district_id"),
        fabric_ids=pd.Index(["planned"], name="fabric"),
        items=ITEMS,
    )
    # (1 city + 3 districts + 1 fabric) x (3 items + 2 constructs + overall)
    assert len(table) == 5 * 6
    assert set(table["kind"]) == {"item", "construct", "overall"}
    city = table[(table["level"] == "city") & (table["measure"] == "overall")].iloc[0]
    assert city["mean"] == pytest.approx(scores["overall"].mean())
    wide = overall_by_unit(table, "district")
    assert wide.loc["3", "readiness_reason"] == "no_respondents"
    assert wide.loc["1", "readiness_tech"] == pytest.approx(scores["tech"][districts == "1"].mean())


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_group_means_weighted_by_size_give_the_whole_mean(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = pd.DataFrame({"m": rng.integers(1, 6, 50).astype(float)})
    by = pd.Series(rng.choice(["1", "2", "3"], 50))
    cells = cell_means(x, by)
    whole = (cells["mean"] * cells["n"]).sum() / cells["n"].sum()
    assert whole == pytest.approx(x["m"].mean())
