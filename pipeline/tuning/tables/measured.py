"""What a case's results hold, as named numbers: one function for each kind of result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pipeline.tuning.estimators.shuffling import EACH
from pipeline.tuning.measures.acceptable_at import acceptable_at, remembered
from pipeline.tuning.measures.information import NATS_PER_BIT

EPSILONS = (1.0, 0.5, 0.2, 0.1)
"""Agreement asked for in the tables: within a factor 1 + epsilon."""
LOWER_BOUND = "lower bound"
EACH_KEY = "shuffle_" + EACH.replace(" ", "_")
"""Beginning of the measures of the test in which every medium is shuffled."""

_MOST_SIGMA = 3.0
_FEW_REFUSED = 0.005
_AT_EDGE = 0.3  # 0.05 where nothing was learnt
_LEAST_SHARE = 0.5
_REMEMBERED = "its Markov chains did not forget their start"
_MOST_SPREAD = 0.02
_UNSURE_FLOOR = "searches from other starts ended higher; the true floor may be lower"


class Measured(NamedTuple):
    """One number; `error` NaN where it has none, `note` what belongs to it, `flags` warnings."""

    measure: str
    value: float
    error: float = np.nan
    unit: str = ""
    note: str = ""
    flags: tuple[str, ...] = ()


def independent(result) -> Iterator[Measured]:
    """What does not rest on the nested runs.

    Parameters
    ----------
    result : `pipeline.tuning.study.results.CaseResults`
    """
    yield from _acceptable(result)
    yield from _coincidence(result)
    yield from _bridge(result)


def from_posterior(result) -> Iterator[Measured]:
    """What rests on the nested runs of this case alone."""
    for part in (_evidence, _information, _needed, _stiffness, _sensitivity, _universality,
                 _conspiracy, _mutual_information, _agreement):  # fmt: skip
        yield from part(result)


def of_tension(result) -> Iterator[Measured]:
    """What rests on the nested runs of this case and of its parts."""
    if (t := result.tension) is None:
        return
    yield Measured("tension_log_s", t.log_s, t.log_s_error, "nats", "", t.reasons)
    yield Measured("tension_log_r", t.log_r, t.log_r_error, "nats", "", t.reasons)
    d, error = t.dimensionality, t.dimensionality_error
    yield Measured("tension_dimensionality", d, error, "parameters", "", t.reasons)
    yield Measured("tension_p", t.p_value, 0.5 * (t.p_high - t.p_low), "", "", t.reasons)
    yield Measured("tension_sigma", t.sigma, t.sigma_error, "sigma", "", t.reasons)


def _acceptable(result):
    for criterion in ("max", "rms"):
        fraction = getattr(result, f"acceptable_{criterion}")
        if fraction is None:
            continue
        differ = ()
        if fraction.agreement > _MOST_SIGMA:
            differ = (f"rare and plain estimates differ by {fraction.agreement:.1f} sigma",)
        floor, spread = fraction.floor, fraction.floor_spread
        unsure = (_UNSURE_FLOOR,) if spread > _MOST_SPREAD * floor else ()
        for epsilon in EPSILONS:
            bits, error, note = acceptable_at(fraction, epsilon)
            flags = (*differ, *([_REMEMBERED] if remembered(fraction, epsilon) else []))
            flags += unsure if np.isinf(bits) else ()
            key = f"acceptable_{criterion}_{epsilon:g}"
            yield Measured(key, bits, error, "bits", note, flags)
        yield Measured(f"acceptable_{criterion}_floor", floor, spread, "epsilon", "", unsure)


def _coincidence(result):
    if (c := result.coincidence) is None:
        return
    for i, test in enumerate(c.tests):
        key = "acceptable_" + _key_of(test)
        note = LOWER_BOUND if c.is_bound[i] else ""
        yield Measured(f"{key}_share", c.share[i], c.share_error[i], "", test)
        yield Measured(f"{key}_bits", c.bits[i], c.bits_error[i], "bits", note)


def _key_of(test):
    return "shuffle_" + test.replace(" + ", "_and_").replace(" ", "_")


def _evidence(result):
    if (e := result.evidence) is not None:
        yield Measured("log_z", e.log_z, e.log_z_error, "nats", f"{len(e.each)} nested runs")
        yield Measured("nested_converged", float(e.converged))
        if (b := result.bridge) is not None:
            error = float(np.hypot(b.log_z_error, e.log_z_error))
            difference = b.log_z - e.log_z
            yield Measured("bridge_minus_nested", difference, error, "nats", "", b.reasons)


def _bridge(result):
    if (b := result.bridge) is None:
        return
    yield Measured("log_z_bridge", b.log_z, b.log_z_error, "nats", "", b.reasons)


def _information(result):
    if (i := result.information) is None:
        return
    mean, error = i.mean_log_likelihood, i.mean_log_likelihood_error
    yield Measured("mean_log_likelihood", mean, error, "nats", "", i.reasons)
    yield Measured("cost", i.cost_bits, i.cost_bits_error, "bits", "", i.reasons)
    d, error, note = i.dimensionality, i.dimensionality_error, f"of {i.parameters}"
    yield Measured("dimensionality", d, error, "parameters", note, i.reasons)
    yield Measured("dimensionality_total", i.dimensionality_total, np.nan, "parameters")
    if (t := result.tempered) is not None:
        k = int(np.argmin(np.abs(np.log10(t.beta) + 1.0)))
        cost, error = t.cost[k] / NATS_PER_BIT, t.cost_error[k] / NATS_PER_BIT
        yield Measured("cost_tempered", cost, error, "bits", f"of L^{t.beta[k]:.2g}", i.reasons)


def _needed(result):
    if (n := result.needed) is None:
        return
    for i, group in enumerate(n.groups):
        flags = tuple(
            f"{100 * share[i]:.0f}% of it in the outermost 5% of its prior: {bound} limit"
            for share, bound in ((n.at_upper_edge, "a lower"), (n.at_lower_edge, "an upper"))
            if share[i] > _AT_EDGE
        )
        yield Measured(f"discrepancy_{group}", n.median[i], n.median_error[i], flags=flags)
        yield Measured(f"discrepancy_{group}_16", n.low[i])
        yield Measured(f"discrepancy_{group}_84", n.high[i])
        yield Measured(f"discrepancy_{group}_at_upper_edge", n.at_upper_edge[i])
        yield Measured(f"discrepancy_{group}_at_lower_edge", n.at_lower_edge[i])


def _stiffness(result):
    for s, suffix in ((result.stiffness, ""), (result.stiffness_bare, "_bare")):
        if s is None:
            continue
        d, error = s.d_eff_mean, s.d_eff_error
        yield Measured(f"effective_dimensions{suffix}", d, error, "parameters")
        count = float(np.sum(s.spectrum[1] > 1.0))
        yield Measured(f"stiff_directions{suffix}", count, np.nan, "directions")
        if s.texts:
            with np.errstate(divide="ignore"):
                ends = s.tolerance[0] * np.sqrt(s.eigenvalues[0] / s.spectrum[[0, 2], 0])
            error = 0.5 * float(ends[0] - ends[1])
            yield Measured(f"stiffest_tolerance{suffix}", s.tolerance[0], error, "", s.texts[0])
        else:
            note = "none: the prior is as narrow"
            yield Measured(f"stiffest_tolerance{suffix}", np.inf, np.nan, "", note)
    if (s := result.stiffness_matched) is not None:
        yield Measured("cost_matched", s.bits, s.bits_error, "bits")


def _sensitivity(result):
    if (s := result.sensitivity) is None:
        return
    defined = np.where(s.share[:, None] >= _LEAST_SHARE, s.median, np.nan)
    plain = ~s.is_slope[:, None] & ~s.is_exponent[None, :]
    for name, usable in (
        ("largest_sensitivity", np.where(plain, defined, np.nan)),
        ("largest_sensitivity_of_a_slope", np.where(s.is_slope[:, None], defined, np.nan)),
        ("largest_sensitivity_to_an_exponent", np.where(s.is_exponent, defined, np.nan)),
    ):
        if np.isfinite(usable).any():
            i, j = np.unravel_index(np.nanargmax(usable), usable.shape)
            note = f"of {s.observables[i]} to {s.parameters[j]}"
            yield Measured(name, s.median[i, j], s.median_error[i, j], "", note)


def _universality(result):
    for u in result.universality:
        key = f"universality_{u.scatter}"
        quantiles = zip(("16", "50", "84"), u.delta_interval, u.proton_slope_interval, strict=True)
        for name, delta, slope in quantiles:
            yield Measured(f"{key}_delta_{name}", delta)
            yield Measured(f"{key}_proton_slope_{name}", slope)
        note = f"delta in {u.window[0]:g}-{u.window[1]:g}"
        refused = u.failed / (u.failed + len(u.delta))
        left_out = f"{100 * refused:.1f}% of the galaxies left out: the scenario refuses them"
        flags = (left_out,) if refused > _FEW_REFUSED else ()
        yield Measured(f"{key}_score", u.score, u.score_error, "", note, flags)


def _conspiracy(result):
    if (c := result.conspiracy) is None:
        return
    for i, test in enumerate(c.tests):
        key = _key_of(test)
        yield Measured(f"{key}_mean_loss", c.mean_loss[i], c.mean_loss_error[i], "nats")
        yield Measured(f"{key}_median_loss", c.median_loss[i], c.median_loss_error[i], "nats")
        for j, criterion in enumerate(c.criteria):
            none, note = (f"none of {c.n_shuffled}", LOWER_BOUND) if c.is_bound[i, j] else ("", "")
            share, error = c.acceptable[i, j], c.acceptable_error[i, j]
            yield Measured(f"{key}_surviving_{criterion}", share, error, "", none)
            bits, error = c.bits[i, j], c.bits_error[i, j]
            yield Measured(f"{key}_bits_{criterion}", bits, error, "bits", note)


def _mutual_information(result):
    if (pairs := result.mutual_information) is None:
        return
    bits = np.triu(np.nan_to_num(pairs.bits), 1)
    i, j = np.unravel_index(np.argmax(bits), bits.shape)
    error, note = pairs.bits_error[i, j], f"{pairs.names[i]} and {pairs.names[j]}"
    yield Measured("largest_mutual_information", bits[i, j], error, "bits", note)


def _agreement(result):
    if (a := result.agreement) is not None:
        worst = int(np.nanargmax(np.abs(a.mean_difference)))
        yield Measured("samplers_agree", float(a.agree), np.nan, "", a.verdict)
        difference, error = a.mean_difference[worst], a.mean_difference_error[worst]
        yield Measured("samplers_mean_difference", difference, error, "sd", a.names[worst])
