#!/usr/bin/env python
"""Show how the width of ln L depends on the correlation length of systematic errors.

Prints Markdown tables, or puts them between the markers of a document:
  scripts/correlation_scan.py --update docs/covariance.md
"""

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads

limit_threads()

from pathlib import Path  # noqa: E402

from likelihoods.covariance import KERNELS, CovarianceOptions  # noqa: E402
from likelihoods.joint import JointLikelihood  # noqa: E402
from likelihoods.reading import read_measurement  # noqa: E402
from likelihoods.widths import log_derivatives, parameter_widths, shapes, width  # noqa: E402
from transport.errors import CrtuneError  # noqa: E402
from transport.scenario import get_scenario  # noqa: E402

BEGIN, END = "<!-- scan begins -->", "<!-- scan ends -->"
DATASETS = {
    "ams02_proton_2015": 10.0,
    "ams02_bc_2016": None,
    "voyager1_proton": 0.3,
    "voyager1_bc": 0.3,
}


def settings(lengths):
    """Label and options of every row."""
    for kernel in KERNELS:
        for length in lengths:
            label = f"{kernel.replace('_', ' ')}, {length:g}"
            yield label, CovarianceOptions(correlation_length=length, kernel=kernel)
    for mode in ("diagonal", "statistical"):
        yield mode, CovarianceOptions(mode=mode)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def shape_tables(datasets, lengths, amplitudes):
    for name in ("ams02_proton_2015", "ams02_bc_2016"):
        measurement = datasets[name]
        head = ["correlation, length (decades)"]
        head += [f"{s}, a = {a:g}" for a in amplitudes for s in shapes(measurement)]
        rows = [
            [label]
            + [
                f"{100 * width(measurement, shape, options, a):.3g}"
                for a in amplitudes
                for shape in shapes(measurement).values()
            ]
            for label, options in settings(lengths)
        ]
        yield f"`{name}`: 1 sigma of a shape in per cent, all else fixed", table(head, rows)


def parameter_table(scenario, datasets, lengths, amplitude):
    likelihood = JointLikelihood(scenario, datasets)
    derivatives = log_derivatives(likelihood, likelihood.fiducial())
    chosen = [p for p in scenario.parameters if abs(derivatives[p.name]).max() > 0]
    rows = []
    for label, options in settings(lengths):
        widths = parameter_widths(
            JointLikelihood(scenario, datasets, options), derivatives, amplitude
        )
        rows.append([label] + [f"{widths[p.name]:.2g}" for p in chosen])
    head = ["correlation, length"] + [p.coordinate_name for p in chosen]
    title = (
        f"`{scenario.name}`{scenario.transport_remark} at its fiducial values, the four default "
        f"data sets, discrepancy a = {amplitude:g}: 1 sigma of one coordinate, all else fixed"
    )
    return title, table(head, rows)


def update(path, text):
    """Put the text between the markers of a document."""
    try:
        before, begin, rest = path.read_text().partition(BEGIN)
    except OSError as error:
        raise CrtuneError(f"{path}: cannot be read: {error.strerror}") from error
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise CrtuneError(f"{path}: has no lines {BEGIN!r} and {END!r} to write between")
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--scenario", default="two_phase", help="default two_phase")
    parser.add_argument(
        "--transport", metavar="T", default="paper", help="paper (default), full or effects"
    )
    parser.add_argument(
        "--lengths", type=float, nargs="+", metavar="DECADES", default=[0.03, 0.1, 0.3, 1.0, 3.0]
    )
    parser.add_argument(
        "--amplitudes", type=float, nargs="+", metavar="A", default=[0.0, 0.1],
        help="of the model discrepancy (default 0 0.1)",
    )  # fmt: skip
    parser.add_argument("--update", metavar="FILE", type=Path, help="write into FILE")
    options = parser.parse_args()
    try:
        scenario = get_scenario(options.scenario, transport=options.transport)
    except ValueError as error:
        raise CrtuneError(str(error)) from error
    datasets = {n: read_measurement(n, rigidity_min=low) for n, low in DATASETS.items()}
    tables = list(shape_tables(datasets, options.lengths, options.amplitudes))
    for amplitude in options.amplitudes:
        tables.append(parameter_table(scenario, datasets, options.lengths, amplitude))
    text = "\n\n".join(f"{title}:\n\n{body}" for title, body in tables)
    if options.update is None:
        print(text)
    else:
        update(options.update, text)
        print(f"updated {options.update}")


if __name__ == "__main__":
    cli.run_script(main)
