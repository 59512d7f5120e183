"""Whether so few columns cover every row: branch and cut on pairs of rows.

A node is bounded by its linear relaxation with cuts; columns that the bound excludes go, then rows
and columns that others imply. What is left is parted by two rows: either one column covers both,
or none of those that would is chosen (Etcheberry 1977, doi:10.1287/opre.25.5.760). Each part is
smaller by far than if a single column had been decided: the one has a row that implies both, the
other loses many columns at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from ecity_geo.siting.cover_cuts import TIGHT, triple_cuts
from ecity_geo.siting.cover_program import Basis, CoverProgram, Relaxed
from ecity_geo.siting.instance import Flags, Floats, Integers
from ecity_geo.siting.swaps import Matrix

ROOT_ROUNDS = 8
"""Rounds of cuts before the first branching; below it there is one."""
WORTH = 0.005
"""A round of cuts that lifts the bound by less is the last one."""
PRICE = 0.3
"""Weight of the price of two rows beside how evenly they part the columns: fewest nodes."""
ERROR = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Node:
    """Cover `rows` with at most `left` of `columns`, besides those that are `taken`."""

    rows: Matrix
    cuts: Matrix
    lower: Floats
    columns: Integers
    taken: Integers
    left: int
    basis: Basis | None

    def part(
        self, *, rows: Flags | None = None, columns: Flags | None = None, cuts: Flags | None = None
    ) -> _Node:
        """Keep some rows, columns and cuts; all where none are given."""
        at_row, at_column, at_cut = (
            np.arange(size) if kept is None else np.flatnonzero(kept)
            for kept, size in zip((rows, columns, cuts), self.shape, strict=True)
        )
        marks = np.concatenate([at_row, len(self.rows) + at_cut])
        return replace(
            self,
            rows=self.rows[np.ix_(at_row, at_column)],
            cuts=self.cuts[np.ix_(at_cut, at_column)],
            lower=self.lower[at_cut],
            columns=self.columns[at_column],
            basis=self.basis and self.basis.part(at_column, marks),
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of rows, columns and cuts."""
        return (*self.rows.shape, len(self.cuts))

    def within(self, row: Matrix) -> _Node:
        """Cover one more row."""
        # It stands after the other rows, before the cuts.
        basis = self.basis and self.basis.with_row(len(self.rows))
        return replace(self, rows=np.concatenate([self.rows, row[None]]), basis=basis)


class _Found(Exception):  # noqa: N818 - it is no error
    """A cover of at most so many columns."""

    def __init__(self, columns: Integers) -> None:
        super().__init__()
        self.columns = columns


def few_columns(rows: Matrix, at_most: int, *, deadline: float) -> tuple[Integers | None, bool]:
    """Find at most so many columns that cover every row, or prove that there are none.

    Parameters
    ----------
    rows
        Rows x columns, 1 where the column covers the row.
    at_most
        Greatest number of columns.
    deadline
        Value of `time.monotonic` at which to stop.

    Returns
    -------
    chosen, decided
        Columns, sorted, if there are any; and whether that is proven.
    """
    program = CoverProgram()
    waiting = [
        _Node(
            rows=rows.astype(np.float32),
            cuts=np.empty((0, rows.shape[1]), dtype=np.float32),
            lower=np.empty(0),
            columns=np.arange(rows.shape[1]),
            taken=np.empty(0, dtype=np.int64),
            left=at_most,
            basis=None,
        )
    ]
    rounds = ROOT_ROUNDS
    try:
        while waiting and time.monotonic() < deadline:
            waiting.extend(_parts(waiting.pop(), program, rounds))
            rounds = 1
    except _Found as found:
        return np.sort(found.columns), True
    return None, not waiting


def _parts(given: _Node, program: CoverProgram, rounds: int) -> list[_Node]:
    """Bound and reduce a node until nothing more follows; return what it parts into."""
    node = _reduced(given)
    while node is not None:
        solution = _bounded(node, program, rounds)
        if solution is None:
            return []
        cuts, lower = program.rows[len(node.rows) :], program.lower[len(node.rows) :]
        node = replace(node, cuts=cuts, lower=lower, basis=program.basis)
        barred = solution.reduced > node.left - solution.bound + ERROR
        parts = [node.part(columns=~barred)]
        if not barred.any():
            parts = _branched(node, program, solution)
        if len(parts) != 1:
            return parts
        # Only one part may hold a cover: it takes the place of the node.
        node = _reduced(parts[0].part(cuts=cuts @ solution.x < lower + TIGHT))
    return []


def _bounded(node: _Node, program: CoverProgram, rounds: int) -> Relaxed | None:
    """Solve the relaxation with cuts; None if no cover is left.

    Raises
    ------
    _Found
        If the solution is whole.
    """
    lower = np.concatenate([np.ones(len(node.rows)), node.lower])
    program.load(np.concatenate([node.rows, node.cuts]), lower, node.basis)
    solution = program.solve()
    for _ in range(rounds):
        cuts = triple_cuts(node.rows, solution.x)
        if solution.bound > node.left + ERROR or not len(cuts):
            break
        program.add(cuts, np.full(len(cuts), 2.0))
        before, solution = solution.bound, program.solve()
        if solution.bound < before + WORTH:
            break
    if solution.bound > node.left + ERROR:
        return None
    whole = np.flatnonzero(solution.x > 0.5)
    if len(whole) <= node.left and node.rows[:, whole].any(axis=1).all():
        raise _Found(np.concatenate([node.taken, node.columns[whole]]))
    return solution


def _branched(node: _Node, program: CoverProgram, solution: Relaxed) -> list[_Node]:
    """Part a node in two: one of some columns is chosen, or none; what cannot be is left out."""
    own = _dividing(node.rows, solution)
    enough = node.left + ERROR
    parts = []
    without = program.without(np.flatnonzero(own))
    if without.bound <= enough:
        parts.append(node.part(columns=~own & (without.reduced <= enough - without.bound)))
    row = own.astype(np.float32)
    within = program.within(row)
    if within.bound <= enough:
        kept = within.reduced <= enough - within.bound
        parts.append(node.within(row).part(columns=kept))
    return parts


def _dividing(rows: Matrix, solution: Relaxed) -> Flags:
    """Return the columns that cover both of two rows, of which the solution has about a half.

    The two cost much, too: the bound hangs on them.
    """
    tight = np.flatnonzero(rows @ solution.x < 1 + TIGHT)
    part, price = rows[tight], solution.price[tight]
    both = (part * solution.x) @ part.T
    even = np.minimum(both, 1 - both)
    np.fill_diagonal(even, 0.0)
    if not (even > TIGHT).any():
        return np.asarray(np.arange(rows.shape[1]) == np.argmin(np.abs(solution.x - 0.5)))
    worth = np.where(even > TIGHT, even + PRICE * np.minimum.outer(price, price), -1.0)
    one, other = np.unravel_index(int(np.argmax(worth)), worth.shape)
    return np.asarray(part[one] * part[other] > 0)


def _reduced(node: _Node) -> _Node | None:
    """Take columns that alone cover a row, and leave out what others imply; None: no cover.

    Raises
    ------
    _Found
        If nothing is left to cover.
    """
    while True:
        if not len(node.rows):
            raise _Found(node.taken)
        choice = node.rows.sum(axis=1)
        if not choice.min() or node.left <= 0:
            return None
        if choice.min() == 1:
            node = _taken(node, node.rows[choice == 1].any(axis=0))
            if node.left < 0:
                return None
            continue
        implied = _implied(node.rows)
        replaced = _replaced(node.rows[~implied])
        if not (implied.any() or replaced.any()):
            return node
        node = node.part(rows=~implied, columns=~replaced)


def _taken(node: _Node, these: Flags) -> _Node:
    """Choose columns."""
    lower = node.lower - node.cuts[:, these].sum(axis=1)
    smaller = replace(
        node,
        lower=lower,
        taken=np.concatenate([node.taken, node.columns[these]]),
        left=node.left - int(these.sum()),
    )
    covered = np.asarray(node.rows[:, these].any(axis=1))
    return smaller.part(rows=~covered, columns=~these, cuts=lower > 0)


def _implied(rows: Matrix) -> Flags:
    """Tell which rows hold all columns of another one, and so are covered with it."""
    shared = rows @ rows.T
    size = np.diag(shared)
    inside = shared == size[:, None]
    same = inside & inside.T
    return np.asarray((inside & ~same).any(axis=0) | np.triu(same, 1).any(axis=0))


def _replaced(rows: Matrix) -> Flags:
    """Tell which columns cover nothing that another one does not cover, too."""
    shared = rows.T @ rows
    size = np.diag(shared)
    inside = shared == size[:, None]
    same = inside & inside.T
    replaced = (inside & ~same).any(axis=1) | np.triu(same, 1).any(axis=0)
    return np.asarray(replaced | (size == 0))
