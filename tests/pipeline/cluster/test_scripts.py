"""Batch scripts, as bash would run them."""

import shlex
import stat
import subprocess

import pytest

from pipeline.cluster.scripts import BatchScripts
from pipeline.cluster.site import Site
from transport.errors import CrtuneError


def batch(tmp_path, **site):
    return BatchScripts(tmp_path / "runs 100%" / "toy.toml", 5, Site(**site), ["sampling.seed=2"])


def commands(text):
    """What bash would run, with Python replaced by a printer of its arguments."""
    body = text.replace("exec ", "printf '%s\\n' ", 1)
    environment = {"SLURM_ARRAY_TASK_ID": "4", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["bash"], input=body, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_array_script(tmp_path):
    text = batch(tmp_path, partition="main", time="2:00:00", max_running=3).array()
    for line in ("--partition=main", "--array=0-4%3", "--time=2:00:00", "--signal=B:USR1@120"):
        assert f"\n#SBATCH {line}\n" in text
    assert f'--output="{tmp_path}/runs 100%%/toy/slurm/array_%A_%a.log"' in text
    words = commands(text)
    assert words[1:3] == ["scripts/run_mcmc.py", f"{tmp_path}/runs 100%/toy.toml"]
    assert words[3:5] == ["--set", "sampling.seed=2"]
    assert words[words.index("--ensembles") + 1] == "4"


def test_early_signal_does_not_end_a_task_that_is_starting(tmp_path):
    """Slurm may send it at once; without a listener SIGUSR1 kills."""
    text = batch(tmp_path).array().replace("exec ", "kill -USR1 $$\nexec ", 1)
    assert "--requeue" in commands(text)


def test_several_ensembles_in_a_task(tmp_path):
    text = batch(tmp_path, ensembles_per_task=2).array()
    assert "#SBATCH --array=0-4:2\n" in text
    assert "#SBATCH --cpus-per-task=2\n" in text
    words = commands(text)
    assert words[words.index("--ensembles") + 1] == "4-4"  # the last task has one only
    assert words[words.index("--workers") + 1] == "2"


def test_environment_comes_before_python(tmp_path):
    site = {"modules": ["python/3.11"], "environment": ["source venv"], "python": "python"}
    lines = batch(tmp_path, **site).judge().splitlines()
    found = [
        next(i for i, line in enumerate(lines) if line.startswith(words))
        for words in ("module load python/3.11", "source venv", "cd ", "exec python scripts/merge")
    ]
    assert found == sorted(found)


def test_edited_scripts_are_kept(tmp_path):
    scripts = batch(tmp_path)
    array, _ = scripts.write()
    assert array.stat().st_mode & stat.S_IXUSR
    array.write_text("#!/bin/bash\n# mine\n")
    scripts.write()
    assert (array.parent / "array.sh.old").read_text() == "#!/bin/bash\n# mine\n"
    assert array.read_text() == scripts.array()


def test_paths_survive_the_shell(tmp_path):
    """A config whose path needs quoting stays one word."""
    path = tmp_path / "it's $HOME" / "toy.toml"
    text = BatchScripts(path, 2, Site()).judge()
    assert shlex.quote(str(path)) in text
    assert str(path) in commands(text)


@pytest.mark.parametrize("name", ["it's my run", "a $(touch x) b", "so; rm me", "a\tb", "ünter"])
def test_any_name_is_one_word_or_refused(tmp_path, name):
    path = tmp_path / name / f"{name}.toml"
    if not name.isprintable():
        with pytest.raises(CrtuneError, match="rename it"):
            BatchScripts(path, 2, Site())
        return
    scripts = BatchScripts(path, 2, Site())
    for text in (scripts.array(), scripts.judge()):
        assert commands(text)[2] == str(path)
        assert f'#SBATCH --job-name="crtune-{name}"\n' in text


@pytest.mark.parametrize("bad", ["a\nrm -rf x", 'a"b', "a\\b"])
def test_names_that_sbatch_cannot_take(tmp_path, bad):
    with pytest.raises(CrtuneError, match="rename it"):
        BatchScripts(tmp_path / f"{bad}.toml", 2, Site())


def test_a_link_keeps_its_name(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    scripts = BatchScripts(tmp_path / "link" / "toy.toml", 2, Site())
    assert scripts.folder == tmp_path / "link" / "toy" / "slurm"
    assert f" {tmp_path}/link/toy.toml" in scripts.array()
