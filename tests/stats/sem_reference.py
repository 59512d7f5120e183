"""Fits by R lavaan (reference/sem.R), and how to ask for the same ones here."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pandas as pd

from ecity_geo.stats.sem import SemFit, fit_model

FOLDER = Path(__file__).parent / "reference"
FILES = {
    "hs": "HolzingerSwineford1939.csv",
    "missing": "hs_missing.csv",
    "political": "PoliticalDemocracy.csv",
}
NAMES = {
    "npar": "npar",
    "ntotal": "n",
    "gfi": "gfi",
    "agfi": "agfi",
    "srmr": "srmr",
    "logl": "log_likelihood",
    "aic": "aic",
    "bic": "bic",
    "chisq.scaling.factor": "scaling_factor",
    "baseline.chisq.scaling.factor": "baseline_scaling_factor",
}
VARIANTS = {
    "chisq": "chi_square",
    "df": "df",
    "pvalue": "p",
    "baseline.chisq": "baseline_chi_square",
    "baseline.df": "baseline_df",
    "cfi": "cfi",
    "tli": "tli",
    "nfi": "nfi",
    "rfi": "rfi",
    "ifi": "ifi",
    "rmsea": "rmsea",
    "rmsea.ci.lower": "rmsea_low",
    "rmsea.ci.upper": "rmsea_high",
    "rmsea.pvalue": "p_close",
}


@cache
def reference() -> dict[str, dict]:
    return json.loads((FOLDER / "sem.json").read_text(encoding="utf-8"))


@cache
def answers(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / FILES[name])


def names() -> list[str]:
    return list(reference()["fits"])


def theirs(name: str) -> dict:
    return reference()["fits"][name]


def model(name: str) -> str:
    return reference()["models"][name]


def ours(name: str) -> SemFit:
    """Ask for what the R call of this name asked for."""
    call = theirs(name)["call"]
    data = answers(theirs(name)["data"])
    options: dict[str, object] = {
        "convention": "amos" if "wishart" in call else "lavaan",
        "estimator": "MLR" if "MLR" in call else "ML",
        "missing": "fiml" if "fiml" in call else "complete",
        "std_lv": "std.lv" in call,
        "meanstructure": "meanstructure" in call,
        "fixed_x": "fixed.x = FALSE" not in call,
        "equal": _words(call, "group.equal"),
        "partial": _words(call, "group.partial"),
        "groups": data["school"] if "group = " in call else None,
    }
    return fit_model(model(re.match(r"sem\((\w+)", call)[1]), data, **options)


def indices(name: str) -> dict[str, float]:
    """Return R's fit measures under our names."""
    found = {}
    for key, value in theirs(name)["fit"].items():
        base, _, variant = key.rpartition(".")
        mine = NAMES.get(key) or VARIANTS.get(key)
        if variant in ("scaled", "robust") and base in VARIANTS:
            mine = f"{VARIANTS[base]}_{variant}"
        if mine and value is not None:
            found[mine] = value
    return found


def _words(call: str, option: str) -> list[str]:
    given = re.search(re.escape(option) + r' = (c\([^)]*\)|"[^"]*")', call)
    return re.findall(r'"([^"]+)"', given[1]) if given else []
