"""The view of clusters: which districts lie among neighbours covered like themselves."""

from __future__ import annotations

import pandas as pd

from ecity_geo.evenness import NONE
from ecity_geo.findings import Findings
from ecity_geo.outputs.sheet import Item, Legend, View
from ecity_geo.outputs.text import text

COLOURS = {
    "low-low": "#6b2455",
    "high-high": "#1f7a5c",
    "low-high": "#e08a2e",
    "high-low": "#3f76b5",
    NONE: "#dfe3e2",
}


def clusters(findings: Findings) -> pd.Series | None:
    """Return the cluster of each district; None where the districts are too few to tell."""
    found = findings.districts.get("cluster")
    return None if found is None or found.isna().all() else found


def cluster_words(findings: Findings, lang: str) -> list[str]:
    """Say of each district which cluster it is in; nothing where they are too few to tell."""
    found = clusters(findings)
    if found is None:
        return []
    return [text(f"legend.cluster.{'missing' if pd.isna(x) else x}", lang) for x in found]


def cluster_view(findings: Findings, lang: str) -> View:
    """Colour the districts by the clusters of covered shares.

    Parameters
    ----------
    findings
        Findings that have `clusters`.
    lang
        Language.

    Returns
    -------
    view
        Quadrants of local Moran's I; districts without people or neighbours are hatched.
    """
    found = findings.districts["cluster"]
    present = [name for name in COLOURS if name == NONE or (found == name).any()]
    items = [
        Item(label=text(f"legend.cluster.{name}", lang), kind="area", colour=COLOURS[name])
        for name in present
    ]
    if found.isna().any():
        items.append(Item(label=text("legend.cluster.missing", lang), kind="missing"))
    return View(
        label=text("map.view.clusters", lang),
        legend=Legend(
            title=text("legend.title.clusters", lang),
            items=tuple(items),
            note=text("legend.note.clusters", lang),
        ),
        fills=tuple(COLOURS.get(name) for name in found),
        values=tuple(cluster_words(findings, lang)),
    )
