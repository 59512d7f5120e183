"""What the council page says of how evenly access is shared: over people, and over the map."""

from __future__ import annotations

import numpy as np

from ecity_geo.findings import Findings
from ecity_geo.outputs.brief import listing, names_of
from ecity_geo.outputs.brief_sites import figures
from ecity_geo.outputs.cluster_view import clusters
from ecity_geo.outputs.text import number, percent, text
from ecity_geo.stats.cluster_notes import FEW

LEVEL = 0.05
LINK = 0.005
"""A smaller concentration index is written as 0."""


def spread(findings: Findings, lang: str) -> list[str]:
    """Say how evenly access is shared: over people, and over the map.

    Parameters
    ----------
    findings
        The findings.
    lang
        Language.

    Returns
    -------
    sentences
        The share of the half of the people with least, and of urban fabrics in the inequality;
        whether capacity goes with readiness; whether districts of like coverage lie together, or
        that they are too few to tell; which ones are clusters of low coverage.
    """
    parts = (_over_people, _over_readiness, _over_map, _clusters)
    return [said for said in (part(findings, lang) for part in parts) if said]


def _over_people(findings: Findings, lang: str) -> str:
    city = figures(findings)
    if not np.isfinite(city["gini"]):
        return ""
    gini, share = number(city["gini"], lang, 2), percent(city["lower_half"], lang)
    said = [text("report.spread.people", lang, gini=gini, share=share)]
    if np.isfinite(city["between_fabrics"]):
        share = percent(city["between_fabrics"], lang)
        said.append(text("report.spread.fabrics", lang, share=share))
    return " ".join(said)


def _over_readiness(findings: Findings, lang: str) -> str:
    index = figures(findings)["concentration"]
    if not np.isfinite(index):
        return ""
    word = "more" if index >= LINK else "less" if index <= -LINK else "no"
    return text(f"report.spread.{word}_ready", lang, index=number(index, lang, 2))


def _over_map(findings: Findings, lang: str) -> str:
    city = figures(findings)
    districts = int(findings.districts["covered_share"].notna().sum())
    if districts < FEW:
        return text("report.spread.few", lang, count=number(districts, lang))
    if not np.isfinite(city["moran_i"]):
        return ""
    i, p = number(city["moran_i"], lang, 2), number(city["moran_p"], lang, 3)
    if city["moran_p"] >= LEVEL:
        return text("report.spread.chance", lang, i=i, p=p)
    word = "together" if city["moran_i"] > 0 else "mixed"
    return text(f"report.spread.{word}", lang, i=i)


def _clusters(findings: Findings, lang: str) -> str:
    found = clusters(findings)
    low = [] if found is None else found.index[found == "low-low"].tolist()
    if not low:
        return ""
    names = listing(names_of(findings, map(str, low), lang), lang)
    return text("report.spread.clusters", lang, districts=names)
