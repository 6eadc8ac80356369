"""The site file."""

from pathlib import Path

import pytest

from pipeline.cluster.site import Site, load_site, slurm_seconds
from transport.errors import CrtuneError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 5400), ("01:00", 60), ("04:00:00", 14400), ("1-12:00", 129600), ("2-00:00:01", 172801)],
)
def test_times_as_slurm_reads_them(text, seconds):
    assert slurm_seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('partion = "batch"', r"partion = 'batch': unknown key \(did you mean 'partition'\?\)"),
        ('time = "4h"', r"time = '4h': should be a time such as 04:00:00"),
        ("time = 4", r"time = 4: should be a valid string"),
        ('time = "00:00:00"', "should be longer than 0"),
        ('time = "01:00"', "time = '01:00' should be longer than signal_seconds = 120"),
        ("signal_seconds = 0", "signal_seconds = 0: should be greater than or equal to 1"),
        ("ensembles_per_task = 0", "ensembles_per_task = 0"),
        ('modules = "python"', "modules = 'python': should be a valid list"),
        ('environment = ["a\\nb"]', "should be one line"),
        ('sbatch_options = ["exclusive"]', r"sbatch_options"),
        ("time = ", "not valid TOML"),
    ],
)
def test_bad_site_files(tmp_path, text, words):
    path = tmp_path / "site.toml"
    path.write_text(text)
    with pytest.raises(CrtuneError, match=words) as error:
        load_site(path)
    assert str(path) in str(error.value)


def test_missing_site_file(tmp_path):
    with pytest.raises(CrtuneError, match=r"does not exist.*docs/site\.toml is an example"):
        load_site(tmp_path / "site.toml")


def test_example_site_file_is_valid_and_names_every_key():
    path = Path(__file__).resolve().parents[3] / "docs" / "site.toml"
    assert load_site(path).partition == "batch"
    text = path.read_text()
    assert [key for key in Site.model_fields if f"{key} = " not in text] == []
