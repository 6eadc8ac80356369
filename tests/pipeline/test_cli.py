"""What scripts share: exit codes seen from outside, and how a run is named."""

import os
import subprocess
import sys

import pytest

from pipeline.cli import run_directory
from transport.checkout import ROOT
from transport.errors import CrtuneError


def run(code, **options):
    """Run Python in a process of its own, as scripts are."""
    return subprocess.run(
        [sys.executable, "-c", "from pipeline.cli import *\n" + code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        **options,
    )


def test_bad_input_is_one_line_and_exits_2():
    done = run(
        "from transport.errors import CrtuneError\n"
        "def main(): raise CrtuneError('a.toml: walkers = 1: should be 4 or more')\n"
        "run_script(main)"
    )
    assert done.returncode == 2
    assert done.stderr == "crtune: error: a.toml: walkers = 1: should be 4 or more\n"
    assert done.stdout == ""


@pytest.mark.parametrize(("result", "code"), [("None", 0), ("0", 0), ("3", 3), ("75", 75)])
def test_the_code_of_main_is_the_exit_code(result, code):
    assert run(f"run_script(lambda: {result})").returncode == code


def test_ctrl_c_exits_130_without_a_traceback():
    done = run("def main(): raise KeyboardInterrupt\nrun_script(main)")
    assert (done.returncode, done.stderr) == (130, "crtune: interrupted\n")


def test_a_closed_pipe_ends_quietly():
    code = "def main():\n    for i in range(200000): print(i)\nrun_script(main)"
    script = f"from pipeline.cli import *\n{code}"
    writer = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert writer.stdout.readline() == "0\n"
    writer.stdout.close()
    assert writer.stderr.read() == ""
    assert writer.wait(60) == 141


def test_a_warning_of_ours_is_one_line():
    done = run(
        "import warnings\nfrom transport.errors import CrtuneWarning\n"
        "run_script(lambda: warnings.warn('p.toml: phi is not used', CrtuneWarning))"
    )
    assert (done.returncode, done.stderr) == (0, "crtune: warning: p.toml: phi is not used\n")
    done = run("import warnings\nrun_script(lambda: warnings.warn('deprecated'))")
    assert "UserWarning: deprecated" in done.stderr


def test_a_bug_keeps_its_traceback():
    done = run("def main(): return 1 / 0\nrun_script(main)")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr


def test_threads_are_limited_before_numpy_loads():
    done = run(
        "import os, sys\nfrom pipeline.sampling.threads import limit_threads\n"
        "assert 'numpy' not in sys.modules\nlimit_threads()\n"
        "print(os.environ['OMP_NUM_THREADS'], os.environ['NUMBA_NUM_THREADS'])",
        env={**os.environ, "OMP_NUM_THREADS": "7"},
    )
    assert (done.stdout, done.stderr) == ("1 1\n", "")


def test_a_config_error_reaches_the_user_as_one_message(tmp_path):
    (tmp_path / "x.toml").write_text("scenari = 1\n")
    done = run(
        "def main():\n"
        "    arguments = parser('test')\n"
        "    add_config_argument(arguments)\n"
        f"    read_config(arguments.parse_args([{str(tmp_path / 'x.toml')!r}]))\n"
        "run_script(main)"
    )
    assert done.returncode == 2
    assert done.stderr.startswith("crtune: error: ")
    assert "did you mean 'scenario'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_may_be_given_as_folder_config_or_name(tmp_path, monkeypatch):
    folder = tmp_path / "runs" / "two_phase"
    folder.mkdir(parents=True)
    monkeypatch.setattr("pipeline.cli.ROOT", tmp_path)
    assert run_directory(str(folder)) == folder
    assert run_directory(f"{folder}.toml") == folder
    assert run_directory("two_phase") == folder
    with pytest.raises(CrtuneError, match="did you mean 'two_phase'"):
        run_directory("two_phas")
    (tmp_path / "runs" / "new.toml").write_text("")
    with pytest.raises(CrtuneError, match=r"no results yet: run scripts/run_mcmc\.py"):
        run_directory("new")
