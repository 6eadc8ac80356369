"""Batch scripts of a calibration: every set in exactly one task, the report after all of them."""

import re

from pipeline.cluster.calibration import CalibrationScripts
from pipeline.cluster.site import Site
from tests.cheap_run import write_config


def scripts_in(folder, **options):
    path = write_config(folder / "my run.toml")
    return CalibrationScripts(path, 3, Site(**options), ("covariance.mode=diagonal",), 50, 8)


def test_scripts(tmp_path):
    scripts = scripts_in(tmp_path, max_running=4)
    array, report = scripts.write()
    text = array.read_text()
    assert "#SBATCH --array=0-7%4" in text
    assert "#SBATCH --signal=B:USR1@120" in text
    assert re.search(r"exec \S+ scripts/calibrate\.py '.*my run\.toml' --set covariance", text)
    assert '--sets 50 --share "$SLURM_ARRAY_TASK_ID/8" --requeue' in text
    text = report.read_text()
    assert "--sets 50 --report" in text
    assert "--share" not in text
    assert {p.name for p in scripts.folder.iterdir()} == {
        "calibration_array.sh",
        "calibration_report.sh",
    }


def test_the_report_waits_for_the_array(tmp_path, fake_slurm):
    scripts = scripts_in(tmp_path)
    scripts.write()
    assert scripts.submit() == ("11", "12")
    (first, second) = fake_slurm
    assert first[-1].endswith("calibration_array.sh")
    assert "--dependency=afterany:11" in second
