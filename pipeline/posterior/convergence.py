"""Has a run converged? Autocorrelation within ensembles, R-hat across them, and plain words.

Two independent questions, both to be answered yes for every parameter and the log-probability:
are the chains many autocorrelation times long (Goodman & Weare 2010, Sokal 1997), and do
independently started ensembles agree (rank-normalised split R-hat, Vehtari et al. 2021)?
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from emcee.autocorr import auto_window
from scipy import fft

from pipeline.config.models import Convergence
from pipeline.files import replacing
from pipeline.json_values import read_with_checksum, text_with_checksum

FILE_NAME = "convergence.json"
DEFAULT_RULES = Convergence()
"""As a config has them that says nothing of convergence."""
_MAX_SERIES = 4096  # points per walker used for the autocorrelation


@dataclass(frozen=True)
class Verdict:
    """Result of `assess`; dicts are keyed by coordinate name, with ``log_prob`` last.

    Attributes
    ----------
    converged : whether every rule is met
    reasons : in words, why not
    steps, burn_in : per ensemble, in sampler steps; the rest is what the numbers below are from
    thin : sampler steps per stored step
    ensembles, walkers : how many
    acceptance : mean acceptance fraction
    tau : integrated autocorrelation time, in sampler steps, averaged over all walkers
    n_tau : steps after burn-in in units of tau
    ess : effective number of independent draws in all ensembles
    rhat : with ensembles as chains (the halves of one, where there is only one)
    rhat_walkers : with walkers as chains; conservative, for information
    stuck : walkers that do not move or sit far below the others, in words
    min_n_tau, max_rhat : the rules applied
    evaluations, evaluations_warm_up : of the model by all ensembles, in the steps that are kept and
        before; points outside the prior are none
    effective_draws : of the slowest coordinate in all ensembles, after burn-in
    cpu_seconds, wall_seconds : added over ensembles, the warm-up included
    """

    converged: bool
    reasons: tuple[str, ...]
    steps: int
    burn_in: int
    thin: int
    ensembles: int
    walkers: int
    acceptance: float
    tau: dict[str, float]
    n_tau: dict[str, float]
    ess: dict[str, float]
    rhat: dict[str, float]
    rhat_walkers: dict[str, float]
    stuck: tuple[str, ...]
    min_n_tau: float
    max_rhat: float
    evaluations: int = 0
    evaluations_warm_up: int = 0
    effective_draws: float = float("nan")
    cpu_seconds: float = field(default=0.0, compare=False)
    wall_seconds: float = field(default=0.0, compare=False)

    @property
    def label(self) -> str:
        """One or two words for plots and tables."""
        return "converged" if self.converged else "NOT CONVERGED"

    def worst(self) -> tuple[float, float, float]:
        """Longest tau, least steps / tau, greatest R-hat; NaN where any is undefined."""
        columns = (self.tau, self.n_tau, self.rhat)
        tau, n_tau, rhat = (np.array(list(c.values()) or [np.nan], dtype=float) for c in columns)
        return float(np.max(tau)), float(np.min(n_tau)), float(np.max(rhat))

    def banner(self, most: int = 8) -> str:
        """What to print above every result: one line if converged, reasons if not."""
        tau, n_tau, rhat = self.worst()
        facts = (
            f"{self.ensembles} ensembles x {self.walkers} walkers x {self.steps} steps, "
            f"burn-in {self.burn_in}, tau <= {tau:.4g}, N/tau >= {n_tau:.4g}, R-hat <= {rhat:.4f}"
        )
        if self.converged:
            return f"converged: {facts}"
        shown = [f"  - {reason}" for reason in self.reasons[:most]]
        if len(self.reasons) > most:
            shown.append(f"  - and {len(self.reasons) - most} more reasons")
        return "\n".join([f"*** NOT CONVERGED *** {facts}", *shown])

    def save(self, folder: str | Path) -> Path:
        """Write ``convergence.json`` in a run's folder, whole or not at all."""
        path = Path(folder) / FILE_NAME
        with replacing(path) as draft:
            draft.write_text(text_with_checksum(asdict(self)), encoding="utf-8")
        return path

    @classmethod
    def load(cls, folder: str | Path) -> Verdict:
        """Read what `save` wrote.

        Raises
        ------
        OSError, ValueError, TypeError: there is none, it is damaged, or of another version
        """
        fields = read_with_checksum(Path(folder) / FILE_NAME)
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})


def assess(
    chain: np.ndarray,
    log_prob: np.ndarray,
    names,
    thin: int = 1,
    min_n_tau: float = DEFAULT_RULES.min_n_tau,
    max_rhat: float = DEFAULT_RULES.max_rhat,
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
        columns = {name: np.full(len(names), np.nan) for name in ("tau", "rhat", "walkers")}
    else:
        columns = _diagnose(kept, kept_log_prob)
    tau = np.maximum(columns["tau"] * thin, 1.0)
    kept_steps = (n_stored - burn) * thin
    n_tau = kept_steps / tau
    stuck = tuple(stuck_walkers(kept, kept_log_prob))
    reasons = _reasons(names, n_tau, columns["rhat"], min_n_tau, max_rhat, n_ensembles)
    reasons += [f"{text}; see scripts/plot_trace.py" for text in stuck]

    ess = n_ensembles * walkers * n_tau

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
        ess=named(ess),
        effective_draws=float(np.min(ess[:-1])),
        rhat=named(columns["rhat"]),
        rhat_walkers=named(columns["walkers"]),
        stuck=stuck,
        min_n_tau=float(min_n_tau),
        max_rhat=float(max_rhat),
    )


def _diagnose(chain, log_prob) -> dict[str, np.ndarray]:
    """tau (in stored steps) and both R-hats of every coordinate and the log-probability."""
    n_ensembles, n, walkers, ndim = chain.shape
    tau, rhat, between = (np.full(ndim + 1, np.nan) for _ in range(3))
    for index in range(ndim + 1):
        series = chain[..., index] if index < ndim else log_prob
        tau[index] = integrated_time(series.swapaxes(0, 1).reshape(n, -1))
        every = 1 if np.isnan(tau[index]) else max(1, min(int(tau[index] / 2), n // 4))
        draws = series[:, ::every]
        # One ensemble alone: its halves (ArviZ wants at least two chains).
        rhat[index] = _rhat(_even(draws).reshape(max(n_ensembles, 2), -1))
        between[index] = _rhat(draws.swapaxes(1, 2).reshape(n_ensembles * walkers, -1))
    return {"tau": tau, "rhat": rhat, "walkers": between}


def _even(draws: np.ndarray) -> np.ndarray:
    """(n_ensembles, n, nwalkers) without the first row if n is odd."""
    return draws[:, draws.shape[1] % 2 :]


def _rhat(draws: np.ndarray) -> float:
    """Rank-normalised split R-hat of (n_chains, n_draws); NaN where a chain does not move."""
    if draws.shape[1] < 4 or not np.all(np.isfinite(draws)) or np.any(np.ptp(draws, axis=1) == 0):
        return float("nan")
    from arviz_stats.base import array_stats  # takes a second to import: not in every worker

    return float(array_stats.rhat(draws, chain_axis=0, draw_axis=1, method="rank"))


def integrated_time(series: np.ndarray, window: float = 5.0) -> float:
    """Integrated autocorrelation time of walkers that share one law, in units of a row.

    The estimate of emcee (autocorrelation averaged over walkers, Sokal's window), with real
    transforms for all walkers at once; long series are thinned to a few thousand points, which
    can only make a short time look longer.

    Parameters
    ----------
    series : (n, n_walkers)

    Returns
    -------
    float, NaN if a walker never moves or a value is not finite
    """
    every = max(1, len(series) // _MAX_SERIES)
    x = np.asarray(series[::every], dtype=float)
    if len(x) < 2 or not np.all(np.isfinite(x)) or np.any(np.ptp(x, axis=0) == 0):
        return float("nan")
    n = len(x)
    transform = fft.rfft(x - x.mean(axis=0), n=fft.next_fast_len(2 * n, real=True), axis=0)
    power = transform.real**2 + transform.imag**2
    correlation = fft.irfft(power, n=fft.next_fast_len(2 * n, real=True), axis=0)[:n]
    mean_correlation = np.mean(correlation / correlation[0], axis=1)
    taus = 2.0 * np.cumsum(mean_correlation) - 1.0
    return float(every * taus[auto_window(taus, window)])


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
