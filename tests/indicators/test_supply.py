"""Services per district and per 10,000 people, on numbers done in the head."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.indicators.supply import services_by_district, services_per_10k

DISTRICTS = pd.Index(["1", "2", "3"], name="district_id")
SERVICES = pd.DataFrame(
    {
        "status": ["open", "open", "planned", "open"],
        "district_id": ["2", "1", "2", None],
    },
    index=["k1", "k2", "k3", "k4"],
)


def test_open_and_planned_are_counted_apart_and_none_is_zero() -> None:
    counts = services_by_district(SERVICES, DISTRICTS)
    assert counts["services_open"].to_dict() == {"1": 1, "2": 1, "3": 0}
    assert counts["services_planned"].to_dict() == {"1": 0, "2": 1, "3": 0}
    assert counts.dtypes.astype(str).tolist() == ["int64", "int64"]
    assert counts.index.equals(DISTRICTS)


def test_no_services_at_all() -> None:
    counts = services_by_district(SERVICES.iloc[:0], DISTRICTS)
    assert counts.sum().tolist() == [0, 0]


def test_counts_follow_the_order_of_the_districts() -> None:
    turned = services_by_district(SERVICES, DISTRICTS[::-1])
    pd.testing.assert_frame_equal(turned.loc[DISTRICTS], services_by_district(SERVICES, DISTRICTS))


def test_services_per_ten_thousand_people_by_id() -> None:
    count = pd.Series({"1": 1, "2": 3, "3": 5})
    people = pd.Series({"3": 0.0, "2": 60_000.0, "1": 5_000.0})
    rate = services_per_10k(count, people)
    assert rate.loc[["1", "2"]].to_dict() == {"1": 2.0, "2": 0.5}
    assert np.isnan(rate["3"])
    assert rate.name == "services_per_10k"


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000))
def test_counts_agree_with_a_cross_table(seed: int) -> None:
    rng = np.random.default_rng(seed)
    services = pd.DataFrame(
        {
            "status": rng.choice(["open", "planned"], 20),
            "district_id": rng.choice(["1", "2", "3"], 20),
        }
    )
    peer = pd.crosstab(services["district_id"], services["status"]).reindex(
        index=DISTRICTS, columns=["open", "planned"], fill_value=0
    )
    assert services_by_district(services, DISTRICTS).to_numpy().tolist() == peer.to_numpy().tolist()
    people = pd.Series(1000.0, index=DISTRICTS)
    rate = services_per_10k(services_by_district(services, DISTRICTS)["services_open"], people)
    assert rate.sum() == 10 * (services["status"] == "open").sum()
