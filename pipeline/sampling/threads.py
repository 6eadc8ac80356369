"""Threads of the numerical libraries; imports nothing of them, so that it can act before they load.

Processes are the unit of parallel work here: threads beneath them only compete.
"""

from __future__ import annotations

import os

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def limit_threads(count: int = 1) -> None:
    """Give each numerical library `count` threads; call it before numpy is imported."""
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(count)
