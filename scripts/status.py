#!/usr/bin/env python
"""What runs, how far, how converged: all runs, or those named.

Reads live files without locks and, where there is Slurm, the queue; a run notices nothing of it.
Columns: ensembles begun, steps (least-most) of the budget, steps per second and ensemble,
acceptance, time since the last checkpoint, and the worst numbers of the last test of convergence.
"""

import json
import math
import sys

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.exit_codes import EXIT_OK
from pipeline.sampling.threads import limit_threads
from transport.checkout import ROOT


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument(
        "runs",
        metavar="RUN",
        nargs="*",
        help="runs/NAME, runs/NAME.toml or NAME; default every run in runs/ that has begun",
    )
    arguments.add_argument("--json", action="store_true", help="machine-readable")
    options = arguments.parse_args()
    limit_threads()
    from pipeline.cluster import slurm
    from pipeline.cluster.status import format_status, run_status
    from transport.errors import CrtuneError

    if options.runs:
        folders = [cli.run_directory(run) for run in options.runs]
    else:
        begun = (ROOT / "runs").glob("*/")
        folders = [
            f for f in sorted(begun) if any(f.glob("ensemble_*.h5")) or (f / "slurm").is_dir()
        ]
    if not folders:
        print("no run has begun; see scripts/run_mcmc.py and scripts/submit.py")
        return EXIT_OK
    try:
        jobs = slurm.queue()
    except CrtuneError as error:
        print(f"crtune: the queue cannot be read: {error}", file=sys.stderr)
        jobs = []
    rows = [run_status(folder, jobs) for folder in folders]
    if options.json:
        print(json.dumps([_plain(row.as_dict()) for row in rows], indent=1))
    else:
        print(format_status(rows))
    return EXIT_OK


def _plain(row: dict) -> dict:
    """JSON knows no NaN."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}


if __name__ == "__main__":
    cli.run_script(main)
