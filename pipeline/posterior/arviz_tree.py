"""A posterior as ArviZ wants it: every group that its functions ask for, draw by draw the same.

One chain per walker, all walkers of ensemble 0 first. ``posterior`` has the coordinates and, of
those sampled as logarithms, the physical values; ``sample_stats`` has ``lp``, ln prior and ln L of
each data set (terms of the chain rule where data sets share a discrepancy). With the problem:
``log_likelihood``, ``log_prior``, ``posterior_predictive``, ``observed_data``, ``constant_data``
(errors), ``prior`` and ``prior_predictive``; bins have their rigidity in GV as coordinate.

``log_likelihood`` holds, for each data set, ln p(point | all other points, theta), so that
``arviz_stats.loo(tree, var_name=DATASET)``, ``loo_i`` and ``compare`` leave out one point at a time
correctly though errors are correlated (`likelihoods.pointwise`). Its variable ``joint`` is ln L of
all data, the one to scale (``psense_summary(..., likelihood_var_names=["joint"])``); the points do
not add up to it. ``loo_pit`` and ``loo_metrics`` take replicated data, which know nothing of the
other points, so with correlated errors they say little: scripts/check.py scores predictions.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import numpy as np

from likelihoods.pointwise import pointwise_log_likelihood

PREDICTED_DRAWS = 10_000
"""Draws that are kept where every draw brings predictions, about."""
_BLOCK = 2000


def arviz_tree(posterior, problem=None, seed: int = 1):
    """ArviZ DataTree of a `pipeline.posterior.load.Posterior`.

    Attributes of the tree: ``converged``, ``verdict``, ``provenance``; of each variable its unit
    and LaTeX.

    Parameters
    ----------
    problem : that was sampled, for what it predicts; draws are then thinned to some 10,000
    seed : of replicated data and prior draws
    """
    import arviz_base

    if problem is not None:
        posterior = _thinned(posterior)
    chain = _per_walker(posterior.chain)
    stats = {"lp": _per_walker(posterior.log_prob)}
    stats |= {name: _per_walker(values) for name, values in posterior.blobs.items()}
    groups = {"posterior": _with_values(posterior, chain), "sample_stats": stats}
    coords, dims = {}, {}
    if problem is not None:
        rng = np.random.default_rng(seed)
        more, coords, dims = predictive_groups(problem, chain, rng)
        groups |= more
    with warnings.catch_warnings():  # short chains have more walkers than steps: no mistake
        warnings.filterwarnings("ignore", "Found chain dimension to be longer")
        tree = arviz_base.from_dict(groups, coords=coords, dims=dims)
    columns = (posterior.names, posterior.physical_names, posterior.labels, posterior.units)
    for name, physical, label, unit in zip(*columns, strict=True):
        if physical != name:
            tree["posterior"][physical].attrs.update(unit=unit)
        tree["posterior"][name].attrs.update(latex=label, unit=unit)
    tree.attrs.update(
        converged=int(posterior.verdict.converged),
        verdict=posterior.verdict.banner(most=1000),
        ensembles=len(posterior.chain),
        walkers=posterior.chain.shape[2],
        provenance=json.dumps(posterior.provenance),
    )
    return tree


def _per_walker(array):
    """(n_ensembles, n_steps, n_walkers, ...) to (n_ensembles * n_walkers, n_steps, ...)."""
    turned = array.swapaxes(1, 2)
    return turned.reshape(-1, *turned.shape[2:])


def _thinned(posterior):
    """Fewer steps, evenly spaced, for about `PREDICTED_DRAWS` draws."""
    ensembles, steps, walkers = posterior.log_prob.shape
    most = max(4, PREDICTED_DRAWS // (ensembles * walkers))
    every = -(-steps // most)
    return replace(
        posterior,
        chain=posterior.chain[:, ::every],
        log_prob=posterior.log_prob[:, ::every],
        blobs={name: values[:, ::every] for name, values in posterior.blobs.items()},
    )


def _with_values(posterior, chain):
    """Coordinates by name, and physical values of those sampled as something else."""
    physical = posterior.values(chain.reshape(-1, chain.shape[-1]))
    coordinates = {name: chain[..., i] for i, name in enumerate(posterior.names)}
    return {name: v.reshape(chain.shape[:2]) for name, v in physical.items()} | coordinates


def predictive_groups(
    problem, chain: np.ndarray, rng: np.random.Generator
) -> tuple[dict[str, dict[str, np.ndarray]], dict, dict]:
    """Groups beside ``posterior`` and ``sample_stats``.

    Parameters
    ----------
    problem : that was sampled
    chain : (n_chains, n_draws, ndim) coordinates

    Returns
    -------
    groups : name to variable to array
    coords, dims : for ``arviz_base.from_dict``; the coordinate of a bin is its rigidity in GV
    """
    likelihood = problem.likelihood
    shape = chain.shape[:2]
    theta = chain.reshape(-1, chain.shape[-1])
    pointwise, replicated = _over_draws(problem, theta, rng)
    joint = problem.log_likelihood(theta).sum(axis=1)
    prior_theta, prior_replicated = _prior_predictive(problem, len(theta), rng)
    datasets = likelihood.datasets.items()

    def shaped(arrays):
        return {name: a.reshape(*shape, *a.shape[1:]) for name, a in arrays.items()}

    def one_chain(arrays):
        return {name: a[None] for name, a in arrays.items()}

    groups = {
        "log_likelihood": shaped(pointwise | {"joint": joint}),
        "log_prior": shaped(_log_prior(problem, theta)),
        "posterior_predictive": shaped(replicated),
        "observed_data": {name: m.value for name, m in datasets},
        "constant_data": {
            f"{name}_{side}": getattr(m, f"error_{side}")
            for name, m in datasets
            for side in ("minus", "plus")
        },
        "prior": one_chain(
            problem.values(prior_theta)
            | {name: prior_theta[:, i] for i, name in enumerate(problem.names)}
        ),
        "prior_predictive": one_chain(prior_replicated),
    }
    coords = {f"{name}_rigidity": m.rigidity_centre for name, m in datasets}
    dims = {name: [f"{name}_rigidity"] for name, _ in datasets}
    dims |= {f"{name}_{side}": dims[name] for name, _ in datasets for side in ("minus", "plus")}
    return groups, coords, dims


def _over_draws(problem, theta, rng):
    """Pointwise ln L and replicated data of all draws, a block at a time."""
    parts = []
    for block in np.array_split(theta, max(1, -(-len(theta) // _BLOCK))):
        values = problem.values(block)
        parts.append(
            (
                pointwise_log_likelihood(problem.likelihood, values),
                problem.likelihood.replicate(values, rng),
            )
        )
    return tuple(
        {name: np.concatenate([part[k][name] for part in parts]) for name in parts[0][k]}
        for k in (0, 1)
    )


def _prior_predictive(problem, count, rng):
    """Draws of the prior for which the model can predict, and data replicated at them."""
    count = min(count, _BLOCK)
    theta = problem.sample_prior(count, rng)
    with np.errstate(all="ignore"):
        data = problem.likelihood.replicate(problem.values(theta), rng)
    good = np.all([np.isfinite(d).all(axis=1) for d in data.values()], axis=0)
    return theta[good], {name: d[good] for name, d in data.items()}


def _log_prior(problem, theta):
    terms = problem.prior.product.terms(theta)
    return {name: terms[:, i] for i, name in enumerate(problem.names)}
