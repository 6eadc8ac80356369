"""Do proton and B/C data agree about the parameters? Suspiciousness (Handley & Lemos 2019).

    ln S = <ln L_AB>_AB - <ln L_A>_A - <ln L_B>_B  (= ln R - ln I, the prior's width gone)
    d_S  = d_A + d_B - d_AB                        parameters that both data constrain

(arXiv:1902.04029). Where posteriors are Gaussian, d_S - 2 ln S is the chi2 of the two means,
dmu^T (C_A + C_B)^-1 dmu, with d_S degrees of freedom; hence a p-value.

**With model discrepancy on** ln L holds -1/2 ln det(C + a^2 K) of each amplitude a, which the
posterior averages over. ln S is still ln R - ln I, exactly, but it asks a milder question: whether
the data conflict *once the theory may be wrong by a*. A tension then shows first as amplitudes that
grow when the data are put together: read it beside `pipeline.tuning.needed` for each selection.
d_S counts parameters of the theory, at fixed amplitudes (`pipeline.tuning.dimensionality`), while
ln S is averaged over them: with amplitudes that the data together push up, the chi2 is too mild.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, norm

from pipeline.tuning.information import Information

LEAST_DIMENSIONS = 0.5
"""Shared constrained parameters below which there is nothing to be in tension about."""
_DRAWS = 4000


@dataclass(frozen=True)
class Tension:
    """Agreement of two data sets A and B under one theory.

    Attributes
    ----------
    log_s, log_s_error : suspiciousness, nats; far below 0 is tension
    log_r, log_r_error : ln Z_AB - ln Z_A - ln Z_B, nats; depends on the width of the prior
    dimensionality, dimensionality_error : d_S
    chi2 : d_S - 2 ln S
    p_value : probability of a greater chi2 if there is no tension; NaN where d_S is too small
    p_low, p_high : its central 68% interval by the errors of what it is made from
    sigma : of the p-value, two-sided Gaussian
    reasons : why not to trust it, in words
    """

    log_s: float
    log_s_error: float
    log_r: float
    log_r_error: float
    dimensionality: float
    dimensionality_error: float
    chi2: float
    p_value: float
    p_low: float
    p_high: float
    sigma: float
    reasons: tuple[str, ...]


def suspiciousness(
    both: Information, first: Information, second: Information, rng: np.random.Generator
) -> Tension:
    """Tension between two data sets, from the posteriors of both together and of each alone.

    Parameters
    ----------
    both, first, second : of A and B together, of A and of B, under the same prior
    rng : for the interval of the p-value
    """
    log_s, log_s_error = _difference("mean_log_likelihood", both, first, second)
    log_r, log_r_error = _difference("log_z", both, first, second)
    minus_d, d_error = _difference("dimensionality", both, first, second)
    d = -minus_d
    named = {"both": both, "the first": first, "the second": second}
    reasons = [f"{name}: {reason}" for name, part in named.items() for reason in part.reasons]
    p_value = p_low = p_high = sigma = float("nan")
    if d - d_error <= LEAST_DIMENSIONS:
        reasons.append(
            f"d_S = {d:.2f} +- {d_error:.2f}: the data hardly constrain a parameter in common, "
            "so the p-value is undefined"
        )
    else:
        p_value = _p_value(log_s, d)
        sigma = float(norm.isf(0.5 * p_value))
        draws = _p_value(
            log_s + log_s_error * rng.standard_normal(_DRAWS),
            np.maximum(d + d_error * rng.standard_normal(_DRAWS), LEAST_DIMENSIONS),
        )
        p_low, p_high = (float(p) for p in np.quantile(draws, [0.16, 0.84]))
    return Tension(
        log_s=log_s,
        log_s_error=log_s_error,
        log_r=log_r,
        log_r_error=log_r_error,
        dimensionality=d,
        dimensionality_error=d_error,
        chi2=d - 2.0 * log_s,
        p_value=p_value,
        p_low=p_low,
        p_high=p_high,
        sigma=sigma,
        reasons=tuple(reasons),
    )


def _difference(name, both, first, second):
    """AB - A - B of a quantity, and its error."""
    value = getattr(both, name) - getattr(first, name) - getattr(second, name)
    errors = [getattr(part, f"{name}_error") for part in (both, first, second)]
    return value, float(np.linalg.norm(errors))


def _p_value(log_s, d):
    """Of chi2 = d - 2 ln S; a chi2 below 0 is better agreement than any, p = 1."""
    p = chi2.sf(np.maximum(d - 2.0 * log_s, 0.0), d)
    return float(p) if np.ndim(p) == 0 else p
