#!/usr/bin/env python
"""Error of the fast-mode kernel against the reference, over all states that scenarios ask for.

Draws plasma states of every layer with fast modes from both prior sets, climbs from the worst of
them to still larger errors, and writes kernel_accuracy.md and its figure. Exit code 1 where an
error is beyond the limit.
"""

import os

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads


def main(argv=None) -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument("--states", type=cli.count, default=40, help="of each kind (40)")
    arguments.add_argument(
        "--climbs", type=int, default=1, help="searches for the worst of each kind (1)"
    )
    arguments.add_argument(
        "--evaluations", type=cli.count, default=100, help="steps of a search (100)"
    )
    arguments.add_argument("--seed", type=int, default=1, help="seed of the random states (1)")
    arguments.add_argument(
        "--workers", type=cli.count, default=os.cpu_count(), help="processes (all cores)"
    )
    arguments.add_argument("--limit", type=float, default=1e-3, help="failure beyond it (1e-3)")
    cli.add_page_argument(arguments)
    options = arguments.parse_args(argv)
    limit_threads()
    from pipeline.accuracy.kernel.figure import error_figure
    from pipeline.accuracy.kernel.measure import measure
    from pipeline.accuracy.kernel.report import page, table, verdict
    from pipeline.figures.style import save_figure

    measured = measure(
        options.states, options.seed, options.workers, options.climbs, options.evaluations
    )
    command = (
        f"scripts/kernel_accuracy.py --states {options.states} --climbs {options.climbs} "
        f"--evaluations {options.evaluations} --seed {options.seed}"
    )
    text = options.output / "kernel_accuracy.md"
    text.write_text(page(measured, options.limit, command), encoding="utf-8")
    figures = save_figure(error_figure(measured, options.limit), text.with_suffix(""))
    print("\n".join(table(measured)))
    print(f"\nwritten: {', '.join(map(str, (text, *figures)))}")
    kept, sentence = verdict(measured, options.limit)
    print(sentence)
    return 0 if kept else 1


if __name__ == "__main__":
    cli.run_script(main)
