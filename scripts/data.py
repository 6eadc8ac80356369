#!/usr/bin/env python
"""Lists measured tables, and turns exports of the Cosmic-Ray Data Base (CRDB) into tables.

examples:
  scripts/data.py                               all tables of data/: range, period, errors
  scripts/data.py ams02_bc_2016 mine/bc.ecsv    all that these tables say, with their points
  scripts/data.py --import export.csv --output mine/bc.ecsv
  scripts/data.py --import usine.dat --quantity H --experiment "AMS02(2011/05-2013/11)" \\
      --output mine/p.ecsv --label "AMS-02 p"

Exports are CRDB's csv, csv-asimport or usine text. Upper limits are left out and counted, bins
without edges become means, total energies become energies per nucleon where they can; what was done
is said and stands in the table. An existing file is not replaced.
"""

from pathlib import Path

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads

limit_threads()

from likelihoods.crdb import choose, read_export  # noqa: E402
from likelihoods.crdb_table import table_of, write_table  # noqa: E402
from pipeline.data_tables import config_lines, format_list, format_table, measurements  # noqa: E402
from transport.errors import CrtuneError  # noqa: E402

CHOICES = ("quantity", "experiment", "axis", "period", "label", "doi", "output")


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument(
        "tables", metavar="TABLE", nargs="*", help="a name in data/ or the path of an ECSV file"
    )
    arguments.add_argument("--import", dest="export", metavar="EXPORT", help="an export of CRDB")
    arguments.add_argument("--output", metavar="FILE.ecsv", help="where the new table goes")
    arguments.add_argument("--quantity", help="H, B, C or B/C, where the export has several")
    arguments.add_argument("--experiment", help="sub-experiment, where the export has several")
    arguments.add_argument("--axis", help="R, EKN, EK, ETOT or ETOTN, where there are several")
    arguments.add_argument(
        "--period", help="of the data: data sets of one period share a modulation potential; "
        "interstellar for none (default: experiment and years of the export)",
    )  # fmt: skip
    arguments.add_argument("--label", help="how figures call it")
    arguments.add_argument("--doi", help="of the paper (default: what CRDB gives, ADS)")
    options = arguments.parse_args()
    if options.export is None:
        given = [f"--{name}" for name in CHOICES if getattr(options, name) is not None]
        if given:
            raise CrtuneError(f"{', '.join(given)}: only with --import EXPORT")
        found = measurements(options.tables)
        print("\n\n".join(map(format_table, found)) if options.tables else format_list(found))
        return 0
    if options.tables:
        raise CrtuneError(f"--import takes no other tables: {', '.join(options.tables)}")
    if options.output is None or not options.output.endswith(".ecsv"):
        raise CrtuneError("--output FILE.ecsv is missing: the table to write")
    output, where = Path(options.output), options.export
    points = choose(read_export(where), where, options.quantity, options.experiment, options.axis)
    table, remarks = table_of(
        points, where, output.stem, options.period, options.label, options.doi
    )
    measurement = write_table(table, output)
    for remark in remarks:
        print(f"note: {remark}")
    print(format_list([measurement]))
    print(f"table: {output}; in a config:\n{config_lines(output, output.stem)}")
    return 0


if __name__ == "__main__":
    cli.run_script(main)
