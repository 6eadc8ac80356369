"""A run moved to another place, with a table of its own, goes on there and is drawn there."""

import shutil

import pytest

from tests.bad_input.case import check_error


@pytest.fixture
def moved(folder):
    place = folder.parent / "another place" / "runs"
    place.parent.mkdir()
    shutil.move(folder, place)
    return place


def test_moved_with_its_table(server, moved):
    for script, *arguments in (
        ("run_mcmc", moved / "run.toml", "--quiet", "--max-steps", "6"),
        ("plot_spectra", moved / "run", "--draws", "5"),
        ("summarize", moved / "run"),
    ):
        ended = server.run(script, *map(str, arguments))
        assert ended.code in (0, 3), ended.stderr


def test_its_table_is_another_one(server, moved):
    table = moved / "mine.ecsv"
    table.write_text(table.read_text().replace("\n100.0,108.0,", "\n100.1,108.0,"))
    ended = server.run("plot_spectra", str(moved / "run"))
    check_error(ended, ("data.mine", "sha256", "in the file"))


def test_moved_without_its_table(server, moved):
    (moved / "mine.ecsv").unlink()
    check_error(server.run("plot_spectra", str(moved / "run")), (str(moved / "mine.ecsv"),))


def test_a_link_to_a_run_keeps_its_own_name(server, folder):
    link = folder.parent / "link"
    link.symlink_to(folder / "run")
    ended = server.run("status", str(link))
    assert ended.code == 0
    assert "link" in ended.stdout


def test_byte_order_marks_and_dots_are_read_as_meant(server, folder):
    shutil.rmtree(folder / "run")
    shutil.move(folder / "mine.ecsv", folder / "table.dat")
    config = folder / "run.toml"
    text = config.read_text().replace('"mine.ecsv"', '"./table.dat"')
    for path, content in (
        (config, text),
        (folder / "priors.toml", (folder / "priors.toml").read_text()),
        (folder / "table.dat", (folder / "table.dat").read_text()),
    ):
        path.write_text(content, encoding="utf-8-sig")
    ended = server.run("run_mcmc", str(config), "--quiet")
    assert ended.code in (0, 3), ended.stderr
