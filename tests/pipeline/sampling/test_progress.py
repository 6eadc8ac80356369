"""The progress bar says what the files say, and never stops a run."""

import io

import pytest

from pipeline.posterior.judge import assess_run
from pipeline.sampling import progress as progress_module
from pipeline.sampling.ensemble import EnsembleRun
from pipeline.sampling.progress import ProgressBar
from tests.pipeline.toy_run import toy_run


@pytest.fixture
def run(tmp_path):
    return toy_run(tmp_path, min_steps=120)


@pytest.fixture
def bar(run, monkeypatch):
    out = io.StringIO()
    tqdm = progress_module.tqdm

    class Captured(tqdm):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **{**options, "file": out, "dynamic_ncols": False})

    monkeypatch.setattr(progress_module, "tqdm", Captured)
    monkeypatch.setattr(progress_module, "_LOOK", 0.0)
    monkeypatch.setattr(progress_module, "_MEANINGFUL", 20)
    with ProgressBar(run.folder, run.sampling, run.convergence, run.build()) as bar:
        bar.out = out
        yield bar


def test_shows_steps_acceptance_tau_and_rhat(run, bar):
    bar.tick()  # nothing there yet
    for index in range(2):
        EnsembleRun(run.build(), run.folder, index, run.sampling).extend(60)
        bar.tick()
    bar.show(assess_run(run.folder, run.convergence))
    shown = bar.out.getvalue().rsplit("\r", 1)[-1]
    assert "120/" in shown
    for fact in ("accept=", "tau=", "N/tau=", "R-hat="):
        assert fact in shown


def test_damaged_file_does_not_stop_the_run(run, bar):
    (run.folder / "ensemble_00.h5").write_bytes(b"garbage")
    bar.tick()


def test_what_was_there_before_does_not_count_for_the_speed(run, bar):
    EnsembleRun(run.build(), run.folder, 0, run.sampling).extend(60)
    bar.tick()
    assert bar._bar.format_dict["initial"] == 60
