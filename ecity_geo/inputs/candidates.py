"""Where a new service may stand: places given, a grid over where people live, or junctions."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from ecity_geo.crs import Bounds
from ecity_geo.errors import Fault, InputError
from ecity_geo.geo.spread import (
    central,
    junctions,
    place_codes,
    spread_out,
    square_codes,
    squares,
)
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.inputs.config import CandidatesConfig
from ecity_geo.inputs.frames import blank, check_ids
from ecity_geo.inputs.points import district_of, place_points, read_points
from ecity_geo.inputs.prices import read_prices
from ecity_geo.inputs.schema import Checked, Tally

WANTED = 250
"""Number of generated sites that a spacing of its own choice aims at."""
FINEST = 4
"""Parts of a square's side, at most."""


def read_candidates(
    config: CandidatesConfig,
    *,
    folder: Path,
    districts: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    box: Bounds,
    streets: StreetGraph | None = None,
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
    streets
        Street graph in the working CRS, for candidates at its junctions.

    Returns
    -------
    candidates
        Points in the working CRS indexed by `site_id`: `name_fa`, `name_en` (empty where
        unknown), `district_id` (None outside every district), and `price` where the file has it.

    Raises
    ------
    InputError
        With every fault of the file, or if no site can be generated.
    """
    if config.from_ == "streets":
        if streets is None:
            raise InputError(
                Fault(
                    source="candidates",
                    field="from",
                    found="junctions asked for, and no streets",
                    expected="a street graph",
                    cure="Add a section [streets], or generate a grid.",
                )
            )
        asked = {"spacing": config.spacing, "reach": config.reach}
        return Checked(data=street_sites(streets, demand, districts, **asked))
    if not config.path:
        return Checked(data=grid_sites(demand, spacing=config.spacing, most=config.most))
    read = read_points(
        config.path,
        folder=folder,
        section="candidates",
        fields={key: getattr(config, key) for key in ("id", "name_fa", "name_en", "price")},
        x=config.x,
        y=config.y,
        crs=config.crs,
    )
    frame = read.data
    ids = frame["id"] if config.id else pd.Series(_numbered(len(frame)), index=frame.index)
    faults = check_ids(ids, source=config.path, field=config.id)
    if config.price:
        prices, wrong = read_prices(
            frame["price"], source=config.path, field=config.price, opening=True
        )
        frame, faults = frame.assign(price=prices), [*faults, *wrong]
    if faults:
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
            found=f"{len(twins)} candidates at ({place[0]:.1f}, {place[1]:.1f}) of the working CRS",
            expected="a place of its own for each",
            cure="Keep one of them.",
        )
        for place, twins in sites.groupby([x, y], sort=False)
        if len(twins) > 1
    ]


def _named(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    persian, english = (frame.get(key, blank(frame.index)) for key in ("name_fa", "name_en"))
    priced = {"price": frame["price"]} if "price" in frame else {}
    return gpd.GeoDataFrame(
        {
            "name_fa": persian.fillna(english).fillna("").astype(str),
            "name_en": english.fillna(persian).fillna("").astype(str),
            "district_id": frame["district_id"],
            **priced,
        },
        geometry=frame.geometry,
        crs=frame.crs,
    )


def _numbered(count: int) -> list[str]:
    return [f"s{number:04d}" for number in range(1, count + 1)]


def grid_sites(
    demand: gpd.GeoDataFrame, *, spacing: float = 0.0, most: float | None = None
) -> gpd.GeoDataFrame:
    """Generate sites where people live: one per square of a grid.

    Parameters
    ----------
    demand
        Points with `population` and `district_id`, in a metric CRS.
    spacing
        Side of a square in metres; 0 for about 250 squares with people.
    most
        A square with more people is parted in four, down to a quarter of its side.

    Returns
    -------
    sites
        From the north-west, row by row, indexed by `site_id`, the side and south-west corner of
        the square (``"500mN4212000E603500"``), as from `ecity_geo.siting.grid_candidates`:
        `name_fa`, `name_en` (empty) and `district_id`. A site stands on the point of demand
        nearest to the centre of its square's people, so that somebody lives there; of equally
        near ones, on that with more people, then on the first by id.

    Raises
    ------
    InputError
        If nobody lives in a district.
    """
    living = _living(demand)
    side = spacing or wanted_spacing(living)
    points = pd.DataFrame(
        {"x": living.geometry.x, "y": living.geometry.y, "people": living["population"]}
    )
    parts = squares(
        points,
        side=side,
        corner=(0.0, 0.0),
        most=np.inf if most is None else most,
        smallest=side / FINEST,
    )
    centres = central(points, parts)
    chosen = living.loc[centres["home"]]
    places = pd.DataFrame({"x": chosen.geometry.x, "y": chosen.geometry.y})
    return _generated(places, chosen["district_id"], square_codes(centres, side), living)


def street_sites(
    streets: StreetGraph,
    demand: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    *,
    spacing: float = 0.0,
    reach: float = 0.0,
) -> gpd.GeoDataFrame:
    """Generate sites at junctions of streets in the districts, near people.

    Parameters
    ----------
    streets
        Street graph in the CRS of the districts.
    demand
        Points with `population` and `district_id`.
    districts
        Districts in a metric CRS.
    spacing
        Least distance between two sites in metres; 0 for one at which squares with people would
        be about 250.
    reach
        Greatest distance from a junction to people in a district, in metres; 0 for the spacing.

    Returns
    -------
    sites
        As from `grid_sites`, the ids being places in whole metres (``"N4212345E603210"``). Where
        junctions are dense, crossings go before bends and dead ends, and then those with more
        people within reach.

    Raises
    ------
    InputError
        If nobody lives in a district, or none of its junctions is near people.
    """
    living = _living(demand)
    spacing = spacing or wanted_spacing(living)
    homes = np.column_stack([living.geometry.x, living.geometry.y])
    people = living["population"].to_numpy(dtype=float)
    nodes = junctions(streets, homes=homes, people=people, reach=reach or spacing)
    nodes = nodes[nodes["people"] > 0]
    places = gpd.GeoSeries(gpd.points_from_xy(nodes["x"], nodes["y"]), nodes.index, districts.crs)
    district = district_of(places, districts)
    kept = spread_out(nodes[district.notna()], spacing=spacing)
    if kept.empty:
        raise InputError(
            Fault(
                source="candidates",
                field="reach",
                found=f"no junction of a district within {reach or spacing:g} m of people",
                expected="streets where people live",
                cure="Check the streets, give a larger reach, or generate a grid.",
            )
        )
    return _generated(kept, district[kept.index], place_codes(kept), living)


def _living(demand: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Points of districts where people live."""
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
    return living


def _generated(
    places: pd.DataFrame, district: pd.Series, codes: list[str], like: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Sites without names, in the order given."""
    ids = pd.Index(codes, name="site_id")
    return gpd.GeoDataFrame(
        {"name_fa": "", "name_en": "", "district_id": district.set_axis(ids)},
        index=ids,
        geometry=gpd.points_from_xy(places["x"], places["y"]),
        crs=like.crs,
    )


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
