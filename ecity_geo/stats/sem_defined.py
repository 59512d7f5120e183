"""Quantities made of parameters: the right side of ``name := expression``."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

import numpy as np

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.sem_syntax import Definition

_FUNCTIONS = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt}
_TINY = 1e-30


def check_definitions(definitions: Sequence[Definition], labels: Sequence[str]) -> None:
    """Refuse definitions that cannot be evaluated.

    Parameters
    ----------
    definitions
        In the order written.
    labels
        Of the parameters of the model.

    Raises
    ------
    AnalysisError
        If an expression is malformed, or names no label and no earlier definition.
    """
    values: dict[str, complex] = dict.fromkeys(labels, 1.0 + 0.1j)
    for one in definitions:
        if one.name in values:
            raise _fault(one, f"{one.name!r} has a meaning already")
        values[one.name] = _evaluate(one, values)


def defined_values(
    definitions: Sequence[Definition], values: Mapping[str, float]
) -> dict[str, float]:
    """Evaluate definitions, each of which may use those before it.

    Parameters
    ----------
    definitions
        Checked by `check_definitions`.
    values
        Value of each label.

    Returns
    -------
    defined
        By name.
    """
    known: dict[str, complex] = {name: complex(value) for name, value in values.items()}
    for one in definitions:
        known[one.name] = _evaluate(one, known)
    return {one.name: known[one.name].real for one in definitions}


def defined_gradient(
    definitions: Sequence[Definition], values: Mapping[str, float]
) -> dict[str, dict[str, float]]:
    """Differentiate each definition by each label, exactly by a complex step.

    Parameters
    ----------
    definitions, values
        As in `defined_values`.

    Returns
    -------
    gradient
        By name, then by label.
    """
    result: dict[str, dict[str, float]] = {one.name: {} for one in definitions}
    for label in values:
        known = {name: complex(value) for name, value in values.items()}
        known[label] += 1j * _TINY
        for one in definitions:
            known[one.name] = _evaluate(one, known)
            result[one.name][label] = known[one.name].imag / _TINY
    return result


def _evaluate(definition: Definition, values: Mapping[str, complex]) -> complex:
    try:
        tree = ast.parse(definition.expression.strip().replace("^", "**"), mode="eval")
    except SyntaxError as error:
        raise _fault(definition, "it is no formula") from error
    return _node(tree.body, definition, values)


def _node(node: ast.expr, definition: Definition, values: Mapping[str, complex]) -> complex:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return complex(node.value)
    if isinstance(node, ast.Name | ast.Attribute):
        name = ast.unparse(node)
        if name not in values:
            raise _fault(definition, f"no parameter has the label {name!r}")
        return values[name]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _node(node.operand, definition, values)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        left = _node(node.left, definition, values)
        return _operate(node.op, left, _node(node.right, definition, values), definition)
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        function = _FUNCTIONS.get(ast.unparse(node.func))
        if function:
            return complex(function(_node(node.args[0], definition, values)))
    raise _fault(definition, "only labels, numbers, + - * / ^, exp, log and sqrt are known")


def _operate(
    operator: ast.operator, left: complex, right: complex, definition: Definition
) -> complex:
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    if isinstance(operator, ast.Mult):
        return left * right
    if isinstance(operator, ast.Div) and right != 0:
        return left / right
    if isinstance(operator, ast.Pow) and (left != 0 or right.real > 0):
        return complex(left**right)
    raise _fault(definition, "it divides by zero or uses an unknown sign")


def _fault(definition: Definition, why: str) -> AnalysisError:
    return AnalysisError(
        f'Line {definition.line} of the model, "{definition.name} := {definition.expression}": '
        f"{why}. Name parameters by label*variable where they stand, and use these labels."
    )
