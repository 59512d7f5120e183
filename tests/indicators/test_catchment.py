"""E2SFCA, M2SFCA, 3SFCA and opportunities: written out, against PySAL, and by what must hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.indicators import decay
from ecity_geo.indicators.catchment import METHODS, floating_catchment, opportunities

DECAYS: dict[str, decay.Decay] = {
    "step": decay.step({2: 1.0, 4: 0.68, 6: 0.22}),
    "gaussian": decay.gaussian(3),
    "to the edge": decay.catchment_gaussian(6),
    "power": decay.power(1.5),
    "exponential": decay.exponential(4),
}


def random_city(seed: int) -> tuple[CostMatrix, pd.Series, pd.Series, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    homes, kiosks = [f"h{i}" for i in range(12)], [f"k{i}" for i in range(5)]
    table = pd.DataFrame(rng.integers(0, 10, (12, 5)).astype(float), index=homes, columns=kiosks)
    table = table.where(rng.random((12, 5)) < 0.8, np.inf)
    people = pd.Series(rng.integers(1, 50, 12).astype(float), index=homes)
    capacity = pd.Series(rng.integers(0, 9, 5).astype(float), index=kiosks)
    return CostMatrix.from_frame(table, unit="min"), people, capacity, table


def written_out(
    table: pd.DataFrame, people: pd.Series, capacity: pd.Series, weigh: decay.Decay, method: str
) -> pd.Series:
    """Each paper's formula on dense arrays."""
    cost = table.to_numpy()
    w = np.where(cost <= 6, weigh(np.where(np.isfinite(cost), cost, 0.0)), 0.0)
    sums = w.sum(axis=1, keepdims=True)
    g = np.divide(w, sums, out=np.zeros_like(w), where=sums > 0)
    asked = w * g if method == "3sfca" else w
    given_ = {"2sfca": w, "m2sfca": w**2, "3sfca": w * g}[method]
    users = people.to_numpy() @ asked
    ratio = np.divide(capacity.to_numpy(), users, out=np.zeros(len(users)), where=users > 0)
    return pd.Series(given_ @ ratio, index=table.index)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000), name=st.sampled_from(list(DECAYS)), method=st.sampled_from(METHODS)
)
def test_each_method_is_its_formula(seed: int, name: str, method: str) -> None:
    cost, people, capacity, table = random_city(seed)
    weigh = DECAYS[name]
    found = floating_catchment(
        cost, people.iloc[::-1], capacity, catchment=6, decay=weigh, method=method
    )
    expected = written_out(table, people, capacity, weigh, method)
    assert found.to_dict() == pytest.approx(expected.to_dict())


# The peer drops a column in a way that pandas 3 calls old.
@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.parametrize("stages", [2, 3])
@pytest.mark.parametrize("shape", ["gaussian", "step"])
def test_pysal_gives_the_same_access(stages: int, shape: str) -> None:
    fca = pytest.importorskip("access.fca", reason="PySAL access is not installed")
    weights = pytest.importorskip("access.weights")
    theirs = (
        weights.gaussian(3) if shape == "gaussian" else weights.step_fn({2: 1, 4: 0.68, 6: 0.22})
    )
    peer: Callable[..., pd.Series] = fca.two_stage_fca if stages == 2 else fca.three_stage_fca
    for seed in range(4):
        cost, people, capacity, table = random_city(seed)
        # The peer normalises trips over all pairs given, so it is given those in the catchment.
        pairs = table.stack().rename("cost").rename_axis(["origin", "dest"]).reset_index()
        expected = peer(
            people.rename("demand").rename_axis("geoid").to_frame(),
            capacity.rename("supply").rename_axis("geoid").to_frame(),
            pairs[pairs["cost"] <= 6].copy(),
            max_cost=6,
            weight_fn=theirs,
        )
        method = "2sfca" if stages == 2 else "3sfca"
        found = floating_catchment(
            cost, people, capacity, catchment=6, decay=DECAYS[shape], method=method
        )
        assert expected.reindex(found.index).fillna(0).tolist() == pytest.approx(found.tolist())


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), name=st.sampled_from(["gaussian", "power", "exponential"]))
def test_capacity_is_given_back_but_by_m2sfca_only_in_part(seed: int, name: str) -> None:
    cost, people, capacity, table = random_city(seed)
    used = capacity[(table <= 6).any()].sum()
    for method in METHODS:
        access = floating_catchment(
            cost, people, capacity, catchment=6, decay=DECAYS[name], method=method
        )
        handed_out = (access * people).sum()
        if method == "m2sfca":
            assert handed_out <= used + 1e-9
        else:
            assert handed_out == pytest.approx(used)


def test_twice_the_people_have_half_the_access() -> None:
    cost, people, capacity, _ = random_city(1)
    for method in METHODS:
        one, two = (
            floating_catchment(
                cost, each, capacity, catchment=6, decay=DECAYS["gaussian"], method=method
            )
            for each in (people, 2 * people)
        )
        assert (two * 2).tolist() == pytest.approx(one.tolist())


def test_opportunities_by_hand() -> None:
    table = pd.DataFrame([[100.0, 900.0], [500.0, np.inf]], index=["h", "i"], columns=["k", "l"])
    cost = CostMatrix.from_frame(table, unit="m")
    desks = pd.Series({"l": 5.0, "k": 2.0})
    assert opportunities(cost, desks, standard=900).to_dict() == {"h": 7, "i": 2}
    halved = opportunities(cost, desks, standard=900, decay=decay.step({499: 1, 900: 0.5}))
    assert halved.to_dict() == {"h": 4.5, "i": 1}


@pytest.mark.parametrize("name", DECAYS)
def test_a_decay_starts_at_one_and_never_rises(name: str) -> None:
    weights = DECAYS[name](np.linspace(0, 30, 301))
    assert weights[0] == pytest.approx(1)
    assert (np.diff(weights) <= 1e-15).all()
    assert (weights >= 0).all()


def test_decays_by_hand() -> None:
    at = np.array([0.0, 3.0, 6.0, 7.0])
    # exp(-1/2), exp(-2); Dai's is 0 at the edge; a step's limit belongs to the nearer zone.
    assert DECAYS["gaussian"](at)[1:3].tolist() == pytest.approx([0.60653066, 0.13533528])
    assert DECAYS["to the edge"](at)[2:].tolist() == [0, 0]
    assert DECAYS["step"](np.array([2.0, 2.1, 6.0, 6.1])).tolist() == [1, 0.68, 0.22, 0]
    assert decay.power(2, nearest=3)(at).tolist() == pytest.approx([1, 1, 1 / 4, 9 / 49])


@pytest.mark.parametrize(
    "make",
    [
        lambda: decay.step({}),
        lambda: decay.step({500: -1.0}),
        lambda: decay.gaussian(0),
        lambda: decay.catchment_gaussian(-5),
        lambda: decay.power(1, nearest=0),
        lambda: decay.exponential(float("nan")),
    ],
)
def test_impossible_decays_are_refused(make: Callable[[], decay.Decay]) -> None:
    with pytest.raises(AnalysisError, match="expected"):
        make()


def test_unknown_method_and_wild_weights_are_refused() -> None:
    cost, people, capacity, _ = random_city(2)
    with pytest.raises(AnalysisError, match="2sfca, m2sfca, 3sfca"):
        floating_catchment(cost, people, capacity, catchment=6, method="4sfca")
    with pytest.raises(AnalysisError, match="negative or not finite"):
        floating_catchment(cost, people, capacity, catchment=6, decay=lambda cost: cost - 1)
    with pytest.raises(AnalysisError, match=r"weights of shape \(\) for"):
        floating_catchment(cost, people, capacity, catchment=6, decay=lambda _: 1.0)  # type: ignore[arg-type,return-value]
