"""Power-law diffusion fitted to B/C of AMS-02, as published fits are.

Genolini et al. 2019 find delta = 0.43-0.53 and K(10 GV) = 0.26-0.36 kpc^2/Myr at 10 kpc with USINE,
Weinrich et al. 2020 delta = 0.50 +- 0.03.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from likelihoods.discrepancy_groups import DiscrepancyOptions
from likelihoods.joint import JointLikelihood
from likelihoods.reading import read_measurement
from priors.sets import load_prior_set
from transport.constants import KPC, YEAR
from transport.scenario import get_scenario

HEIGHT = 10.0
"""kpc, as in Genolini et al. 2019."""
USINE_COLUMN = 100.0
"""pc cm^-3: half a disk of 100 pc with 0.9 hydrogen and 0.1 helium atoms per cm^3, taken as 100."""
KPC2_PER_MYR = KPC**2 / (1e6 * YEAR)
STEP = 1e-3


@dataclass(frozen=True)
class SlopeFit:
    """Best fit with errors from the Hessian of the log-posterior.

    Attributes
    ----------
    delta, delta_error : slope of kappa
    kappa_10, kappa_10_error : at 10 GV, kpc^2/Myr, for `HEIGHT`
    chi2, bins : of the best fit
    nuisances : the others by name
    """

    delta: float
    delta_error: float
    kappa_10: float
    kappa_10_error: float
    chi2: float
    bins: int
    nuisances: dict[str, float]


def fit_slope(
    transport: str, low: float = 10.0, high: float = 300.0, column: float = USINE_COLUMN
) -> SlopeFit:
    """Fit delta and kappa_0 of `power_law_diffusion` to AMS-02 B/C between two rigidities (GV).

    Free are delta, ln kappa_0, the potential and, with `boron_production`, its nuisances, with the
    prior set `plausible`; the rest is fixed: H, column and an injection of f ~ p^-4.3, to which B/C
    is blind but for a percent.
    """
    scenario = get_scenario("power_law_diffusion", transport=transport)
    data = read_measurement("ams02_bc_2016", rigidity_min=low, rigidity_max=high)
    likelihood = JointLikelihood(
        scenario, {data.name: data}, discrepancy=DiscrepancyOptions(enabled=False)
    )
    prior = load_prior_set("plausible").prior(scenario, likelihood.nuisances)
    fixed = likelihood.fiducial(H=HEIGHT, column=column)
    free = ["delta", "kappa_0", *(n for n in ("A_boron", "s_boron") if n in fixed)]
    free += [p.name for p in likelihood.nuisances]
    at = {p.name: i for i, p in enumerate(prior.parameters)}
    logs = np.array([p.scale == "log10" for p in prior.parameters])
    start = np.array([float(fixed[p.name][0]) for p in prior.parameters])
    start[logs] = np.log10(start[logs])
    columns = [at[name] for name in free]

    def theta(x):
        batch = np.repeat(start[None], len(np.atleast_2d(x)), axis=0)
        batch[:, columns] = x
        return batch

    def loss(x):
        batch = theta(x)
        prior_part = prior.log_density_unconstrained(batch)
        with np.errstate(all="ignore"):
            total = likelihood.log_likelihood(prior.values(batch)).sum(axis=1) + prior_part
        return np.where(np.isfinite(total), -total, 1e10)

    guess = start[columns]
    guess[0] = 0.45
    found = minimize(lambda x: float(loss(x)[0]), guess, method="Nelder-Mead",
                     options={"maxiter": 4000, "xatol": 1e-5, "fatol": 1e-5})  # fmt: skip
    covariance = np.linalg.inv(_hessian(loss, found.x))
    # kappa(10 GV) = kappa_0 10^delta: its logarithm is a sum of the two coordinates
    row = np.zeros(len(free))
    row[:2] = np.log(10.0)
    kappa = 1e28 * 10.0 ** (found.x[1] + found.x[0]) / KPC2_PER_MYR
    values = prior.values(theta(found.x))
    chi2 = likelihood.chi2({data.name: data.value[None]}, values)[data.name]
    return SlopeFit(
        delta=float(found.x[0]),
        delta_error=float(np.sqrt(covariance[0, 0])),
        kappa_10=kappa,
        kappa_10_error=kappa * float(np.sqrt(row @ covariance @ row)),
        chi2=float(chi2[0]),
        bins=data.n_bins,
        nuisances={name: float(values[name][0]) for name in free[2:]},
    )


def _hessian(loss, x):
    """Second derivatives of a function of a batch (n, k), by central differences."""
    steps = STEP * np.eye(len(x))
    corners = [
        x + s * a + t * b
        for a in steps
        for b in steps
        for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))
    ]
    pp, pm, mp, mm = loss(np.array(corners)).reshape(len(x), len(x), 4).transpose(2, 0, 1)
    return (pp - pm - mp + mm) / (4.0 * STEP**2)
