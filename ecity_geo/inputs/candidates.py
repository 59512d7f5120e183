"""Where a new service may stand: places given, or a grid over where people live."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from ecity_geo.crs import Bounds
from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.config import CandidatesConfig
from ecity_geo.inputs.frames import blank, check_ids
from ecity_geo.inputs.points import place_points, read_points
from ecity_geo.inputs.schema import Checked, Tally

WANTED = 250
"""Number of generated sites that a spacing of its own choice aims at."""


def read_candidates(
    config: CandidatesConfig,
    *,
    folder: Path,
    districts: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    box: Bounds,
) -> Checked[gpd.GeoDataFrame]:
    """Read the candidate sites, or generate them.

    Parameters
    ----------
    config
        The section ``[candidates]``.
    folder
        Folder that its path starts from.
    districts
        Districts in the working CRS.
    demand
        Points with `population` and `district_id`.
    box
        Where the city may lie, in degrees.

    Returns
    -------
    candidates
        Points in the working CRS indexed by `site_id`: `name_fa`, `name_en` (empty where
        unknown), `district_id` (None outside every district).

    Raises
    ------
    InputError
        With every fault of the file, or if no site can be generated.
    """
    if not config.path:
        return Checked(data=grid_sites(demand, spacing=config.spacing))
    read = read_points(
        config.path,
        folder=folder,
        section="candidates",
        fields={key: getattr(config, key) for key in ("id", "name_fa", "name_en")},
        x=config.x,
        y=config.y,
        crs=config.crs,
    )
    frame = read.data
    ids = frame["id"] if config.id else pd.Series(_numbered(len(frame)), index=frame.index)
    if faults := check_ids(ids, source=config.path, field=config.id):
        raise InputError(faults)
    placed = place_points(frame, districts, source=config.path, box=box)
    sites = _named(placed.data)
    sites.index = pd.Index(ids.astype(str), name="site_id")
    if faults := _same_place(sites, config.path):
        raise InputError(faults)
    outside = int(sites["district_id"].isna().sum())
    tally = Tally(
        source=config.path,
        role="candidates",
        read=len(sites),
        matched=len(sites) - outside,
        unmatched=outside,
    )
    return Checked(data=sites, repairs=(*read.repairs, *placed.repairs), tallies=(tally,))


def _same_place(sites: gpd.GeoDataFrame, source: str) -> list[Fault]:
    """Find places given twice: both could be chosen, and a plan would lose a site."""
    x, y = sites.geometry.x.to_numpy(), sites.geometry.y.to_numpy()
    return [
        Fault(
            source=source,
            where=", ".join(f"'{site}'" for site in twins.index[:6]),
            field="geometry",
            found=f"{len(twins)} candidates at ({place[0]:g}, {place[1]:g})",
            expected="a place of its own for each",
            cure="Keep one of them.",
        )
        for place, twins in sites.groupby([x, y], sort=False)
        if len(twins) > 1
    ]


def _named(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    persian, english = (frame.get(key, blank(frame.index)) for key in ("name_fa", "name_en"))
    return gpd.GeoDataFrame(
        {
            "name_fa": persian.fillna(english).fillna("").astype(str),
            "name_en": english.fillna(persian).fillna("").astype(str),
            "district_id": frame["district_id"],
        },
        geometry=frame.geometry,
        crs=frame.crs,
    )


def _numbered(count: int) -> list[str]:
    return [f"s{number:04d}" for number in range(1, count + 1)]


def grid_sites(demand: gpd.GeoDataFrame, *, spacing: float = 0.0) -> gpd.GeoDataFrame:
    """Generate sites where people live: one per square of a grid.

    Parameters
    ----------
    demand
        Points with `population` and `district_id`, in a metric CRS.
    spacing
        Side of a square in metres; 0 for about 250 squares with people.

    Returns
    -------
    sites
        Indexed by `site_id` (``"s0001"`` from the north-west, row by row): `name_fa`, `name_en`
        (empty) and `district_id`. A site stands on the point of demand nearest to the centre of
        its square's people, so that somebody lives there; of equally near ones, on that with
        more people, then on the first by id.

    Raises
    ------
    InputError
        If nobody lives in a district.
    """
    living = demand[demand["district_id"].notna() & (demand["population"] > 0)]
    if living.empty:
        raise InputError(
            Fault(
                source="candidates",
                found="nobody in any district",
                expected="people to generate sites for",
                cure="Check the population, or give candidates of your own.",
            )
        )
    side = spacing or wanted_spacing(living)
    points = pd.DataFrame(
        {"x": living.geometry.x, "y": living.geometry.y, "people": living["population"]}
    )
    points["row"] = np.floor((points["y"].max() - points["y"]) / side).astype(int)
    points["column"] = np.floor((points["x"] - points["x"].min()) / side).astype(int)
    chosen = _central(points)
    sites = gpd.GeoDataFrame(
        {"name_fa": "", "name_en": "", "district_id": living.loc[chosen, "district_id"]},
        geometry=living.geometry.loc[chosen],
        crs=living.crs,
    )
    sites.index = pd.Index(_numbered(len(sites)), name="site_id")
    return sites


def _central(points: pd.DataFrame) -> pd.Index:
    """Id of the point nearest to the people's centre of each square, row by row."""
    square = points.groupby(["row", "column"])["people"]
    weight = points["people"] / square.transform("sum")
    keys = [points["row"], points["column"]]
    centre_x = (points["x"] * weight).groupby(keys).transform("sum")
    centre_y = (points["y"] * weight).groupby(keys).transform("sum")
    # Rounded to the millimetre, so that equal distances are equal.
    distance = np.hypot(points["x"] - centre_x, points["y"] - centre_y).round(3)
    ranked = points.assign(distance=distance, key=points.index, fewer=-points["people"])
    ranked = ranked.sort_values(["row", "column", "distance", "fewer", "key"], kind="stable")
    return ranked.drop_duplicates(["row", "column"]).index


def wanted_spacing(living: gpd.GeoDataFrame) -> float:
    """Choose a spacing that gives about 250 squares with people.

    Parameters
    ----------
    living
        Points where people live, in a metric CRS.

    Returns
    -------
    spacing
        Metres, a multiple of 50.
    """
    x, y = living.geometry.x.to_numpy(), living.geometry.y.to_numpy()
    width, height = float(np.ptp(x)), float(np.ptp(y))
    side = max(np.sqrt(max(width * height, 1.0) / WANTED), max(width, height) / WANTED, 50.0)
    for _ in range(8):
        squares = len(set(zip(np.floor(x / side), np.floor(y / side), strict=True)))
        if abs(squares - WANTED) <= 0.1 * WANTED:
            break
        side = max(side * np.sqrt(squares / WANTED), 50.0)
    return float(max(round(side / 50) * 50, 50))
