"""One MPI job for a whole run: the ensembles are dealt out to the ranks.

Rank 0 runs the rounds, as one process would, and sends tasks; every rank, rank 0 too, extends its
ensembles one after another and reports. Between a task and its report the ranks do not wait for
each other, except that a rank that has to stop (a signal, an error) tells all others. What ends a
rank outside this protocol aborts the job (`pipeline.sampling.mpi_world`), so that nobody waits for
ever.
"""

from __future__ import annotations

import time

from pipeline.sampling.engines import SerialEngine
from pipeline.sampling.ensemble import EnsembleReport
from pipeline.sampling.interrupt import StopRequest
from transport.errors import CrtuneError

_STOP = 1  # tag of "stop, write your checkpoint"
_NAP = 0.05  # s between looks for a message while there is nothing to do


class MpiEngine:
    """Engine of rank 0, see `pipeline.sampling.engines`; the other ranks call `serve`."""

    def __init__(self, comm):
        self.comm = comm
        self._problem = None
        self._told = False

    def with_problem(self, problem) -> MpiEngine:
        """Use the problem that rank 0 has built already."""
        self._problem = problem
        return self

    def extend(self, tasks, stop, tick=lambda: None) -> list[EnsembleReport]:
        """Run `tasks`; if one fails, the others write their checkpoints before its error is raised.

        Raises
        ------
        CrtuneError: naming the rank and what it said
        """
        self._send(list(tasks))
        results = self._share(tasks, stop, tick)
        failures = [text for _, text, _ in results if text]
        if failures:
            raise CrtuneError("\n".join(dict.fromkeys(failures)))
        return sorted((r for reports, _, _ in results for r in reports), key=lambda r: r.index)

    def dismiss(self, code: int) -> None:
        """Let the other ranks go, with this exit code."""
        self._send(code)

    def serve(self) -> int:
        """Work for rank 0 until it says that all is done; its exit code."""
        with StopRequest() as stop:
            while True:
                message = self._receive()
                if isinstance(message, int):
                    return message
                self._share(message, stop)

    def _share(self, tasks, stop, tick=lambda: None):
        """Run this rank's tasks; everybody's (reports, failure, whether it told the others)."""
        self._told = False
        mine = [task for i, task in enumerate(tasks) if i % self.comm.size == self.comm.rank]
        reports, failure = [], ""
        try:
            if mine and self._problem is None:
                self._problem = mine[0].build()
            reports = SerialEngine(self._problem).extend(mine, lambda: self._stop(stop), tick)
        except CrtuneError as error:
            failure = f"rank {self.comm.rank}: {error}"
            self._tell_others()
        results = self.comm.allgather((reports, failure, self._told))
        for rank, (_, _, told) in enumerate(results):
            if told and rank != self.comm.rank:  # read, or it would stop the next round
                self.comm.recv(source=rank, tag=_STOP)
        return results

    def _stop(self, stop) -> bool:
        if stop():
            self._tell_others()
        return self._told or self.comm.Iprobe(tag=_STOP)

    def _tell_others(self) -> None:
        if not self._told:
            self._told = True
            for rank in range(self.comm.size):
                if rank != self.comm.rank:
                    # A few bytes: buffered by MPI, so this does not wait for the receiver.
                    self.comm.send(None, dest=rank, tag=_STOP)

    def _send(self, message) -> None:
        for rank in range(1, self.comm.size):
            self.comm.send(message, dest=rank)

    def _receive(self):
        # A blocking receive would keep a core busy while rank 0 judges.
        while not self.comm.Iprobe(source=0, tag=0):
            time.sleep(_NAP)
        return self.comm.recv(source=0, tag=0)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass
