"""The compile cache: never in the way, and never run what somebody else may have written."""

import os
import pickle
from pathlib import Path

import numba
import pytest

from transport.fast_modes import compile_cache
from transport.fast_modes.compile_cache import (
    CompileCache,
    Notice,
    prepare_folder,
    read_private,
    write_private,
)


def plus_one(x):
    return x + 1.0


@pytest.fixture
def folder(tmp_path):
    assert prepare_folder(tmp_path / "cache") is None
    return tmp_path / "cache"


def run(folder):
    """(result, whether it was compiled) of a new dispatcher, as a new process would have it."""
    dispatcher = numba.njit(plus_one)
    dispatcher._cache = CompileCache(plus_one, folder, Notice("in a test"))
    result = dispatcher(1.0)
    return result, not any(dispatcher.stats.cache_hits.values())


def only_file(folder):
    (path,) = folder.iterdir()
    return path


def as_somebody_else(monkeypatch):
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)


class Planted:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (Path.touch, (self.mark,))


def test_compiled_once_and_loaded_afterwards(folder, capsys):
    assert run(folder) == (2.0, True)
    assert "compiling the transport kernels" in capsys.readouterr().err
    assert run(folder) == (2.0, False)
    assert capsys.readouterr().err == ""
    assert only_file(folder).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", [0, 40, 2000, -1])
def test_a_flipped_bit_costs_a_compilation(folder, place):
    run(folder)
    path = only_file(folder)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert run(folder) == (2.0, True)
    assert run(folder) == (2.0, False)  # and is mended


@pytest.mark.parametrize("content", [b"", b"short", b"\0" * 500])
def test_a_torn_file_costs_a_compilation(folder, content):
    run(folder)
    only_file(folder).write_bytes(content)
    assert run(folder) == (2.0, True)


def test_a_whole_file_that_is_no_compiled_code(folder):
    run(folder)
    write_private(only_file(folder), pickle.dumps("something else"))
    assert run(folder) == (2.0, True)


@pytest.mark.parametrize("how", ["others may write it", "somebody else's"])
def test_a_planted_pickle_is_not_run(folder, tmp_path, monkeypatch, how):
    run(folder)
    path, mark = only_file(folder), tmp_path / "mark"
    write_private(path, pickle.dumps(Planted(mark)))
    if how == "others may write it":
        path.chmod(0o666)
    else:
        as_somebody_else(monkeypatch)
    with pytest.raises(PermissionError):
        read_private(path)
    assert run(folder) == (2.0, True)
    assert not mark.exists()
    # the pickle would have done harm: as a file of one's own it is opened
    monkeypatch.undo()
    write_private(path, pickle.dumps(Planted(mark)))
    run(folder)
    assert mark.exists()


def test_folders_of_others_are_not_used(tmp_path, monkeypatch):
    assert prepare_folder(tmp_path / "mine") is None
    as_somebody_else(monkeypatch)
    assert "somebody else" in prepare_folder(tmp_path / "mine")


def test_an_open_folder_is_closed(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    assert prepare_folder(tmp_path / "open") is None
    assert (tmp_path / "open").stat().st_mode & 0o777 == 0o700


def test_places_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    assert "cannot be used" in prepare_folder(tmp_path / "file" / "cache")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    assert "cannot be written" in prepare_folder(tmp_path / "read_only")


def test_without_a_folder_it_compiles(capsys):
    assert run(None) == (2.0, True)
    assert "compiling" in capsys.readouterr().err


def test_a_full_disk_costs_nothing_else(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compile_cache.os, "replace", full)
    assert run(folder) == (2.0, True)
    assert list(folder.iterdir()) == []


def test_the_notice_is_one_line_of_one_process(capsys, monkeypatch):
    notice = Notice("once")
    notice.give()
    notice.give()
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setenv("PMI_RANK", "3")
    Notice("once").give()
    assert capsys.readouterr().err == ""
