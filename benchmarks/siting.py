"""Time, gap, ratio to the peers and peak memory of the location models, as JSON lines.

    python benchmarks/siting.py [--peers [PEER ...]] [--orlib DIR] [--model p_center]
                                [--cases 5 6 7] [--repeat 3] [--limit 20]

Homes and sites lie evenly in a square, costs are straight lines, people 1 to 499, seeds are fixed;
with `--orlib`, pmed1 to pmed20 of the OR-Library are asked as well (`pmed*.txt` of that folder).
Each case runs in a process of its own, so that `peak_mb` is its own. `seconds` is the median over
`repeat` runs of building nothing but the plan, one run where that takes longer than `PATIENT`; that
of a peer holds building its model and solving it, once, with the same time limit, and `ratio`
divides the two. A peer that stops at the limit reports what it had, so that its ratio is a lower
limit. `gap` is of the bound that was proven by whom it belongs to; `behind` is how much worse the
plan of the peer is than ours. A worker that crashes, or has no answer a minute after twice its time
limits, is told by its `status`.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import resource
import statistics
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import siting_peers
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree
from siting_peers import Problem

from ecity_geo import siting
from ecity_geo.geo.cost import CostMatrix

GRACE = 60
"""Seconds beyond its time limits that a worker has to start, and to build its model."""
PATIENT = 10.0
"""Seconds beyond which a case is run once."""
DENSE = 20_000_000
"""Costs beyond which only pairs within the standard are made."""
PEERS = {
    "highs": siting_peers.highs,
    "ortools-cpsat": partial(siting_peers.ortools, solver="sat"),
    "ortools-scip": partial(siting_peers.ortools, solver="scip"),
    "spopt-highs": partial(siting_peers.spopt, solver="highs"),
    "spopt-cbc": partial(siting_peers.spopt, solver="cbc"),
}


@dataclass(frozen=True)
class Case:
    model: str
    homes: int
    candidates: int
    p: int
    existing: int = 0
    standard: float = 0.0
    seed: int = 0
    """Of the places; 0: the sum of homes and candidates."""
    side: float = 10_000
    """Metres of the square."""
    limit: float = 20.0
    """Seconds of everybody."""
    full: float = 0.0
    """Share of the room of p sites that is needed; 0: they have room for everybody."""
    instance: str = ""
    """Path of an OR-Library instance in place of a square."""


CASES = (
    Case("mclp", 2_000, 300, 20, standard=800),
    *(Case("mclp", 2_000, 300, 20, standard=1_000, seed=seed) for seed in range(6)),
    Case("mclp", 2_000, 300, 20, standard=1_500),
    Case("mclp", 4_000, 300, 5, existing=40, standard=800),
    Case("mclp", 4_000, 300, 5, existing=40, standard=1_200),
    *(
        Case("mclp", 10_000, 1_000, 60, standard=metres, seed=1, side=20_000, limit=60)
        for metres in (1_000, 1_200, 1_500)
    ),
    Case("mclp", 100_000, 2_000, 100, standard=2_000, seed=1, side=60_000, limit=120),
    Case("p_median", 2_000, 300, 20),
    Case("p_median", 4_000, 300, 5, existing=40),
    Case("p_median", 300, 100, 15, full=0.9),
    Case("p_median", 1_000, 150, 15, full=0.9),
    Case("p_median", 10_000, 1_000, 60, full=0.85, seed=1, side=20_000, limit=60, standard=2_500),
    Case("p_center", 400, 100, 10),
    *(Case("p_center", 2_000, 300, 20, seed=seed) for seed in (0, 1, 2, 3, 4)),
)


def library(folder: Path) -> Iterator[Case]:
    """Read the sizes of the p-medians of the OR-Library."""
    for number in range(1, 21):
        path = folder / f"pmed{number}.txt"
        n, _, p = (int(word) for word in path.read_text().split()[:3])
        yield Case("p_median", n, n, p, instance=str(path))


def problem_of(case: Case) -> Problem:
    cost, people = _graph(case) if case.instance else _square(case)
    room = float(np.ceil(people.sum() / case.p / case.full)) if case.full else math.inf
    return Problem(case.model, cost, people, case.p, case.existing, case.standard, room)


def _square(case: Case) -> tuple[CostMatrix, pd.Series]:
    rng = np.random.default_rng(case.seed or case.homes + case.candidates)
    homes = rng.random((case.homes, 2)) * case.side
    sites = rng.random((case.existing + case.candidates, 2)) * case.side
    ids = [f"h{at:05}" for at in range(case.homes)]
    names = [f"s{at:04}" for at in range(len(sites))]
    people = pd.Series(rng.integers(1, 500, case.homes).astype(float), index=ids)
    if len(homes) * len(sites) > DENSE or (case.full and case.standard):
        return _near(homes, sites, ids, names, case.standard), people
    costs = np.hypot(*(homes[:, None] - sites[None]).transpose(2, 0, 1))
    return CostMatrix.from_frame(pd.DataFrame(costs, index=ids, columns=names), unit="m"), people


def _near(
    homes: np.ndarray, sites: np.ndarray, ids: list[str], names: list[str], cutoff: float
) -> CostMatrix:
    pairs = KDTree(homes).sparse_distance_matrix(KDTree(sites), cutoff, output_type="ndarray")
    return CostMatrix.from_pairs(
        pairs["i"],
        pairs["j"],
        pairs["v"],
        demand_ids=pd.Index(ids),
        facility_ids=pd.Index(names),
        unit="m",
        cutoff=cutoff,
    )


def _graph(case: Case) -> tuple[CostMatrix, pd.Series]:
    """Shortest paths between all nodes; of an edge that is repeated the last cost holds."""
    edges = np.array(Path(case.instance).read_text().split()[3:], dtype=float).reshape(-1, 3)
    lengths = np.zeros((case.homes, case.homes))
    for one, other, length in edges:
        at = int(one) - 1, int(other) - 1
        lengths[at] = lengths[at[::-1]] = length
    ids = [f"n{node:03}" for node in range(case.homes)]
    costs = pd.DataFrame(dijkstra(csr_array(lengths), directed=False), index=ids, columns=ids)
    return CostMatrix.from_frame(costs, unit="m"), pd.Series(1.0, index=ids)


def ours(problem: Problem, limit: float, *, repeat: int) -> dict[str, object]:
    names = problem.cost.facility_ids
    standard = {"standard": problem.standard} if problem.model == "mclp" else {}
    seconds: list[float] = []
    while len(seconds) < repeat and max(seconds, default=0.0) <= PATIENT:
        if math.isfinite(problem.room):
            plan = within_capacities(problem, limit)
        else:
            plan = getattr(siting, problem.model)(
                problem.cost,
                problem.people,
                p=problem.p,
                candidates=names[problem.existing :],
                existing=names[: problem.existing],
                time_limit=limit,
                **standard,
            )
        seconds.append(plan.seconds)
    return {
        "seconds": statistics.median(seconds),
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "status": plan.status,
    }


def within_capacities(problem: Problem, limit: float) -> siting.SitingPlan:
    sites = pd.DataFrame({"capacity": problem.room}, index=problem.cost.facility_ids)
    return siting.plan_sites(
        problem.cost,
        problem.people,
        sites,
        objective="travel",
        p=problem.p,
        time_limit=limit,
    ).plan


Work = Callable[[Problem, float], dict[str, object]]


def peak(work: Work, case: Case, limit: float, pipe: object) -> None:
    row = work(problem_of(case), limit)
    row["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    pipe.send(row)


def in_its_own_process(
    who: str, work: Work, case: Case, limit: float, repeat: int = 1
) -> dict[str, object]:
    """Return the row of a worker, or why there is none: it crashed, or did not come to an end."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=peak, args=(work, case, limit, there))
    process.start()
    # Held by the worker alone: when it dies, the waiting ends.
    there.close()
    patience = GRACE + 2 * repeat * limit
    try:
        if here.poll(patience):
            return {"who": who, **here.recv()}
        status = f"stopped after {patience:g} s without an answer"
    except EOFError:
        process.join()
        status = f"crashed with exit code {process.exitcode}; its message is on stderr"
    finally:
        process.terminate()
        process.join()
    return {"who": who, "status": status, "seconds": None}


def beside(row: dict[str, object], mine: dict[str, object], model: str) -> dict[str, object]:
    """Add how much slower a peer is, and how much worse its plan."""
    if row["seconds"] and mine["seconds"]:
        row["ratio"] = round(row["seconds"] / mine["seconds"], 1)
    if row.get("objective") and mine.get("objective"):
        sign = -1 if model == "mclp" else 1
        row["behind"] = sign * (row["objective"] / mine["objective"] - 1)
    return row


def told(number: int, case: Case, row: dict[str, object]) -> str:
    """Write a line without paths of this machine, and with no more digits than mean something."""
    plain = {"case": number, **asdict(case), "instance": Path(case.instance).stem, **row}
    for name, digits in (("seconds", 3), ("gap", 9), ("behind", 9)):
        if isinstance(plain.get(name), float):
            plain[name] = round(plain[name], digits) + 0.0  # no -0.0
    return json.dumps(plain)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--peers", nargs="*", choices=list(PEERS), metavar="PEER", help=", ".join(PEERS)
    )
    parser.add_argument("--orlib", type=Path, metavar="DIR")
    parser.add_argument("--model", choices=sorted({case.model for case in CASES}))
    parser.add_argument("--cases", type=int, nargs="+", help="only these; lines give the numbers")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=float, help="seconds, where the case has more")
    given = parser.parse_args()
    peers = [] if given.peers is None else given.peers or list(PEERS)
    cases = (*CASES, *(library(given.orlib) if given.orlib else ()))
    for number, asked in enumerate(cases):
        if given.model not in (None, asked.model) or number not in (given.cases or [number]):
            continue
        limit = min(asked.limit, given.limit or asked.limit)
        case = replace(asked, limit=limit)
        work = partial(ours, repeat=given.repeat)
        mine = in_its_own_process("ecity_geo", work, case, limit, given.repeat)
        print(told(number, case, mine), flush=True)
        for peer in peers:
            row = in_its_own_process(peer, PEERS[peer], case, limit)
            print(told(number, case, beside(row, mine, case.model)), flush=True)


if __name__ == "__main__":
    main()
