"""The study of fine-tuning and its tables."""

from __future__ import annotations

from tests.bad_input.case import Case, cell_case

RESULT = "run/tuning/priors/earth_proton/evidence.h5"


def damaged_result(folder):
    path = folder / RESULT
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no HDF5")


STUDY = [
    Case("study: no such run", ("rum.toml",), command=("fine_tuning", "DIR/../rum.toml")),
    Case(
        "study: misspelt measure",
        ("--measures acceptible", "mean 'acceptable'"),
        command=("fine_tuning", "RUN", "--measures", "acceptible"),
    ),
    Case(
        "study: seeds in words",
        ("--seeds", "'two'"),
        command=("fine_tuning", "RUN", "--seeds", "two"),
    ),
    Case("study: no seed", ("--seeds 0", "1"), command=("fine_tuning", "RUN", "--seeds", "0")),
    Case(
        "study: data that the run lacks",
        ("no case is left", "run.toml"),
        command=("fine_tuning", "RUN", "--selections", "bc"),
    ),
    Case(
        "study: table with a hole",
        ("mine.ecsv", "nan"),
        cell_case("NaN", 2, "nan").spoil,
        ("fine_tuning", "RUN"),
    ),
    Case("comparison: no results", ("no results", "fine_tuning.py"), command=("compare", "RUN")),
    Case(
        "comparison: damaged result",
        (RESULT, "damaged", "delete it"),
        damaged_result,
        ("compare", "RUN"),
    ),
    Case("page: rows alone", ("--rows", "--page"), command=("compare", "--rows", "DIR/rows.json")),
    Case(
        "page: no such rows",
        ("rows.json", "tuning.json"),
        command=("compare", "--rows", "DIR/rows.json", "--page", "DIR/page.md"),
    ),
    Case(
        "page: rows of something else",
        ("run.toml", "no rows of the study"),
        command=("compare", "--rows", "RUN", "--page", "DIR/page.md"),
    ),
    Case(
        "measuring: nothing",
        ("--batch", "0 should be a whole number of at least 1"),
        command=("benchmark", "RUN", "--batch", "0"),
    ),
    Case(
        "measuring: no place to write to",
        ("--output", "run.toml/x cannot be made"),
        command=("exact_transport", "--output", "RUN/x"),
    ),
]
