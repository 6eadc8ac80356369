"""A folder with everything that a run needs and a finished run, spoilt anew for each test."""

import shutil

import pytest

from tests.bad_input.case import CONFIG, PRIORS
from tests.script_server import ROOT, ScriptServer


@pytest.fixture(scope="package")
def server():
    server = ScriptServer()
    yield server
    server.close()


@pytest.fixture(scope="package")
def finished(server, tmp_path_factory):
    """A folder with everything that a run needs, and the run."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "run.toml").write_text(CONFIG)
    (folder / "priors.toml").write_text(PRIORS)
    shutil.copy(ROOT / "data" / "ams02_proton_2015.ecsv", folder / "mine.ecsv")
    ended = server.run("run_mcmc", folder / "run.toml", "--quiet")
    assert ended.code == 3, ended.stderr
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    copy = tmp_path / "runs"
    shutil.copytree(finished, copy)
    yield copy
    for path in (copy, copy / "run", *copy.glob("run/*"), *copy.glob("*")):
        if path.exists():
            path.chmod(0o700)
