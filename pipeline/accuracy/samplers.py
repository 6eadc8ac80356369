"""This project's sampler and its peers, each as a function that counts what it spends.

A sampler is a function of a counted problem, a number of evaluations, walkers and a seed. Peers
get the posterior as their documentation asks for it: all coordinates, discrepancy amplitudes
included, and their default settings. Effective draws of chains are the lesser of bulk and tail ESS
with every walker as a chain, those of weighted points are Kish's.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable

import emcee
import numpy as np

from pipeline.posterior.effective import bulk_and_tail, integrated_time

_BURN = 0.3
"""Share of a peer's steps that are thrown away, at least."""
_WARM_UP = 2000
"""Steps of this project's warm-up, as in runs/two_phase.toml."""
_IMPOSSIBLE = -1e100


class Counted:
    """A problem that counts evaluations inside the prior."""

    def __init__(self, problem):
        self.problem, self.count = problem, 0
        self.ndim, self.prior_transform = problem.ndim, problem.prior_transform

    def __getattr__(self, name):
        return getattr(self.problem, name)

    def log_posterior(self, theta: np.ndarray) -> np.ndarray:
        """(n,) of coordinates (n, ndim)."""
        columns = self.problem.log_prob(theta)
        self.count += int(np.sum(columns[:, 1] > -np.inf))
        return columns[:, 0]

    def log_likelihood_or_wall(self, theta: np.ndarray) -> np.ndarray:
        """(n,) finite everywhere, as nested samplers want it."""
        columns = self.problem.log_prob(np.atleast_2d(theta))
        inside = columns[:, 1] > -np.inf
        self.count += int(inside.sum())
        total = columns[:, 2:].sum(axis=1)
        return np.where(inside & np.isfinite(total), total, _IMPOSSIBLE)

    def start(self, walkers: int, rng) -> np.ndarray:
        """(walkers, ndim) the best of many draws of the prior: peers are given a good start."""
        theta = self.problem.sample_prior(50 * walkers, rng)
        values = self.log_posterior(theta)
        return theta[np.argsort(-values)[:walkers]]


def _ensemble(moves):
    """A sampler of emcee with these moves, as a function without arguments gives them."""

    def run(problem, evaluations, walkers, seed):
        rng = np.random.default_rng(seed)
        start, steps = problem.start(walkers, rng), evaluations // walkers
        sampler = emcee.EnsembleSampler(
            walkers, problem.ndim, problem.log_posterior, moves=moves(), vectorize=True
        )
        burn = int(_BURN * steps)
        state = emcee.State(start, random_state=np.random.RandomState(seed).get_state())
        state = sampler.run_mcmc(state, burn, store=False)
        before = problem.count
        sampler.run_mcmc(state, steps - burn)
        return _of_chain(sampler.get_chain(), before, problem.count)

    return run


def _of_chain(chain, before, count):
    """Of a chain (n, nwalkers, ndim)."""
    series = [chain[..., i] for i in range(chain.shape[-1])]
    tau = max(max(integrated_time(one), 1.0) for one in series)
    effective = min(min(bulk_and_tail(one[None])) for one in series)
    flat, length = chain.reshape(-1, chain.shape[-1]), len(chain) / tau
    by_tau = length * chain.shape[1]
    return flat.mean(axis=0), flat.std(axis=0), effective, by_tau, length, before, count - before


def _of_weights(theta, weights, before, count):
    weights = weights / weights.sum()
    mean = weights @ theta
    sd = np.sqrt(weights @ (theta - mean) ** 2)
    nan = float("nan")
    return mean, sd, 1.0 / np.sum(weights**2), nan, nan, before, count - before


def _crtune(problem, evaluations, walkers, seed):
    from pipeline.accuracy.efficiency import one_ensemble

    found, journal = one_ensemble(problem.problem, evaluations // walkers, walkers, _WARM_UP, seed)
    before = found.header.warm_up["evaluations"]
    return _of_chain(found.chain, before, before + int(journal["evaluations"].sum()))


def _dime():
    from dime_sampler import DIMEMove

    return DIMEMove()


def _evolution():
    return [(emcee.moves.DEMove(), 0.9), (emcee.moves.DEMove(gamma0=1.0), 0.1)]


def _zeus(problem, evaluations, walkers, seed):
    import zeus

    np.random.seed(seed)  # noqa: NPY002  (zeus knows no other way)
    start = problem.start(walkers, np.random.default_rng(seed))
    chains, before, spent = [], 0, 0
    sampler = zeus.EnsembleSampler(
        walkers, problem.ndim, problem.log_posterior, vectorize=True, verbose=False
    )
    while problem.count < evaluations:  # a step of a slice sampler takes several evaluations
        sampler.reset()
        sampler.run_mcmc(start, 50, progress=False)
        start = sampler.get_last_sample()
        if problem.count < _BURN * evaluations:
            before = problem.count
        else:
            chains.append(sampler.get_chain())
        spent = problem.count
    return _of_chain(np.concatenate(chains), before, spent)


def _nautilus(problem, evaluations, walkers, seed):
    from nautilus import Sampler

    sampler = Sampler(
        problem.prior_transform,
        problem.log_likelihood_or_wall,
        n_dim=problem.ndim,
        n_live=1000,
        n_networks=1,
        vectorized=True,
        seed=seed,
    )
    sampler.run(n_eff=0, n_shell=0, n_like_max=evaluations, discard_exploration=True)
    before = problem.count
    sampler.run(n_eff=5000, n_like_max=evaluations, discard_exploration=True)
    theta, log_weight, _ = sampler.posterior()
    return _of_weights(theta, np.exp(log_weight - log_weight.max()), before, problem.count)


def _dynesty(problem, evaluations, walkers, seed):
    from dynesty import NestedSampler

    sampler = NestedSampler(
        lambda theta: problem.log_likelihood_or_wall(theta)[0],
        problem.prior_transform,
        problem.ndim,
        nlive=500,
        sample="rwalk",
        rstate=np.random.default_rng(seed),
    )
    sampler.run_nested(maxcall=evaluations, print_progress=False)
    found = sampler.results
    return _of_weights(found.samples, np.exp(found.logwt - found.logz[-1]), 0, problem.count)


class _EnoughError(BaseException):
    """Ends a sampler that counts accepted points, not evaluations."""


def _cobaya(problem, evaluations, walkers, seed):
    """One chain of Metropolis with a proposal that is learned, in the cube of the prior."""
    from cobaya.log import logger_setup
    from cobaya.model import get_model
    from cobaya.sampler import get_sampler

    names = [f"u{i}" for i in range(problem.ndim)]

    def log_likelihood(**cube):
        if problem.count >= evaluations:
            raise _EnoughError
        theta = problem.prior_transform(np.array([[cube[name] for name in names]]))
        return float(problem.log_likelihood_or_wall(theta)[0])

    start = problem.prior_cdf(problem.start(1, np.random.default_rng(seed)))[0]
    before = problem.count
    params = {
        name: {"prior": {"min": 0.0, "max": 1.0}, "ref": float(at), "proposal": 0.05}
        for name, at in zip(names, start, strict=True)
    }
    mcmc = {"max_samples": evaluations, "Rminus1_stop": 0.0, "seed": seed, "max_tries": 10**6}
    likelihood = {"all": {"external": log_likelihood, "input_params": names}}
    logger_setup(debug=logging.CRITICAL)
    model = get_model({"params": params, "likelihood": likelihood, "debug": logging.CRITICAL})
    sampler = get_sampler({"mcmc": mcmc}, model)
    with contextlib.suppress(_EnoughError):
        sampler.run()
    found = sampler.collection.data
    found = found[: len(sampler.collection)]
    rows = np.repeat(np.arange(len(found)), found["weight"].to_numpy(dtype=int))
    burn, spent = int(_BURN * len(rows)), problem.count - before
    chain = problem.prior_transform(found[names].to_numpy(dtype=float)[rows[burn:]])[:, None]
    return _of_chain(chain, before + int(_BURN * spent), problem.count)


SAMPLERS: dict[str, Callable] = {
    "crtune": _crtune,
    "emcee, stretch": _ensemble(emcee.moves.StretchMove),
    "emcee, differential evolution": _ensemble(_evolution),
    "emcee, DIMEMove": _ensemble(_dime),
    "zeus": _zeus,
    "nautilus": _nautilus,
    "dynesty, rwalk": _dynesty,
    "cobaya, MCMC": _cobaya,
}
