"""Steps of emcee added to a chain file, block by block, with what they cost."""

from __future__ import annotations

import time

import emcee

from pipeline.chains.identity import check_sums
from pipeline.chains.journal import Cost
from pipeline.chains.writer import ChainWriter
from pipeline.sampling.target import Target


class Stepper:
    """Adds stored steps to a file that is open for writing.

    Parameters
    ----------
    writer : of the file; its header says how many steps are made for each that is stored
    target : what to sample
    checkpoint_steps : steps in a block
    stop : asked after every stored step
    tick : called after every block
    """

    def __init__(self, writer: ChainWriter, target: Target, checkpoint_steps: int, stop, tick):
        self.writer, self.target, self.stop, self.tick = writer, target, stop, tick
        self.per_block = max(1, checkpoint_steps // writer.header.thin)
        self._began, self._began_cpu = time.perf_counter(), time.process_time()

    def extend(self, moves, stored: int, start=None) -> None:
        """Go on until there are so many stored steps, or `stop()`.

        Parameters
        ----------
        moves : as (move, probability)
        start : state to go on from instead of the last one stored, as
            `pipeline.chains.writer.Snapshot`
        """
        writer = self.writer
        now = start or writer.snapshot()
        state = emcee.State(now.coords, now.log_prob, now.blobs, now.random_state)
        sampler = emcee.EnsembleSampler(
            writer.header.nwalkers, writer.header.ndim, _never, moves=moves, vectorize=True
        )
        while writer.iteration < stored and not self.stop():
            count = min(self.per_block, stored - writer.iteration)
            state = self._block(sampler, state, count)
            self.tick()

    def cost(self) -> Cost:
        """What was spent since the last call, or since the beginning."""
        now, now_cpu = time.perf_counter(), time.process_time()
        cost = Cost(now - self._began, now_cpu - self._began_cpu, self.target.evaluations)
        self._began, self._began_cpu, self.target.evaluations = now, now_cpu, 0
        return cost

    def _block(self, sampler, state, count: int):
        """Make up to `count` stored steps and write them, also when an exception ends them."""
        header = self.writer.header
        sampler.reset()
        steps = sampler.sample(
            state,
            iterations=count,
            thin_by=header.thin,
            store=True,
            skip_initial_state_check=True,
        )
        try:
            for state in steps:  # noqa: B007  (the last state goes on to the next block)
                if self.stop():
                    break
        finally:
            made = sampler.backend
            if made.iteration:
                rows = slice(0, made.iteration)
                blobs = made.blobs[rows].reshape(made.iteration, header.nwalkers, -1)
                check_sums(header.blob_names, made.log_prob[rows], blobs)
                block = (made.chain[rows], made.log_prob[rows], blobs)
                self.writer.append(*block, made.accepted, made.random_state, self.cost())
        return state


def _never(coords):
    """emcee's own way to a log-probability: the moves know a better one, and states bring theirs.

    Raises
    ------
    RuntimeError: always
    """
    raise RuntimeError("a state without log-probability reached emcee")
