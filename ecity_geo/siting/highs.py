"""Arrays into HiGHS and out again, nothing more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.siting.instance import Flags, Floats
from ecity_geo.siting.plan import SEED


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """Minimise ``cost @ x`` subject to ``lower <= rows @ x <= upper`` and ``0 <= x <= limit``.

    Parameters
    ----------
    cost, limit
        Cost and upper limit of each variable.
    whole
        Which variables are whole numbers.
    rows
        Constraint matrix.
    lower, upper
        Limits of the constraints.
    """

    cost: Floats
    limit: Floats
    whole: Flags
    rows: csr_array
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What HiGHS found.

    Parameters
    ----------
    x
        Best solution; missing if there is none.
    bound
        Proven bound of the cost; infinite if the program has no solution.
    solved
        Whether `x` is proven the best.
    """

    x: Floats | None
    bound: float
    solved: bool = False


def solve(
    program: Program,
    *,
    time_limit: float,
    tolerance: float,
    start: Floats | None = None,
    reliable: int = 8,
    nodes: int | None = None,
    interior: bool = False,
    presolve: bool = True,
    report: Callable[[float, float], None] | None = None,
) -> Answer:
    """Solve a mixed-integer program on one thread, from a start if there is one.

    Parameters
    ----------
    program
        The program.
    time_limit
        Seconds.
    tolerance
        Absolute gap that counts as closed.
    start
        A feasible solution.
    reliable
        Branchings after which HiGHS trusts what it learnt of a variable (its default is 8).
    nodes
        Greatest number of nodes; none: as many as the time allows.
    interior
        Whether to begin with the interior point method, and never again from the start once
        cuts have decided some variables: several times faster for covering programs.
    presolve
        Whether to reduce the program first, which loses cuts of large covering programs.
    report
        Called now and then with the cost of the best solution so far and the proven bound.
    """
    import highspy

    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    options: dict[str, bool | int | float | str] = {
        "output_flag": False,
        "threads": 1,
        "random_seed": SEED,
        "time_limit": max(time_limit, 0.01),
        "mip_rel_gap": 0.0,
        "mip_abs_gap": tolerance,
        "mip_pscost_minreliable": reliable,
        "mip_max_nodes": 2**31 - 1 if nodes is None else nodes,
        "mip_lp_solver": "ipm" if interior else "choose",
        "mip_allow_restart": not interior,
        "presolve": "choose" if presolve else "off",
    }
    for option, value in options.items():
        highs.setOptionValue(option, value)
    highs.passModel(_model(program))
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        highs.setSolution(solution)
    _run(highs, report)
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return Answer(x=None, bound=np.inf)
    info = highs.getInfo()
    ended = status in {highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit}
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    x = np.array(highs.getSolution().col_value) if found else None
    return Answer(
        x=x,
        bound=float(info.mip_dual_bound) if ended else -np.inf,
        solved=status == highspy.HighsModelStatus.kOptimal,
    )


def _run(highs: Any, report: Callable[[float, float], None] | None) -> None:
    """Solve; an error of the report waits until HiGHS, which knows none, has stopped for it."""
    errors: list[BaseException] = []

    def look(event: Any) -> None:
        out = event.data_out
        try:
            if report is not None and not errors:
                report(out.mip_primal_bound, out.mip_dual_bound)
        except BaseException as error:
            errors.append(error)
            event.interrupt()

    if report is not None:
        highs.cbMipInterrupt.subscribe(look)
    highs.run()
    if errors:
        raise errors[0]


def linear(program: Program) -> tuple[Floats, Floats] | None:
    """Solve a linear program; return its variables and the dual values of its constraints."""
    import highspy

    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in {"output_flag": False, "threads": 1}.items():
        highs.setOptionValue(option, value)
    model = _model(program)
    model.integrality_ = []
    highs.passModel(model)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = highs.getSolution()
    return np.array(solution.col_value), np.array(solution.row_dual)


def relaxed_prices(program: Program, *, time_limit: float) -> Floats | None:
    """Return the dual values of the constraints of the linear relaxation, if there is time.

    From the interior of the best ones: where many are equally good, between them.
    """
    import highspy

    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    options: dict[str, bool | int | float | str] = {
        "output_flag": False,
        "threads": 1,
        "solver": "ipm",
        "run_crossover": "off",
        "time_limit": max(time_limit, 0.01),
    }
    for option, value in options.items():
        highs.setOptionValue(option, value)
    model = _model(program)
    model.integrality_ = []
    highs.passModel(model)
    highs.run()
    solution = highs.getSolution()
    return np.array(solution.row_dual) if solution.dual_valid else None


def _model(program: Program) -> Any:
    import highspy

    model = highspy.HighsLp()
    model.num_col_ = len(program.cost)
    model.num_row_ = len(program.lower)
    model.col_cost_ = program.cost
    model.col_lower_ = np.zeros(len(program.cost))
    model.col_upper_ = program.limit
    model.row_lower_ = program.lower
    model.row_upper_ = program.upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = program.rows.indptr
    model.a_matrix_.index_ = program.rows.indices
    model.a_matrix_.value_ = program.rows.data
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    model.integrality_ = [kinds[int(whole)] for whole in program.whole]
    return model
