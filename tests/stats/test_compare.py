"""Our figures beside the paper's: what agrees, what had to, and what cannot be true.

The paper's figures and its audit are given; regressions are held against statsmodels.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from ecity_geo.errors import AnalysisError, InputError
from ecity_geo.stats.audit import audit
from ecity_geo.stats.compare import COLUMNS, compare, constructed_figures, published_figures
from ecity_geo.stats.inference import one_sample
from ecity_geo.stats.own_figures import one_predictor, own_figures
from ecity_geo.stats.published import read_published

DATA = Path(__file__).parents[2] / "data" / "survey"
SMALL: dict[str, Any] = {
    "study": {"n": 10, "scale": [1, 5], "test_value": 3},
    "table_1": {
        "rows": [
            {"item": "a", "mean": "3.40", "p": "< .05"},
            {"item": "b", "mean": "2.10", "p": "> .05"},
        ]
    },
}


@pytest.fixture(scope="module")
def paper() -> dict[str, Any]:
    return read_published(DATA / "published.json")


@pytest.fixture(scope="module")
def answers(paper: dict[str, Any]) -> pd.DataFrame:
    items = [row["item"] for row in paper["table_2"]["rows"]]
    return pd.read_csv(DATA / "responses.csv")[[*items, "realisation"]]


@pytest.fixture(scope="module")
def tables(paper: dict[str, Any], answers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    items = answers.drop(columns="realisation")
    scores = pd.DataFrame(
        {each["id"]: items[each["items"]].mean(axis=1) for each in paper["constructs"]}
    )
    ranks = items.rank(axis=1).mean().rename_axis("item").rename("mean_rank").reset_index()
    return {
        "sample-size": pd.DataFrame({"n": [len(items)]}),
        "reliability": pd.DataFrame({"construct": ["overall"], "alpha": [0.71198]}),
        "one-sample": one_sample(items, test_value=3).reset_index(),
        "mean-ranks": ranks,
        "friedman": pd.DataFrame({"chi_square": [2088.75], "df": [17], "p": [0.0]}),
        "one-predictor": one_predictor(scores, answers["realisation"]),
    }


def test_what_the_answers_were_made_to_give_agrees_by_construction(
    paper: dict[str, Any], tables: dict[str, pd.DataFrame]
) -> None:
    constructed = constructed_figures(paper)
    table = compare(paper, own_figures(paper, tables), by_construction=constructed)
    assert table.columns.tolist() == COLUMNS
    made = table[table["agrees"] == "by construction"]
    means = {f"{row['item']}.mean" for row in paper["table_2"]["rows"]}
    assert set(made["cell"]) == means | {"n", "alpha", "items.order"}
    assert len(made) == len(constructed) == 21
    assert made["difference"].abs().max() <= 0.005


def test_no_impossible_statistic_agrees(
    paper: dict[str, Any], tables: dict[str, pd.DataFrame]
) -> None:
    table = compare(paper, own_figures(paper, tables)).set_index(["table", "cell"])
    t = table[table.index.get_level_values("cell").str.endswith(".t")]
    assert len(t) == 18
    assert (t["audit"] == "impossible").all()
    assert (t["agrees"] == "no").all()
    assert table.loc[("2", "friedman.df"), "agrees"] == "no"
    assert table.loc[("2", "stated.critical_items"), "ours"] == 9
    assert table.loc[("2", "items.order"), "ours"] == 18
    # No answers can give these; a p of 0.000 may print alike all the same.
    alike = table[(table["audit"] == "impossible") & (table["agrees"] == "yes")]
    assert all(cell.endswith(".p") for _, cell in alike.index)


def test_every_verdict_of_the_audit_on_a_printed_figure_is_carried(paper: dict[str, Any]) -> None:
    table = compare(paper, {})
    assert (table["agrees"] == "not computed").all()
    assert table["ours"].isna().all()
    judged = audit(paper)
    printed = judged[judged["cell"] != "mean_ranks.sum"]  # a sum that the paper does not print
    assert len(printed) == len(judged) - 1
    assert Counter(table.loc[table["audit"] != "", "audit"]) == Counter(printed["verdict"])


def test_figures_agree_where_they_print_alike() -> None:
    ours = {("1", "a", "mean"): 3.405, ("1", "a", "p"): 0.05, ("1", "b", "mean"): 2.1051}
    table = compare(SMALL, ours | {("1", "b", "p"): 0.05}).set_index("cell")
    assert table["agrees"].to_dict() == {
        "n": "not computed",
        "a.mean": "yes",  # halves go up or down
        "a.p": "no",
        "b.mean": "no",
        "b.p": "yes",
        "items.order": "not computed",
    }
    assert table.loc["b.mean", "difference"] == pytest.approx(0.0051)
    assert compare(SMALL, {("1", "a", "mean"): None})["ours"].isna().all()


def test_a_constructed_figure_that_differs_is_told() -> None:
    key = ("1", "a", "mean")
    table = compare(SMALL, {key: 3.5}, by_construction={key}).set_index("cell")
    assert table.loc["a.mean", "agrees"] == "no"


def test_the_order_of_items_counts_those_in_place() -> None:
    rows = [("a", "1.00"), ("b", "2.00"), ("c", "2.00"), ("d", "4.00")]
    published = {
        "study": {"n": 5},
        "table_1": {"rows": [{"item": item, "mean": mean} for item, mean in rows]},
    }

    def in_order(*means: float) -> float:
        table = pd.DataFrame({"item": list("abcd"), "mean": means})
        return own_figures(published, {"one-sample": table})["1", "items", "order"]

    assert in_order(1, 3, 2, 4) == 4  # equal means may stand either way
    assert in_order(4, 2, 3, 1) == 2
    assert ("1", "items", "order") not in own_figures(published, {})


def test_models_fill_the_tables_that_are_theirs(paper: dict[str, Any]) -> None:
    hypotheses = pd.DataFrame(
        {
            "path": ["services ~ technical", "realisation ~ technical", "services → realisation"],
            "estimate": [1.0, 9.0, 9.0],
            "std": [0.1, 0.2, 0.3],
            "critical_ratio": [1.0, 2.0, 3.0],
            "p": [0.5, 0.04, 0.01],
        }
    )
    fits = pd.DataFrame(
        {"model": ["technical", "technical"], "estimator": ["ML", "WLSMV"], "gfi": [0.9, 0.8]}
    )
    figures = own_figures(
        paper,
        {
            "hypotheses": hypotheses,
            "cfa-fit": fits,
            "path-fit": pd.DataFrame({"cfi": [0.94], "rmsea": [0.03]}),
            "regression": pd.DataFrame({"durbin_watson": [1.9]}),
            "coefficients": pd.DataFrame({"term": ["constant", "technical"], "b": [-3.0, 0.5]}),
            "soar": pd.DataFrame(
                {"quadrant": ["strengths", "opportunities"], "score": [1.569, 1.549]}
            ),
        },
    )
    assert figures == {
        ("3", "durbin_watson", ""): 1.9,
        ("4", "constant_B", ""): -3.0,
        ("5", "technical", "GFI"): 0.9,
        ("5", "structural_model", "CFI"): 0.94,
        ("5", "structural_model", "RMSEA"): 0.03,
        ("6", "technical", "estimate"): 0.2,
        ("6", "technical", "critical_ratio"): 2.0,
        ("6", "technical", "p"): 0.04,
        ("6", "services", "estimate"): 0.3,
        ("6", "services", "critical_ratio"): 3.0,
        ("6", "services", "p"): 0.01,
        ("7", "soar", "strengths"): 1.569,
        ("7", "soar", "opportunities"): 1.549,
        ("7", "soar", "internal"): pytest.approx(3.118),
    }


def test_every_printed_figure_of_the_paper_is_found(paper: dict[str, Any]) -> None:
    found = Counter(key[0] for key in published_figures(paper))
    # By hand: 18 x 5 + 3 + 1 stated + the order; 3 x 3 + 2; 3 x 4 + 1; 3 x 5 + 4; 3 x 3; 6.
    assert found == {"method": 2, "2": 95, "3": 11, "4": 13, "5": 19, "6": 9, "7": 6}


def test_one_predictor_agrees_with_statsmodels(
    tables: dict[str, pd.DataFrame], paper: dict[str, Any], answers: pd.DataFrame
) -> None:
    for each in paper["constructs"]:
        x = answers[each["items"]].mean(axis=1)
        fit = sm.OLS(answers["realisation"], sm.add_constant(x)).fit()
        ours = tables["one-predictor"].loc[each["id"]]
        expected = [fit.rsquared, fit.rsquared_adj, fit.params.iloc[1], fit.fvalue, fit.f_pvalue]
        assert ours[["R2", "adj_R2", "B", "F", "p"]].tolist() == pytest.approx(expected, rel=1e-9)
        beta = fit.params.iloc[1] * x.std() / answers["realisation"].std()
        assert ours["beta"] == pytest.approx(beta)


def test_one_predictor_aligns_and_counts_missing_pairs() -> None:
    scores = pd.DataFrame({"a": [1.0, 2.0, 3.0, np.nan]}, index=list("wxyz"))
    outcome = pd.Series([5, 3, 2, 1], index=list("zyxw"), dtype="Int64")
    row = one_predictor(scores, outcome).loc["a"]
    assert (row["n"], row["B"], row["R2"]) == (3, 1.0, 1.0)
    with pytest.raises(AnalysisError, match="never varies"):
        one_predictor(scores.assign(a=1.0), outcome)


def test_what_is_no_file_of_figures_is_a_fault() -> None:
    with pytest.raises(InputError):
        compare({"study": {"n": 10}}, {})
