"""Scripts run the code beside them and draw the same figures in anybody's environment."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from transport.checkout import ROOT

SCRIPTS = sorted(p for p in (ROOT / "scripts").glob("*.py") if p.stem != "this_checkout")
ROOMS = ("data", "likelihoods", "pipeline", "priors", "scripts", "transport")
CONFIG = """\
scenario = "kolmogorov"
[data.ams02_bc_2016]
rigidity_min = 20.0
[sampling]
ensembles = 2
walkers = 24
min_steps = 6
max_steps = 6
checkpoint_steps = 6
workers = 2
"""


def run(script, *arguments, cwd, **variables):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MPL", "MATPLOTLIB"))}
    return subprocess.run(
        [sys.executable, str(script), *map(str, arguments)],
        cwd=cwd, env=inherited | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_looks_beside_itself_first(path):
    """`import this_checkout` stands before anything that is not Python's own."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            assert node.module.partition(".")[0] in sys.stdlib_module_names, ast.unparse(node)
        elif isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
            if names == {"this_checkout"}:
                return
            assert names <= sys.stdlib_module_names, ast.unparse(node)
    pytest.fail("should say: import this_checkout  # noqa: F401")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A folder of a user: modules that are called like ours, and a matplotlibrc of their own."""
    folder = tmp_path_factory.mktemp("hostile")
    for name in ("priors", "pipeline", "transport", "likelihoods"):
        (folder / f"{name}.py").write_text("raise SystemExit('the wrong code runs')\n")
    (folder / "matplotlibrc").write_text(
        "backend: module://no_such_backend\nfont.size: 3\naxes.facecolor: red\n"
        "xtick.labelsize: 30\nsavefig.bbox: tight\nlines.linestyle: --\n"
    )
    return folder


def test_another_checkout_gives_its_own_numbers(tmp_path, hostile):
    """Whatever is installed, or stands on PYTHONPATH; and no git is told."""
    copy = tmp_path / "copy"
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    constants = copy / "transport" / "constants.py"
    text = constants.read_text()
    changed, count = re.subn(r"^PC = ", "PC = 1.1 * ", text, flags=re.MULTILINE)
    assert count == 1
    constants.write_text(changed)
    path = f"{hostile}{os.pathsep}{ROOT}"
    command = ("kolmogorov", "--rigidity", "10", "--json")
    ours = run(ROOT / "scripts/predict.py", *command, cwd=hostile, PYTHONPATH=path)
    theirs = run(copy / "scripts/predict.py", *command, cwd=hostile, PYTHONPATH=path)
    assert (ours.returncode, theirs.returncode) == (0, 0), ours.stderr + theirs.stderr
    assert ours.stdout != theirs.stdout
    told = subprocess.run(
        [sys.executable, "-c", "from pipeline import provenance as p; import json;"
         "print(json.dumps([p.session()['code'], p.git_state(), p.origin_remark()]))"],
        cwd=copy, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    from pipeline.provenance import session

    assert session()["code"] not in told
    assert "unknown" in told
    assert "the commit of the code is unknown" in told


def test_figures_and_verdicts_do_not_depend_on_the_environment(tmp_path, hostile):
    """Of a run on two workers: the bytes of its figures, and of its table."""
    made = []
    for name, cwd, variables in (
        ("clean", tmp_path, {}),
        ("other", hostile, {"MPLBACKEND": "module://matplotlib_inline.backend_inline",
                            "MATPLOTLIBRC": str(hostile / "matplotlibrc"),
                            "PYTHONPATH": str(hostile)}),
    ):  # fmt: skip
        config = tmp_path / name / "run.toml"
        config.parent.mkdir()
        config.write_text(CONFIG)
        for script, *arguments in (
            ("run_mcmc.py", config, "--quiet"),
            ("summarize.py", config, "--no-netcdf"),
            ("plot_spectra.py", config, "--draws", "5"),
        ):
            ended = run(ROOT / "scripts" / script, *arguments, cwd=cwd, **variables)
            assert ended.returncode in (0, 3), ended.stderr
            assert "Traceback" not in ended.stderr
        folder = config.with_suffix("")
        made.append([(folder / file).read_bytes() for file in ("spectra.png", "summary.csv")])
    assert made[0] == made[1]


def test_code_of_another_place_is_refused(tmp_path):
    """Where no script has put things right: a notebook beside somebody's priors.py."""
    (tmp_path / "priors.py").write_text("mine = 1\n")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]\n"
        "import priors\n"
        "from pipeline.provenance import session\n"
        "session()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode
    assert f"{tmp_path / 'priors.py'} was imported instead of {ROOT / 'priors'}" in ended.stderr


def test_a_notebook_beside_modules_that_are_called_like_ours(hostile):
    code = f"import crtune; print(crtune.load_config({str(ROOT / 'runs/kolmogorov.toml')!r}).name)"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=hostile, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.stdout.strip() == "kolmogorov", ended.stderr


def test_a_repository_around_the_checkout_is_not_its_own(tmp_path, monkeypatch):
    from pipeline import provenance

    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    inside = tmp_path / "crtune"
    inside.mkdir()
    monkeypatch.setattr(provenance, "ROOT", Path(inside))
    provenance.git_state.cache_clear()
    try:
        state = provenance.git_state()
        assert (state["commit"], state["dirty"]) == ("unknown", "unknown")
        assert state["why"]
    finally:
        provenance.git_state.cache_clear()
