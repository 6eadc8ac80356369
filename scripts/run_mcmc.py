#!/usr/bin/env python
"""Sample the posterior that a config describes; the same command goes on where it stopped.

exit codes: 0 converged, 3 NOT CONVERGED within max_steps, 75 interrupted with a checkpoint
written (run the same command again), 130 Ctrl-C with a checkpoint written, 2 bad input,
1 a worker died
"""

import sys
from functools import partial

from pipeline import cli


def main() -> int:
    arguments = cli.parser(__doc__)
    cli.add_config_argument(arguments)
    arguments.add_argument("--workers", type=int, metavar="N", help="local processes")
    arguments.add_argument("--max-steps", type=int, metavar="N", help="budget for each ensemble")
    arguments.add_argument("--fresh", action="store_true", help="set earlier results aside first")
    arguments.add_argument(
        "--salvage", action="store_true", help="cut damaged chains back to what is whole, go on"
    )
    arguments.add_argument("--quiet", action="store_true", help="no progress bar")
    options = arguments.parse_args()
    cli.limit_threads()
    # Imported here since every worker process imports this file again.
    from pipeline.engines import WorkerDiedError
    from pipeline.problem import build_problem
    from pipeline.rounds import Run, salvage_run, set_aside

    if options.workers is not None:
        options.overrides.append(f"sampling.workers={options.workers}")
    if options.max_steps is not None:
        options.overrides.append(f"sampling.max_steps={options.max_steps}")
    config = cli.read_config(options)
    folder = config.run_dir
    if options.fresh and (aside := set_aside(folder, config.sampling.ensembles)):
        print(f"earlier results are in {aside}")
    if options.salvage:
        salvage_run(folder)
    run = Run(
        build=partial(build_problem, config),
        folder=folder,
        sampling=config.sampling,
        convergence=config.convergence,
        config_text=config.to_toml(),
    )
    try:
        outcome = run.execute(progress=not options.quiet)
    except WorkerDiedError as error:
        print(f"crtune: error: {error}", file=sys.stderr)
        return 1
    if outcome.interrupted:
        print(f"interrupted; the checkpoint is in {folder}, the same command goes on from there")
    if outcome.verdict is not None:
        print(outcome.verdict.banner())
    print(f"chains and verdict: {folder}")
    return outcome.exit_code


if __name__ == "__main__":
    cli.run_script(main)
