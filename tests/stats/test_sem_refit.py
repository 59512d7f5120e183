"""Fits of many samples at once against scipy's density, differences, and fits one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.effects import effects
from ecity_geo.stats.resampling import resampling
from ecity_geo.stats.sem import SemFit, fit_model
from ecity_geo.stats.sem_refit import Refits, refit_all
from ecity_geo.stats.sem_stack import Samples, drawn_samples, root_diagonals
from ecity_geo.stats.sem_stack_slopes import StackedLikelihood

REFERENCE = Path(__file__).parent / "reference"
DEMOCRACY = """
ind60 =~ x1 + x2 + x3
dem60 =~ y1 + a*y2 + b*y3
dem65 =~ y5 + a*y6 + b*y7
dem60 ~ ind60
dem65 ~ ind60 + dem60
y1 ~~ y5
"""
MODELS = {
    "latent": ("visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\ntextual ~ visual", {}),
    "means": ("visual =~ x1 + x2 + x3\nx4 ~ visual\nx3 ~ 2*1", {"meanstructure": True}),
    "observed": ("x2 ~ x1\nx3 ~ a*x1 + a*x2", {}),
    "observed means": ("x2 ~ x1\nx3 ~ x1 + x2\nx3 ~ 0.5*1", {"meanstructure": True}),
    "all free": ("x2 ~ x1\nx3 ~ x1 + x2", {"fixed_x": False}),
    "wishart": ("visual =~ x1 + x2 + x3 + x4\nx1 ~~ x2", {"convention": "amos"}),
}


@pytest.fixture(scope="module")
def pupils() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "HolzingerSwineford1939.csv")


def fitted(name: str, pupils: pd.DataFrame) -> SemFit:
    syntax, options = MODELS[name]
    return fit_model(syntax, pupils, **options)  # type: ignore[arg-type]


def resamples(fit: SemFit, frame: pd.DataFrame, count: int) -> tuple[list[pd.DataFrame], Samples]:
    """Return resamples as frames, and their moments."""
    names = list(fit.model.table.observed)
    counts = np.concatenate(
        list(resampling(frame.index).counts(count, np.random.default_rng(1))),
    )
    places = np.arange(len(frame))
    frames = [
        frame[names].iloc[np.repeat(places, row)].reset_index(drop=True)
        for row in counts.astype(int)
    ]
    weight = fit.moments[0].weight
    return frames, drawn_samples(frame[names].to_numpy(dtype=float), [counts], weight)


# --- moments and the likelihood


def test_moments_of_resamples_are_those_of_numpy(pupils: pd.DataFrame) -> None:
    fit = fitted("latent", pupils)
    frames, samples = resamples(fit, pupils, 20)
    assert len(samples) == 20
    for frame, covariance, mean in zip(frames, samples.covariance, samples.mean, strict=True):
        np.testing.assert_allclose(covariance, np.cov(frame.to_numpy().T, ddof=0), atol=1e-12)
        np.testing.assert_allclose(mean, frame.mean(), rtol=1e-12)


def test_resamples_whose_variables_determine_one_another_are_left_out() -> None:
    values = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 1.0]])
    # The second draws two respondents only: their points lie on a line.
    samples = drawn_samples(values, [np.array([[1.0, 1, 1], [2.0, 1, 0]])], 3.0)
    assert len(samples) == 1


@pytest.mark.parametrize("name", [name for name in MODELS if name != "wishart"])
def test_values_are_likelihood_ratios_of_the_normal_density(
    name: str, pupils: pd.DataFrame
) -> None:
    fit = fitted(name, pupils)
    frames, samples = resamples(fit, pupils, 3)
    values = StackedLikelihood(fit.model, samples).values(np.tile(fit.theta, (3, 1)))
    for at, frame in enumerate(frames):
        own = samples.covariance[at], samples.mean[at]
        moments = replace(fit.moments[0], covariance=own[0], mean=own[1])
        model = fit.model.with_exogenous([moments])
        ((sigma, mu),) = model.implied(fit.theta)
        centre = mu if fit.model.table.means else own[1]
        told = stats.multivariate_normal.logpdf(frame, centre, sigma).sum()
        best = stats.multivariate_normal.logpdf(frame, own[1], own[0]).sum()
        assert values[at] == pytest.approx(best - told, abs=1e-8)


@pytest.mark.parametrize("name", MODELS)
def test_derivatives_are_differences_of_values(name: str, pupils: pd.DataFrame) -> None:
    fit = fitted(name, pupils)
    _, samples = resamples(fit, pupils, 2)
    likelihood = StackedLikelihood(fit.model, samples)
    theta = np.tile(fit.theta, (2, 1)) * 1.05
    slopes = likelihood.slopes(theta)
    gradient, hessian = slopes.gradient(), slopes.hessian()
    for at in range(len(fit.theta)):
        step = np.zeros(len(fit.theta))
        step[at] = 1e-5
        by_value = (likelihood.values(theta + step) - likelihood.values(theta - step)) / 2e-5
        np.testing.assert_allclose(gradient[:, at], by_value, rtol=1e-5, atol=1e-3)
        above, below = (likelihood.slopes(theta + side).gradient() for side in (step, -step))
        np.testing.assert_allclose(
            hessian[:, at], (above - below) / 2e-5, rtol=1e-5, atol=1e-5 * np.abs(hessian).max()
        )


@pytest.mark.parametrize("name", MODELS)
def test_information_is_the_hessian_where_a_model_fits_exactly(
    name: str, pupils: pd.DataFrame
) -> None:
    # With the implied moments as the sample's, expected and observed information are one.
    fit = fitted(name, pupils)
    ((sigma, mu),) = fit.model.implied(fit.theta)
    own = fit.moments[0]
    exact = Samples(
        weight=own.weight,
        covariance=sigma[None],
        mean=(mu if fit.model.table.means else own.mean)[None],
        log_determinant=np.linalg.slogdet(sigma[None])[1],
    )
    slopes = StackedLikelihood(fit.model, exact).slopes(fit.theta[None])
    information = slopes.information(np.array([0]))
    np.testing.assert_allclose(information, slopes.hessian(), atol=1e-9 * information.max())


def test_an_impossible_covariance_has_no_value(pupils: pd.DataFrame) -> None:
    fit = fitted("latent", pupils)
    _, samples = resamples(fit, pupils, 2)
    theta = np.stack([fit.theta, -fit.theta])
    values = StackedLikelihood(fit.model, samples).values(theta)
    assert np.isfinite(values).tolist() == [True, False]
    diagonals = root_diagonals(np.array([np.eye(2), [[1.0, 2.0], [2.0, 1.0]]]))
    assert np.isnan(diagonals).tolist() == [[False, False], [True, True]]


# --- fits


@pytest.mark.parametrize("name", MODELS)
def test_each_fit_is_that_of_its_resample_alone(name: str, pupils: pd.DataFrame) -> None:
    # `fit_model` agrees with lavaan, and starts from nothing known.
    fit = fitted(name, pupils)
    frames, samples = resamples(fit, pupils, 12)
    refits = refit_all(fit.model, samples, fit.theta)
    assert refits.converged.all()
    syntax, options = MODELS[name]
    for at, frame in enumerate(frames):
        alone = fit_model(syntax, frame, **options)  # type: ignore[arg-type]
        assert 2 * refits.value[at] == pytest.approx(alone.chi_square, abs=2e-8)
        errors = np.sqrt(np.diag(alone.covariance))
        # Within 1e-8 of the least value, at most 1e-4 errors from where it is.
        assert (np.abs(refits.theta[at] - alone.theta) / errors).max() < 2e-4


def test_parameters_that_are_equal_stay_equal() -> None:
    frame = pd.read_csv(REFERENCE / "PoliticalDemocracy.csv")
    fit = fit_model(DEMOCRACY, frame)
    frames, samples = resamples(fit, frame, 6)
    refits = refit_all(fit.model, samples, fit.theta)
    for at, one in enumerate(frames):
        alone = fit_model(DEMOCRACY, one)
        if refits.converged[at]:
            assert 2 * refits.value[at] == pytest.approx(alone.chi_square, abs=2e-8)
    assert refits.converged.sum() >= 5


def far_off(pupils: pd.DataFrame) -> tuple[SemFit, Samples]:
    """Return a model, and a sample in which what it needs to be positive is negative."""
    fit = fit_model("visual =~ x1 + x2 + x3", pupils)
    covariance = np.array([[1.0, 0.5, 0.5], [0.5, 1.0, -0.5], [0.5, -0.5, 1.0]]) + np.eye(3) * 0.01
    covariance = np.stack([fit.moments[0].covariance, covariance])
    return fit, Samples(
        weight=301.0,
        covariance=covariance,
        mean=np.zeros((2, 3)),
        log_determinant=np.linalg.slogdet(covariance)[1],
    )


def test_a_search_that_fails_spoils_no_other(pupils: pd.DataFrame) -> None:
    fit, samples = far_off(pupils)
    both: Refits = refit_all(fit.model, samples, fit.theta)
    assert both.converged[0]
    np.testing.assert_allclose(both.theta[0], fit.theta, atol=1e-4)
    alone = refit_all(fit.model, samples.part(slice(1, 2)), fit.theta)
    assert alone.converged.tolist() == both.converged[1:].tolist()


def test_resamples_of_six_are_counted_where_they_cannot_be_fitted() -> None:
    # Six respondents, three variables: many resamples lie in a plane, or all but for rounding.
    rng = np.random.default_rng(1)
    latent = rng.standard_normal((60, 6)) + rng.standard_normal((60, 1)) * 1.2
    answers = np.clip(np.rint(3 + latent), 1, 5)
    frame = pd.DataFrame(answers, columns=[f"q{i}" for i in range(6)]).iloc[:6]
    fit = fit_model("q1 ~ q0\nq2 ~ q1 + q0", frame)
    with pytest.raises(AnalysisError, match="of 300 resamples the model did not converge"):
        effects(fit, frame, replicates=300)


def test_a_model_that_seldom_converges_has_no_intervals() -> None:
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(25, 1))
    items = rng.normal(size=(25, 3)) + 0.5 * latent
    frame = pd.DataFrame(items, columns=list("abc"))
    frame["y"] = 0.5 * latent[:, 0] + rng.normal(size=25)
    fit = fit_model("f =~ a + b + c\ny ~ f", frame)
    with pytest.raises(AnalysisError, match="of 100 resamples the model did not converge"):
        effects(fit, frame, replicates=100)
