#!/usr/bin/env python
"""Sample the posterior that a config describes; the same command goes on where it stopped.

exit codes: 0 converged, 3 NOT CONVERGED within max_steps, 75 interrupted with a checkpoint
written (run the same command again), 130 Ctrl-C with a checkpoint written, 2 bad input,
1 a worker died
"""

import sys
from functools import partial

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.exit_codes import EXIT_FAILED
from pipeline.sampling.threads import limit_threads


def add_batch_arguments(arguments) -> None:
    batch = arguments.add_argument_group("in batch jobs (see docs/cluster.md)")
    batch.add_argument(
        "--ensembles",
        metavar="LIST",
        help="extend only these, e.g. 0,2,4-7, to the next test of convergence, which "
        "scripts/merge.py makes",
    )
    batch.add_argument(
        "--wait-for-lock",
        type=float,
        default=0.0,
        metavar="S",
        help="wait up to S seconds for another job that holds these ensembles",
    )
    batch.add_argument(
        "--mpi",
        action="store_true",
        help="deal the ensembles out to MPI ranks: mpiexec -n N python scripts/run_mcmc.py --mpi "
        "RUN.toml",
    )
    batch.add_argument(
        "--requeue",
        action="store_true",
        help="on SIGUSR1 (wall time) put this Slurm job back into the queue",
    )


def extend_share(run, options) -> int:
    """One job's part of a run."""
    from pipeline.cluster import shares, slurm

    chosen = shares.parse_ensembles(options.ensembles, run.sampling.ensembles)
    outcome = shares.extend_share(run, chosen, patience=options.wait_for_lock, notify=say)
    say(outcome.standing.describe())
    if outcome.interrupted:
        say(f"interrupted; the checkpoint is in {run.folder}, the same command goes on from there")
        if options.requeue and outcome.out_of_time:
            say("out of time; this job goes back into the queue")  # requeueing ends it
            slurm.requeue_this_job()
    return outcome.exit_code


def say(text) -> None:
    print(text, flush=True)  # a job's log must not end in a buffer


def main() -> int:
    arguments = cli.parser(__doc__)
    cli.add_config_argument(arguments)
    arguments.add_argument(
        "--workers", type=int, metavar="N", help="the same as --set sampling.workers=N"
    )
    arguments.add_argument(
        "--max-steps", type=int, metavar="N", help="the same as --set sampling.max_steps=N"
    )
    arguments.add_argument("--fresh", action="store_true", help="set earlier results aside first")
    arguments.add_argument(
        "--salvage", action="store_true", help="cut damaged chains back to what is whole, go on"
    )
    arguments.add_argument("--quiet", action="store_true", help="no progress bar")
    add_batch_arguments(arguments)
    options = arguments.parse_args()
    limit_threads()
    if options.requeue and options.ensembles is None:
        arguments.error("--requeue belongs to --ensembles: give the ensembles of this job")
    if options.mpi:
        from pipeline.sampling.mpi_world import run_ranks, world

        if options.ensembles is not None:
            arguments.error("--mpi runs all ensembles: leave out --ensembles")
        return run_ranks(world(), lambda engine: run_config(options, engine.with_problem))
    return run_config(options)


def run_config(options, make_engine=None) -> int:
    """Run what the arguments ask for; with another engine than this machine's if one is given."""
    # Imported here since every worker process imports this file again.
    from pipeline.from_config import build_problem
    from pipeline.sampling.engines import WorkerDiedError
    from pipeline.sampling.rounds import Run, salvage_run, set_aside

    if options.workers is not None:
        options.overrides.append(f"sampling.workers={options.workers}")
    if options.max_steps is not None:
        options.overrides.append(f"sampling.max_steps={options.max_steps}")
    config = cli.read_config(options)
    folder = config.run_dir
    if options.fresh and (aside := set_aside(folder, config.sampling.ensembles)):
        say(f"earlier results are in {aside}")
    if options.salvage:
        salvage_run(folder)
    run = Run(
        build=partial(build_problem, config),
        folder=folder,
        sampling=config.sampling,
        convergence=config.convergence,
        config_text=config.stored_text(),
    )
    try:
        if options.ensembles is not None:
            return extend_share(run, options)
        outcome = run.execute(progress=not options.quiet, make_engine=make_engine)
    except WorkerDiedError as error:
        print(f"crtune: error: {error}", file=sys.stderr)
        return EXIT_FAILED
    if outcome.interrupted:
        say(f"interrupted; the checkpoint is in {folder}, the same command goes on from there")
    if outcome.verdict is not None:
        say(outcome.verdict.banner())
    say(f"chains and verdict: {folder}")
    return outcome.exit_code


if __name__ == "__main__":
    cli.run_script(main)
