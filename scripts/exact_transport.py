#!/usr/bin/env python
"""Measure what replacing eq. 1 by eq. 2 costs: exact over approximate spectra.

For the two-phase model and the stratified halo, at the paper's fiducials and over draws from a
prior set; writes exact_transport.png and, below its marker, exact_transport.md.
"""

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument(
        "--draws", type=cli.count, default=100, help="prior draws a scenario (100)"
    )
    arguments.add_argument(
        "--prior", default="plausible", help="prior set to draw from (plausible)"
    )
    arguments.add_argument("--seed", type=int, default=1, help="seed of the draws (1)")
    arguments.add_argument("--workers", type=cli.count, default=2, help="processes (2)")
    cli.add_page_argument(arguments)
    options = arguments.parse_args()
    limit_threads()
    from pipeline.accuracy.exact.figure import ratio_figure
    from pipeline.accuracy.exact.measure import measure
    from pipeline.accuracy.exact.report import MARKER, report
    from pipeline.figures.style import save_figure

    found = measure(options.draws, options.seed, options.prior, options.workers)
    page = options.output / "exact_transport.md"
    told = page.read_text(encoding="utf-8").split(MARKER)[0] if page.exists() else ""
    page.write_text(told + report(found), encoding="utf-8")
    figures = save_figure(ratio_figure(found), page.with_suffix(""))
    print(f"written: {', '.join(map(str, (page, *figures)))}")
    return 0


if __name__ == "__main__":
    cli.run_script(main)
