"""The warm-up of an ensemble: walkers find the posterior, and proposals are fitted to it.

It is a chain in a file of its own, ``warm_up_<index>.h5`` beside the chain that is kept, in stages.
Before each stage but the first a proposal is fitted to the second half of what there is together
with fresh draws weighed by their importance (`fitting.py`), so that the share of each mode comes
from the posterior and not from where walkers happened to start; and walkers that stayed behind are
replaced by such draws. All this is a function of the stored steps, the seed and the index of the
ensemble: killed in any moment, it goes on to the same end. Every ensemble fits its own proposal,
from its own steps alone: R-hat across ensembles then compares chains that know nothing of each
other, and batch jobs need not wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.chains.reader import read_chain
from pipeline.chains.writer import Snapshot
from pipeline.sampling.fitting import Training
from pipeline.sampling.moves import Proposal, evolution_moves, frozen_moves
from pipeline.sampling.steps import Stepper
from pipeline.sampling.target import Points, Target

STAGES = (0.35, 0.65, 1.0)
"""Ends of the stages, in parts of the warm-up."""
SHORT, STAGES_OF_SHORT = 500, (0.5, 1.0)
"""In so few steps four fits cost more than the steps and learn too little from them."""
_STORED = 500
"""Stored steps, about."""
_ROUNDS, _LAST_ROUNDS, _LAST_OF_SHORT = (0.04, 0.06), (0.05, 0.1, 0.2, 0.35), (0.1, 0.2)
"""Fresh draws of each round of a refit, as shares of the steps made so far: of one between stages,
and of the last, from which the chain's proposal comes."""
_MOST_FRESH = 150_000
"""The most in a refit."""
_STEPS_PER_DRAW = 40.0
"""Steps of a walker taken to be worth an independent draw, where chain and fresh draws are
weighed against each other."""
_FAR_BELOW = 10.0
"""Nats below the median walker, and robust standard deviations of eight, that count as behind."""


@dataclass(frozen=True)
class Refit:
    """What a stage begins with.

    Attributes
    ----------
    proposal : fitted to what was there before
    start : the walkers, those that stayed behind replaced
    replaced : how many
    """

    proposal: Proposal
    start: Points
    replaced: int

    def message(self) -> str:
        """What a user should know."""
        if not self.replaced:
            return ""
        return f"walkers that stayed behind in the warm-up, replaced: {self.replaced}"

    def snapshot(self, random_state) -> Snapshot:
        """State of an ensemble that goes on from here."""
        return Snapshot(self.start.coords, self.start.log_prob, self.start.blobs, random_state)


def warm_up_steps(settings) -> int:
    """Length of the warm-up: a budget of few steps shortens it in proportion."""
    return min(settings.warm_up, settings.max_steps // 2)


def storage_interval(steps: int) -> int:
    """Steps made for each one stored, whatever the chain's own is."""
    return max(1, steps // _STORED)


def stage_ends(steps: int) -> list[int]:
    """Stored steps at which stages end, ascending, of a warm-up of so many steps."""
    stored = steps // storage_interval(steps)
    parts = STAGES if steps > SHORT else STAGES_OF_SHORT
    return sorted({max(1, round(part * stored)) for part in parts})


def run_stages(stepper: Stepper, target: Target, steps: int, seeds, tell) -> Refit | None:
    """Warm up, from where the file of `stepper` ends; None if stopped on the way.

    Parameters
    ----------
    steps : length
    seeds : one `numpy.random.SeedSequence` for each stage
    tell : told of walkers that were replaced, "" if there were none
    """
    writer, ends = stepper.writer, stage_ends(steps)
    for stage, end in enumerate(ends):
        if writer.iteration >= end:
            continue
        moves, start = evolution_moves(target), None
        if stage:
            begin = ends[stage - 1]
            refitted = refit(writer.path, begin, target, seeds[stage - 1], _ROUNDS, stepper.stop)
            if refitted is None:
                return None
            moves = frozen_moves(target, refitted.proposal)
            if writer.iteration == begin:
                tell(refitted.message())
                start = refitted.snapshot(writer.snapshot().random_state)
        stepper.extend(moves, end, start)
        if writer.iteration < end:
            return None
    rounds = _LAST_ROUNDS if steps > SHORT else _LAST_OF_SHORT
    refitted = refit(writer.path, ends[-1], target, seeds[len(ends) - 1], rounds, stepper.stop)
    if refitted is not None:
        tell(refitted.message())
    return refitted


def refit(path, stored: int, target: Target, seed, rounds, stop=lambda: False) -> Refit | None:
    """Fit a proposal to the first `stored` steps of a warm-up, and replace walkers; None if
    stopped.

    Deterministic: the same file gives the same.
    """
    rng = np.random.default_rng(seed)
    found = read_chain(path, stored // 2, stored)
    made = stored * found.header.thin * found.header.nwalkers
    worth = 0.5 * made / _STEPS_PER_DRAW  # independent draws in the second half
    z = target.to_normal(found.chain.reshape(-1, found.chain.shape[-1]))
    behind = walkers_behind(found.chain, found.blobs[..., -1])
    start = Points(found.chain[-1], found.log_prob[-1], found.blobs[-1])
    training = Training(target, z, worth, rng)
    most = _MOST_FRESH / sum(rounds)
    for share in rounds:
        if not training.add_round(max(1, int(share * min(made, most))), stop):
            return None
    weights = training.weights()
    if weights is None:
        return Refit(training.fit(), start, 0)
    chosen = rng.choice(len(weights), size=len(behind), p=weights)
    for name in ("coords", "log_prob", "blobs"):
        getattr(start, name)[behind] = getattr(training.points, name)[chosen]
    return Refit(training.fit(), start, len(behind))


def walkers_behind(chain: np.ndarray, log_target: np.ndarray) -> np.ndarray:
    """Rows of walkers that stand still or sit far below the others.

    Parameters
    ----------
    chain : (n, nwalkers, ndim); log_target : (n, nwalkers), the latest steps
    """
    recent = slice(len(chain) // 2, None)
    moves = np.any(np.diff(chain[recent], axis=0) != 0, axis=2).sum(axis=0)
    still = (moves == 0) & (np.median(moves) >= 10)
    level = log_target[recent].mean(axis=0)
    below = np.median(level) - level
    spread = 1.4826 * np.median(np.abs(below))
    return np.flatnonzero(still | (below > np.maximum(_FAR_BELOW, 8.0 * spread)))
