"""Arrays of the calibration and of the study of fine-tuning, and what reports on them."""

import json
import re

import pytest

from pipeline.cluster import slurm as queue_of
from tests.cheap_run import script, write_config
from tests.slurm.jobs import logs, submit, wait_for

pytestmark = pytest.mark.slurm


def test_calibration_array_and_its_report(slurm, tmp_path):
    """Sets from the tasks of an array are those of one process; sent again, only what is missing
    is made."""
    overrides = [f"--set=sampling.{key}=40" for key in ("min_steps", "max_steps")]

    def calibrate(config):
        sent = submit(config, "--calibrate", "10", *overrides)
        ids = set(re.search(r"array (\d+), report (\d+)", sent).groups())
        wait_for(lambda: not ids & {job.array_id for job in queue_of.queue()}, "the last report")

    config = write_config(tmp_path / "mine.toml")
    folder = config.with_suffix("")
    calibrate(config)
    sets = sorted(folder.glob("calibration/*/set_*.json"))
    assert len(sets) == 10, logs(folder)
    assert "mine: 10 of 10 sets" in logs(folder)
    assert sets[0].with_name("ranks.csv").exists()

    anew = write_config(tmp_path / "anew" / "mine.toml")
    done = script("calibrate.py", anew, "--sets", "10", "--share", "3/10", "--quiet", *overrides)
    assert done.returncode == 0, done.stderr
    (alone,) = anew.parent.rglob("set_00003.json")
    assert alone.parent.name == sets[3].parent.name
    both = [json.loads(path.read_text()) for path in (alone, sets[3])]
    assert both[0]["ranks"] == both[1]["ranks"]
    assert both[0]["truth"] == both[1]["truth"]

    made = {path: path.stat().st_mtime_ns for path in sets}
    sets[7].unlink()
    calibrate(config)
    assert [path for path in sets if path.stat().st_mtime_ns != made[path]] == [sets[7]]


def test_tuning_array_and_its_tables(slurm, tmp_path):
    """Cases from the tasks of an array, and tables of all; sent again, only what is missing is
    made; out of time, a task goes back into the queue."""
    config = write_config(tmp_path / "mine.toml")
    folder = config.with_suffix("")
    options = "--tuning=--selections proton,bc --measures evidence --seeds 1"

    def tune(asked=options):
        sent = submit(config, asked, "--output", tmp_path / "tables")
        array, report = re.search(r"array (\d+), report (\d+)", sent).groups()
        wait_for(lambda: not {array, report} & {j.array_id for j in queue_of.queue()}, "the report")

    tune()
    made = sorted(folder.glob("tuning/*/*/evidence.h5"))
    assert [path.parent.name for path in made] == ["earth_bc", "earth_proton"], logs(folder)
    table = (tmp_path / "tables" / "tuning.csv").read_text()
    assert "mine,kolmogorov,," in table
    assert ",log_z," in table
    times = {path: path.stat().st_mtime_ns for path in made}
    made[0].unlink()
    tune()
    assert [path for path in made if path.stat().st_mtime_ns != times[path]] == [made[0]]
