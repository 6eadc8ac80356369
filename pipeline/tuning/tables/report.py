"""Tables of a study: tuning.csv, tuning.json and tuning.md, all of the same entries."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline import provenance
from pipeline.files import replacing
from pipeline.json_values import without_infinities
from pipeline.tuning.measures.columns import BASELINES
from pipeline.tuning.tables.entries import BETWEEN_NOTES, Entry, entries
from pipeline.tuning.tables.markdown import markdown

COLUMNS = (
    "run", "scenario", "options", "range", "selection", "priors", "transport", "variant",
    "measure", "value", "error", "unit", "note",
)  # fmt: skip


def write_report(
    results: Sequence, folder: str | Path, baselines: Sequence[str] = BASELINES
) -> list[Path]:
    """Write the three tables into a folder.

    Parameters
    ----------
    results : `pipeline.tuning.study.results.CaseResults`
    baselines : names of runs that the others are held against

    Raises
    ------
    CrtuneError: no space, no permission
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    listed = entries(results, baselines)
    versions = {"git": provenance.git_state(), "versions": provenance.versions()}
    dirty = " with changes" if versions["git"]["dirty"] == "yes" else ""
    closing = f"\nMade by crtune {versions['git']['commit']}{dirty}.\n"
    if remark := provenance.origin_remark():
        closing += f"\n{remark[0].upper()}{remark[1:]}.\n"
    texts = {
        "tuning.json": to_json(listed, versions),
        "tuning.md": markdown(listed) + closing,
    }
    paths = [_write_csv(listed, folder / "tuning.csv")]
    for name, text in texts.items():
        with replacing(folder / name) as draft:
            draft.write_text(text, encoding="utf-8")
        paths.append(folder / name)
    return paths


def record(entry: Entry) -> dict:
    """An entry as one flat row of `COLUMNS`; its flags end the note."""
    m = entry.measured
    note = BETWEEN_NOTES.join(text for text in (m.note, *m.flags) if text)
    row = {name: getattr(entry, name) for name in COLUMNS[:8]}
    return row | {
        "measure": m.measure,
        "value": float(m.value),
        "error": float(m.error),
        "unit": m.unit,
        "note": note,
    }


def to_json(listed: Sequence[Entry], origin: dict) -> str:
    """The rows, a line each, and what made them; JSON lacks what is not finite: null."""
    rows = [without_infinities(record(entry)) for entry in listed]
    made_by = json.dumps(origin, ensure_ascii=False)
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f'{{"made_by": {made_by},\n"entries": [\n{lines}\n]}}\n'


def usual_priors(records: Iterable[Mapping], usual: str) -> dict[str, str]:
    """Prior set under which each run stands beside others: the usual one, or its own without that.

    Parameters
    ----------
    records : rows of tuning.json, of which the first of a run tells its own set
    usual : name of a set
    """
    found: dict[str, str] = {}
    for row in records:
        found[row["run"]] = (
            usual if row["priors"] == usual else found.get(row["run"], row["priors"])
        )
    return found


def _write_csv(listed: Sequence[Entry], path: Path) -> Path:
    """Numbers in full; nan where there is no error, inf bits where nothing is acceptable."""
    with replacing(path) as draft, open(draft, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(map(record, listed))
    return path
