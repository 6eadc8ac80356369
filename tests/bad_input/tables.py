"""Measured tables with something wrong, and what becomes no table."""

from __future__ import annotations

from tests.bad_input.case import Case, as_folder, cell_case, cut_at, cut_to, replaced, written


def table_case(name, old, new, *says):
    return Case(f"table: {name}", ("mine.ecsv", *says), replaced("mine.ecsv", old, new))


TABLES = [
    Case("table: missing", ("mine.ecsv",), lambda folder: (folder / "mine.ecsv").unlink()),
    Case("table: empty file", ("mine.ecsv", "ECSV"), written("mine.ecsv", b"")),
    Case("table: not text", ("mine.ecsv", "ECSV"), written("mine.ecsv", b"\xff\xfe\x00\x01")),
    Case("table: cut in its header", ("mine.ecsv", "ECSV"), cut_to("mine.ecsv", 0.1)),
    Case("table: cut in a row", ("mine.ecsv", "ECSV"), cut_at("mine.ecsv", "\n100.0,108.0,")),
    Case("table: a folder", ("mine.ecsv",), as_folder("mine.ecsv")),
    cell_case("NaN", 2, "nan", "row 5", "'flux'", "nan"),
    cell_case("text", 2, "high", "mine.ecsv"),
    cell_case("negative error", 3, "-0.001", "row 5", "'err_stat'", "negative"),
    cell_case("value of zero", 2, "0.0", "row 5", "'flux'", "not positive"),
    cell_case("unsorted edges", 0, "1.0", "row 5", "'rigidity_low'", "sort"),
    cell_case("upper edge below lower", 1, "1.6", "row 5", "'rigidity_high'"),
    table_case("wrong unit", "rigidity_low, unit: GV", "rigidity_low, unit: GeV", "'GeV'", "'GV'"),
    table_case(
        "unknown unit", "rigidity_low, unit: GV", "rigidity_low, unit: GVV", "'GVV'", "'GV'"
    ),
    table_case("unknown column", ", resolution: resolution", "", "'resolution'", "unused"),
    table_case(
        "error that nobody reads",
        "- {column: err_scale, name: scale, role: scale}",
        "",
        "'err_scale'",
        "name and a role",
    ),
    table_case("unknown key", "- {period: ", "- {periode: x}\n# - {period: ", "'periode'"),
    table_case(
        "unknown key of an error",
        "role: statistical",
        "role: statistical, sigmas: 2",
        "'sigmas'",
        "known:",
    ),
    table_case(
        "total energies of nuclei",
        "- {observable: proton}\n# - {axis: rigidity}",
        "- {observable: carbon}\n# - {axis: kinetic_energy}",
        "mass number",
    ),
    table_case("a key that is no text", "- {derived: ", "- {true: ", "'derived'"),
    table_case("missing meta", "- {period: ", "- {perod: ", "'period'", "mean 'perod'"),
    table_case("unknown observable", "observable: proton", "observable: protn", "mean 'proton'"),
    table_case("misspelt role", "role: statistical", "role: statistic", "'statistic'", "choose"),
    table_case("misspelt column", "column: err_stat", "column: err_sta", "mean 'err_stat'"),
    Case(
        "data: no export",
        ("none.csv", "cannot be read"),
        command=("data", "--import", "none.csv", "--output", "x.ecsv"),
    ),
    Case(
        "data: nothing to write to",
        ("--output FILE.ecsv is missing",),
        command=("data", "--import", "none.csv"),
    ),
]
