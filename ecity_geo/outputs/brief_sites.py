"""What the first screen of the council page says of new sites, model by model."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecity_geo.findings import Findings
from ecity_geo.findings import covering_model as model_of
from ecity_geo.indicators.inequality import gini
from ecity_geo.outputs.popups import cost_text, new_sites
from ecity_geo.outputs.text import number, percent, text
from ecity_geo.outputs.views import plain

SAVED, LONGEST = "p_median", "p_center"
"""Models whose plan is not told by the people that it brings within reach."""


def figure(findings: Findings, lang: str) -> tuple[str, str]:
    """Return the headline figure of the new sites, and what it means.

    Parameters
    ----------
    findings
        The findings.
    lang
        Language.

    Returns
    -------
    figure, note
        People brought within reach, or where the model is after something else the number of
        sites and what they do.
    """
    model = covering_model(findings)
    if model is None:
        return "–", text("report.tile.sites_none", lang)
    count = number(len(findings.plans[model].sites), lang)
    if model == SAVED:
        return count, text("report.tile.sites_saved", lang, saved=saved(findings, lang))
    if model == LONGEST:
        key = f"report.tile.sites_longest{_longest_case(findings)}"
        return count, text(key, lang, **_longest(findings, lang))
    brought = _brought(findings, model)
    more = "+" if lang == "en" and brought >= 0 else ""
    note = text("report.tile.sites_note", lang, sites=_new_sites(findings, model, lang))
    return f"{more}{number(brought, lang)}", note


def sentences(findings: Findings, lang: str) -> list[str]:
    """Say what the new sites bring.

    Parameters
    ----------
    findings
        The findings.
    lang
        Language.

    Returns
    -------
    sentences
        Of the plan that the shares "with the new sites" belong to, then of the longest way, of
        the fewest sites for all, and of the plan under conditions, where these were asked for.
    """
    main = covering_model(findings)
    if main is None:
        return []
    said = [_main_sentence(findings, main, lang)]
    others = {LONGEST: longest_sentence, "lscp": _fewest, "conditioned": _conditioned}
    said += [say(findings, lang) for model, say in others.items() if model in findings.plans]
    return [sentence for sentence in said if sentence]


def figures(findings: Findings) -> dict[str, float]:
    """Return the city's figures that are numbers."""
    return {k: float(value) for k, value in findings.city.items() if not isinstance(value, str)}


def covering_model(findings: Findings) -> str | None:
    """Return the model whose plan the shares "with the new sites" belong to."""
    return model_of(findings.plans)


def counts_planned(findings: Findings, model: str | None = None) -> bool:
    """Tell whether a plan counts on planned services; by default that of `covering_model`."""
    planned = findings.services.index[findings.services["status"] == "planned"]
    asked = model or covering_model(findings)
    return asked is not None and bool(planned.isin(findings.plans[asked].existing).any())


def aim(findings: Findings, model: str) -> str:
    """Name what a plan is after, as the catalogue ``report.plan`` does."""
    objective = findings.study.options.conditions.objective
    if model == "lscp" and "price" in findings.study.candidates:
        return "lscp_price"
    return f"{model}_{objective}" if model == "conditioned" else model


def _main_sentence(findings: Findings, model: str, lang: str) -> str:
    if model in ("lscp", LONGEST, "conditioned"):
        return ""  # it has a sentence of its own
    city = figures(findings)
    before, after = city["covered_share"], city["covered_share_planned"]
    values = {
        "sites": _new_sites(findings, model, lang),
        "before": percent(before, lang),
        "after": percent(after, lang),
    }
    if model == SAVED:
        key = "report.brief.sites_saved" + ("_planned" if counts_planned(findings) else "")
        return text(key, lang, saved=saved(findings, lang), **values)
    brought = _brought(findings, model)
    values["added"] = number(brought, lang)
    planned = (after - before) * city["population"] - brought
    if planned < 0.5:
        return text("report.brief.sites", lang, **values)
    return text("report.brief.sites_planned", lang, planned=number(planned, lang), **values)


def longest_sentence(findings: Findings, lang: str) -> str:
    """Say how the longest way to a service changes."""
    sites = _new_sites(findings, LONGEST, lang)
    key = f"report.brief.longest{_longest_case(findings)}"
    return text(key, lang, sites=sites, **_longest(findings, lang))


def _fewest(findings: Findings, lang: str) -> str:
    plan = findings.plans["lscp"]
    if plan.sites.empty:
        return text("report.brief.fewest_none", lang)
    left = findings.demand["population"].reindex(plan.unreachable).sum()
    sites = _new_sites(findings, "lscp", lang)
    if plan.status != "optimal":
        sites = text("report.brief.at_most", lang, sites=sites)
    if not left > 0:
        return text("report.brief.fewest", lang, sites=sites)
    return text("report.brief.fewest_left", lang, sites=sites, left=number(left, lang))


def _conditioned(findings: Findings, lang: str) -> str:
    under, conditions = findings.conditioned, findings.study.options.conditions
    if under is None:
        return ""
    city = city_change(findings, "conditioned")
    values = {
        "sites": _new_sites(findings, "conditioned", lang),
        "before": percent(city["covered_before"], lang),
        "after": percent(city["covered_after"], lang),
    }
    word = "conditioned" if conditions.budget is None else "conditioned_price"
    said = [text(f"report.brief.{word}", lang, price=plain(under.price, lang), **values)]
    if city["uncovered_before"] - city["uncovered_standing"] >= 0.5:
        standing = percent(city["covered_standing"], lang)
        said.append(text("report.brief.conditioned_planned", lang, standing=standing))
    said.append(text("report.brief.conditioned_where", lang))
    if len(under.closed):
        count = number(len(under.closed), lang)
        said.append(text("report.brief.conditioned_closed", lang, count=count))
    if len(under.groups):
        word = "_fabric" if conditions.floor_by == "fabric" else ""
        # Rounded down: "or more" must hold.
        least = percent(np.floor(100 * float(under.groups["share"].min()) + 1e-6) / 100, lang)
        said.append(text(f"report.brief.conditioned_floor{word}", lang, least=least))
        if conditions.gini < 1:
            said.append(_unequal(under.groups, conditions.gini, lang))
    if conditions.single_source:
        said.append(text("report.brief.conditioned_single", lang))
    return " ".join(said)


def _unequal(groups: pd.DataFrame, limit: float, lang: str) -> str:
    """Say how unequal the shares served are over people, and how unequal they may be."""
    served = float((groups["share"] * groups["people"]).sum())
    found = gini(groups["share"], groups["people"]) if served > 0 else float("nan")
    values = {"gini": number(found, lang, 2), "limit": plain(limit, lang)}
    return text("report.brief.conditioned_gini", lang, **values)


def _brought(findings: Findings, model: str) -> float:
    """People whom the plan brings within reach beyond what stands and is planned.

    Net of those who lose a service that it closes.
    """
    city = city_change(findings, model)
    return float(city["uncovered_standing"] - city["uncovered_after"])


def saved(findings: Findings, lang: str) -> str:
    """Write what the new sites save of the way to the nearest service, per person."""
    people = figures(findings)["population"]
    saved = float(findings.plans[SAVED].gains["added"].sum())
    return cost_text(saved / people if people else 0.0, findings.study, lang)


def _longest(findings: Findings, lang: str) -> dict[str, str]:
    city = city_change(findings, LONGEST)
    return {
        "before": cost_text(city["longest_before"], findings.study, lang),
        "after": cost_text(city["longest_after"], findings.study, lang),
        "people": number(city["out_of_reach_before"], lang),
        "left": number(city["out_of_reach_after"], lang),
    }


def _longest_case(findings: Findings) -> str:
    """Tell apart what shortens the longest way; it is no measure where people have no way."""
    city = city_change(findings, LONGEST)
    if city["out_of_reach_before"] > 0:
        return "_unreached"
    same = np.isclose(city["longest_before"], city["longest_standing"])
    return "" if same else "_planned"


def city_change(findings: Findings, model: str) -> pd.Series:
    """Return the row of the whole city in the table of what a plan changes."""
    table = findings.before_after
    return table[(table["model"] == model) & (table["level"] == "city")].iloc[0]


def _new_sites(findings: Findings, model: str, lang: str) -> str:
    return new_sites(len(findings.plans[model].sites), lang)
