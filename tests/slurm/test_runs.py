"""From submit to plots: arrays, their judges, and rounds through real wall times."""

import json

import pytest

from pipeline.cluster.campaign import submissions
from tests.cheap_run import script, write_config
from tests.slurm.jobs import (
    ENDLESS,
    SHORT,
    assert_undisturbed,
    cut_down,
    logs,
    nothing_starts,
    steps_of,
    submit,
    verdict_of,
    wait_for_end,
    wait_for_progress,
    wait_for_requeue,
)

pytestmark = pytest.mark.slurm


def test_array_judge_rounds_and_plots(slurm, tmp_path):
    """From submit to corner plot in a folder with a space in its name; status on the way."""
    config = write_config(tmp_path / "my runs" / "short.toml", **SHORT)
    folder = config.with_suffix("")
    with nothing_starts():
        assert "array" in submit(config)
        again = script("submit.py", config)
        status = json.loads(script("status.py", folder, "--json").stdout)[0]
    assert again.returncode == 2
    assert "has jobs in the queue" in again.stderr
    assert [job.split()[0] for job in status["jobs"]] == ["array", "judge"]
    wait_for_end(folder)
    assert_undisturbed(config, tmp_path / "anew")
    verdicts = [verdict_of(f) for f in (folder, tmp_path / "anew" / "short")]
    assert verdicts[0] == verdicts[1]
    assert len(submissions(folder)) == 2, logs(folder)
    for name in ("corner.png", "spectra.png", "summary.csv", "posterior.nc"):
        assert (folder / name).stat().st_size > 500, logs(folder)
    status = script("status.py", folder).stdout
    assert "NOT CONVERGED at 80" in status
    assert "nothing to submit" in submit(config)


def test_campaign_through_real_wall_times(slurm, tmp_path):
    """Two scenarios from submit to corner plots; Slurm ends every task once by its wall time."""
    names = ("kolmogorov", "power_law_diffusion")
    configs = {
        name: write_config(tmp_path / f"{name}.toml", scenario=name, **ENDLESS) for name in names
    }
    folders = [config.with_suffix("") for config in configs.values()]
    # Slurm looks at its clock every 30 s: the signal comes 85 to 115 s after the start.
    site = tmp_path / "site.toml"
    site.write_text('time = "00:02:00"\nsignal_seconds = 5\npartition = "main"\n')
    submit(*configs.values(), "--site", site)
    for folder in folders:
        wait_for_progress(folder)
    with nothing_starts():
        for folder in folders:
            wait_for_requeue(submissions(folder)[0].array)
        budgets = [cut_down(config, scenario=name) for name, config in configs.items()]
    wait_for_end(*folders)
    for folder, steps in zip(folders, budgets, strict=True):
        assert logs(folder).count("SIGUSR1 received") == 2
        assert steps_of(folder) == [steps, steps], logs(folder)
        assert len(submissions(folder)) == 1
        for name in ("corner.png", "spectra.png"):
            assert (folder / name).stat().st_size > 500, logs(folder)


def test_failing_tasks_are_not_resubmitted_for_ever(slurm, tmp_path):
    """An environment that breaks on the nodes: one round, then the judge names the logs."""
    config = write_config(tmp_path / "short.toml", **SHORT)
    folder = config.with_suffix("")
    site = tmp_path / "site.toml"
    site.write_text("environment = ['test -z \"$SLURM_ARRAY_TASK_ID\" || exit 9']\n")
    submit(config, "--site", site)
    wait_for_end(folder)
    assert len(submissions(folder)) == 1
    assert "holds no chains yet" in logs(folder) or "made no progress" in logs(folder)
