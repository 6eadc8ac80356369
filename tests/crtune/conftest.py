"""A folder of one's own, far from the checkout, with a run in it."""

import pytest

import crtune
from tests.cheap_run import ROOT


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """``runs/kolmogorov`` with its config, 60 steps of 2 ensembles."""
    folder = tmp_path_factory.mktemp("study")
    config = crtune.load_config(
        ROOT / "runs" / "kolmogorov.toml",
        sampling={"ensembles": 2, "walkers": 24, "min_steps": 60, "max_steps": 60, "seed": 5},
    )
    crtune.Run(config, folder=folder / "runs" / "kolmogorov").sample(workers=1, progress=False)
    return folder
