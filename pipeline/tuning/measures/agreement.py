"""Do two samplers give the same posterior: the ensemble chains and the nested run?

Per coordinate: difference of the means in sd, ratio of the sds, and a two-sample
Kolmogorov-Smirnov test. Draws of a chain are correlated and those of a nested run weighted, so the
test counts *effective* draws, n = n_1 n_2 / (n_1 + n_2); its p-values are corrected for the number
of coordinates by Holm (1979). Effective numbers are those of means; ranks decorrelate a little
faster, which makes the test mild, never sharp.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import kstwobign

from pipeline.tuning.estimators.effective import UNCONVERGED, chain_mean, chain_size, weighted_size
from pipeline.tuning.measures.columns import note
from pipeline.tuning.measures.evidence import CHAINS, CHECKS
from pipeline.tuning.measures.measure import Measure, Measured, register

LEAST_P = 0.01
"""Corrected p-value below which two samplers differ."""
MATERIAL = 0.1
"""Differences of the mean, in sd, and of ln sd below this change no conclusion."""
LEAST_DRAWS = 100
"""Effective draws below which a comparison is not worth its name."""


@dataclass(frozen=True)
class Agreement:
    """Comparison of a chain (first) with a nested run (second), per coordinate.

    Attributes
    ----------
    names, labels : (ndim,) coordinate names and their LaTeX
    mean_difference, mean_difference_error : (ndim,) first minus second, in sd of the second
    sd_ratio, sd_ratio_error : (ndim,) first over second
    distance : (ndim,) largest difference of the cumulative distributions
    p_value : (ndim,) of the distance, corrected by Holm
    chain_draws : (ndim,) effective draws of the chain
    nested_draws : effective draws of the nested run
    agree : whether nothing differs that would change a conclusion
    verdict : in words
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    mean_difference: np.ndarray
    mean_difference_error: np.ndarray
    sd_ratio: np.ndarray
    sd_ratio_error: np.ndarray
    distance: np.ndarray
    p_value: np.ndarray
    chain_draws: np.ndarray
    nested_draws: float
    agree: bool
    verdict: str

    def of_chains(self, converged: bool) -> Agreement:
        """The same, marked where the chains are not converged."""
        return self if converged else replace(self, verdict=f"{UNCONVERGED}; {self.verdict}")


def agreement(chain: np.ndarray, run) -> Agreement:
    """Compare the draws of chains with those of a nested run of the same problem.

    Parameters
    ----------
    chain : (n_ensembles, n_steps, n_walkers, ndim), burn-in removed
    run : `pipeline.tuning.estimators.nested.NestedRun`, or anything with its theta, log_weight,
        names, labels

    Raises
    ------
    ValueError: they differ in the number of coordinates
    """
    if chain.shape[-1] != run.theta.shape[1]:
        raise ValueError(f"{chain.shape[-1]} coordinates against {run.theta.shape[1]}")
    weight = np.exp(run.log_weight - run.log_weight.max())
    weight = weight / weight.sum()
    rows = [_compare(chain[..., i], run.theta[:, i], weight) for i in range(chain.shape[-1])]
    difference, difference_error, ratio, ratio_error, distance, draws = np.transpose(rows)
    nested_draws = weighted_size(run.log_weight)
    effective = draws * nested_draws / (draws + nested_draws)
    p_value = holm(kstwobign.sf(np.sqrt(effective) * distance))
    agree, verdict = _verdict(
        run.names, difference, ratio, p_value, np.minimum(draws, nested_draws)
    )
    return Agreement(
        names=tuple(run.names),
        labels=tuple(run.labels),
        mean_difference=difference,
        mean_difference_error=difference_error,
        sd_ratio=ratio,
        sd_ratio_error=ratio_error,
        distance=distance,
        p_value=p_value,
        chain_draws=draws,
        nested_draws=nested_draws,
        agree=agree,
        verdict=verdict,
    )


def holm(p_value: np.ndarray) -> np.ndarray:
    """p-values (n,) corrected for their number (Holm 1979); NaN counts as a test and stays."""
    order = np.argsort(p_value)  # NaN last
    n = len(p_value)
    steps = np.maximum.accumulate((n - np.arange(n)) * p_value[order])
    corrected = np.empty(n)
    corrected[order] = np.minimum(steps, 1.0)
    return corrected


def weighted_distance(x: np.ndarray, y: np.ndarray, y_weight: np.ndarray) -> float:
    """Kolmogorov-Smirnov distance of draws (n,) and of points (m,) whose weights add up to 1."""
    order = np.argsort(y)
    below_y = np.concatenate([[0.0], np.cumsum(y_weight[order])])
    x, y = np.sort(x), y[order]
    at = np.concatenate([x, y])
    of_x = np.searchsorted(x, at, side="right") / len(x)
    return float(np.max(np.abs(of_x - below_y[np.searchsorted(y, at, side="right")])))


def _compare(series, points, weight):
    """One coordinate: the columns of `Agreement`, and the chain's effective draws."""
    size = chain_size(series)
    mean, mean_error = chain_mean(series)
    variance, variance_error = chain_mean((series - mean) ** 2)
    other = weight @ points
    square = (points - other) ** 2
    other_variance = weight @ square
    sd = np.sqrt(other_variance)
    other_error = np.linalg.norm(weight * (points - other))
    other_variance_error = np.linalg.norm(weight * (square - other_variance))
    ratio = np.sqrt(variance / other_variance)
    relative = np.hypot(variance_error / variance, other_variance_error / other_variance)
    return (
        (mean - other) / sd,
        np.hypot(mean_error, other_error) / sd,
        ratio,
        0.5 * ratio * relative,
        weighted_distance(series.ravel(), points, weight),
        size,
    )


def _verdict(names, difference, ratio, p_value, draws):
    """Whether they agree, and the same in words."""
    largest = (
        f"means within {np.max(np.abs(difference)):.2f} sd, "
        f"sds within {np.expm1(np.max(np.abs(np.log(ratio)))):.0%}"
    )
    if not np.all(draws >= LEAST_DRAWS):
        few = names[int(np.argmin(np.nan_to_num(draws)))]
        return False, f"cannot be told: too few effective draws of {few}; {largest}"
    differ = p_value < LEAST_P
    if not differ.any():
        return True, f"agree: no coordinate differs (least p = {p_value.min():.2g}); {largest}"
    worse = differ & ((np.abs(difference) > MATERIAL) | (np.abs(np.log(ratio)) > MATERIAL))
    if not worse.any():
        return True, f"agree for all purposes: {differ.sum()} coordinates differ, but {largest}"
    listed = ", ".join(name for name, bad in zip(names, worse, strict=True) if bad)
    return False, f"disagree about {listed}; {largest}"


def _rows(found, results):
    worst = int(np.nanargmax(np.abs(found.mean_difference)))
    yield Measured("samplers_agree", float(found.agree), np.nan, "", found.verdict)
    difference, error = found.mean_difference[worst], found.mean_difference_error[worst]
    yield Measured("samplers_mean_difference", difference, error, "sd", found.names[worst])


register(
    Measure(
        "agreement",
        Agreement,
        CHAINS,
        lambda study: agreement(study.chains.chain, study.posterior).of_chains(
            study.chains.verdict.converged
        ),
        applies=lambda study: study.chains is not None,
        settings=lambda study: {"steps": study.chains.verdict.steps},
        rows=_rows,
        columns=(note(CHECKS, "emcee", "samplers_agree"),),
    )
)
