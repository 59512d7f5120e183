"""Pairs within a distance: the same as a table of all distances, to the last pair."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.geo import near
from ecity_geo.geo.near import NearPairs


def table(places: np.ndarray, goals: np.ndarray, reach: float) -> dict[tuple[int, int], float]:
    """The peer: every distance."""
    away = np.hypot(*(places[:, None] - goals).transpose(2, 0, 1))
    return {(i, j): away[i, j] for i, j in np.argwhere(away <= reach).tolist()}


def found(pairs: NearPairs) -> dict[tuple[int, int], float]:
    place, goal, metres = pairs.all()
    assert (np.diff(goal) >= 0).all()
    got = dict(zip(zip(place.tolist(), goal.tolist(), strict=True), metres, strict=True))
    assert len(got) == len(place)
    return got


@pytest.mark.parametrize("many", [0, 10**12], ids=["compiled", "plain"])
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 100_000),
    whole=st.booleans(),
    reach=st.sampled_from([0.0, 1e-3, 1.0, 5.0, 13.0, 40.0, 1e9, np.inf]),
    size=st.sampled_from([0.0, 1e-6, 30.0, 30_000.0]),
)
def test_pairs_are_those_of_the_whole_table(
    many: int, seed: int, whole: bool, reach: float, size: float
) -> None:
    # On whole coordinates many distances are the reach itself (3, 4, 5 and 5, 12, 13).
    rng = np.random.default_rng(seed)
    draw = rng.integers(0, 30, (70, 2)).astype(float) if whole else rng.random((70, 2)) * size
    places, goals = draw[:55] + [6e5, 4.2e6], draw[55:] + [6e5, 4.2e6]
    goals[-2:] += [[50, -80], [0, 1e5]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "MANY", many)
        patch.setattr(near, "BLOCK", 40)
        pairs = NearPairs.of(places, goals, reach)
    got, expected = found(pairs), table(places, goals, reach)
    assert got.keys() == expected.keys()
    assert list(got.values()) == pytest.approx([expected[pair] for pair in got])


def test_blocks_part_the_goals_in_order() -> None:
    rng = np.random.default_rng(0)
    places = rng.random((5000, 2)) * 1000
    pairs = NearPairs.of(places, rng.random((400, 2)) * 1000, 300.0)
    ends = [end for block in pairs.blocks for end in block]
    assert ends[0] == 0
    assert ends[-1] == 400
    assert ends[1:-1:2] == ends[2::2]
    assert len(pairs.blocks) > 2
    first, last = pairs.blocks[1]
    goal = pairs.read(pairs.blocks[1])[1]
    assert set(goal.tolist()) <= set(range(first, last))


def test_few_points_never_load_the_compiler() -> None:
    code = (
        "import sys, numpy as np; from ecity_geo.geo.near import NearPairs;"
        "points = np.random.default_rng(0).random((182, 2));"
        "print(len(NearPairs.of(points, points[:10], 9.0).all()[0]), 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1820 False"


def test_no_pair_is_farther_than_the_reach_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Of 8 % of pairs the root of the sum of squares is a unit in the last place above hypot.
    rng = np.random.default_rng(0)
    ways = rng.random((300, 2)) * 1000
    for compiled in (False, True):
        monkeypatch.setattr(near, "MANY", 0 if compiled else 10**9)
        for way in ways:
            reach = float(np.hypot(*way))
            pairs = near.NearPairs.of(np.zeros((1, 2)), way[None], reach)
            assert pairs.many == compiled
            assert pairs.all()[2].max() <= reach
            assert pairs.all()[2].min() == pytest.approx(reach, rel=1e-15)
