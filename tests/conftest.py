"""Settings of the whole suite.

Properties are tried on the same examples each time, so that a run says something about the
change and not about luck; ``HYPOTHESIS_PROFILE=explore`` looks for new ones.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType

import pytest
from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def esda() -> ModuleType:
    """The peer of clusters without numba, which takes 15 seconds to compile it."""
    common = pytest.importorskip("libpysal.common", reason="libpysal is not installed")

    def plain(function: object = None, **_: object) -> object:
        return function or plain

    with pytest.MonkeyPatch.context() as without:
        for name in [name for name in sys.modules if name.split(".")[0] == "esda"]:
            without.delitem(sys.modules, name)
        without.setitem(sys.modules, "numba", None)
        without.setattr(common, "jit", plain)
        made: ModuleType = pytest.importorskip("esda", reason="esda is not installed")
    return made
