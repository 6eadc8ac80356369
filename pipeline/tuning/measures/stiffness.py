"""Stiff directions: the Fisher matrix of the data against the width of the prior.

F = J^T Sigma^-1 J with J = d ln(prediction) / dz, Sigma the relative covariance of the data, a^2 K
of the model's discrepancy included, and z the sampled coordinates in units of their standard
deviation under the prior. An eigenvalue is the squared ratio of prior to data width along its
direction: above 1 the data know better. d_eff = sum lambda / (1 + lambda) counts the directions
that they fix (the dimensionality of Handley & Lemos 2019 is its counterpart for whole posteriors).

z = coordinate / sd rather than the probit of the prior's CDF: the map stays linear, so that a
direction is one power law everywhere, and a flat prior does not soften directions at its ends. Both
agree where the prior is Gaussian. Correlations that the prior's constraints imply are ignored.

1/2 sum log2 (1 + lambda) is the information that such data give a Gaussian posterior, in bits.
With the discrepancy's amplitudes at `MATCHED` in every theory, its errors are the same for all: a
theory cannot look cheap because it is forgiven more. Linear, so it misses what is curved.

The errors' asymmetry is ignored too, and F is the expected information: relative errors about the
prediction. Amplitudes of the discrepancy are no parameters here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.marginal import amplitude_columns
from pipeline.tuning.estimators.derivatives import (
    STEP,
    central_differences,
    per_logarithm,
    prior_sd,
)
from pipeline.tuning.estimators.fisher import data_blocks, fisher_matrices, log_predictions
from pipeline.tuning.estimators.power_laws import exponents_of, spell
from pipeline.tuning.measures.columns import Column, Theme, note, number
from pipeline.tuning.measures.measure import Group, Measure, Measured, register
from transport.errors import CrtuneError

MATCHED = 0.1
"""Amplitude at which theories are compared."""


def effective_dimensions(eigenvalues: np.ndarray) -> np.ndarray:
    """d_eff = sum lambda / (1 + lambda) over the last axis."""
    return np.sum(eigenvalues / (1.0 + eigenvalues), axis=-1)


@dataclass(frozen=True)
class Stiffness:
    """Spectrum of the prior-whitened Fisher matrix; d parameters, n draws.

    Attributes
    ----------
    names, labels : of the d coordinates, without the discrepancy's amplitudes
    prior_sd : (d,) of the coordinates
    eigenvalues : (d,) at the best fit, descending
    eigenvalue_change : (d,) how much they differ at twice the step
    eigenvectors : (d, d), column k of unit norm in prior standard deviations
    d_eff, d_eff_change : at the best fit, and its difference at twice the step
    draw_eigenvalues : (n, d) at posterior draws, each row descending
    spectrum : (3, d) their 16%, 50% and 84% quantiles
    d_eff_mean, d_eff_error : mean over the draws and its standard error
    d_eff_interval : (3,) 16%, 50%, 84% quantiles over the draws
    d_eff_change_largest : of the draws, at twice the step
    kinked : share of the draws where it is above 0.1: predictions with a corner within the step, as
        where a cutoff crosses a bin, have no derivative there
    skipped : draws at which a prediction within a step was impossible
    exponents : (k, d) of the k combinations with eigenvalue above 1, stiffest first; see
        `pipeline.tuning.estimators.power_laws`
    tolerance : (k,) standard deviation of each combination's logarithm that the data alone allow
    texts : (k,) the same in words
    discrepancy : whether the model's discrepancy widened the errors, 1 or 0
    bits, bits_error : 1/2 sum log2 (1 + lambda), mean over the draws and its standard error
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    prior_sd: np.ndarray
    eigenvalues: np.ndarray
    eigenvalue_change: np.ndarray
    eigenvectors: np.ndarray
    d_eff: float
    d_eff_change: float
    draw_eigenvalues: np.ndarray
    spectrum: np.ndarray
    d_eff_mean: float
    d_eff_error: float
    d_eff_interval: np.ndarray
    d_eff_change_largest: float
    kinked: float
    skipped: int
    exponents: np.ndarray
    tolerance: np.ndarray
    texts: tuple[str, ...]
    discrepancy: int
    bits: float
    bits_error: float


def stiffness(
    problem,
    best: np.ndarray,
    draws: np.ndarray,
    discrepancy: bool = True,
    amplitude: float | None = None,
    step: float = STEP,
) -> Stiffness:
    """Fisher spectrum at the best fit and over posterior draws.

    Parameters
    ----------
    problem : a `pipeline.problem.Problem`
    best : (ndim,) coordinates
    draws : (n, ndim) posterior draws of equal weight; 100 to 200 are enough
    discrepancy : False leaves the model's discrepancy out of the errors
    amplitude : of the discrepancy, at every point instead of its own
    step : of the differences, in prior standard deviations

    Raises
    ------
    CrtuneError: a prediction at the best fit, or at every draw, is impossible
    """
    blocks = data_blocks(problem.likelihood, discrepancy)
    amplitudes = amplitude_columns(problem)
    columns = [i for i in range(problem.ndim) if i not in amplitudes]
    parameters = [problem.parameters[i] for i in columns]
    sd = prior_sd(problem)[columns]
    theta = np.vstack([best, draws])
    for i in amplitudes if amplitude is not None else ():
        theta[:, i] = problem.parameters[i].to_coordinate(amplitude)
    fine, coarse = (
        jacobian * sd[:, None]
        for jacobian in central_differences(
            lambda values: log_predictions(problem.likelihood, values),
            problem, theta, columns, step,
        )
    )  # fmt: skip
    possible = np.isfinite(fine).all(axis=(1, 2)) & np.isfinite(coarse).all(axis=(1, 2))
    if not possible[0] or not possible[1:].any():
        raise CrtuneError(
            "stiffness: the model has no possible prediction within a step of the best fit, or of "
            "any posterior draw; look for the likelihood's NaN in the notes of the run"
        )
    values = problem.values(theta[possible])
    if amplitude is not None:  # also where the prior fixes another one
        values |= {b.amplitude: np.full(possible.sum(), amplitude) for b in blocks if b.amplitude}
    fisher = fisher_matrices(fine[possible], blocks, values)
    rough = np.linalg.eigvalsh(fisher_matrices(coarse[possible], blocks, values))[:, ::-1]
    eigenvalues, vectors = np.linalg.eigh(fisher)
    eigenvalues = np.maximum(eigenvalues[:, ::-1], 0.0)
    vectors = vectors[0, :, ::-1]
    d_eff = effective_dimensions(eigenvalues)
    bits = 0.5 * np.log2(1.0 + eigenvalues[1:]).sum(axis=1)
    d_coarse = effective_dimensions(np.maximum(rough, 0.0))
    rate = per_logarithm(parameters, np.asarray(best, dtype=float)[columns])[0] / sd
    at_best = [float(values[p.name][0]) for p in parameters]
    combinations = [
        _combination(parameters, vectors[:, k], rate, eigenvalues[0, k], at_best)
        for k in np.flatnonzero(eigenvalues[0] > 1.0)
    ]
    return Stiffness(
        names=tuple(problem.names[i] for i in columns),
        labels=tuple(problem.labels[i] for i in columns),
        prior_sd=sd,
        eigenvalues=eigenvalues[0],
        eigenvalue_change=np.abs(rough[0] - eigenvalues[0]),
        eigenvectors=vectors,
        d_eff=float(d_eff[0]),
        d_eff_change=float(abs(d_coarse[0] - d_eff[0])),
        draw_eigenvalues=eigenvalues[1:],
        spectrum=np.quantile(eigenvalues[1:], [0.16, 0.5, 0.84], axis=0),
        d_eff_mean=float(d_eff[1:].mean()),
        d_eff_error=float(d_eff[1:].std() / np.sqrt(len(d_eff) - 1)),
        d_eff_interval=np.quantile(d_eff[1:], [0.16, 0.5, 0.84]),
        d_eff_change_largest=float(np.abs(d_coarse - d_eff)[1:].max()),
        kinked=float(np.mean(np.abs(d_coarse - d_eff)[1:] > 0.1)),
        skipped=int((~possible).sum()),
        exponents=np.array([c[0] for c in combinations]).reshape(-1, len(columns)),
        tolerance=np.array([c[1] for c in combinations]),
        texts=tuple(c[2] for c in combinations),
        discrepancy=int(any(block.amplitude for block in blocks)),
        bits=float(bits.mean()),
        bits_error=float(bits.std() / np.sqrt(len(bits))),
    )


def _combination(parameters, direction, rate, eigenvalue, best):
    exponents, unit = exponents_of(direction, rate)
    tolerance = unit / np.sqrt(eigenvalue)
    return exponents, tolerance, spell(parameters, direction, exponents, unit, tolerance, best)


GROUP = Group("stiffness", "stiff directions of the Fisher matrix")
THEME = Theme(
    "Stiff directions and sensitivity",
    "Fisher matrix of the data against the width of the prior. Tolerances are what the data "
    "alone allow; with 'no discrepancy' the model is taken to be exact. Sensitivities "
    "|d ln O / d ln theta| are medians over the posterior, the largest over all quantities.",
    40,
)


def _rows(s, suffix=""):
    d, error = s.d_eff_mean, s.d_eff_error
    yield Measured(f"effective_dimensions{suffix}", d, error, "parameters")
    count = float(np.sum(s.spectrum[1] > 1.0))
    yield Measured(f"stiff_directions{suffix}", count, np.nan, "directions")
    if s.texts:
        with np.errstate(divide="ignore"):
            ends = s.tolerance[0] * np.sqrt(s.eigenvalues[0] / s.spectrum[[0, 2], 0])
        error = 0.5 * float(ends[0] - ends[1])
        yield Measured(f"stiffest_tolerance{suffix}", s.tolerance[0], error, "", s.texts[0])
        for k, text in enumerate(s.texts[1:], 2):
            yield Measured(f"stiff_{k}_tolerance{suffix}", s.tolerance[k - 1], np.nan, "", text)
    else:
        none = "none: the prior is as narrow"
        yield Measured(f"stiffest_tolerance{suffix}", np.inf, np.nan, "", none)


def _declare(name, version, rows, columns=(), **options):
    def make(study):
        draws = study.draws("stiffness", study.settings.derivative_draws)
        return stiffness(study.problem, study.best, draws, **options)

    def settings(study):
        return {"draws": study.settings.derivative_draws, **options}

    register(
        Measure(
            name, Stiffness, GROUP, make, version=version, settings=settings, rows=rows,
            columns=columns,
        )
    )  # fmt: skip


_declare(
    "stiffness",
    3,
    lambda s, results: _rows(s),
    (
        number(THEME, "d_eff", "effective_dimensions"),
        number(THEME, "d_eff, no discrepancy", "effective_dimensions_bare"),
        Column(THEME, "stiff directions", ("stiff_directions",), lambda m: f"{m.value:.0f}"),
        note(THEME, "stiffest direction", "stiffest_tolerance"),
        note(THEME, "stiffest, no discrepancy", "stiffest_tolerance_bare"),
    ),
)
_declare("stiffness_bare", 3, lambda s, results: _rows(s, "_bare"), discrepancy=False)
_declare(
    "stiffness_matched",
    2,
    lambda s, results: [Measured("cost_matched", s.bits, s.bits_error, "bits")],
    amplitude=MATCHED,
)
