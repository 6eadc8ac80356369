"""Batch scripts of a study: every case in exactly one task, the tables after all of them."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.cli import Share
from pipeline.cluster.site import Site
from pipeline.cluster.tuning import TuningScripts, shown
from pipeline.tuning.study.workers import dealt
from tests.cheap_run import script, write_config


def scripts_in(folder, **options):
    paths = tuple(write_config(folder / name) for name in ("my run.toml", "other.toml"))
    return TuningScripts(
        paths[0],
        1,
        Site(max_running=4),
        configs=paths,
        tasks=8,
        output=folder / "tables",
        **options,
    )


def test_scripts(tmp_path):
    scripts = scripts_in(tmp_path, options="--study --priors plausible,wide")
    array, report = scripts.write()
    text = array.read_text()
    assert "#SBATCH --array=0-7%4" in text
    assert "#SBATCH --signal=B:USR1@120" in text
    assert re.search(r"exec \S+ scripts/fine_tuning\.py '.*my run\.toml' \S*other\.toml ", text)
    assert '--study --priors plausible,wide --share "$SLURM_ARRAY_TASK_ID/8" --requeue' in text
    text = report.read_text()
    assert re.search(r"scripts/compare\.py '.*my run\.toml' \S*other\.toml ", text)
    assert f"--study --priors plausible,wide --output {tmp_path}/tables" in text


def test_the_report_waits_for_the_array(tmp_path, fake_slurm):
    scripts = scripts_in(tmp_path)
    scripts.write()
    assert scripts.submit() == ("11", "12")
    (first, second) = fake_slurm
    assert first[-1].endswith("tuning_array.sh")
    assert "--dependency=afterany:11" in second


def test_the_tables_are_asked_for_what_they_know():
    options = "--ranges earth --transport full --variant=no_peak --measures evidence"
    assert shown(options) == "--transport full --variant=no_peak"


def test_every_case_is_in_one_share():
    tasks = [SimpleNamespace(case=f"case {i % 7}", number=i) for i in range(11)]
    shares = [dealt(tasks, Share(i, 4)) for i in range(4)]
    assert sorted(t.number for share in shares for t in share) == list(range(11))
    cases = [{t.case for t in share} for share in shares]
    assert sum(map(len, cases)) == 7  # none is two tasks' work
    assert dealt(tasks, None) == tasks


@pytest.mark.parametrize("share", ["4/4", "x", "-1/3", "1"])
def test_no_such_share(tmp_path, share):
    done = script("fine_tuning.py", write_config(tmp_path / "mine.toml"), f"--share={share}")
    assert done.returncode == 2
    assert f"--share: {share} should be I/N" in done.stderr


def test_a_dry_run_sends_nothing(tmp_path):
    path = write_config(tmp_path / "mine.toml")
    done = script("submit.py", path, "--tuning", "--dry-run", "--output", tmp_path / "tables")
    assert done.returncode == 0, done.stderr
    assert "fine_tuning.py" in done.stdout
    assert "--dependency" not in done.stdout
    assert Path(tmp_path / "mine" / "slurm" / "tuning_array.sh").exists()
