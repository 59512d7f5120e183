"""Time, ratio to spopt and peak memory of the location models, as JSON lines.

    python benchmarks/siting.py [--peers] [--model p_center] [--repeat 3] [--limit 20]

Homes and sites lie evenly in a square of 10 km, costs are straight lines, people 1 to 499, seeds
are fixed. Each case runs in a process of its own, so that `peak_mb` is its own. `seconds` is the
median over `repeat` runs of building nothing but the plan; spopt's holds building its model and
solving it, once, with the same time limit, and `ratio` divides the two. A peer that stops at the
limit reports what it had, so that its ratio is a lower limit. A worker that crashes, or has no
answer a minute after twice its time limits, is told by its `status`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecity_geo import siting
from ecity_geo.geo.cost import CostMatrix

GRACE = 60
"""Seconds beyond its time limits that a worker has to start, and to build its model."""


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


CASES = (
    Case("mclp", 2_000, 300, 20, standard=800),
    Case("mclp", 2_000, 300, 20, standard=1_000),
    Case("mclp", 2_000, 300, 20, standard=1_500),
    Case("mclp", 4_000, 300, 5, existing=40, standard=800),
    Case("mclp", 4_000, 300, 5, existing=40, standard=1_200),
    Case("p_median", 2_000, 300, 20),
    Case("p_median", 4_000, 300, 5, existing=40),
    Case("p_center", 400, 100, 10),
    *(Case("p_center", 2_000, 300, 20, seed=seed) for seed in (0, 1, 2, 3, 4)),
)


def tables(case: Case) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(case.seed or case.homes + case.candidates)
    homes = rng.random((case.homes, 2)) * 10_000
    sites = rng.random((case.existing + case.candidates, 2)) * 10_000
    costs = np.hypot(*(homes[:, None] - sites[None]).transpose(2, 0, 1))
    ids = [f"h{at:05}" for at in range(case.homes)]
    names = [f"s{at:04}" for at in range(len(sites))]
    people = pd.Series(rng.integers(1, 500, case.homes).astype(float), index=ids)
    return pd.DataFrame(costs, index=ids, columns=names), people


def ours(case: Case, repeat: int, limit: float) -> dict[str, object]:
    frame, people = tables(case)
    cost = CostMatrix.from_frame(frame, unit="m")
    existing, candidates = frame.columns[: case.existing], frame.columns[case.existing :]
    standard = {"standard": case.standard} if case.model == "mclp" else {}
    seconds = []
    for _ in range(repeat):
        plan = getattr(siting, case.model)(
            cost,
            people,
            p=case.p,
            candidates=candidates,
            existing=existing,
            time_limit=limit,
            **standard,
        )
        seconds.append(plan.seconds)
    return {
        "who": "ecity_geo",
        "seconds": round(statistics.median(seconds), 3),
        "objective": plan.objective,
        "gap": plan.gap,
        "status": plan.status,
    }


def spopt(case: Case, repeat: int, limit: float, *, solver: str) -> dict[str, object]:
    import pulp
    from spopt.locate import MCLP, PCenter, PMedian

    del repeat
    frame, people = tables(case)
    fixed = np.array([1] * case.existing + [0] * case.candidates)
    kwargs = {
        "p_facilities": case.p + case.existing,
        "predefined_facilities_arr": fixed if case.existing else None,
    }
    engine = {
        "highs": lambda: pulp.HiGHS(msg=False, timeLimit=limit, threads=1),
        "cbc": lambda: pulp.PULP_CBC_CMD(msg=False, timeLimit=limit, threads=1),
    }[solver]()
    began = time.perf_counter()
    if case.model == "mclp":
        kwargs["service_radius"] = case.standard
    model = {"mclp": MCLP, "p_median": PMedian, "p_center": PCenter}[case.model]
    weights = () if case.model == "p_center" else (people.to_numpy(),)
    problem = model.from_cost_matrix(frame.to_numpy(), *weights, **kwargs)
    row: dict[str, object] = {"who": f"spopt with {solver}"}
    try:
        problem.solve(engine, results=False)
        row["objective"] = problem.problem.objective.value()
        row["status"] = pulp.LpStatus[problem.problem.status]
    except (RuntimeError, pulp.PulpSolverError) as error:
        row["status"] = str(error)
    return {**row, "seconds": round(time.perf_counter() - began, 3)}


def peak(work: object, case: Case, repeat: int, limit: float, pipe: object, **options: str) -> None:
    row = work(case, repeat, limit, **options)
    row["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    pipe.send(row)


def in_its_own_process(
    work: object, case: Case, repeat: int, limit: float, **options: str
) -> dict[str, object]:
    """Return the row of a worker, or why there is none: it crashed, or did not come to an end."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    task = (work, case, repeat, limit, there)
    process = context.Process(target=peak, args=task, kwargs=options)
    process.start()
    # Held by the worker alone: when it dies, the waiting ends.
    there.close()
    patience = GRACE + 2 * repeat * limit
    try:
        if here.poll(patience):
            return here.recv()
        status = f"stopped after {patience:g} s without an answer"
    except EOFError:
        process.join()
        status = f"crashed with exit code {process.exitcode}; its message is on stderr"
    finally:
        process.terminate()
        process.join()
    who = " ".join([work.__name__, *options.values()])
    return {"who": who, "status": status, "seconds": None}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--model", choices=sorted({case.model for case in CASES}))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=float, default=20.0)
    given = parser.parse_args()
    for case in CASES:
        if given.model not in (None, case.model):
            continue
        mine = in_its_own_process(ours, case, given.repeat, given.limit)
        rows = [mine]
        for solver in ("highs", "cbc") if given.peers else ():
            row = in_its_own_process(spopt, case, 1, given.limit, solver=solver)
            if row["seconds"] and mine["seconds"]:
                row["ratio"] = round(row["seconds"] / mine["seconds"], 1)
            rows.append(row)
        for row in rows:
            print(json.dumps({**vars(case), **row}), flush=True)


if __name__ == "__main__":
    main()
