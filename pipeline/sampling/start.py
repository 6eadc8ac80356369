"""Where the walkers of an ensemble begin: always at points of finite probability."""

from __future__ import annotations

import numpy as np
from scipy.optimize import differential_evolution, minimize

from transport.errors import CrtuneError

_MAX_DRAWS_PER_WALKER = 1000
_GENERATIONS = 150
_WORST = 1e300  # what an optimiser sees instead of an infinite -log_prob


def starting_points(problem, nwalkers: int, strategy: str, rng: np.random.Generator):
    """Starting points of one ensemble.

    Parameters
    ----------
    strategy : ``prior``, draws from the prior, or those of ``problem.sample_start``, called in
        the same way, where a problem has it; ``optimum``, a cloud around the best point that
        differential evolution finds from prior draws, as wide as the log-probability allows

    Returns
    -------
    coords (nwalkers, ndim), columns (nwalkers, 1 + n_blobs) as of `problem.log_prob`, all finite

    Raises
    ------
    CrtuneError: unknown strategy, or (almost) no point has a finite log-probability
    """
    if strategy == "prior":
        return _finite_prior_draws(problem, nwalkers, rng)
    if strategy == "optimum":
        return _around_optimum(problem, nwalkers, rng)
    raise CrtuneError(f"sampling.start = {strategy!r}: choose 'prior' or 'optimum'")


def _finite_prior_draws(problem, count: int, rng):
    draw = getattr(problem, "sample_start", problem.sample_prior)
    coords, columns, drawn = [], [], 0
    found = 0
    while found < count:
        if drawn >= _MAX_DRAWS_PER_WALKER * count:
            raise CrtuneError(
                f"sampling.start: of {drawn} draws from the prior only {found} have a finite "
                f"log-probability, {count} are needed; check the priors' ranges and constraints "
                f"and the cuts of the data{_fixed_values(problem)}"
            )
        theta = draw(count, rng)
        values = np.asarray(problem.log_prob(theta))
        finite = np.all(np.isfinite(values), axis=1)
        coords.append(theta[finite])
        columns.append(values[finite])
        drawn, found = drawn + count, found + int(finite.sum())
    return np.concatenate(coords)[:count], np.concatenate(columns)[:count]


def _fixed_values(problem) -> str:
    """What the prior fixes, if anything: one value that cannot be makes every draw impossible."""
    prior = getattr(problem, "prior", None)
    fixed = ", ".join(f"{name} = {value:g}" for name, value in getattr(prior, "fixed", {}).items())
    return f"; {prior.source} fixes {fixed}" if fixed else ""


def _around_optimum(problem, nwalkers: int, rng):
    best, best_log_prob = find_optimum(problem, rng, population=max(nwalkers, 4 * problem.ndim))
    coords = np.empty((0, problem.ndim))
    columns = None
    # Far points are kept while they are within reach of a few hundred steps; the cloud shrinks
    # until enough are.
    reach = best_log_prob - 5.0 * problem.ndim
    for width in 0.3 * 0.7 ** np.arange(40):
        cube = _reflected(best + width * rng.standard_normal((4 * nwalkers, problem.ndim)))
        theta = problem.prior_transform(cube)
        values = np.asarray(problem.log_prob(theta))
        good = np.all(np.isfinite(values), axis=1) & (values[:, 0] > reach)
        coords = np.concatenate([coords, theta[good]])
        columns = values[good] if columns is None else np.concatenate([columns, values[good]])
        if len(coords) >= nwalkers:
            return coords[:nwalkers], columns[:nwalkers]
    raise CrtuneError(
        "sampling.start = 'optimum': no cloud of points of similar log-probability was found "
        "around the best point; use sampling.start = 'prior'"
    )


def find_optimum(problem, rng, population: int, generations: int = _GENERATIONS):
    """Best point of the posterior in the prior's unit cube: differential evolution from prior
    draws, polished by Nelder-Mead.

    Returns
    -------
    (ndim,) point of the unit cube, its log-posterior
    """

    def objective(cube):
        values = np.asarray(problem.log_prob(problem.prior_transform(cube)))[:, 0]
        return np.where(np.isfinite(values), -values, _WORST)

    draws = rng.random((20 * population, problem.ndim))
    values = objective(draws)
    if not np.any(values < _WORST):
        raise CrtuneError(
            f"sampling.start = 'optimum': none of {len(draws)} draws from the prior has a finite "
            "log-probability; check the priors' ranges and constraints and the cuts of the data"
            + _fixed_values(problem)
        )
    first = draws[np.argsort(values)[:population]]
    bounds = [(0.0, 1.0)] * problem.ndim
    found = differential_evolution(
        lambda x: objective(x.T),
        bounds,
        init=first,
        maxiter=generations,
        rng=rng,
        vectorized=True,
        updating="deferred",
        polish=False,
        tol=1e-6,
    )
    polished = minimize(
        lambda x: objective(x[None])[0],
        found.x,
        method="Nelder-Mead",
        bounds=bounds,
        options={"maxfev": 100 * problem.ndim, "adaptive": True},
    )
    best = polished if polished.fun < found.fun else found
    return best.x, -float(best.fun)


def _reflected(cube: np.ndarray) -> np.ndarray:
    """Fold points back into the unit cube at its walls."""
    folded = np.mod(cube, 2.0)
    return np.where(folded > 1.0, 2.0 - folded, folded)
