"""When and how loops are compiled: never at import, never for small inputs.

Kernels live in modules of their own (``*_kernels``) that nothing imports at start-up. Numba
compiles a kernel at its first call and keeps the machine code beside the source, or in the user's
cache folder. Where neither can be written, each process would have to compile anew: the plain path
of NumPy and shapely, which gives the same answers, is taken instead.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from types import ModuleType
from typing import TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., object])

MOST_THREADS = 8


def kernel(function: Function) -> Function:
    """Compile a function at its first call, without the interpreter's lock and with a cache.

    Parameters
    ----------
    function
        A function of numbers and arrays.

    Returns
    -------
    compiled
        The same function.

    Raises
    ------
    RuntimeError
        If no cache can be written; see :func:`kernels`.
    """
    import numba

    return cast("Function", numba.njit(cache=True, nogil=True)(function))


def kernels(name: str) -> ModuleType | None:
    """Import a module of kernels.

    Parameters
    ----------
    name
        Its full name.

    Returns
    -------
    module
        None where numba is missing or cannot write its cache: take the plain path.
    """
    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError):
        return None


def threads() -> int:
    """Return how many threads to work with: the cores that this process may use, eight at most."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(usable or 1, MOST_THREADS)
