#!/usr/bin/env python
"""Predict proton flux, B/C and kappa_turb of a scenario at any parameters.

examples:
  scripts/predict.py --list                      all scenarios
  scripts/predict.py two_phase --list            its parameters, units, fiducials and options
  scripts/predict.py two_phase --rigidity 1,10,100
  scripts/predict.py two_phase --diagnostics     cutoffs, transitions, escape speeds
  scripts/predict.py two_phase --transport full --rigidity 1,10,100
  scripts/predict.py two_phase --set Ma=0.4 --set z_W=700 --rigidity 10,100 --phi 0.6
  scripts/predict.py --from best.toml --rigidity 1,10,100     values of a run's best draw

The fiducials of the paper are used for what --set does not change; values are in the units
that --list shows, never logarithms.
"""

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads

limit_threads()

from pipeline import describe, predict, predict_input  # noqa: E402
from pipeline.posterior.best import read_best  # noqa: E402
from transport.errors import CrtuneError  # noqa: E402


def main():
    arguments = cli.parser(__doc__)
    arguments.add_argument("scenario", metavar="SCENARIO", nargs="?", help="name, as in --list")
    arguments.add_argument(
        "--set", dest="assignments", metavar="NAME=VALUE", action="append", default=[],
        help="a parameter in its own unit; may be repeated",
    )  # fmt: skip
    arguments.add_argument(
        "--option", dest="options", metavar="NAME=VALUE", action="append", default=[],
        help="an option of the scenario, as in [scenario_options] of a config; may be repeated",
    )  # fmt: skip
    arguments.add_argument(
        "--from", dest="best", metavar="BEST.toml",
        help="scenario, options and values of summarize.py --best; --set changes them",
    )  # fmt: skip
    arguments.add_argument(
        "--transport", metavar="T",
        help="paper (default), full, or effects with commas: adiabatic, ionisation, destruction, "
        "boron_production",
    )  # fmt: skip
    arguments.add_argument("--rigidity", metavar="R1,R2,...", help="rigidities in GV")
    arguments.add_argument(
        "--phi", metavar="GV", type=float, default=0.0,
        help="force-field potential: fluxes at Earth instead of interstellar ones (default 0)",
    )  # fmt: skip
    arguments.add_argument("--json", action="store_true", help="JSON instead of text")
    arguments.add_argument(
        "--diagnostics", action="store_true",
        help="betas, Alfven and escape speeds, cutoffs and transitions instead of fluxes",
    )  # fmt: skip
    arguments.add_argument(
        "--list", action="store_true", help="show the parameters of SCENARIO, or all scenarios"
    )
    options = arguments.parse_args()
    if options.scenario is None and options.best is None:
        if options.list:
            titles, text = describe.titles(), describe.describe_scenarios()
            print(predict.to_json(titles) if options.json else text)
            return
        raise CrtuneError("SCENARIO is missing; predict.py --list shows the scenarios")
    assignments = options.assignments
    if options.best is None:
        scenario = predict_input.make_scenario(
            options.scenario,
            options.options,
            transport="paper" if options.transport is None else options.transport,
        )
    elif options.scenario or options.options:
        raise CrtuneError(f"--from {options.best}: has a scenario and options; give no others")
    else:
        best = read_best(options.best)
        scenario = best.scenario
        if options.transport is not None:
            scenario = scenario.with_transport(options.transport)
        assignments = [*best.assignments, *assignments]
    if options.list:
        text = describe.describe(scenario)
        print(predict.to_json(describe.description(scenario)) if options.json else text)
        return
    values = predict_input.parse_values(scenario, assignments)
    if options.diagnostics:
        found = predict.diagnostics(scenario, values)
        text = predict.diagnostics_table(scenario, found)
        print(predict.to_json(found) if options.json else text)
        return
    if options.rigidity is None:
        raise CrtuneError("--rigidity is missing, e.g. --rigidity 1,10,100 (GV)")
    result = predict.predict(
        scenario,
        values,
        predict_input.parse_rigidities(options.rigidity),
        options.phi,
    )
    print(predict.as_json(result) if options.json else predict.as_table(result))


if __name__ == "__main__":
    cli.run_script(main)
