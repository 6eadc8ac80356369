"""Problems with a chosen prior and likelihood, exact draws as chains, exact nested points."""

from types import SimpleNamespace

import numpy as np
from scipy.special import logsumexp

from pipeline.problem import Problem
from pipeline.tuning.estimators.weighted import WeightedRun
from priors.prior import Prior
from transport.parameters import Parameter


def toy_problem(log_likelihood, distributions, constraints=(), names=None):
    """The real `Problem` and `Prior` around a function of coordinates (n, ndim) -> (n,)."""
    names = names or [f"x{i}" for i in range(len(distributions))]
    parameters = [Parameter(n, "", n, "toy", 0.5) for n in names]
    likelihood = SimpleNamespace(
        dataset_names=("toy",),
        log_likelihood=lambda values: log_likelihood(np.stack(list(values.values()), 1))[:, None],
    )
    prior = Prior(parameters, distributions, constraints)
    return Problem(SimpleNamespace(name="toy", extension=""), likelihood, prior)


def gaussian_log_likelihood(mean, covariance):
    """exp(-chi2 / 2), so that its peak is 1."""
    mean, inverse = np.asarray(mean, float), np.linalg.inv(covariance)
    return lambda theta: -0.5 * np.einsum("ni,ij,nj->n", theta - mean, inverse, theta - mean)


def as_chain(draws, ensembles=4, walkers=20):
    """Independent draws (n, ndim) in the shape of chains; the rest is left out."""
    steps = len(draws) // (ensembles * walkers)
    kept = draws[: ensembles * walkers * steps]
    return kept.reshape(ensembles, steps, walkers, draws.shape[1])


def autoregressive(shape, rho, rng):
    """Standard normals of (n_ensembles, n_steps, n_walkers, ndim), AR(1) along the steps."""
    x = rng.standard_normal(shape)
    for i in range(1, shape[1]):
        x[:, i] = rho * x[:, i - 1] + np.sqrt(1.0 - rho**2) * x[:, i]
    return x


def nested_points(problem, mean, covariance, rng, n=20_000, scales=(1.2, 2, 4, 8, 16, 32)):
    """Exact weighted points over the prior: draws of a known density, as a `WeightedRun`.

    The density is a mixture of the prior and of Gaussians of several widths around `mean`; a
    point stands for the prior mass prior / density / n, so nothing is approximate but the number
    of points.
    """
    ndim, root = problem.ndim, np.linalg.cholesky(covariance)
    share = n // (len(scales) + 1)
    parts = [mean + s * rng.standard_normal((share, ndim)) @ root.T for s in scales]
    theta = np.concatenate([*parts, problem.sample_prior(share, rng)])
    log_prior = problem.log_prior(theta) - problem.kept_share.log
    chi2 = -2.0 * gaussian_log_likelihood(mean, covariance)(theta)
    norm = 0.5 * ndim * np.log(2 * np.pi) + np.log(np.diag(root)).sum()
    terms = [-0.5 * chi2 / s**2 - ndim * np.log(s) - norm for s in scales]
    log_q = logsumexp([*terms, log_prior], axis=0) - np.log(len(scales) + 1)
    inside = np.isfinite(log_prior)
    theta, log_volume = theta[inside], (log_prior - log_q)[inside] - np.log(len(theta))
    log_l = problem.log_likelihood(theta).sum(axis=1)
    log_z = float(logsumexp(log_volume + log_l))
    log_weight = log_volume + log_l - log_z
    size = 1.0 / np.exp(2.0 * log_weight).sum()
    return WeightedRun(
        theta=theta,
        log_likelihood=log_l,
        log_volume=log_volume,
        log_weight=log_weight,
        log_z=log_z,
        log_z_error=float(np.sqrt(1.0 / size)),
        n_eff=float(size),
        calls=len(theta),
        seed=0,
        converged=True,
        method="exact",
        names=problem.names,
        labels=problem.labels,
    )
