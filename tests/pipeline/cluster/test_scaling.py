"""Weak scaling: ratios of medians, and the time that chains say they were sampled in."""

import pytest

from pipeline.chains.ensembles import ensemble_files
from pipeline.chains.reader import read_journal
from pipeline.cluster import scaling
from pipeline.cluster.scaling import Scaling, format_scaling, weak_scaling
from tests.cheap_run import script, write_config
from transport.errors import CrtuneError


def test_efficiency_is_that_of_medians_against_one_serial_ensemble(tmp_path, monkeypatch):
    """Three repetitions of which one is an outlier; serial ones are made one after another."""
    times = {
        ("serial", 1): [10.0, 12.0, 99.0], ("serial", 2): [20.0, 25.0, 1.0],
        ("array", 1): [11.0, 12.0, 13.0], ("array", 2): [16.0, 15.0, 90.0],
    }  # fmt: skip
    seen = []

    def measure(engine, path, count, mpiexec):
        assert f"ensembles = {count}\n" in path.read_text()
        assert 'transport = "full"\n' in path.read_text()
        seen.append((engine, count))
        sampling = times[engine, count][seen.count((engine, count)) - 1]
        return sampling, sampling + 3.0

    monkeypatch.setattr(scaling, "_measure", measure)
    config = write_config(tmp_path / "run.toml")
    rows = weak_scaling(
        config, 5, (1, 2), ("serial", "array", "mpi"), mpiexec=None, transport="full"
    )
    assert [(r.engine, r.ensembles) for r in rows] == list(times)  # mpi is left out
    assert seen == 3 * list(times)  # in turn
    assert [r.sampling for r in rows] == [12.0, 20.0, 12.0, 16.0]
    assert [r.wall for r in rows] == [15.0, 23.0, 15.0, 19.0]
    assert [r.efficiency for r in rows] == pytest.approx([1.0, 2 * 12 / 20, 1.0, 12 / 16])


def test_sampling_is_timed_by_the_chains_themselves(tmp_path):
    config = write_config(tmp_path / "run.toml", ensembles=2, min_steps=20, max_steps=20)
    assert script("run_mcmc.py", config, "--quiet").returncode == 3
    folder = config.with_suffix("")
    journals = [read_journal(path) for path in ensemble_files(folder)]
    began = min(j["time"][0] - j["seconds"][0] for j in journals)
    assert scaling._sampling_time(folder) == max(j["time"][-1] for j in journals) - began
    assert 0 < scaling._sampling_time(folder) < 120


def test_a_run_that_fails_is_told_in_its_words(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('scenario = "kolmogorof"\n')
    with pytest.raises(CrtuneError, match=r"(?s)array with 1 ensembles failed: .*kolmogorof"):
        scaling._measure("array", path, 1, None)


def test_table():
    (row,) = format_scaling([Scaling("array", 2, 16.04, 19.0, 0.748)]).splitlines()[2:]
    assert row == "| array | 2 | 16.0 | 19.0 | 0.75 |"


@pytest.mark.parametrize("numbers", ["0", "1,two", ""])
def test_the_script_refuses_what_is_no_number_of_ensembles(numbers):
    done = script("benchmark_scaling.py", "runs/two_phase.toml", "--ensembles", numbers)
    assert done.returncode == 2
    assert f"--ensembles {numbers}: give numbers from 1 on" in done.stderr


@pytest.mark.slow
def test_the_script_measures_and_writes_its_table(tmp_path):
    config = write_config(tmp_path / "run.toml")
    page = tmp_path / "table.md"
    done = script(
        "benchmark_scaling.py", config, "--steps", 20, "--ensembles", "1", "--repeat", 1,
        "--output", page,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    assert "run.toml, 20 steps of each ensemble" in text
    assert text in done.stdout
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    assert [row[0].strip("| ") for row in rows][:3] == ["serial", "workers", "array"]
    assert rows[0][-1] == "1.00 |"
