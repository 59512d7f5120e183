"""The peers of the siting benchmark: spopt, and the textbook models in HiGHS and OR-tools.

    pip install spopt highspy ortools

Each takes a problem and a time limit in seconds, and gives a row: `seconds` of building the model
and solving it, `objective`, `bound`, `gap` where the solver tells its bound, and `status`. The
textbook models (Church & ReVelle 1974; Balinski 1965; Daskin 1995) hold only pairs within the
standard and are handed over as arrays, which costs the solver nothing that a modeller would.
HiGHS, SCIP and CBC work on one thread, as ecity_geo does. CP-SAT has eight workers on all cores:
with fewer it leaves out the strategies that these models need.
The value of a plan of a textbook model is that of its sites, whatever the solver has rounded.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, csr_matrix, eye_array, hstack, vstack

from ecity_geo.geo.cost import CostMatrix

DENSE = 50_000_000
"""Costs in a table that spopt is still asked about: it holds several of that size."""


@dataclass(frozen=True)
class Problem:
    model: str
    cost: CostMatrix
    people: pd.Series
    p: int
    existing: int
    """The first columns of `cost` that stand."""
    standard: float
    room: float = math.inf
    """People whom each site can serve; a demand point may be served at several."""


@dataclass(frozen=True)
class Textbook:
    """Minimise cost @ x for lower <= x <= upper and least <= rows @ x <= most."""

    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    rows: csr_array
    least: np.ndarray
    most: np.ndarray
    whole: int
    """So many variables from the first on, the sites, are 0 or 1."""
    yes_or_no: int
    """So many may be called 0 or 1 without another answer."""


def highs(problem: Problem, limit: float) -> dict[str, object]:
    import highspy

    began = time.perf_counter()
    book = textbook(problem)
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = book.rows.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = book.cost, book.lower, book.upper
    lp.row_lower_, lp.row_upper_ = book.least, book.most
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = book.rows.indptr, book.rows.indices
    lp.a_matrix_.value_ = book.rows.data
    kinds = [highspy.HighsVarType.kContinuous] * len(book.cost)
    kinds[: book.whole] = [highspy.HighsVarType.kInteger] * book.whole
    lp.integrality_ = kinds
    solver = highspy.Highs()
    for option, value in {"output_flag": False, "threads": 1, "time_limit": limit}.items():
        solver.setOptionValue(option, value)
    solver.setOptionValue("mip_rel_gap", 1e-9)
    solver.passModel(lp)
    solver.run()
    info = solver.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    chosen = np.array(solver.getSolution().col_value) if found else None
    return {
        **_proof(problem, _value(problem, chosen), info.mip_dual_bound),
        "status": solver.modelStatusToString(solver.getModelStatus()),
        "seconds": time.perf_counter() - began,
    }


def ortools(problem: Problem, limit: float, *, solver: str) -> dict[str, object]:
    from ortools.linear_solver.python import model_builder_helper as builder

    if solver == "sat" and math.isfinite(problem.room):
        return {"status": "not asked: shares are not whole numbers", "seconds": None}
    began = time.perf_counter()
    book = textbook(problem)
    model = builder.ModelBuilderHelper()
    rows = csr_matrix(book.rows)
    model.fill_model_from_sparse_data(
        book.lower, book.upper, book.cost, book.least, book.most, rows
    )
    for at in range(book.yes_or_no if solver == "sat" else book.whole):
        model.set_var_integrality(at, True)
    engine = builder.ModelSolverHelper(solver)
    engine.set_time_limit_in_seconds(limit)
    if solver == "sat":
        engine.set_solver_specific_parameters("num_workers:8 relative_gap_limit:1e-9")
    engine.solve(model)
    found = engine.has_solution()
    chosen = engine.variable_values() if found else None
    bound = engine.best_objective_bound() if found else -math.inf
    return {
        **_proof(problem, _value(problem, chosen), bound),
        "status": engine.status().name.lower(),
        "seconds": time.perf_counter() - began,
    }


def spopt(problem: Problem, limit: float, *, solver: str) -> dict[str, object]:
    import pulp
    from spopt.locate import MCLP, PCenter, PMedian

    n_demand, n_sites = problem.cost.costs.shape
    if math.isfinite(problem.room):
        return {"status": "not asked: every site has its capacity", "seconds": None}
    if n_demand * n_sites > DENSE:
        return {"status": f"not asked: its table of {n_demand * n_sites:,} costs", "seconds": None}
    table = problem.cost.to_frame().to_numpy()
    fixed = np.arange(n_sites) < problem.existing
    kwargs = {
        "p_facilities": problem.p + problem.existing,
        "predefined_facilities_arr": fixed.astype(int) if problem.existing else None,
    }
    engine = {
        "highs": lambda: pulp.HiGHS(msg=False, timeLimit=limit, threads=1),
        "cbc": lambda: pulp.PULP_CBC_CMD(msg=False, timeLimit=limit, threads=1),
    }[solver]()
    began = time.perf_counter()
    if problem.model == "mclp":
        kwargs["service_radius"] = problem.standard
    model = {"mclp": MCLP, "p_median": PMedian, "p_center": PCenter}[problem.model]
    weights = () if problem.model == "p_center" else (problem.people.to_numpy(),)
    asked = model.from_cost_matrix(table, *weights, **kwargs)
    row: dict[str, object] = {}
    try:
        asked.solve(engine, results=False)
        row["objective"] = asked.problem.objective.value()
        row["status"] = pulp.LpSolution[asked.problem.sol_status]
    except (RuntimeError, pulp.PulpSolverError) as error:
        row["status"] = str(error)
    if solver == "highs":
        info = asked.problem.solverModel.getInfo()
        sign = -1 if problem.model == "mclp" else 1
        value = None if row.get("objective") is None else sign * row["objective"]
        row |= _proof(problem, value, sign * abs(info.mip_dual_bound))
    return {**row, "seconds": time.perf_counter() - began}


def _value(problem: Problem, chosen: np.ndarray | None) -> float | None:
    """Return what the sites of a plan cost, to be minimised."""
    if chosen is None:
        return None
    if math.isfinite(problem.room):
        return float(textbook(problem).cost @ chosen)
    n_sites = problem.cost.costs.shape[1]
    sites = problem.cost.facility_ids[np.asarray(chosen)[:n_sites] > 0.5]
    way = problem.cost.select(sites).nearest()["cost"].to_numpy()
    people = problem.people.to_numpy()
    if problem.model == "mclp":
        return -float(people[way <= problem.standard].sum())
    return float(way.max() if problem.model == "p_center" else people @ way)


def _proof(problem: Problem, value: float | None, bound: float) -> dict[str, object]:
    """Turn what was minimised into the terms of the model, with its gap."""
    sign = -1 if problem.model == "mclp" else 1
    known = bound if math.isfinite(bound) else None
    row: dict[str, object] = {
        "objective": None if value is None else sign * value,
        "bound": None if known is None else sign * known,
        "gap": None,
    }
    if value and known is not None:
        row["gap"] = abs(value - known) / abs(value)
    return row


def textbook(problem: Problem) -> Textbook:
    """Write the model as a textbook has it, over the pairs that are given."""
    if problem.model == "mclp":
        return _covering(problem)
    return _serving(problem, longest=problem.model == "p_center")


def _covering(problem: Problem) -> Textbook:
    costs = problem.cost.within(problem.standard).costs
    n_demand, n_sites = costs.shape
    within = csr_array((np.ones(costs.nnz), costs.indices, costs.indptr), shape=costs.shape)
    rows = vstack([hstack([-within, eye_array(n_demand)]), _count(n_sites, n_demand)], format="csr")
    sites = problem.p + problem.existing
    return Textbook(
        cost=np.concatenate([np.zeros(n_sites), -problem.people.to_numpy()]),
        lower=_standing(problem, n_sites + n_demand),
        upper=np.ones(n_sites + n_demand),
        rows=_ordered(rows),
        least=np.append(np.full(n_demand, -np.inf), sites),
        most=np.append(np.zeros(n_demand), sites),
        whole=n_sites,
        yes_or_no=n_sites + n_demand,
    )


def _serving(problem: Problem, *, longest: bool) -> Textbook:
    """Send each demand to one open site; pay for its way, or for the longest way of all."""
    costs = problem.cost.costs.tocoo()
    n_demand, n_sites = costs.shape
    n_pairs, at = costs.nnz, np.arange(costs.nnz)
    row, column = costs.coords
    served = csr_array((np.ones(n_pairs), (row, at)), shape=(n_demand, n_pairs))
    opened = csr_array((-np.ones(n_pairs), (at, column)), shape=(n_pairs, n_sites))
    blocks = [
        hstack([csr_array((n_demand, n_sites)), served]),
        hstack([opened, eye_array(n_pairs)]),
        _count(n_sites, n_pairs),
    ]
    sites = problem.p + problem.existing
    least = np.concatenate([np.ones(n_demand), np.full(n_pairs, -np.inf), [sites]])
    most = np.concatenate([np.ones(n_demand), np.zeros(n_pairs), [sites]])
    paid = problem.people.to_numpy()[row] * costs.data
    cost = np.concatenate([np.zeros(n_sites), np.zeros(n_pairs) if longest else paid])
    if math.isfinite(problem.room):
        load = csr_array((problem.people.to_numpy()[row], (column, at)), shape=(n_sites, n_pairs))
        blocks.append(hstack([-problem.room * eye_array(n_sites), load]))
        least = np.append(least, np.full(n_sites, -np.inf))
        most = np.append(most, np.zeros(n_sites))
    upper = np.ones(n_sites + n_pairs)
    if longest:
        way = csr_array((costs.data, (row, at)), shape=(n_demand, n_pairs))
        blocks = [hstack([block, csr_array((block.shape[0], 1))]) for block in blocks]
        blocks.append(hstack([csr_array((n_demand, n_sites)), way, -np.ones((n_demand, 1))]))
        least = np.append(least, np.full(n_demand, -np.inf))
        most = np.append(most, np.zeros(n_demand))
        cost, upper = np.append(cost, 1.0), np.append(upper, costs.data.max())
    return Textbook(
        cost=cost,
        lower=_standing(problem, len(cost)),
        upper=upper,
        rows=_ordered(vstack(blocks, format="csr")),
        least=least,
        most=most,
        whole=n_sites,
        yes_or_no=n_sites + n_pairs,
    )


def _count(n_sites: int, others: int) -> csr_array:
    return csr_array(np.append(np.ones(n_sites), np.zeros(others))[None])


def _standing(problem: Problem, size: int) -> np.ndarray:
    return (np.arange(size) < problem.existing).astype(float)


def _ordered(rows: csr_array) -> csr_array:
    found = csr_array(rows)
    found.sort_indices()
    return found
