"""The examples in the docstrings of crtune give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import crtune

MODULES = ["crtune", *(f"crtune.{m.name}" for m in pkgutil.iter_modules(crtune.__path__))]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, study, monkeypatch):
    monkeypatch.chdir(study)
    result = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert result.failed == 0


def test_every_door_has_an_example():
    for name in crtune.__all__:
        thing = getattr(crtune, name)
        if thing.__module__.startswith("crtune.") and name != "RunPosterior":
            assert f"crtune.{name}(" in thing.__doc__.partition(">>> import crtune")[2], name
