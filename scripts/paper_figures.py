#!/usr/bin/env python
"""Draw Figs. 1, 2, 3, 5 and 6 of the paper, and Fig. 4 as a sketch of a scenario.

Writes figN.png and figN.pdf; with --scenario, the sketch is fig4_SCENARIO; with --transport, which
is for Figs. 3, 5 and 6, figN_TRANSPORT.
"""

import importlib
from pathlib import Path

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads
from transport.checkout import ROOT

limit_threads()

from pipeline.figures.style import save_figure  # noqa: E402
from transport.errors import CrtuneError  # noqa: E402
from transport.full.effects import PAPER, effects_of, label_of  # noqa: E402
from transport.scenario import scenario_names  # noqa: E402
from transport.suggest import suggest  # noqa: E402

NUMBERS = (1, 2, 3, 4, 5, 6)
WITH_TRANSPORT = (3, 5, 6)


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument(
        "numbers", metavar="N", nargs="*", type=int, help="figures to draw, default all six"
    )
    arguments.add_argument(
        "--scenario", metavar="NAME", default="two_phase", help="what Fig. 4 sketches"
    )
    arguments.add_argument(
        "--transport", metavar="T", default=PAPER,
        help="of Figs. 3, 5 and 6: full or effects with commas; the others show none",
    )  # fmt: skip
    arguments.add_argument(
        "--output", metavar="FOLDER", type=Path, help="where to, default docs/figures"
    )
    options = arguments.parse_args()
    unknown = [n for n in options.numbers if n not in NUMBERS]
    if unknown:
        raise CrtuneError(f"figure {unknown[0]}: the paper has figures 1 to 6")
    known = scenario_names()
    if options.scenario not in known:
        hint = suggest(options.scenario, known)
        raise CrtuneError(
            f"--scenario {options.scenario}: unknown scenario{hint}; known: {', '.join(known)}"
        )
    effects = effects_of(options.transport)
    bare = [n for n in options.numbers if n not in WITH_TRANSPORT]
    if effects and bare:
        raise CrtuneError(
            f"--transport {options.transport}: figure {bare[0]} shows no transport; "
            f"figures {', '.join(map(str, WITH_TRANSPORT))} do"
        )
    folder = options.output or ROOT / "docs" / "figures"
    for number in options.numbers or (WITH_TRANSPORT if effects else NUMBERS):
        draw = importlib.import_module(f"pipeline.figures.paper.fig{number}").draw
        name = f"fig{number}"
        if number == 4 and options.scenario != "two_phase":
            name += f"_{options.scenario}"
        if effects:
            name += "_" + label_of(effects).replace(",", "_")
            figure = draw(options.transport)
        else:
            figure = draw(options.scenario) if number == 4 else draw()
        for path in save_figure(figure, folder / name):
            print(f"figure: {path}")
    return 0


if __name__ == "__main__":
    cli.run_script(main)
