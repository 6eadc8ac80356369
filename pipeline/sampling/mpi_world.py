"""Entering and leaving MPI; nothing heavy is imported before MPI can abort the job."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

from transport.errors import CrtuneError


def world():
    """The communicator of all ranks.

    Raises
    ------
    CrtuneError: no mpi4py, or no MPI library
    """
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise CrtuneError(
            f"--mpi: MPI cannot be used ({str(error).splitlines()[0]}); install mpi4py and an MPI "
            "library (pip install -e '.[mpi]' brings both), or use --workers"
        ) from error
    return MPI.COMM_WORLD


def run_ranks(comm, lead: Callable[[object], int]) -> int:
    """Call ``lead(engine)``, with a `pipeline.sampling.mpi.MpiEngine`, in rank 0 and serve it in
    all others.

    Returns the exit code, on every rank. A failure that the protocol cannot carry is printed with
    its rank, and ends the whole job.
    """
    try:
        # Here, since an import that fails in one rank must not leave the others waiting.
        from pipeline.sampling.mpi import MpiEngine

        engine = MpiEngine(comm)
        if comm.rank:
            return engine.serve()
        code = 1
        try:
            code = lead(engine)
        except CrtuneError as error:
            print(f"crtune: error: {error}", file=sys.stderr, flush=True)
            code = 2
        engine.dismiss(code)
        return code
    except BaseException as error:
        sys.stdout.flush()
        print(
            f"crtune: error: rank {comm.rank} of {comm.size}: {type(error).__name__}: {error}",
            file=sys.stderr,
        )
        traceback.print_exc()
        sys.stderr.flush()
        comm.Abort(1)
        raise
