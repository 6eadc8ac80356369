#!/usr/bin/env python
"""Send runs to Slurm: for each an array that extends its ensembles, and a job that judges them.

The array's tasks requeue themselves at the wall time. When all are done the judge tests
convergence: it summarises and plots a finished run, or submits the next round. Everything goes on
from the files in runs/NAME, so a run that ended for any reason is simply submitted again. The
scripts sent are runs/NAME/slurm/array.sh and judge.sh.
"""

import sys
from functools import partial

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.exit_codes import EXIT_BAD_INPUT, EXIT_OK
from pipeline.sampling.threads import limit_threads


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument("configs", metavar="RUN.toml", nargs="+", help="configs of the runs")
    arguments.add_argument(
        "--priors",
        metavar="A,B,...",
        type=cli.names,
        default=[],
        help="run each config with each of these prior sets",
    )
    arguments.add_argument(
        "--transport",
        metavar="T",
        action="append",
        default=[],
        help="run each config with this transport: paper, full, or effects with commas; may be "
        "repeated",
    )
    arguments.add_argument("--site", metavar="SITE.toml", help="site file; see docs/site.toml")
    arguments.add_argument(
        "--set",
        dest="overrides",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="override one key of every config; may be repeated",
    )
    arguments.add_argument(
        "--calibrate",
        metavar="SETS",
        type=cli.count,
        help="send the mock data sets of scripts/calibrate.py instead, SETS of each run",
    )
    arguments.add_argument(
        "--tuning",
        metavar="OPTIONS",
        nargs="?",
        const="--study",
        help="send the cases of scripts/fine_tuning.py --study of these configs as one array "
        "instead, and scripts/compare.py after it; or cases of other options, e.g. "
        "--tuning='--ranges earth --measures evidence'",
    )
    arguments.add_argument(
        "--output",
        metavar="FOLDER",
        help="for the tables of --tuning (runs/comparison)",
    )
    arguments.add_argument(
        "--dry-run", action="store_true", help="write the scripts and show them, submit nothing"
    )
    options = arguments.parse_args()
    limit_threads()
    from pipeline.cluster.campaign import runs_of_campaign
    from pipeline.cluster.site import load_site
    from pipeline.from_config import build_problem
    from transport.errors import CrtuneError

    site = load_site(options.site)
    configs = runs_of_campaign(
        options.configs, options.priors, options.overrides, options.transport
    )
    for config in configs:
        build_problem(config)  # what is wrong is better heard here than from every task
    if options.tuning is not None:
        return tune(configs, site, options)
    failed, sent = 0, []
    for config in configs:
        try:
            if options.calibrate:
                calibrate(config, site, options)
            elif submit(config, site, options):
                sent.append(config.name)
        except CrtuneError as error:
            print(f"crtune: error: {config.name}: {error}", file=sys.stderr)
            failed += 1
    if sent:
        print("to watch: scripts/status.py " + " ".join(sent))
    return EXIT_BAD_INPUT if failed else EXIT_OK


def calibrate(config, site, options) -> None:
    """Submit the sets of one run's calibration, and the job that judges them."""
    from pipeline.cluster.calibration import TASKS, CalibrationScripts

    tasks = min(TASKS, options.calibrate)
    scripts = CalibrationScripts(
        config.path, config.sampling.ensembles, site, tuple(options.overrides), options.calibrate,
        tasks,
    )  # fmt: skip
    send(scripts, config.name, options)


def tune(configs, site, options) -> int:
    """Submit the cases of a study of all runs, and the job that writes the tables."""
    from pathlib import Path

    from pipeline.cluster.tuning import TASKS, TuningScripts
    from transport.checkout import ROOT
    from transport.errors import CrtuneError

    if options.overrides:
        raise CrtuneError("--tuning takes the configs as they are: leave --set out, edit them")
    output = Path(options.output or ROOT / "runs" / "comparison")
    paths = tuple(config.path for config in configs)
    tasks = min(TASKS, 6 * len(paths))
    scripts = TuningScripts(
        paths[0], 1, site, configs=paths, options=options.tuning, tasks=tasks, output=output
    )
    send(scripts, f"{len(paths)} configs", options)
    return EXIT_OK


def send(scripts, what: str, options) -> None:
    """Write an array and its report, and submit them; or show them."""
    paths = scripts.write()
    if options.dry_run:
        for path in paths:
            print(f"# ---- {path}\n{path.read_text()}")
        return
    array, report = scripts.submit()
    print(f"{what}: array {array}, report {report}; logs in {scripts.folder}")


def submit(config, site, options) -> bool:
    """Submit one run; whether there was anything to submit."""
    from pipeline.cluster.campaign import alive, scripts_of, submit_round
    from pipeline.cluster.shares import standing
    from pipeline.from_config import build_problem
    from pipeline.sampling.rounds import Run
    from transport.errors import CrtuneError

    run = Run(partial(build_problem, config), config.run_dir, config.sampling, config.convergence)
    now = standing(run)
    if now.finished:
        print(f"{config.name}: {now.describe()}; nothing to submit")
        return False
    jobs = alive(config.run_dir)
    if jobs and not options.dry_run:
        raise CrtuneError(
            f"has jobs in the queue: {', '.join(job.id for job in jobs)}; wait for them, or "
            f"scancel --name {scripts_of(config, site).job_name}"
        )
    scripts = scripts_of(config, site, options.overrides)
    array, judge = scripts.write()
    if options.dry_run:
        for path in (array, judge):
            print(f"# ---- {path}\n{path.read_text()}")
        print(f"# would submit:\nsbatch {array}\nsbatch --dependency=afterany:ARRAY_JOB {judge}")
        return False
    sent = submit_round(config.run_dir, now, 1)
    print(f"{config.name}: array {sent.array}, judge {sent.judge}; logs in {scripts.folder}")
    return True


if __name__ == "__main__":
    cli.run_script(main)
