#!/usr/bin/env python
"""Share of the prior within a factor of 2 of every data point, by transport, in bits.

Counts prior draws of each config with the paper's and with full transport, and with full transport
but for one thing, which tells what a difference is due to; and how many of the draws near the data
at Earth have a cutoff there, next to which the march is less accurate. Prints a Markdown table, and
what the priors' constraints keep: shares are of that. A minute for 20000 draws of a config with a
warm layer; scripts/fine_tuning.py measures rarer shares.
"""

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads

RUNS = [
    f"runs/{name}.toml"
    for name in (
        "two_phase", "stratified_halo", "kolmogorov", "kolmogorov_break", "power_law_diffusion",
        "power_law_break",
    )
]  # fmt: skip


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument(
        "runs", metavar="RUN.toml", nargs="*", default=RUNS,
        help="configs (by default the two-phase model, the stratified halo and four of diffusion)",
    )  # fmt: skip
    cli.add_set_argument(arguments, "scenario_options.low_energy=advection")
    arguments.add_argument(
        "--draws", type=cli.count, default=40000, help="prior draws of each (40000)"
    )
    arguments.add_argument("--seed", type=int, default=1, help="seed of the draws (1)")
    arguments.add_argument(
        "--brief", action="store_true", help="only paper, full, and full by a converged march"
    )
    options = arguments.parse_args()
    limit_threads()
    from pipeline.accuracy.full.shares import CONVERGED, shares
    from pipeline.config.load import load_config, with_overrides
    from pipeline.from_config import build_problem

    print(
        "| run | transport | Earth | with Voyager | Earth, above full | with a cutoff near a point "
        "at Earth |\n|---|---|---|---|---|---|"
    )
    kept = []
    for run in options.runs:
        only = ("paper", CONVERGED) if options.brief else ()
        config = with_overrides(load_config(run), options.overrides)
        prior = build_problem(config).prior
        if prior.constraints:
            kept.append(f"`{_name(run)}`: {prior.kept_share}")
        for label, share in shares(config, options.draws, options.seed, only).items():
            numbers = map(_number, (share.earth, share.voyager, share.change_earth))
            cut = "" if share.cut is None else f"{share.cut[0]} of {share.cut[1]}"
            print(f"| `{_name(run)}` | {label} | {' | '.join(numbers)} | {cut} |", flush=True)
    if kept:
        print(*("", *kept), sep="\n")
    return 0


def _name(run):
    from pathlib import Path

    return Path(run).stem


def _number(pair):
    value, error = pair
    return "-" if value != value else f"{value:.2f} ± {error:.2f}"


if __name__ == "__main__":
    cli.run_script(main)
