"""Nested sampling of a problem, with nautilus (Lange 2023, arXiv:2306.16923): the second route.

Why nautilus: on these posteriors (8 to 20 parameters, curved, degenerate) it needs less than 1e5
evaluations where random-walk nested samplers need 4e5 and more, it takes the model's batches, and
it resumes from a file. Its cost is its own: nine tenths of the time go into drawing from its
bounds.

With few live points its bounds may miss a part of the posterior. That part comes to light as a few
heavy points in an outer shell, and the effective number of draws hardly grows: then the run begins
anew with twice the live points (protons alone, two phases in a stratified halo: 690 effective draws
after 177,000 evaluations with 500 live points, 2000 after 132,000 with 1000).

Its first, exploring phase is biased (by -0.05 in ln Z on Gaussians, while it claims 0.007), so the
points of that phase are thrown away where evidence is asked for.

Amplitudes of a model discrepancy are not sampled but integrated, and drawn afterwards
(`pipeline.marginal`).
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pipeline.marginal import DRAWN_NODES, NODES, Marginal, in_blocks
from pipeline.tuning.estimators.checkpoint import Checkpoint
from pipeline.tuning.estimators.weighted import WeightedRun
from transport.errors import CrtuneError

NESTED_ESTIMATOR = 2
"""Raised when the estimator changes what it gives, so that older runs are made again."""

_IMPOSSIBLE = -1e100
"""ln L where the prior or the model says no: finite, as nautilus wants it."""

_SLICE = 5.0
"""Seconds between looks at the progress."""


@dataclass(frozen=True)
class NestedSettings:
    """How hard to work.

    Attributes
    ----------
    n_live : live points of the exploring phase, at first
    n_eff : least effective number of posterior draws
    n_shell : least number of points in each shell
    f_live : share of the evidence that may be left in the live points when exploring ends
    discard_exploration : keep only points drawn after exploring: unbiased
    max_calls : evaluations after which it begins anew with twice of both, points and evaluations
    doublings : how often it may, before it gives up, unconverged
    nodes : amplitudes of each discrepancy at which the likelihood is integrated
    """

    n_live: int = 500
    n_eff: int = 2000
    n_shell: int = 20
    f_live: float = 0.01
    discard_exploration: bool = True
    max_calls: int = 200_000
    doublings: int = 2
    nodes: int = NODES

    def attempts(self) -> list[NestedSettings]:
        """Settings of one run after the other, until one converges."""
        factors = [2**k for k in range(self.doublings + 1)]
        return [
            replace(self, n_live=k * self.n_live, max_calls=k * self.max_calls) for k in factors
        ]


@dataclass(frozen=True)
class NestedRun(WeightedRun):
    """What a nested run gives.

    Attributes
    ----------
    n_live : live points of the exploring phase
    """

    n_live: int


def run_nested(
    problem,
    settings: NestedSettings | None = None,
    seed: int = 1,
    log_likelihood: Callable[[np.ndarray], np.ndarray] | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = False,
    title: str = "nested",
    tell: Callable[[str], None] = lambda text: None,
) -> NestedRun:
    """Sample the posterior of a problem and measure its evidence.

    Parameters
    ----------
    problem : as `pipeline.problem.Problem`
    seed : of all randomness
    log_likelihood : coordinates (n, ndim) inside the constraints -> (n,), instead of the
        problem's own, amplitudes at their prior median
    checkpoint : file to go on from and to write to (`Checkpoint`); removed at the end
    progress : whether to draw a bar on stderr
    tell : told of a checkpoint that cannot be read, which is set aside

    Raises
    ------
    CrtuneError: the likelihood is impossible at almost every point of the prior
    """
    settings = settings or NestedSettings()
    marginal = Marginal(problem, settings.nodes)
    for attempt in settings.attempts():
        kept = _checkpoint(problem, attempt, seed, checkpoint, tell)
        target = log_likelihood or marginal.log_likelihood
        sampler = _sampler(marginal, target, attempt, seed, kept)
        done = _run(sampler, attempt, progress, title, kept)
        if done:
            break
    theta, log_weight, log_l = sampler.posterior()
    inside = log_l > 0.5 * _IMPOSSIBLE
    if inside.sum() < 2 * problem.ndim:
        raise CrtuneError(
            f"{title}: the likelihood is impossible almost everywhere in the prior "
            f"({inside.sum()} possible points of {len(inside)}); loosen the priors or the cuts"
        )
    theta, log_weight, log_l = theta[inside], log_weight[inside], log_l[inside]
    # nautilus: weight = L volume / Z, of the prior without its constraints
    log_volume = log_weight - log_l + sampler.log_z - problem.kept_share.log
    if marginal.groups and log_likelihood is None:
        rng = np.random.default_rng([seed, 1])  # the sampler's own is [seed]
        theta = Marginal(problem, DRAWN_NODES).with_amplitudes(theta, rng)
        parts = [problem.log_likelihood(part).sum(axis=1) for part in in_blocks(theta)]
        log_l = np.concatenate(parts)
    _clear(checkpoint)
    error = float(np.hypot(1.0 / np.sqrt(max(sampler.n_eff, 1.0)), problem.kept_share.log_error))
    return NestedRun(
        theta=theta,
        log_likelihood=log_l,
        log_volume=log_volume,
        log_weight=log_weight,
        log_z=float(sampler.log_z - problem.kept_share.log),
        log_z_error=error,
        n_eff=float(sampler.n_eff),
        n_live=attempt.n_live,
        calls=int(sampler.n_like),
        seed=seed,
        converged=bool(done),
        method="nested sampling",
        names=tuple(problem.names),
        labels=tuple(problem.labels),
    )


def _sampler(marginal, target, settings, seed, kept: Checkpoint | None):
    from nautilus import Sampler  # slow to import: scikit-learn

    def log_l(theta):
        result = np.full(len(theta), _IMPOSSIBLE)
        inside = np.flatnonzero(marginal.problem.log_prior(theta) > -np.inf)
        if inside.size:
            try:
                values = target(theta[inside])
            except BaseException:
                if kept:
                    kept.keep()  # here nautilus writes nothing
                raise
            result[inside] = np.where(np.isfinite(values), values, _IMPOSSIBLE)
        return result

    if kept:
        kept.restore()
    try:
        return Sampler(
            marginal.prior_transform,
            log_l,
            n_dim=marginal.ndim,
            n_live=settings.n_live,
            n_networks=1,
            n_batch=200,
            vectorized=True,
            seed=seed,
            filepath=kept and str(kept.live),
        )
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        if kept is None or not kept.path.exists():
            raise
        kept.set_aside(error)  # whole, but of another version of nautilus
        return _sampler(marginal, target, settings, seed, kept)


def _checkpoint(problem, settings, seed, checkpoint, tell) -> Checkpoint | None:
    """Its path is marked with what it belongs to: another problem's is never taken up."""
    if checkpoint is None:
        return None
    checkpoint = Path(checkpoint)
    mark = repr((sorted(problem.fingerprint().items()), asdict(settings), seed, NESTED_ESTIMATOR))
    tag = hashlib.sha256(mark.encode()).hexdigest()[:12]
    return Checkpoint(checkpoint.with_suffix(f".{tag}.hdf5"), tell)


def _clear(checkpoint):
    """Remove it, and what runs with other settings have left there."""
    if checkpoint is not None:
        checkpoint = Path(checkpoint)
        for path in checkpoint.parent.glob(f"{checkpoint.stem}.*.hdf5"):
            path.unlink()


def _run(sampler, settings, progress, title, kept: Checkpoint | None):
    """Run in slices, to show progress and to be stopped between them."""
    bar = tqdm(desc=title, unit="call", disable=not progress, dynamic_ncols=True, leave=False)
    with warnings.catch_warnings(), bar:
        warnings.filterwarnings("ignore", module="sklearn")  # an emulator needs no convergence
        while True:
            done = sampler.run(
                f_live=settings.f_live,
                n_shell=settings.n_shell,
                n_eff=settings.n_eff,
                n_like_max=settings.max_calls,
                discard_exploration=settings.discard_exploration,
                timeout=_SLICE,
            )
            if kept:
                kept.keep()
            bar.update(sampler.n_like - bar.n)
            bar.set_postfix_str(
                f"{settings.n_live} live points, "
                f"{'sampling' if sampler.explored else 'exploring'}, {len(sampler.bounds)} bounds, "
                f"ln Z {sampler.log_z or np.nan:.2f}, n_eff {sampler.n_eff:.0f}"
            )
            if done or sampler.n_like >= settings.max_calls:
                return done
