#!/usr/bin/env python
"""Cost of a log-probability and of its steps, in microseconds per walker.

Processor time on one core, the fastest of several calls: what else runs on a machine only adds.
Ratios within one run mean more than the numbers.
"""

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument("config", metavar="RUN.toml", nargs="?", default="runs/two_phase.toml")
    arguments.add_argument("--batch", type=cli.count, default=32, help="walkers per call (32)")
    arguments.add_argument("--repeat", type=cli.count, default=30, help="calls of each step (30)")
    arguments.add_argument(
        "--quadrature", action="store_true", help="time scipy's nested quadrature, too (a minute)"
    )
    arguments.add_argument(
        "--transport", metavar="T", help="instead of the config's: paper, full or effects"
    )
    arguments.add_argument(
        "--transports", action="store_true",
        help="only the spectra, with the paper's and with full transport",
    )  # fmt: skip
    options = arguments.parse_args()
    limit_threads()
    from pipeline.accuracy.speed import log_probability_parts, quadrature_time
    from pipeline.config.load import load_config, with_sections
    from pipeline.from_config import build_problem

    config = load_config(options.config)
    if options.transport is not None:
        config = with_sections(config, transport=options.transport)
    if options.transports:
        from pipeline.accuracy.full.cost import transport_cost

        cost = {
            k: 1e6 * v for k, v in transport_cost(config, options.batch, options.repeat).items()
        }
        print(f"{config.name}: {cost['paper']:.0f} us per walker with the paper's transport, "
              f"{cost['full']:.0f} with full, {cost['full'] - cost['paper']:.0f} more")  # fmt: skip
        return 0
    problem = build_problem(config)
    parts = log_probability_parts(problem, options.batch, options.repeat)
    whole = parts["log-probability"]
    scenario = problem.scenario
    title = f"{scenario.name}{scenario.transport_remark}, {options.batch} walkers a call"
    print(f"| {title} | us per walker | of the whole |\n|---|---|---|")
    for name, seconds in parts.items():
        print(f"| {name} | {1e6 * seconds:.1f} | {100 * seconds / whole:.0f}% |")
    if options.quadrature and (seconds := quadrature_time(problem)) is not None:
        per_state = len(problem.likelihood.rigidity) * seconds
        factor = per_state / parts["fast-mode kernel"]
        print(f"\nNested scipy quadrature at 1e-3: {per_state:.0f} s per state, {factor:.1g} times "
              "the kernel's")  # fmt: skip
    return 0


if __name__ == "__main__":
    cli.run_script(main)
