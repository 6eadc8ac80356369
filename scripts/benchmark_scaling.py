#!/usr/bin/env python
"""Weak scaling of serial, local workers, separate processes (an array) and MPI, as ratios.

Efficiency is the sampling time of one ensemble alone over that of N side by side: 1 if nothing is
lost. Measured in turn within one run, medians of the repetitions; an otherwise idle machine, with
at least N cores, is assumed, and its load is printed so that this can be judged.
"""

import os
import shutil
import sys
from pathlib import Path

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.exit_codes import EXIT_OK
from pipeline.sampling.threads import limit_threads


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument("config", metavar="RUN.toml", nargs="?", default="runs/two_phase.toml")
    arguments.add_argument("--steps", type=cli.count, default=1000, help="per ensemble (1000)")
    arguments.add_argument(
        "--ensembles", default="1,2", metavar="N,M,...", help="numbers of ensembles (1,2)"
    )
    arguments.add_argument("--repeat", type=cli.count, default=3, help="repetitions (3)")
    arguments.add_argument(
        "--transport", metavar="T", help="instead of the config's: paper, full or effects"
    )
    arguments.add_argument("--output", metavar="FILE.md", help="write the table there, too")
    options = arguments.parse_args()
    limit_threads()
    from pipeline.cluster.scaling import format_scaling, weak_scaling
    from transport.errors import CrtuneError

    try:
        counts = [int(word) for word in options.ensembles.split(",")]
    except ValueError:
        counts = []
    if min(counts, default=0) < 1:
        raise CrtuneError(f"--ensembles {options.ensembles}: give numbers from 1 on, e.g. 1,2,4")
    beside = Path(sys.executable).with_name("mpiexec")
    mpiexec = str(beside) if beside.exists() else shutil.which("mpiexec")
    load = os.getloadavg()[0]
    rows = weak_scaling(
        options.config,
        options.steps,
        counts,
        mpiexec=mpiexec,
        repeats=options.repeat,
        transport=options.transport,
    )
    remark = f", transport {options.transport}" if options.transport is not None else ""
    text = (
        f"{Path(options.config).name}{remark}, {options.steps} steps of each ensemble, "
        f"{os.cpu_count()} cores, load before the start {load:.1f}, median of {options.repeat}\n\n"
        f"{format_scaling(rows)}\n"
    )
    print(text, end="")
    if mpiexec is None:
        print("no mpiexec here: MPI was left out")
    if options.output:
        Path(options.output).write_text(text, encoding="utf-8")
    return EXIT_OK


if __name__ == "__main__":
    cli.run_script(main)
