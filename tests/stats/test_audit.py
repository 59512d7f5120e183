"""The audit: what it finds in the paper, and that it finds nothing in sound tables."""

from __future__ import annotations

import csv
import json
from collections import Counter
from copy import deepcopy
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ecity_geo.errors import InputError
from ecity_geo.stats.audit import audit
from ecity_geo.stats.published import read_published

ROOT = Path(__file__).parents[2]
PAPER = ROOT / "data" / "survey" / "published.json"
REFERENCE = ROOT.parent / "shared" / "reference"
beside = pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference is not beside this clone")


def verdicts(table: pd.DataFrame) -> dict[tuple[str, str], str]:
    pairs = list(zip(table["table"], table["cell"], strict=True))
    assert len(set(pairs)) == len(pairs)
    return dict(zip(pairs, table["verdict"], strict=True))


@pytest.fixture(scope="module")
def paper() -> pd.DataFrame:
    return audit(read_published(PAPER))


@beside
def test_paper_gets_the_verdicts_of_the_reference_cell_by_cell(paper: pd.DataFrame) -> None:
    with (REFERENCE / "paper" / "audit.csv").open(encoding="utf-8", newline="") as file:
        expected = {(row["table"], row["cell"]): row["verdict"] for row in csv.DictReader(file)}
    assert verdicts(paper) == expected


@beside
def test_figures_of_the_paper_are_the_reference_copy() -> None:
    copy = json.loads((REFERENCE / "paper" / "published.json").read_text(encoding="utf-8"))
    shipped = json.loads(PAPER.read_text(encoding="utf-8"))
    assert "tables 2 to 8" in shipped.pop("source")
    assert shipped == copy


def test_paper_has_as_many_impossible_figures_as_counted_by_hand(paper: pd.DataFrame) -> None:
    assert Counter(paper["verdict"]) == {"impossible": 52, "possible": 48, "doubtful": 2}
    t = paper[paper["cell"].str.endswith(".t")]
    assert len(t) == 18
    assert set(t["verdict"]) == {"impossible"}
    assert paper["why"].str.len().min() > 5


def test_reason_gives_the_arithmetic(paper: pd.DataFrame) -> None:
    why = dict(zip(paper["cell"], paper["why"], strict=True))
    # Numbers of the reference audit, made by another program.
    assert "sums [837, 838]" in why["local_network.t"]
    assert "from 18.01 to 44.14 against 3; printed 14.27" in why["local_network.t"]
    assert "nearest t are 13.43, 13.46" in why["internet_network.t"]
    assert "sign" in why["security.t"] or "-13.73" in why["security.t"]
    assert "171; printed sum 166.86" in why["mean_ranks.sum"]
    assert "2854" in why["friedman.chi_square"]
    assert "test value of 2, not 3" in why["stated.critical_items"]
    assert "0.4273-0.4283" in why["services.adj_R2"]
    assert "302" in why["n"]


# --- sound tables, from simulated answers and programs that others wrote


def sound(seed: int, *, n: int = 120, k: int = 7, digits: int = 2) -> dict[str, Any]:
    """Tables that scipy, statsmodels and pandas made from whole answers 1-5."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 1))
    levels = rng.normal(0, 0.8, k)
    raw = 3 + levels + 0.7 * common + rng.normal(0, 1, (n, k))
    answers = np.clip(np.round(raw), 1, 5).astype(int)
    ranks = stats.rankdata(answers, axis=1).mean(axis=0)
    test = stats.friedmanchisquare(*answers.T)
    rows = []
    for at in range(k):
        one = stats.ttest_1samp(answers[:, at], 3)
        rows.append(
            {
                "item": f"q{at}",
                "mean": f"{answers[:, at].mean():.{digits}f}",
                "sd": f"{answers[:, at].std(ddof=1):.{digits}f}",
                "t": f"{one.statistic:.{digits}f}",
                "df": str(n - 1),
                "p": f"{one.pvalue:.3f}",
                "mean_rank": f"{ranks[at]:.{digits}f}",
            }
        )
    below = sum(answers.mean(axis=0) < 3)
    published = {
        "study": {"n": n, "scale": [1, 5], "test_value": 3, "population": 150},
        "constructs": [{"id": "whole", "items": [f"q{at}" for at in range(k)]}],
        "table_1": {
            "rows": rows,
            "friedman": {
                "chi_square": f"{test.statistic:.3f}",
                "df": str(k - 1),
                "p": f"{test.pvalue:.3f}",
            },
            "stated": {"critical_items": int(below)},
        },
    }
    return published | regression_tables(answers, common[:, 0], rng)


def regression_tables(
    answers: np.ndarray, common: np.ndarray, rng: np.random.Generator
) -> dict[str, Any]:
    score = answers.mean(axis=1)
    y = common + rng.normal(size=len(common))
    one = sm.OLS(y, sm.add_constant(score)).fit()
    three = sm.OLS(y, sm.add_constant(answers[:, :3])).fit()
    coefficients = [
        {
            "label": f"b{at}",
            "B": f"{three.params[at]:.3f}",
            "se": f"{three.bse[at]:.3f}",
            "t": f"{three.tvalues[at]:.2f}",
            "df": str(int(three.df_resid)),
            "p": f"{three.pvalues[at]:.3f}",
        }
        for at in range(4)
    ]
    spread = np.std(score) / np.std(y)
    return {
        "table_2": {
            "rows": [
                {
                    "construct": "whole",
                    "R": f"{np.sqrt(one.rsquared):.3f}",
                    "R2": f"{one.rsquared:.3f}",
                    "adj_R2": f"{one.rsquared_adj:.3f}",
                }
            ]
        },
        "table_3": {
            "rows": [
                {
                    "construct": "whole",
                    "F": f"{one.fvalue:.3f}",
                    "beta": f"{one.params[1] * spread:.3f}",
                }
            ]
        },
        "table_4": {
            "rows": [
                {
                    "model": "three",
                    "predictors": 3,
                    "R": f"{np.sqrt(three.rsquared):.3f}",
                    "R2": f"{three.rsquared:.3f}",
                    "adj_R2": f"{three.rsquared_adj:.3f}",
                    "F": f"{three.fvalue:.3f}",
                    "df1": "3",
                    "df2": str(int(three.df_resid)),
                    "p": f"{three.f_pvalue:.3f}",
                },
                *coefficients,
            ]
        },
    }


@pytest.mark.parametrize("seed", range(12))
def test_sound_tables_have_no_fault(seed: int) -> None:
    n, k = [(120, 7), (30, 4), (149, 18)][seed % 3]
    table = audit(sound(seed, n=n, k=k, digits=2 + seed % 2))
    faults = table[table["verdict"] != "possible"]
    # n = 30 of 150 is a small sample, which is true.
    faults = faults[(faults["cell"] != "n") | (n > 100)]
    assert faults.empty, faults.to_string()
    assert len(table) >= 5 * k + 15


@beside
def test_fit_indices_of_lavaan_have_no_fault() -> None:
    path = REFERENCE / "sem" / "hs_cfa_ml_fitmeasures.csv"
    fit = pd.read_csv(path, index_col="measure")["value"]
    row = {name: f"{fit[name.lower()]:.3f}" for name in ("GFI", "NFI", "IFI", "CFI", "RMSEA")}
    row |= {"model": "HS", "indicators": 9, "df_model": 24}
    published = {"study": {"n": 301}, "table_1": {"rows": [row]}}
    assert verdicts(audit(published)) == {("1", "HS.IFI"): "possible", ("1", "HS.CFI"): "possible"}
    # The same with the number of degrees of freedom unknown, and as a block of its own.
    block = {name: row[name] for name in ("NFI", "IFI", "CFI", "RMSEA")}
    assert set(audit({"study": {"n": 301}, "model": block})["verdict"]) == {"possible"}


def test_fit_indices_with_one_digit_wrong_are_found() -> None:
    # Of lavaan's .907, .931, .931, .092 (Holzinger-Swineford): CFI .981 cannot be.
    row = {"model": "HS", "NFI": "0.907", "IFI": "0.905", "CFI": "0.981", "RMSEA": "0.092"}
    row |= {"indicators": 9, "df_model": 24}
    found = verdicts(audit({"study": {"n": 301}, "table_1": {"rows": [row]}}))
    assert set(found.values()) == {"impossible"}


def change(published: dict[str, Any], table: str, row: int, **figures: str) -> dict[str, Any]:
    changed = deepcopy(published)
    changed[table]["rows"][row].update(figures)
    return changed


@pytest.mark.parametrize(
    ("table", "row", "figures", "cell"),
    [
        ("table_1", 0, {"mean": "2.996"}, "q0.mean"),
        ("table_1", 0, {"mean": "5.60"}, "q0.mean"),
        ("table_1", 1, {"sd": "2.60"}, "q1.sd"),
        ("table_1", 1, {"sd": "0.0001"}, "q1.sd"),
        ("table_1", 2, {"t": "99.00"}, "q2.t"),
        ("table_1", 2, {"df": "150"}, "q2.df"),
        ("table_1", 3, {"p": "0.777"}, "q3.p"),
        ("table_1", 3, {"mean_rank": "7.80"}, "q3.mean_rank"),
        ("table_1", 3, {"mean_rank": "1.00"}, "mean_ranks.sum"),
        ("table_2", 0, {"R2": "0.999"}, "whole.R2"),
        ("table_2", 0, {"adj_R2": "0.999"}, "whole.adj_R2"),
        ("table_3", 0, {"F": "1.000"}, "whole.F"),
        ("table_3", 0, {"beta": "0.111"}, "whole.beta"),
        ("table_4", 0, {"F": "99.000"}, "three.F"),
        ("table_4", 1, {"t": "44.00"}, "b0.t"),
        ("table_4", 2, {"p": "0.999"}, "b1.p"),
    ],
)
def test_one_wrong_figure_in_a_sound_table_is_found(
    table: str, row: int, figures: dict[str, str], cell: str
) -> None:
    found = audit(change(sound(3), table, row, **figures)).set_index("cell")
    assert found.loc[cell, "verdict"] == "impossible"


def test_t_that_fits_mean_but_not_sd_is_found() -> None:
    # 10 answers, mean 3.50: sd 0.53 (five 3, five 4) gives t = 3.00, sd 1.58 gives t = 1.00.
    row = {"item": "a", "mean": "3.50", "sd": "0.53", "t": "1.00", "df": "9"}
    study = {"n": 10, "scale": [1, 5], "test_value": 3}
    found = audit({"study": study, "table_1": {"rows": [row]}}).set_index("cell")
    assert found["verdict"].to_dict() == {
        "a.mean": "possible",
        "a.sd": "possible",
        "a.t": "impossible",
    }
    right = audit({"study": study, "table_1": {"rows": [row | {"t": "3.00"}]}})
    assert set(right["verdict"]) == {"possible"}


def test_df_below_n_means_missing_answers() -> None:
    # 3.33 is 30 / 9, and no tenth has it.
    row = {"item": "a", "mean": "3.33", "t": "0.50", "df": "8"}
    study = {"n": 10, "scale": [1, 5], "test_value": 3}
    table = audit({"study": study, "table_1": {"rows": [row]}}).set_index("cell")
    assert table.loc["a.mean", "verdict"] == "possible"
    whole = audit({"study": study, "table_1": {"rows": [row | {"df": "9"}]}}).set_index("cell")
    assert whole.loc["a.mean", "verdict"] == "impossible"
    assert whole.loc["a.t", "verdict"] == "doubtful"


def test_friedman_above_perfect_agreement_is_found() -> None:
    rows = [{"item": name, "mean_rank": rank} for name, rank in (("a", "1.0"), ("b", "2.0"))]
    test = {"chi_square": "11.0", "df": "1", "p": "0.001"}
    found = audit({"study": {"n": 10}, "table_1": {"rows": rows, "friedman": test}})
    assert found.set_index("cell").loc["friedman.chi_square", "verdict"] == "impossible"


def test_mean_over_items_has_the_finer_grain() -> None:
    # 3.25 over 2 items is 6.5 summed over 10 people: 65 of 20 answers; over 1 item it is not.
    row = {"construct": "a", "mean": "3.25"}
    one = {"study": {"n": 10, "scale": [1, 5]}, "table_1": {"rows": [row]}}
    two = one | {"constructs": [{"id": "a", "items": ["x", "y"]}]}
    assert verdicts(audit(one)) == {("1", "a.mean"): "impossible"}
    assert verdicts(audit(two)) == {("1", "a.mean"): "possible"}


def test_results_in_running_text_are_checked() -> None:
    results = ["t(28) = 2.20, p = .06", "t(28) = 2.20, p = .04", "z = 1.75, p = .04"]
    table = audit({"study": {"n": 29}, "results": results})
    assert table["verdict"].tolist() == ["impossible", "possible", "impossible"]
    assert "the one-sided p would fit" in table["why"][2]
    one_sided = audit({"study": {"n": 29, "tails": 1}, "results": results[2:]})
    assert one_sided["verdict"].tolist() == ["possible"]


def test_soar_sum_is_checked_to_its_last_digit() -> None:
    scores = {"strengths": "1.5", "opportunities": "1.5", "internal": "3.0"}
    ask = {"study": {"n": 5}, "soar": {"scores": scores, "table": "9"}}
    assert verdicts(audit(ask)) == {("9", "soar.internal"): "possible"}
    scores["internal"] = "3.2"
    assert verdicts(audit(ask)) == {("9", "soar.internal"): "impossible"}


def test_critical_items_counted_right_are_possible_and_named_figures_compared() -> None:
    published = sound(1)
    published["table_1"]["stated"]["mean_q0_in_text"] = "4.99"
    found = audit(published).set_index("cell")["verdict"]
    assert found["stated.critical_items"] == "possible"
    assert found["stated.mean_q0_in_text"] == "impossible"


def test_mean_that_a_million_sums_print_as_is_not_tried_sum_by_sum() -> None:
    row = {"item": "a", "mean": "3", "sd": "1.0", "t": "0.5", "items": 1_000_000}
    table = audit({"study": {"n": 1_000_000, "test_value": 3}, "table_1": {"rows": [row]}})
    assert verdicts(table) == {("1", "a.mean"): "possible"}


def test_one_respondent_has_a_mean_and_nothing_to_spread() -> None:
    row = {"item": "a", "mean": "4", "sd": "0", "t": "1", "p": "0.5"}
    table = audit({"study": {"n": 1, "test_value": 3}, "table_1": {"rows": [row]}})
    assert verdicts(table) == {("1", "a.mean"): "possible"}


def test_a_large_enough_sample_is_possible() -> None:
    study = {"n": 302, "population": 1400}
    row = {"item": "a", "mean": "3.00"}
    found = audit({"study": study, "table_1": {"rows": [row]}}).set_index("cell")["verdict"]
    assert found["n"] == "possible"


# --- files


def test_persian_digits_are_read(tmp_path: Path) -> None:
    path = tmp_path / "published.json"
    study = '"study": {"n": 182, "scale": [1, 5], "test_value": 3.0}'
    row = '{"item": "a", "mean": "۴٫۶۰", "p": "<۰٫۰۰۱", "t": 14.270}'
    path.write_text(f'{{{study}, "table_1": {{"rows": [{row}]}}}}', encoding="utf-8")
    published = read_published(path)
    assert published["table_1"]["rows"][0]["t"] == "14.270"  # the last zero counts
    assert audit(published)["verdict"].tolist() == ["possible", "impossible", "possible"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[1]", ["list", "study"]),
        ("{", ["line 1", "JSON"]),
        ("\x00", ["JSON"]),
        ('{"study": {"n": 1}, "study": {"n": 2}}', ["study", "twice"]),
        ('{"table_1": {"rows": []}}', ["study", "nothing"]),
        ('{"study": {"n": 5}}', ["no figures", "rows"]),
        ('{"study": {"n": 0, "scale": [5, 1]}}', ["found 0", "[5, 1]"]),
        ('{"study": {"n": 9, "scale": [1, 1000000000]}}', ["at most 1,000 apart"]),
        ('{"study": {"n": 9, "population": 5}}', ["population", "at least n"]),
        ('{"study": {"n": 5}, "table_1": {"rows": [{"mean": "3"}]}}', ["row 1", "no name"]),
        ('{"study": {"n": 5}, "t": {"rows": [{"item": "a", "mean": "4,6"}]}}', ["(a)", "4,6"]),
        ('{"study": {"n": 5}, "t": {"rows": [{"item": "a", "mean": "<4"}]}}', ["mean", "<4"]),
        ('{"study": {"n": 5}, "t": {"rows": [{"item": "a", "df": "0"}]}}', ["df", "above 0"]),
        ('{"study": {"n": 5}, "t": {"rows": [{"item": "a", "items": "2"}]}}', ["items", "'2'"]),
        ('{"study": {"n": 5}, "t": {"rows": [{"item": "a"}, {"item": "a"}]}}', ["row 2", "again"]),
        ('{"study": {"n": 5}, "t": {"rows": 3}}', ["rows", "list"]),
        ('{"study": {"n": 5}, "t": {"rows": [], "friedman": 3}}', ["friedman", "object"]),
        ('{"study": {"n": 5}, "results": ["p = .03"]}', ["entry 1", "p = .03"]),
        ('{"study": {"n": 5}, "soar": {"scores": 3}}', ["scores", "object"]),
        ('{"study": {"n": 5}, "constructs": [3], "t": {"rows": []}}', ["constructs", "items"]),
        ('{"study": {"n": 5, "tails": 3, "margin": "x"}, "t": {"rows": []}}', ["tails", "margin"]),
    ],
)
def test_bad_file_names_place_and_cure(content: str, words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "published.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as error:
        audit(read_published(path))
    assert all(word in str(error.value) for word in [*words, "published.json"]), error.value


def test_every_fault_comes_at_once(tmp_path: Path) -> None:
    path = tmp_path / "published.json"
    rows = [{"item": "a", "mean": "x", "t": "y"}, {"item": "a", "p": "z"}]
    path.write_text(json.dumps({"study": {}, "table_1": {"rows": rows}}), encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_published(path)
    assert len(error.value.faults) == 5


def test_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(InputError, match="can be read"):
            read_published(path)
    (tmp_path / "cp1256.json").write_bytes('{"a": "شبکه"}'.encode("cp1256"))
    with pytest.raises(InputError, match="UTF-8"):
        read_published(tmp_path / "cp1256.json")


@pytest.mark.parametrize("test_value", [2.5, "2.5", "2.50"])
def test_a_test_value_may_be_a_number_of_python(test_value: object) -> None:
    published = {
        "study": {"n": 4, "scale": [1, 5], "test_value": test_value, "margin": 0.1},
        "table_1": {"rows": [{"item": "q", "mean": "4.00", "sd": "0.82", "t": "3.67"}]},
    }
    # By hand: answers 3, 4, 4, 5 have s = 0.8165, and t = 1.5 / (0.8165 / 2) = 3.674.
    assert set(audit(published)["verdict"]) == {"possible"}


@given(
    st.integers(0, 10_000),
    st.integers(3, 300),
    st.integers(1, 3),
    st.sampled_from([(1, 5), (1, 7), (0, 10), (1, 4)]),
    st.sampled_from(["2", "3", "2.5"]),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_no_table_of_real_answers_is_ever_called_impossible(
    seed: int,
    n: int,
    digits: int,
    scale: tuple[int, int],
    test_value: str,
    halves_up: bool,
    gaps: bool,
) -> None:
    """Figures by numpy and scipy, rounded half up or half to even, with or without gaps."""
    rng = np.random.default_rng(seed)
    low, high = scale
    raw = rng.uniform(low, high, 4) + rng.normal(0, rng.uniform(0.3, 3), (n, 4))
    answers = np.clip(np.round(raw), low, high)
    rule = ROUND_HALF_UP if halves_up else ROUND_HALF_EVEN

    def printed(value: float, places: int = digits) -> str:
        return str(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), rule))

    rows = []
    for at, given_answers in enumerate(answers.T):
        own = given_answers[rng.random(n) > 0.1] if gaps else given_answers
        if len(own) < 2 or np.ptp(own) == 0:
            continue
        test = stats.ttest_1samp(own, float(test_value))
        p = "< .001" if test.pvalue < 0.001 else printed(test.pvalue, 3)
        row = {"item": f"q{at}", "mean": printed(own.mean()), "sd": printed(own.std(ddof=1))}
        row |= {"t": printed(test.statistic), "df": str(len(own) - 1), "p": p}
        if not gaps:
            row["mean_rank"] = printed(stats.rankdata(answers, axis=1).mean(axis=0)[at])
        rows.append(row)
    table: dict[str, Any] = {"rows": rows}
    if len(rows) == 4 and not gaps:
        test = stats.friedmanchisquare(*answers.T)
        table["friedman"] = {"chi_square": printed(test.statistic), "df": "3"}
        table["friedman"]["p"] = printed(test.pvalue, 3)
    elif not gaps:
        # The ranks of the constant item are missing from the table: their sum cannot be judged.
        for row in rows:
            row.pop("mean_rank")
    study = {"n": n, "scale": list(scale), "test_value": test_value}
    found = audit({"study": study, "table_1": table})
    assert found.loc[found["verdict"] != "possible", ["cell", "verdict", "why"]].empty


def test_what_no_such_figure_can_be_is_impossible_whatever_stands_beside_it() -> None:
    # By definition: probabilities, squares, shares of variance.
    rows = [
        {"label": "a", "p": "1.20", "R": "1.10", "R2": "1.21", "F": "-3.1", "se": "-0.2"},
        {"label": "b", "sd": "-0.50", "chi_square": "-4.0"},
        {"label": "c", "NFI": "1.10", "CFI": "1.2", "RMSEA": "-0.10", "IFI": "1.10"},
        {"label": "d", "p": "1.000", "R": "-1.0", "R2": "1.00", "F": "0.0", "CFI": "1.0"},
    ]
    published = {"study": {"n": 50}, "table_1": {"rows": rows}, "one": {"CFI": "1.3"}}
    found = verdicts(audit(published))
    wrong = {cell for (_, cell), verdict in found.items() if verdict == "impossible"}
    assert wrong == {
        *(f"a.{name}" for name in ("p", "R", "R2", "F", "se")),
        *("b.sd", "b.chi_square", "c.NFI", "c.CFI", "c.RMSEA", "one.CFI"),
    }
