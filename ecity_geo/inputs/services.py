"""Services: kiosks, offices, branches; where they are, what they can take, open or planned."""

from __future__ import annotations

import math
from pathlib import Path

import geopandas as gpd
import pandas as pd

from ecity_geo.crs import Bounds
from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.config import ServicesConfig
from ecity_geo.inputs.files import resolve
from ecity_geo.inputs.frames import blank, check_ids, has_text
from ecity_geo.inputs.osm import read_tagged
from ecity_geo.inputs.points import centres, place_points, read_points
from ecity_geo.inputs.prices import read_prices
from ecity_geo.inputs.schema import Checked, Repair, Tally
from ecity_geo.inputs.text import fold, to_number

_STATUS = {
    fold(word, 2): status
    for status, words in {
        "open": ("open", "opened", "existing", "active", "باز", "فعال", "دایر", "موجود"),
        "planned": ("planned", "proposed", "برنامه", "برنامه‌ریزی‌شده", "در برنامه", "پیشنهادی"),
    }.items()
    for word in words
}
_COLUMNS = ("name_fa", "name_en", "type", "capacity", "status", "district_id", "geometry")


def read_services(
    config: ServicesConfig, *, folder: Path, districts: gpd.GeoDataFrame, box: Bounds
) -> Checked[gpd.GeoDataFrame]:
    """Read the services of a city.

    Parameters
    ----------
    config
        The section ``[services]``.
    folder
        Folder that its path starts from.
    districts
        Districts in the working CRS.
    box
        Where the city may lie, in degrees.

    Returns
    -------
    services
        Points in the working CRS indexed by `service_id` in file order: `name_fa`, `name_en`,
        `type`, `capacity` (NaN unknown), `status` (``"open"`` or ``"planned"``), `district_id`
        (None outside every district: kept, and counted as unmatched); and `closing`, where the
        file has prices of that (NaN: none). Rows of capacity zero are
        left out and counted as rejected.

    Raises
    ------
    InputError
        With every fault of the file: fields, coordinates, ids, capacities, statuses, and two
        services of one type at the same place.
    """
    mapped = config.path.lower().endswith(".pbf")
    read = _from_osm(config, folder, box) if mapped else _from_file(config, folder)
    ids, faults = _ids(read.data, config)
    statuses, wrong = _statuses(read.data["status"], config)
    capacities, bad = _capacities(read.data["capacity"], config)
    stacked, notes = _same_place(read.data, ids, config.path, mapped=mapped)
    closing, odd = read_prices(
        read.data["closing"], source=config.path, field=config.closing, opening=False
    )
    faults += [*wrong, *bad, *odd, *stacked]
    if faults:
        raise InputError(faults)
    placed = place_points(read.data, districts, source=config.path, box=box)
    services = placed.data.assign(status=statuses, capacity=capacities, closing=closing)
    services.index = pd.Index(ids.astype(str), name="service_id")
    priced = ["closing"] if config.closing else []
    kept, closed = _without_zero(services[[*_COLUMNS, *priced]], config.path)
    outside = int(kept["district_id"].isna().sum())
    tally = Tally(
        source=config.path,
        role="services",
        read=len(services),
        matched=len(kept) - outside,
        unmatched=outside,
        rejected=len(services) - len(kept),
    )
    return Checked(
        data=kept, repairs=(*read.repairs, *placed.repairs, *notes, *closed), tallies=(tally,)
    )


def _from_file(config: ServicesConfig, folder: Path) -> Checked[gpd.GeoDataFrame]:
    keys = ("id", "name_fa", "name_en", "type", "capacity", "status", "closing")
    read = read_points(
        config.path,
        folder=folder,
        section="services",
        fields={key: getattr(config, key) for key in keys},
        x=config.x,
        y=config.y,
        crs=config.crs,
    )
    return Checked(data=_complete(read.data), repairs=read.repairs)


def _from_osm(config: ServicesConfig, folder: Path, box: Bounds) -> Checked[gpd.GeoDataFrame]:
    if not config.tags:
        raise InputError(
            Fault(
                source=config.path,
                field="tags",
                found='no "tags" in [services]',
                expected="the OSM tags of a service",
                cure='Set for example tags = { amenity = ["townhall", "post_office"] }.',
            )
        )
    path = resolve(config.path, folder)
    read = read_tagged(path, config.tags, box=box, source=config.path)
    tags = read.data["tags"]
    frame = gpd.GeoDataFrame(
        {
            "id": read.data["id"],
            "name_fa": [each.get("name:fa") or each.get("name") for each in tags],
            "name_en": [each.get("name:en") or each.get("name") for each in tags],
            "type": read.data["type"],
            "capacity": [each.get(config.capacity) for each in tags],
        },
        geometry=centres(read.data.geometry),
    )
    frame.index = pd.Index([f"feature {each}" for each in frame["id"]])
    return Checked(data=_complete(frame), repairs=read.repairs)


def _complete(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Columns that the file does not have are blank; names stand in for each other."""
    texts = {
        key: frame[key] if key in frame.columns else blank(frame.index)
        for key in ("id", "name_fa", "name_en", "type", "capacity", "status", "closing")
    }
    texts["name_fa"], texts["name_en"] = (
        texts["name_fa"].fillna(texts["name_en"]).fillna("").astype(str),
        texts["name_en"].fillna(texts["name_fa"]).fillna("").astype(str),
    )
    texts["type"] = texts["type"].fillna("service").astype(str)
    return gpd.GeoDataFrame(texts, geometry=frame.geometry, crs=frame.crs)


def _ids(frame: gpd.GeoDataFrame, config: ServicesConfig) -> tuple[pd.Series, list[Fault]]:
    if frame["id"].isna().all() and not config.id:
        numbers = [str(number + 1) for number in range(len(frame))]
        return pd.Series(numbers, index=frame.index), []
    return frame["id"], check_ids(frame["id"], source=config.path, field=config.id or "osm_id")


def _statuses(texts: pd.Series, config: ServicesConfig) -> tuple[pd.Series, list[Fault]]:
    known = texts.map(lambda text: _STATUS.get(fold(text, 2)) if has_text(text) else "open")
    faults = [
        Fault(
            source=config.path,
            where=str(place),
            field=config.status,
            found=f"'{texts[place]}'",
            expected="'open' or 'planned' (باز، برنامه)",
            cure="Correct the status; an empty one means open.",
        )
        for place in known.index[known.isna()]
    ]
    return known, faults


def _capacities(texts: pd.Series, config: ServicesConfig) -> tuple[pd.Series, list[Fault]]:
    numbers: list[float] = []
    faults: list[Fault] = []
    for place, text in texts.items():
        number = to_number(text) if has_text(text) else math.nan
        if number is None or number < 0:
            faults.append(
                Fault(
                    source=config.path,
                    where=str(place),
                    field=config.capacity,
                    found=f"'{text}'",
                    expected="a number, not negative",
                    cure="Correct the capacity; leave it empty where it is unknown.",
                )
            )
        numbers.append(math.nan if number is None else number)
    return pd.Series(numbers, index=texts.index, dtype=float), faults


def _same_place(
    frame: gpd.GeoDataFrame, ids: pd.Series, source: str, *, mapped: bool
) -> tuple[list[Fault], list[Repair]]:
    """Two services of one type at one place are one service twice; of two types, one house.

    In an OSM extract (`mapped`) the user cannot remove a twin, so it is kept and told.
    """
    places = pd.Series(list(zip(frame.geometry.x, frame.geometry.y, strict=True)), frame.index)
    faults: list[Fault] = []
    shared = 0
    for (x, y), group in places[places.duplicated(keep=False)].groupby(places, sort=False):
        types = frame.loc[group.index, "type"]
        if mapped or not types.duplicated().any():
            shared += len(group)
            continue
        twice = group.index[types.duplicated(keep=False)]
        faults.append(
            Fault(
                source=source,
                where=", ".join(map(str, twice[:6])),
                field="geometry",
                found=f"{len(twice)} services of one type at ({x:g}, {y:g}): "
                + ", ".join(f"'{ids[place]}'" for place in twice[:6]),
                expected="a place of its own for each",
                cure="Remove the duplicates, or locate each service itself and not its district.",
            )
        )
    if not shared:
        return faults, []
    detail = f"{shared} services share a place with another, and are kept"
    return faults, [Repair(source=source, kind="same_place", count=shared, detail=detail)]


def _without_zero(services: gpd.GeoDataFrame, source: str) -> tuple[gpd.GeoDataFrame, list[Repair]]:
    closed = services.index[services["capacity"] == 0]
    kept = services.drop(closed)
    if kept.empty:
        raise InputError(
            Fault(
                source=source,
                found=f"{len(services)} services, all of capacity zero",
                expected="at least one that serves somebody",
                cure="Correct the capacities, or leave them empty where unknown.",
            )
        )
    if not len(closed):
        return kept, []
    shown = ", ".join(map(str, closed[:10])) + (", ..." if len(closed) > 10 else "")
    detail = f"{len(closed)} services of capacity zero left out: {shown}"
    return kept, [Repair(source=source, kind="zero_capacity", count=len(closed), detail=detail)]
