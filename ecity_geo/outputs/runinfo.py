"""``run.json``: what a run was made of, so that anyone can make it again."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from importlib.metadata import version
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import pyproj
import rasterio
import shapely

from ecity_geo.findings import Findings
from ecity_geo.siting.plan import SitingPlan

SCHEMA_VERSION = 1

# Packages whose version can change a number, in the order of the alphabet.
_PACKAGES = (
    "ecity_geo",
    "folium",
    "geopandas",
    "highspy",
    "numpy",
    "pandas",
    "pyogrio",
    "pyproj",
    "rasterio",
    "scipy",
    "shapely",
)


def run_info(findings: Findings) -> dict[str, Any]:
    """Describe a run.

    Parameters
    ----------
    findings
        Its findings.

    Returns
    -------
    run
        Plain values: versions, seed, hashes of the inputs, options, CRS, repairs, row counts
        and plans. No time of day and no absolute path, so the same inputs give the same run.
    """
    study = findings.study
    return {
        "schema_version": SCHEMA_VERSION,
        "study": study.id,
        "name": asdict(study.name),
        "synthetic": study.synthetic,
        "note": asdict(study.note),
        "versions": versions(),
        "seed": study.options.seed,
        "crs": {"name": study.crs.name, "code": study.crs.to_string()},
        "inputs": [{**asdict(source), "path": portable(source.path)} for source in study.sources],
        "options": asdict(study.options),
        "rows": [{**asdict(tally), "source": portable(tally.source)} for tally in study.tallies],
        "repairs": [{**asdict(each), "source": portable(each.source)} for each in study.repairs],
        "ranking": {
            "weights": {str(name): share for name, share in findings.ranking.weights.items()},
            "confidence": findings.ranking.confidence,
            "draws": findings.ranking.draws,
            "seed": findings.ranking.seed,
        },
        "plans": {name: _plan(plan) for name, plan in findings.plans.items()},
        "city": dict(findings.city),
    }


def to_json(run: dict[str, Any]) -> str:
    """Write a run as JSON; missing and infinite numbers are null, the rest keeps 9 digits."""
    return json.dumps(_plain(run), ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def versions() -> dict[str, str]:
    """Return the version of each package, and library under it, that can change a number."""
    return {
        **{name: version(name) for name in _PACKAGES},
        "gdal": rasterio.__gdal_version__,
        "geos": shapely.geos_version_string,
        "proj": pyproj.proj_version_str,
    }


def portable(path: str) -> str:
    """Return a path as the study names it; of an absolute one the file's name alone.

    Parameters
    ----------
    path
        A path in the writing of any system.

    Returns
    -------
    path
        Without the folders of the machine that the run was made on.
    """
    if PureWindowsPath(path).drive or PureWindowsPath(path).root:
        return PureWindowsPath(path).name
    return PurePosixPath(path).name if PurePosixPath(path).is_absolute() else path


def _plan(plan: SitingPlan) -> dict[str, Any]:
    return {
        "status": plan.status,
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "sites": [str(site) for site in plan.sites],
        "existing": len(plan.existing),
        "standard": plan.standard,
        "unit": plan.unit,
        "unreachable": len(plan.unreachable),
        "ties": plan.ties,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        # Sums differ in the last digits from one processor to another.
        return float(f"{value:.9g}") if math.isfinite(value) else None
    return value
