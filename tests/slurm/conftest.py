"""A real Slurm for the tests of this folder, started once and stopped at the end."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

START = Path(__file__).with_name("start_slurm.sh")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel")
SBIN = "/usr/sbin"  # not on everybody's PATH


def why_no_slurm():
    """What is missing for these tests, or ""."""
    path = f"{os.environ.get('PATH', '')}{os.pathsep}{SBIN}"
    missing = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    if missing:
        packages = "munge slurmctld slurmd slurm-client"
        return f"no Slurm here ({', '.join(missing)} missing): apt-get install {packages}"
    return "" if os.geteuid() == 0 else "a Slurm of one's own needs root"


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """Folder of a running Slurm whose SLURM_CONF is in the environment."""
    if reason := why_no_slurm():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("slurm")
    started = subprocess.run([START, folder], capture_output=True, text=True, timeout=300)
    assert started.returncode == 0, started.stderr
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    try:
        yield folder
    finally:
        subprocess.run([START, "--stop", folder], timeout=300, check=False)
        del os.environ["SLURM_CONF"]
        if before is not None:
            os.environ["SLURM_CONF"] = before
