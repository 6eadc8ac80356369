"""Do proton and B/C data agree about the parameters? Suspiciousness (Handley & Lemos 2019).

    ln S = <ln L_AB>_AB - <ln L_A>_A - <ln L_B>_B  (= ln R - ln I, the prior's width gone)
    d_S  = d_A + d_B - d_AB                        parameters that both data constrain

(arXiv:1902.04029). Where posteriors are Gaussian, d_S - 2 ln S is the chi2 of the two means,
dmu^T (C_A + C_B)^-1 dmu, with d_S degrees of freedom; hence a p-value.

**With model discrepancy on** ln L holds -1/2 ln det(C + a^2 K) of each amplitude a, which the
posterior averages over. ln S is still ln R - ln I, exactly, but it asks a milder question: whether
the data conflict *once the theory may be wrong by a*. A tension then shows first as amplitudes that
grow when the data are put together: read it beside `pipeline.tuning.measures.needed` for each
selection. d_S counts parameters of the theory, at fixed amplitudes
(`pipeline.tuning.estimators.dimensionality`), while ln S is averaged over them: with amplitudes
that the data together push up, the chi2 is too mild.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, norm

from pipeline.tuning.measures.columns import Theme, number
from pipeline.tuning.measures.evidence import GROUP
from pipeline.tuning.measures.information import Information
from pipeline.tuning.measures.measure import EVERY_SELECTION, Measure, Measured, register

LEAST_DIMENSIONS = 0.5
"""Shared constrained parameters below which there is nothing to be in tension about."""
DIMENSIONS_ERROR = 1.5
"""Of d_S, beyond its Monte Carlo error: the three posteriors are not Gaussian and have different
amplitudes. Against the Fisher matrices of the study's runs it is off by 0.4 to 2.8."""
_CLEAR = -2.5
"""ln S below which there is tension whatever d_S is: 2 sigma and more for 1 to 3 parameters."""
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
    p_value : probability of a greater chi2 if there is no tension; NaN where d_S is too small, or
        chi2 negative
    p_low, p_high : its central 68% interval by the errors of what it is made from
    sigma, sigma_error : of the p-value, two-sided Gaussian, and half of what it changes by when
        d_S does by `DIMENSIONS_ERROR` to either side
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
    sigma_error: float
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
    p_value = p_low = p_high = sigma = sigma_error = float("nan")
    if d - d_error <= LEAST_DIMENSIONS:
        text = f"d_S = {d:.2f} +- {d_error:.2f} is no number of shared parameters: p is undefined"
        if log_s < _CLEAR:
            few, many = _sigma(log_s, 1.0), _sigma(log_s, 3.0)
            text += f"; ln S tells of tension, {many:.1f} to {few:.1f} sigma for 3 to 1 parameters"
        reasons.append(text)
    elif d < 2.0 * log_s:
        reasons.append(
            f"chi2 = d_S - 2 ln S = {d - 2.0 * log_s:.2f} is below 0, as of no Gaussian "
            "posteriors: no tension, but p is undefined"
        )
    else:
        p_value, sigma = _p_value(log_s, d), _sigma(log_s, d)
        ends = (max(d - DIMENSIONS_ERROR, LEAST_DIMENSIONS), d + DIMENSIONS_ERROR)
        sigma_error = 0.5 * abs(_sigma(log_s, ends[0]) - _sigma(log_s, ends[1]))
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
        sigma_error=sigma_error,
        reasons=tuple(reasons),
    )


def _difference(name, both, first, second):
    """AB - A - B of a quantity, and its error."""
    value = getattr(both, name) - getattr(first, name) - getattr(second, name)
    errors = [getattr(part, f"{name}_error") for part in (both, first, second)]
    return value, float(np.linalg.norm(errors))


def _sigma(log_s, d):
    return float(norm.isf(0.5 * _p_value(log_s, d)))


def _p_value(log_s, d):
    """Of chi2 = d - 2 ln S; a chi2 below 0 is better agreement than any, p = 1."""
    p = chi2.sf(np.maximum(d - 2.0 * log_s, 0.0), d)
    return float(p) if np.ndim(p) == 0 else p


THEME = Theme(
    "Tension and discrepancy",
    "Suspiciousness ln S of protons against B/C, far below 0 where they disagree about the "
    "parameters. d_S, how many both constrain, is uncertain by 1 to 3 beyond its error; the "
    "error of sigma is for 1.5 of them. Amplitudes of the model discrepancy (0.1 is 10%) as "
    "median [68%].",
    80,
)


def _make(results, every):
    """Of a case whose protons and B/C are both there, everything else the same."""
    if results.case.selection != "both":
        return None
    place = _place(results.case)
    parts = {r.case.selection: r.information for r in every if _place(r.case) == place}
    three = [parts.get(selection) for selection in EVERY_SELECTION]
    if any(part is None for part in three):
        return None
    return suspiciousness(*three, np.random.default_rng(0))


def _place(case):
    return case.run.path, case.range, case.priors, case.transport, case.variant


def _rows(t, results):
    yield Measured("tension_log_s", t.log_s, t.log_s_error, "nats", "", t.reasons)
    yield Measured("tension_log_r", t.log_r, t.log_r_error, "nats", "", t.reasons)
    d, error = t.dimensionality, t.dimensionality_error
    yield Measured("tension_dimensionality", d, error, "parameters", "", t.reasons)
    yield Measured("tension_p", t.p_value, 0.5 * (t.p_high - t.p_low), "", "", t.reasons)
    yield Measured("tension_sigma", t.sigma, t.sigma_error, "sigma", "", t.reasons)


register(
    Measure(
        "tension",
        Tension,
        GROUP,
        _make,
        source="cases",
        rows=_rows,
        columns=(
            number(THEME, "ln S [nats]", "tension_log_s"),
            number(THEME, "d_S", "tension_dimensionality"),
            number(THEME, "tension [sigma]", "tension_sigma", digits=2),
        ),
    )
)
