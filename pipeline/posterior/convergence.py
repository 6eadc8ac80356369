"""Has a run converged? Autocorrelation within ensembles, R-hat across them, and plain words.

Three questions, all to be answered yes for every parameter and the log-probability: are the chains
many autocorrelation times long (Goodman & Weare 2010, Sokal 1997), do independently started
ensembles agree (rank-normalised split R-hat, Vehtari et al. 2021), and are middle and tails worth
enough draws with every walker as a chain (`effective.py`), which the first two do not see?
"""

from __future__ import annotations

import numpy as np

from pipeline.config.models import Convergence
from pipeline.posterior.effective import bulk_and_tail, integrated_time, split_rhat
from pipeline.posterior.verdict import Verdict

DEFAULT_RULES = Convergence()
"""As a config has them that says nothing of convergence."""
_MAX_DRAWS = 2000  # draws per walker used for effective numbers
_FLATTERED = 0.1  # of the draws that tau promises, below which walkers are said to stay somewhere


def assess(
    chain: np.ndarray,
    log_prob: np.ndarray,
    names,
    thin: int = 1,
    min_n_tau: float = DEFAULT_RULES.min_n_tau,
    max_rhat: float = DEFAULT_RULES.max_rhat,
    min_effective_draws: float = DEFAULT_RULES.min_effective_draws,
    acceptance: float = float("nan"),
) -> Verdict:
    """Judge ensembles of equal length.

    Parameters
    ----------
    chain : (n_ensembles, n_stored, nwalkers, ndim)
    log_prob : (n_ensembles, n_stored, nwalkers)
    names : (ndim,) coordinate names
    thin : sampler steps per stored step
    """
    n_ensembles, n_stored, walkers, _ = chain.shape
    names = (*names, "log_prob")
    burn = burn_in(chain, log_prob) if n_stored else 0
    kept, kept_log_prob = chain[:, burn:], log_prob[:, burn:]
    if n_stored - burn < 4:
        columns = {name: np.full(len(names), np.nan) for name in _COLUMNS}
    else:
        columns = _diagnose(kept, kept_log_prob)
    tau = np.maximum(columns["tau"] * thin, 1.0)
    kept_steps = (n_stored - burn) * thin
    n_tau = kept_steps / tau
    stuck = tuple(stuck_walkers(kept, kept_log_prob))
    reasons = _reasons(names, n_tau, columns["rhat"], min_n_tau, max_rhat, n_ensembles)
    ess = np.fmin(columns["bulk"], columns["tail"])
    reasons += _too_few(names, columns["bulk"], columns["tail"], min_effective_draws)
    reasons += [f"{text}; see scripts/plot_trace.py" for text in stuck]

    def named(values):
        return {name: float(value) for name, value in zip(names, values, strict=True)}

    return Verdict(
        converged=not reasons,
        reasons=tuple(reasons),
        steps=n_stored * thin,
        burn_in=burn * thin,
        thin=thin,
        ensembles=n_ensembles,
        walkers=walkers,
        acceptance=float(acceptance),
        tau=named(tau),
        n_tau=named(n_tau),
        ess_bulk=named(columns["bulk"]),
        ess_tail=named(columns["tail"]),
        effective_draws=float(np.min(ess[:-1])),
        rhat=named(columns["rhat"]),
        rhat_walkers=named(columns["walkers"]),
        stuck=stuck,
        min_n_tau=float(min_n_tau),
        max_rhat=float(max_rhat),
        min_effective_draws=float(min_effective_draws),
        remarks=tuple(_flattered(names, ess, n_ensembles * walkers * n_tau)),
    )


_COLUMNS = ("tau", "rhat", "walkers", "bulk", "tail")


def _diagnose(chain, log_prob) -> dict[str, np.ndarray]:
    """tau (in stored steps), both R-hats and both ESS of every coordinate and the
    log-probability."""
    n_ensembles, n, walkers, ndim = chain.shape
    found = {name: np.full(ndim + 1, np.nan) for name in _COLUMNS}
    for index in range(ndim + 1):
        series = chain[..., index] if index < ndim else log_prob
        tau = found["tau"][index] = integrated_time(series.swapaxes(0, 1).reshape(n, -1))
        every = 1 if np.isnan(tau) else max(1, min(int(tau / 2), n // 4))
        draws = series[:, ::every]
        even = draws[:, draws.shape[1] % 2 :]
        # One ensemble alone: its halves (ArviZ wants at least two chains).
        found["rhat"][index] = split_rhat(even.reshape(max(n_ensembles, 2), -1))
        per_walker = draws.swapaxes(1, 2).reshape(n_ensembles * walkers, -1)
        found["walkers"][index] = split_rhat(per_walker)
        few = draws[:, :: max(1, -(-draws.shape[1] // _MAX_DRAWS))]
        found["bulk"][index], found["tail"][index] = bulk_and_tail(few)
    return found


def burn_in(chain: np.ndarray, log_prob: np.ndarray) -> int:
    """Stored steps to discard: five autocorrelation times of the second half, and no fewer than
    the log-probability takes to reach its later level; never more than half.

    Parameters
    ----------
    chain : (n_ensembles, n, nwalkers, ndim)
    log_prob : (n_ensembles, n, nwalkers)
    """
    n = chain.shape[1]
    half = n // 2
    if half < 4:
        return half
    later = chain[:, half:]
    series = [later[..., i].swapaxes(0, 1).reshape(n - half, -1) for i in range(chain.shape[-1])]
    tau = np.max([integrated_time(s) for s in series])
    if np.isnan(tau):
        return half
    level = np.mean(log_prob, axis=2)
    settled = level[:, half:].mean(axis=1) - 3.0 * level[:, half:].std(axis=1)
    reached = np.argmax(level >= settled[:, None], axis=1)
    return int(min(half, max(np.ceil(5.0 * tau), reached.max())))


def stuck_walkers(chain: np.ndarray, log_prob: np.ndarray) -> list[str]:
    """Walkers that stand still or sit far below the rest, by name.

    A walker stands still if it did not move in the last half of these steps though others moved at
    least ten times; it is far below if its mean log-probability is 10 less than the median
    walker's and further off than eight robust standard deviations.
    """
    found = []
    for ensemble, (steps, values) in enumerate(zip(chain, log_prob, strict=True)):
        last = steps[len(steps) // 2 :]
        moves = np.any(np.diff(last, axis=0) != 0, axis=2).sum(axis=0)
        still = (moves == 0) & (np.median(moves) >= 10)
        means = values.mean(axis=0) if len(values) else np.zeros(len(moves))
        below = np.median(means) - means
        spread = 1.4826 * np.median(np.abs(below))
        for walker in np.flatnonzero(still):
            found.append(
                f"walker {walker} of ensemble {ensemble} has not moved in {len(last)} stored steps"
            )
        for walker in np.flatnonzero((below > np.maximum(10.0, 8.0 * spread)) & ~still):
            found.append(
                f"walker {walker} of ensemble {ensemble} has a log-probability "
                f"{below[walker]:.4g} below the others"
            )
    return found


def _reasons(names, n_tau, rhat, min_n_tau, max_rhat, n_ensembles) -> list[str]:
    reasons = []
    for name, value in zip(names, n_tau, strict=True):
        if np.isnan(value):
            reasons.append(f"the autocorrelation time of {name} is undefined (a walker is frozen)")
        elif value < min_n_tau:
            reasons.append(f"N/tau = {value:.4g} < {min_n_tau:g} for {name}")
    whose = "across ensembles" if n_ensembles > 1 else "between the halves of the one ensemble"
    for name, value in zip(names, rhat, strict=True):
        if np.isnan(value):
            reasons.append(f"R-hat of {name} is undefined (an ensemble does not move)")
        elif value > max_rhat:
            reasons.append(f"R-hat = {value:.4f} > {max_rhat:g} {whose} for {name}")
    return reasons


def _too_few(names, bulk, tail, least) -> list[str]:
    """Effective draws that are too few, and of what."""
    return [
        f"{min(b, t):.0f} effective draws < {least:g} of the {'middle' if b < t else 'tails'} of "
        f"{name}"
        for name, b, t in zip(names, bulk, tail, strict=True)
        if min(b, t) < least
    ]


def _flattered(names, ess, promised) -> list[str]:
    """Coordinates in which walkers stay so long that tau does not tell."""
    return [
        f"walkers stay long at some values of {name}: {few:.0f} effective draws where tau promises "
        f"{many:.0f}; trust its tails no further (scripts/plot_trace.py)"
        for name, few, many in zip(names, ess, promised, strict=True)
        if few < _FLATTERED * many
    ]
