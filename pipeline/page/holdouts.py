"""Held-out data: what check.py found for each run, collected in one file beside the tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.checks.report import FILE_NAME
from pipeline.config.load import config_from_toml
from pipeline.files import replacing
from pipeline.page.cells import ordered, table
from pipeline.posterior.load import ensemble_files, load_run
from pipeline.tuning.tables.entries import NOT_CONVERGED

HOLDOUTS = "holdouts.json"
_SETS = {
    "dampe_proton_2019": "DAMPE protons",
    "calet_proton_2022": "CALET protons",
    "dampe_bc_2022": "DAMPE B/C",
    "calet_bc_2022": "CALET B/C",
}
"""Hold-outs in words; others by their name."""


def collect_holdouts(runs: Iterable) -> list[dict]:
    """What check.py has stored of the chains of runs, a record a hold-out.

    Parameters
    ----------
    runs : configs, `pipeline.config.load.Config`
    """
    records = []
    for run in runs:
        path = Path(run.run_dir) / FILE_NAME
        if not path.is_file() or not ensemble_files(run.run_dir):
            continue
        content = json.loads(path.read_text(encoding="utf-8"))
        transport = stored_config(run.run_dir).transport
        for name, entry in content["holdouts"].items():
            records.append(
                {
                    "run": run.name,
                    "transport": transport,
                    "data": name,
                    "verdict": content["verdict"],
                    "p": entry["log_density_p"],
                    "bins": entry["n_bins"],
                    "shares": entry["shares_events"],
                }
            )
    return records


def stored_config(folder: str | Path):
    """The config that the chains of a run were made with."""
    return config_from_toml(load_run(folder).provenance["config"], Path(folder))


def read_holdouts(folder: str | Path) -> list[dict]:
    """The records kept in a folder of tables; none where there are none."""
    path = Path(folder) / HOLDOUTS
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def write_holdouts(records: Sequence[Mapping], folder: str | Path) -> Path:
    """Keep the records in a folder of tables."""
    path = Path(folder) / HOLDOUTS
    with replacing(path) as draft:
        draft.write_text(json.dumps(list(records), indent=1) + "\n", encoding="utf-8")
    return path


def holdout_table(records: Sequence[Mapping]) -> str:
    """Share of replicated data that are foretold worse than the real ones, run by hold-out."""
    columns: dict[str, dict[str, str]] = {}
    for record in records:
        if record["shares"]:
            continue
        head = _SETS.get(record["data"], record["data"])
        text = f"{record['p']:.3f}"
        if NOT_CONVERGED in record["verdict"]:
            text += f" **{NOT_CONVERGED}**"
        columns.setdefault(head, {})[f"{record['run']}, {record['transport']}"] = text
    names = {name for cells in columns.values() for name in cells}
    order = {run: i for i, run in enumerate(ordered(r["run"] for r in records))}
    return table(
        "run, transport", columns, sorted(names, key=lambda n: (order[n.split(",")[0]], n))
    )
