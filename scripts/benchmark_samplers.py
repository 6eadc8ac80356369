#!/usr/bin/env python
"""Samplers side by side on one posterior: effective draws per evaluation and per CPU second.

Effective draws are those of the slowest coordinate, by bulk or tail ESS with every walker as a
chain, whichever is less; evaluations and CPU time are counted after each sampler's own burn-in,
exploring phase or warm-up, whose evaluations are told beside them. Peers that are not installed are
left out: pip install -e '.[samplers]' brings them. One process, one thread; only ratios within one
run of this script mean anything. With --own this project's sampler alone, on many configs.
"""

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads
from transport.errors import CrtuneError


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument("config", metavar="RUN.toml", nargs="*", default=["runs/two_phase.toml"])
    arguments.add_argument(
        "--own", type=cli.count, metavar="STEPS", help="one ensemble of each config, so long"
    )
    arguments.add_argument(
        "--transport", nargs="+", help="instead of the config's: paper, full or effects"
    )
    arguments.add_argument(
        "--keep", metavar="FOLDER", help="where results are kept for a next call"
    )
    arguments.add_argument("--samplers", nargs="+", help="only these; default all")
    arguments.add_argument(
        "--evaluations", type=cli.count, default=200_000, help="of each sampler, about (200000)"
    )
    arguments.add_argument("--walkers", type=cli.count, default=40, help="of ensembles (40)")
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    limit_threads()
    from pipeline.accuracy.samplers import SAMPLERS
    from pipeline.accuracy.side_by_side import as_table, compare
    from pipeline.config.load import load_config, with_sections
    from pipeline.from_config import build_problem

    if options.own:
        return own(options)
    if len(options.config) > 1 or len(options.transport or []) > 1:
        raise CrtuneError("several configs or transports: they need --own; peers are put on one")
    config = load_config(options.config[0])
    if options.transport:
        config = with_sections(config, transport=options.transport[0])
    problem = build_problem(config)
    chosen = options.samplers or list(SAMPLERS)
    unknown = sorted(set(chosen) - set(SAMPLERS))
    if unknown:
        raise CrtuneError(
            f"--samplers {' '.join(unknown)}: there is no such sampler; "
            f"choose from {', '.join(SAMPLERS)}"
        )
    results = []
    for name in chosen:
        counts = (options.evaluations, options.walkers, options.seed)
        result = compare(problem, name, *counts, folder=options.keep)
        print(result.line(), flush=True)
        results.append(result)
    print(as_table(results, problem.names))
    return 0


def own(options) -> int:
    """The table of this project's sampler."""
    from pipeline.accuracy.efficiency import HEAD, efficiency
    from pipeline.config.load import load_config, with_sections

    print(HEAD, flush=True)
    for path in options.config:
        config = load_config(path)
        for transport in options.transport or [config.transport]:
            chosen = with_sections(config, transport=transport)
            print(efficiency(chosen, options.own, options.seed).line(), flush=True)
    return 0


if __name__ == "__main__":
    cli.run_script(main)
