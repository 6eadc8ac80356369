"""Configs: what is read, what is written back, and one clear message for everything wrong."""

import copy
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.load import RUNS, config_from_toml, config_path, load_config, with_overrides
from pipeline.config.toml import to_toml
from tests.pipeline.toy_scenario import CONFIG, ToyPowerLaw, write_run
from transport.errors import CrtuneError
from transport.scenario_sources import shipped_scenarios


@pytest.fixture(scope="module", autouse=True)
def _registered():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(shipped_scenarios()[0], ToyPowerLaw.name, ToyPowerLaw)
        yield


def error_of(function, *arguments):
    with pytest.raises(CrtuneError) as caught:
        function(*arguments)
    return str(caught.value)


def test_defaults_name_and_folder(tmp_path):
    config = load_config(write_run(tmp_path))
    assert (config.name, config.run_dir) == ("toy", tmp_path / "toy")
    assert config.sampling.walkers == 32
    assert config.sampling.ensembles == 4
    assert config.covariance.mode == "full"
    assert config.data["ams02_bc_2016"].rigidity_max is None
    assert list(config.data) == ["ams02_proton_2015", "ams02_bc_2016", "voyager1_proton"]


def test_the_resolved_config_reads_back_the_same_from_anywhere(tmp_path, monkeypatch):
    folder = tmp_path / "one"
    folder.mkdir()
    config = load_config(write_run(folder))
    assert config.priors == str(folder / "priors.toml")
    monkeypatch.chdir(tmp_path)
    again = config_from_toml(config.to_toml(), config.path)
    assert again == config
    assert tomllib.loads(config.to_toml())["convergence"] == {
        "min_n_tau": 150.0,
        "max_rhat": 1.01,
        "min_effective_draws": 1000.0,
    }


def test_a_table_of_ones_own_is_found_beside_the_config(tmp_path):
    text = CONFIG + '[data.mine]\ntable = "mine.ecsv"\n'
    assert "mine.ecsv: no such table" in error_of(load_config, write_run(tmp_path, text))
    (tmp_path / "mine.ecsv").write_text("")
    assert load_config(write_run(tmp_path, text)).data["mine"].table == str(tmp_path / "mine.ecsv")


def test_another_data_set_may_be_named_differently_from_its_table(tmp_path):
    text = CONFIG + '[data.high]\ntable = "ams02_proton_2021"\n'
    assert load_config(write_run(tmp_path, text)).data["high"].table == "ams02_proton_2021"


MISTAKES = [
    ("walkers = 32", "walker = 32", ["sampling.walker = 32", "did you mean 'walkers'"]),
    ("walkers = 32", 'walkers = "many"', ["sampling.walkers = 'many'", "integer"]),
    ("walkers = 32", "walkers = 32.5", ["sampling.walkers = 32.5", "integer"]),
    ("walkers = 32", "walkers = true", ["sampling.walkers = True", "integer"]),
    ("walkers = 32", "walkers = 1", ["sampling.walkers = 1", "4"]),
    ("walkers = 32", "max_steps = 100", ["min_steps = 2000", "max_steps = 100"]),
    ("walkers = 32", 'start = "priors"', ["sampling.start", "did you mean 'prior'"]),
    ("[sampling]", "[samplng]", ["samplng", "did you mean 'sampling'"]),
    ("[sampling]", "[covariance]\nmode = 3\n[sampling]", ["covariance.mode = 3", "'full'"]),
    (
        "[data.ams02_bc_2016]\nrigidity_min",
        "[data]\nams02_bc_2016",
        ["ams02_bc_2016 = 3.0", "section"],
    ),
    ("toy_power_law", "toy_powerlaw", ["scenario = 'toy_powerlaw'", "mean 'toy_power_law'"]),
    ('scenario = "toy_power_law"', "", ["scenario: is missing"]),
    ("ams02_bc_2016", "ams2_bc_2016", ["data.ams2_bc_2016", "did you mean 'ams02_bc_2016'"]),
    ("rigidity_min = 3.0", "rigidity_min = -3.0", ["data.ams02_bc_2016.rigidity_min = -3.0", "0"]),
    ("rigidity_min = 3.0", "rigidity_min = nan", ["rigidity_min = nan", "finite"]),
    ("rigidity_min = 3.0", "rigidity_mn = 3.0", ["did you mean 'rigidity_min'"]),
    (
        "rigidity_min = 3.0",
        "rigidity_min = 3.0\nrigidity_max = 3.0",
        ["data.ams02_bc_2016", "below"],
    ),
    ('"priors.toml"', '"prior.toml"', ["priors = 'prior.toml'", "does not exist"]),
    ('"priors.toml"', '"plausibel"', ["did you mean 'plausible'"]),
    ('"priors.toml"', "3", ["priors = 3", "string"]),
    ("[sampling]", '[covariance]\nmode = "diag"\n[sampling]', ["covariance.mode = 'diag'"]),
    ("[sampling]", "[covariance]\ncorrelation_length = 0.0\n[sampling]", ["from 0.001 to 1000"]),
    ("[sampling]", "[covariance]\ncorrelation_length = inf\n[sampling]", ["from 0.001 to 1000"]),
    (
        "[sampling]",
        "[covariance.correlation_length]\nacceptance = -1\n[sampling]",
        ["covariance.correlation_length", "acceptance = -1"],
    ),
    (
        "[sampling]",
        '[discrepancy.groups]\nbc = ["ams02_bc"]\n[sampling]',
        ["discrepancy.groups.bc = 'ams02_bc'", "did you mean 'ams02_bc_2016'"],
    ),
    (
        "[sampling]",
        '[discrepancy.groups]\na = ["ams02_bc_2016"]\nb = ["ams02_bc_2016"]\n[sampling]',
        ["discrepancy.groups.b", "already in the group a"],
    ),
    ("[sampling]", "[scenario_options]\nx = {y = 1}\n[sampling]", ["scenario_options", "x ="]),
    ("[sampling]", "[convergence]\nmax_rhat = 1.0\n[sampling]", ["convergence.max_rhat", "1"]),
    ("walkers = 32", "walkers = ", ["not valid TOML", "line"]),
]


@pytest.mark.parametrize(("old", "new", "words"), MISTAKES, ids=[m[1][:40] for m in MISTAKES])
def test_each_mistake_names_file_key_value_and_remedy(tmp_path, old, new, words):
    assert old in CONFIG
    message = error_of(load_config, write_run(tmp_path, CONFIG.replace(old, new)))
    for word in ["toy.toml", *words]:
        assert word in message
    assert "pydantic" not in message


def test_all_mistakes_are_told_at_once(tmp_path):
    text = CONFIG.replace("walkers", "walker").replace("toy_power_law", "toy").replace("3.0", '"3"')
    message = error_of(load_config, write_run(tmp_path, text))
    assert "3 problems" in message
    for key in ("sampling.walker", "scenario", "data.ams02_bc_2016.rigidity_min"):
        assert key in message


def test_files_that_cannot_be_read(tmp_path):
    path = write_run(tmp_path)
    assert "did you mean" in error_of(load_config, tmp_path / "toyy.toml")
    message = error_of(load_config, tmp_path)
    assert "is a folder, not a TOML file; name a config; there is no" in message
    path.with_suffix("").mkdir()
    assert f"not a TOML file; give {path}" in error_of(load_config, path.with_suffix(""))
    path.write_bytes(b"\xff\xfe")
    assert "not valid TOML" in error_of(load_config, path)


def test_overrides(tmp_path):
    config = load_config(write_run(tmp_path))
    changed = with_overrides(
        config,
        [
            "sampling.walkers=64",
            "priors=wide",
            "data.ams02_bc_2016.rigidity_max = 100",
            "data.voyager1_bc={}",
            "discrepancy.enabled=false",
        ],
    )
    assert (changed.sampling.walkers, changed.priors) == (64, "wide")
    assert changed.data["ams02_bc_2016"].rigidity_max == 100.0
    assert "voyager1_bc" in changed.data
    assert not changed.discrepancy.enabled
    assert changed.name == "toy"
    assert with_overrides(config, []) == config
    assert config.sampling.walkers == 32


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("sampling.walker=3", ["--set sampling.walker=3", "did you mean 'walkers'"]),
        ("sampling.walkers", ["section.key=value"]),
        ("=3", ["section.key=value"]),
        ("scenario.name=x", ["scenario is a value"]),
        ("sampling.walkers=many", ["sampling.walkers = 'many'", "integer"]),
    ],
)
def test_bad_overrides(tmp_path, assignment, words):
    message = error_of(with_overrides, load_config(write_run(tmp_path)), [assignment])
    for word in words:
        assert word in message


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = [
    ("scenario",),
    ("priors",),
    ("data",),
    ("data", "ams02_bc_2016"),
    ("data", "ams02_bc_2016", "table"),
    ("data", "ams02_bc_2016", "rigidity_min"),
    ("covariance",),
    ("covariance", "correlation_length"),
    ("discrepancy", "groups"),
    ("discrepancy", "groups", "bc"),
    ("scenario_options",),
    ("sampling", "walkers"),
    ("sampling", "nonsense"),
    ("convergence", "max_rhat"),
]
CONTENT = {
    **tomllib.loads(CONFIG),
    "priors": "plausible",
    "covariance": {},
    "discrepancy": {"groups": {}},
    "convergence": {},
}


@given(key=st.sampled_from(KEYS), junk=JUNK)
@settings(max_examples=200, deadline=None)
def test_junk_in_any_place_is_accepted_or_refused_in_words(key, junk):
    content = copy.deepcopy(CONTENT)
    table = content
    for part in key[:-1]:
        table = table[part]
    table[key[-1]] = junk
    try:
        text = to_toml(content)
    except (TypeError, UnicodeEncodeError):
        return  # None inside a list: TOML has no such thing
    try:
        config = config_from_toml(text)
    except CrtuneError:
        return  # any other exception fails the test
    assert config_from_toml(config.to_toml()) == config


@given(
    walkers=st.integers(4, 1000),
    seed=st.integers(0, 2**32),
    length=st.floats(1e-3, 1e3) | st.dictionaries(st.just("acceptance"), st.floats(0.1, 1)),
    rhat=st.floats(1.0001, 1.1),
    low=st.none() | st.floats(0.0, 10.0),
    options=st.dictionaries(
        st.text("abc", min_size=1, max_size=3), st.booleans() | st.floats(-1, 1) | st.text("xy")
    ),
)
@settings(max_examples=100, deadline=None)
def test_any_valid_config_survives_writing_and_reading(walkers, seed, length, rhat, low, options):
    content = copy.deepcopy(CONTENT)
    content["sampling"] = {"walkers": walkers, "seed": seed}
    content["covariance"] = {"correlation_length": length}
    content["convergence"] = {"max_rhat": rhat}
    content["data"]["ams02_bc_2016"] = {"rigidity_min": low}
    content["scenario_options"] = options
    config = config_from_toml(to_toml(content))
    assert config_from_toml(config.to_toml()) == config
    assert (config.sampling.walkers, config.convergence.max_rhat) == (walkers, rhat)


def test_config_and_folder_of_a_run_with_a_dot_in_its_name(tmp_path):
    path = tmp_path / "my.v2.toml"
    folder = config_from_toml((RUNS / "kolmogorov.toml").read_text(), path).run_dir
    assert folder == tmp_path / "my.v2"
    assert config_path(folder) == path
