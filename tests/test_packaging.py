"""What surrounds the code says the same as the code: versions, packages, commands."""

import re
import shutil
import subprocess
import sys
import tomllib

from packaging.specifiers import SpecifierSet

from tests.cheap_run import ROOT, environment

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines()[1:])


def test_citation_has_the_version_of_the_project():
    assert f"\nversion: {PROJECT['version']}\n" in (ROOT / "CITATION.cff").read_text()


def test_every_dependency_is_pinned():
    extras = [name for extra in PROJECT["optional-dependencies"].values() for name in extra]
    for requirement in [*PROJECT["dependencies"], *extras]:
        name = re.match(r"[A-Za-z0-9-]+", requirement).group()
        assert name in PINS, name


def test_container_and_environment_have_a_python_that_fits():
    supported = SpecifierSet(PROJECT["requires-python"])
    texts = [(ROOT / name).read_text() for name in ("apptainer.def", "environment.yml")]
    for text in texts:
        (version,) = re.findall(r"python[:=](3\.\d+)", text)
        assert f"{version}.0" in supported
    matrix = re.search(r"python: \[(.*)\]", (ROOT / ".github/workflows/ci.yml").read_text())
    assert all(f"{v}.0" in supported for v in re.findall(r"3\.\d+", matrix.group(1)))


def test_the_container_runs_with_the_files_that_it_copies(tmp_path):
    text = (ROOT / "apptainer.def").read_text()
    for source, target in re.findall(r"^    (\S+) /opt/crtune/(\S+)$", text, re.MULTILINE):
        assert source == target
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, tmp_path / target)
    (command,) = re.findall(r"python /opt/crtune/(scripts/predict.py .*)", text)
    done = subprocess.run(
        [sys.executable, *command.split()], cwd=tmp_path, capture_output=True, text=True,
        env=environment(PYTHONPATH=str(tmp_path)), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    for pattern in packages["packages"]["find"]["include"]:
        assert (tmp_path / pattern.removesuffix("*")).is_dir()
