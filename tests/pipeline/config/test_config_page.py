"""The page about configs names every key with its default, and its example is one."""

import re

import pytest

from pipeline.config.load import config_from_toml
from pipeline.config.models import (
    Config,
    Convergence,
    Covariance,
    DataSet,
    Discrepancy,
    Modulation,
    Sampling,
)
from pipeline.config.toml import to_toml
from pipeline.from_config import build_problem
from transport.checkout import ROOT

PAGE = (ROOT / "docs" / "config.md").read_text()
SECTIONS = {
    "": Config,
    "data.NAME.": DataSet,
    "covariance.": Covariance,
    "discrepancy.": Discrepancy,
    "modulation.": Modulation,
    "sampling.": Sampling,
    "convergence.": Convergence,
}
TOLD = dict(re.findall(r"^\| `([\w.]+)` \|\s*`?([^|`]*?)`?\s*\|", PAGE, flags=re.MULTILINE))


def keys():
    for prefix, model in SECTIONS.items():
        for name, field in model.model_fields.items():
            if f"{name}." not in SECTIONS and name != "data":
                yield f"{prefix}{name}", field


def test_every_key_is_told_and_no_other():
    assert set(TOLD) == {name for name, _ in keys()}


@pytest.mark.parametrize(("name", "field"), [pytest.param(*k, id=k[0]) for k in keys()])
def test_defaults_are_told(name, field):
    default = field.get_default(call_default_factory=True)
    if field.is_required():
        assert not TOLD[name]
    elif default is None:
        assert TOLD[name] in ("none", "NAME")
    elif default == {}:
        assert TOLD[name] == "{}"
    else:
        assert to_toml({"x": default}).strip() == f"x = {TOLD[name]}"


def test_the_example_is_a_config():
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    config = config_from_toml(text.replace("mine/bc.ecsv", "ams02_bc_2021"))
    assert "Gamma_1GV" in {p.name for p in build_problem(config).parameters}
