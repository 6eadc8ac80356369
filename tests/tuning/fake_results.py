"""Hand-made results of cases, in the shape of `pipeline.tuning.study.results.CaseResults`."""

from dataclasses import fields

import numpy as np

from pipeline.config.load import config_from_toml
from pipeline.tuning.estimators.acceptable import AcceptableFraction
from pipeline.tuning.estimators.shuffling import EACH
from pipeline.tuning.measures.agreement import Agreement
from pipeline.tuning.measures.bridge import BridgeEvidence
from pipeline.tuning.measures.conspiracy import CRITERIA, Conspiracy
from pipeline.tuning.measures.evidence import Evidence
from pipeline.tuning.measures.information import Information
from pipeline.tuning.measures.mutual_information import PairInformation
from pipeline.tuning.measures.needed import NeededDiscrepancy
from pipeline.tuning.measures.sensitivity import Sensitivity
from pipeline.tuning.measures.stiffness import Stiffness
from pipeline.tuning.measures.tension import Tension
from pipeline.tuning.measures.universality import Universality
from pipeline.tuning.study.cases import Case
from pipeline.tuning.study.results import CaseResults
from transport.scenario import get_scenario

CONFIG = """
scenario = "{scenario}"
[data.ams02_proton_2015]
rigidity_min = 10.0
[data.ams02_bc_2016]
[data.voyager1_proton]
rigidity_min = 0.3
"""


def made_up(cls, **shown):
    """A result with the fields that tables and figures show; the others are of no use."""
    return cls(**dict.fromkeys(f.name for f in fields(cls)) | shown)


def case(scenario="kolmogorov", range="earth", selection="both", priors="plausible", name=None):
    run = config_from_toml(CONFIG.format(scenario=scenario), f"runs/{name or scenario}.toml")
    return Case(run, selection, range, priors)


def results(of, **made):
    """Results of a case of which only `made` was made."""
    return CaseResults(of, made)


def evidence(log_z=-100.0, error=0.15, converged=True):
    return Evidence(log_z, error, np.array([log_z - error, log_z + error]), converged, "exact")


def information(log_z=-100.0, fit=-92.0, reasons=()):
    return made_up(
        Information, log_z=log_z, log_z_error=0.3, mean_log_likelihood=fit,
        mean_log_likelihood_error=0.4, cost=fit - log_z, cost_error=0.5, dimensionality=6.2,
        dimensionality_error=0.21, dimensionality_total=14.0, parameters=9,
        reasons=tuple(reasons),
    )  # fmt: skip


def acceptable(floor=0.02, slope=6.0, reach=0.0, criterion="max", agreement=1.0):
    """bits = slope * ln(ln 4 / ln(1 + eps)) down to the larger of `floor` and `reach`."""
    epsilon = np.expm1(np.geomspace(np.log(3.0), np.log(1.05), 40))
    bits = slope * np.log(np.log(4.0) / np.log1p(epsilon))
    bits = np.where(epsilon < reach, np.nan, bits)
    bits = np.where(epsilon < floor, np.inf, bits)
    error = np.where(np.isfinite(bits), 0.1 + 0.01 * bits, np.nan)
    return made_up(
        AcceptableFraction, criterion=criterion, epsilon=epsilon, bits=bits, bits_error=error,
        plain_bits=np.full(40, np.nan), plain_bits_error=np.full(40, np.nan),
        memory=np.full(40, 0.2), agreement=agreement, floor=floor, floor_spread=0.001 * floor,
        deepest_bits=np.nan,
    )  # fmt: skip


def stiffness(eigenvalues=(1e4, 30.0, 0.2, 1e-3, 0.0)):
    values = np.array(eigenvalues)
    above = int(np.sum(values > 1))
    draws = values * np.exp(np.random.default_rng(1).normal(0.0, 0.7, (50, len(values))))
    return made_up(
        Stiffness, eigenvalues=values, eigenvalue_change=0.01 * values,
        spectrum=np.quantile(draws, [0.16, 0.5, 0.84], axis=0), d_eff_mean=2.15, d_eff_error=0.03,
        tolerance=np.linspace(0.07, 0.3, above),
        texts=tuple(f"a b^-{k + 1} must hold to {7 * (k + 1)}%" for k in range(above)),
        bits=9.5, bits_error=0.1,
    )  # fmt: skip


def universality(scatter="prior", delta=0.45, width=0.12):
    rng = np.random.default_rng(2)
    slopes, deltas = rng.normal(-2.7, width, 400), rng.normal(delta, width, 400)
    return made_up(
        Universality, scatter=scatter, proton_slope=slopes, delta=deltas, proton_slope_best=-2.8,
        delta_best=delta, proton_slope_interval=np.quantile(slopes, [0.16, 0.5, 0.84]),
        delta_interval=np.quantile(deltas, [0.16, 0.5, 0.84]), window=np.array([0.3, 0.6]),
        score=0.7312, score_error=0.0104, failed=0,
    )  # fmt: skip


def conspiracy():
    tests, n = ("warm layer", "halo", "warm layer + halo", EACH), 4
    bound = np.zeros((n, 2), bool)
    bound[-1, 1] = True
    return made_up(
        Conspiracy, tests=tests, mean_loss=np.array([3.0, 3.1, 0.4, 5.5]),
        mean_loss_error=np.full(n, 0.3), median_loss=np.array([1.0, 1.1, 0.2, 2.2]),
        median_loss_error=np.full(n, 0.12), criteria=CRITERIA,
        acceptable=np.array([[0.5, 0.4]] * 3 + [[0.12, 0.0]]),
        acceptable_error=np.full((n, 2), 0.011),
        bits=np.array([[0.9, 1.2]] * 3 + [[2.98, 9.0]]), bits_error=np.full((n, 2), 0.1),
        is_bound=bound, n_shuffled=4000,
    )  # fmt: skip


def needed(groups=("proton_earth",)):
    each = np.ones(len(groups))
    return made_up(
        NeededDiscrepancy, groups=groups, median=0.051 * each, median_error=0.002 * each,
        low=0.031 * each, high=0.094 * each, at_upper_edge=0.02 * each,
        at_lower_edge=0.01 * each,
    )  # fmt: skip


def tension(reasons=()):
    return made_up(
        Tension, log_s=-3.1, log_s_error=0.4, log_r=1.0, log_r_error=0.5, dimensionality=2.2,
        dimensionality_error=0.3, p_value=0.018, p_low=0.01, p_high=0.03, sigma=2.37,
        sigma_error=0.31,
        reasons=tuple(reasons),
    )  # fmt: skip


def sensitivity():
    median = np.array([[0.5, 2.0], [np.nan, 40.0]])
    return made_up(
        Sensitivity, observables=("delta", "R_warm"), parameters=("Ma", "L"), median=median,
        median_error=0.1 * median, share=np.array([1.0, 0.2]),
        is_slope=np.array([True, False]), is_exponent=np.array([False, False]),
    )  # fmt: skip


def pair_information(scenario="two_phase", seed=0):
    """Random numbers over the real parameters; about half of the pairs are independent."""
    parameters = get_scenario(scenario).parameters
    bits = np.random.default_rng(seed).exponential(0.4, (len(parameters), len(parameters)))
    bits = 0.5 * (bits + bits.T) - 0.2
    np.fill_diagonal(bits, np.nan)
    return made_up(
        PairInformation, names=tuple(p.coordinate_name for p in parameters),
        labels=tuple(p.coordinate_latex for p in parameters), bits=bits,
        bits_error=0.05 + 0.0 * bits, null_limit=0.1,
    )  # fmt: skip


def bridge(log_z=-100.2, reasons=()):
    return made_up(BridgeEvidence, log_z=log_z, log_z_error=0.05, reasons=tuple(reasons))


def agreement(agree=True):
    return made_up(
        Agreement, names=("a", "b"), mean_difference=np.array([0.02, -0.05]),
        mean_difference_error=np.array([0.01, 0.01]), agree=agree,
        verdict="agree" if agree else "disagree about b",
    )  # fmt: skip


def everything(of, log_z=-100.0, fit=-92.0, converged=True, floor=0.02, slope=6.0):
    """A case of which everything but the tempered curve was made."""
    return results(
        of, evidence=evidence(log_z, converged=converged), information=information(log_z, fit),
        needed=needed(), acceptable_max=acceptable(floor, slope),
        acceptable_rms=acceptable(0.5 * floor, 0.7 * slope, criterion="rms"),
        stiffness=stiffness(), stiffness_matched=stiffness(), sensitivity=sensitivity(),
        universality_prior=universality("prior"),
        universality_factor=universality("factor", width=0.03),
        conspiracy=conspiracy(), mutual_information=pair_information(of.run.scenario_name),
        tension=tension(), bridge=bridge(), agreement=agreement(),
    )  # fmt: skip
