"""Views of where people live: how far they have to go, and who covers them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecity_geo.findings import Findings
from ecity_geo.outputs import palette
from ecity_geo.outputs.layers import PeopleGrid
from ecity_geo.outputs.popups import model_label
from ecity_geo.outputs.sheet import Item, Legend, View
from ecity_geo.outputs.text import percent, text
from ecity_geo.outputs.views import known, plain

# Borders of the classes of travel cost, in service standards.
COST_STEPS = (0.5, 1.0, 1.5, 2.0)
COVERED, BY_PLANNED, BY_SITES, UNCOVERED = range(4)
COVER_COLOURS = ("#bccad6", "#4f86b8", "#00805a", "#d9936f")
COVER_WORDS = ("open", "planned", "added", "uncovered")


def coverage_view(findings: Findings, grid: PeopleGrid, lang: str) -> View:
    """Colour the people by their travel to the nearest open service.

    Parameters
    ----------
    findings
        The findings.
    grid
        Their demand points, gathered.
    lang
        Language.

    Returns
    -------
    view
        Districts as outlines, a class per circle. A class holds its upper border, as the
        standard itself is still acceptable.
    """
    demand, standard = findings.demand, findings.study.options.standard
    cost = demand["cost"].to_numpy(dtype=float)
    borders = standard * np.asarray(COST_STEPS)
    classes = np.searchsorted(borders, cost, side="left")
    colours = palette.colours(len(COST_STEPS) + 1, reverse=True)
    shares = [
        text("popup.within_share", lang, share=known(share, lang, percent))
        for share in findings.districts["covered_share"]
    ]
    return View(
        label=text("map.view.people", lang),
        legend=Legend(
            title=text(f"legend.title.cost_{findings.study.options.unit}", lang),
            items=_cost_items(findings, classes, colours, lang),
            note=text("legend.note.circles", lang),
        ),
        fills=("",) * len(findings.districts),
        values=tuple(shares),
        cells=tuple(np.searchsorted(borders, grid.median(cost), side="left").tolist()),
        colours=colours,
    )


def _cost_items(
    findings: Findings, classes: NDArray[np.int64], colours: tuple[str, ...], lang: str
) -> tuple[Item, ...]:
    options = findings.study.options
    unit = text(f"common.unit.{options.unit}", lang)
    borders = [plain(step * options.standard, lang) for step in COST_STEPS]
    labels = [
        text("legend.cost.first", lang, high=borders[0], unit=unit),
        *(
            text("legend.cost.between", lang, low=low, high=high, unit=unit)
            for low, high in pairwise(borders)
        ),
        text("legend.cost.last", lang, low=borders[-1], unit=unit),
    ]
    n_within = COST_STEPS.index(1.0) + 1
    shares = whole_percents(_shares(findings, classes, len(labels)), (n_within, len(labels)))
    items = [
        Item(label=label, kind="dot", colour=colour, amount=percent(share, lang))
        for label, colour, share in zip(labels, colours, shares, strict=True)
    ]
    return (
        Item(label=text("legend.cost.within", lang), kind="heading"),
        *items[:n_within],
        Item(label=text("legend.cost.beyond", lang), kind="heading"),
        *items[n_within:],
    )


def siting_view(
    findings: Findings,
    grid: PeopleGrid,
    model: str,
    classes: NDArray[np.int64],
    lang: str,
) -> View:
    """Colour the people by who covers them once a model's sites stand.

    Parameters
    ----------
    findings
        The findings.
    grid
        Their demand points, gathered.
    model
        A model of `findings.plans`.
    classes
        Of the demand points, by `covered_by`.
    lang
        Language.

    Returns
    -------
    view
        Districts as outlines, a class per circle.
    """
    after = share_after(findings, classes)
    shares = whole_percents(
        _shares(findings, classes, len(COVER_WORDS)), (1, UNCOVERED, len(COVER_WORDS))
    )
    items = [
        Item(
            label=text(f"legend.covered.{word}", lang),
            kind="dot",
            colour=colour,
            amount=percent(share, lang),
        )
        for word, colour, share in zip(COVER_WORDS, COVER_COLOURS, shares, strict=True)
        if word != "planned" or share > 0
    ]
    items.append(Item(label=text("legend.covered.sites", lang), kind="number"))
    values = [
        text(
            "popup.change",
            lang,
            before=known(before, lang, percent),
            after=known(share, lang, percent),
        )
        for before, share in zip(
            findings.districts["covered_share"].reindex(after.index), after, strict=True
        )
    ]
    return View(
        label=model_label(model, lang),
        legend=Legend(
            title=text("legend.title.siting", lang),
            items=tuple(items),
            note=text("legend.note.siting", lang),
        ),
        fills=("",) * len(findings.districts),
        values=tuple(values),
        cells=tuple(grid.majority(classes, len(COVER_WORDS)).tolist()),
        colours=COVER_COLOURS,
        groups=(f"sites_{model}",),
    )


def covered_by(findings: Findings, model: str) -> NDArray[np.int64]:
    """Sort the demand by what covers it.

    Parameters
    ----------
    findings
        The findings.
    model
        A model that they have a plan of.

    Returns
    -------
    classes
        Along `findings.demand`: 0 by an open service, 1 by a planned one that the plan counts
        on, 2 by a new site, 3 by none (or no longer, where the plan closes a service).
    """
    standard = findings.study.options.standard
    demand = findings.demand
    existing = findings.costs.facility_ids.intersection(findings.plans[model].existing)
    standing = findings.costs.select(existing).nearest()["cost"].reindex(demand.index)
    after = findings.served[model]["cost"].reindex(demand.index)
    today = demand["covered"].to_numpy(dtype=bool)
    classes = np.full(len(demand), UNCOVERED)
    classes[(after <= standard).to_numpy()] = BY_SITES
    classes[(standing <= standard).to_numpy()] = BY_PLANNED
    classes[(standing <= standard).to_numpy() & today] = COVERED
    return classes


def share_after(findings: Findings, classes: NDArray[np.int64]) -> pd.Series:
    """Return each district's covered share once the planned services and a plan's sites stand.

    Parameters
    ----------
    findings
        The findings.
    classes
        Of the demand points, by `covered_by`.

    Returns
    -------
    covered_share
        Indexed by `district_id`; missing where nobody lives.
    """
    demand = findings.demand
    covered = classes != UNCOVERED
    people = pd.DataFrame({"all": demand["population"], "covered": demand["population"] * covered})
    sums = people.groupby(demand["district_id"]).sum().reindex(findings.districts.index)
    return (sums["covered"] / sums["all"].where(sums["all"] > 0)).rename("covered_share")


def whole_percents(shares: Sequence[float], ends: Sequence[int]) -> list[float]:
    """Round shares to whole per cent so that those of a group add up to what is said of it.

    Parameters
    ----------
    shares
        Fractions that are 1 together.
    ends
        Where each group ends; the shares up to there are rounded together, as a headline says
        them. Inside a group the largest remainders are rounded up.

    Returns
    -------
    rounded
        Fractions; a share that would be written as none stays as it was.
    """
    rounded: list[float] = []
    start, before = 0, 0
    for end in ends:
        group = 100 * np.asarray(shares[start:end])
        until = round(100 * float(np.sum(shares[:end])))
        down = np.floor(group + 1e-9)
        left = max(until - before - int(down.sum()), 0)
        down[np.argsort(down - group, kind="stable")[:left]] += 1
        rounded += [
            float(whole) / 100 if whole else share / 100
            for whole, share in zip(down, group, strict=True)
        ]
        start, before = end, until
    return rounded


def _shares(findings: Findings, classes: NDArray[np.int64], n_classes: int) -> list[float]:
    people = findings.demand["population"].to_numpy(dtype=float)
    sums = np.bincount(classes, people, minlength=n_classes)
    return [float(each) for each in sums / max(people.sum(), 1e-12)]
