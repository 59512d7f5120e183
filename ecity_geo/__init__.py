"""From a readiness survey and a map to e-service decisions that a council can defend.

The short way in a notebook::

    import ecity_geo

    study = ecity_geo.load_study("data/study.toml")
    findings = ecity_geo.analyse(study)
    findings.ranking.table
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecity_geo.datasets import load_tabriz
    from ecity_geo.findings import Findings, analyse
    from ecity_geo.outputs.write import write_outputs
    from ecity_geo.study import Study, load_study

__version__ = "0.1.0"

# Loaded when first asked for: importing geopandas and its company takes a second, and
# ``ecity-geo --help`` should not.
_HOMES = {
    "Findings": "ecity_geo.findings",
    "Study": "ecity_geo.study",
    "analyse": "ecity_geo.findings",
    "load_study": "ecity_geo.study",
    "load_tabriz": "ecity_geo.datasets",
    "write_outputs": "ecity_geo.outputs.write",
}

__all__ = ["Findings", "Study", "analyse", "load_study", "load_tabriz", "write_outputs"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ecity_geo' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
