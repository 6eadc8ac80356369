"""Results on disk: what is written comes back, and nothing stale is taken for new."""

from dataclasses import dataclass, replace

import h5py
import numpy as np
import pytest

from pipeline.seal import SEAL_BYTES
from pipeline.tuning.study import store
from tests.reliability.flips import flip_bits
from tests.toy_problems import GaussianProblem
from transport.errors import CrtuneError


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@dataclass(frozen=True)
class Result:
    array: np.ndarray
    number: float
    count: int
    flag: bool
    text: str
    names: tuple[str, ...]
    parts: dict


def result():
    return Result(
        np.array([[1.0, np.nan], [np.inf, -0.0]]), 0.1, 7, True, "kappa ∝ R^δ", ("a", "b"),
        {"x": np.arange(3), "inner": {"y": 2.5}},
    )  # fmt: skip


def test_what_is_saved_comes_back(tmp_path):
    path = store.save(tmp_path / "deep" / "result.h5", result(), "key")
    back = store.load(path, Result, "key")
    np.testing.assert_array_equal(back.array, result().array)
    np.testing.assert_array_equal(back.parts["x"], np.arange(3))
    assert back.parts["inner"]["y"] == 2.5
    assert (back.number, back.count, back.text, back.names) == (0.1, 7, "kappa ∝ R^δ", ("a", "b"))
    assert back.flag is True
    with h5py.File(path) as file:
        assert "versions" in file.attrs["provenance"]


def test_a_result_is_made_once_and_again_under_another_key(tmp_path):
    calls = []

    def make():
        calls.append(1)
        return result()

    path = tmp_path / "result.h5"
    for key in ("one", "one", "two", "two"):
        store.remember(path, Result, key, make)
    assert len(calls) == 2


def test_a_result_of_another_version_is_stale(tmp_path):
    @dataclass(frozen=True)
    class Result:
        array: np.ndarray
        new_field: float

    path = store.save(tmp_path / "result.h5", result(), "key")
    assert store.load(path, Result, "key") is None


def test_a_damaged_file_is_named_with_the_remedy(tmp_path):
    path = store.save(tmp_path / "result.h5", result(), "key")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CrtuneError, match=r"result\.h5.*delete it"):
        store.load(path, Result, "key")
    with pytest.raises(CrtuneError, match=r"result\.h5.*delete it"):
        store.made_from(path)


def test_every_bit_is_under_the_checksum(tmp_path, rng):
    path = store.save(tmp_path / "result.h5", result(), "key")

    def read():
        back = store.load(path, Result)
        return repr(back), store.stored_key(path)

    size = path.stat().st_size
    seen = flip_bits(path, rng.integers(8 * SEAL_BYTES, 8 * size, 200), read)
    assert seen == {"told": 200}
    flip_bits(path, rng.integers(0, 8 * SEAL_BYTES, 100), read)  # its second copy is a spare


def test_a_result_from_before_checksums_is_stale(tmp_path):
    path = tmp_path / "result.h5"
    with h5py.File(path, "w") as file:
        file.attrs["key"], file.attrs["result"] = "key", "Result"
    assert store.load(path, Result, "key") is None
    assert store.made_from(path) == ("", "")


def test_a_result_knows_the_problem_it_is_made_from(tmp_path):
    assert store.made_from(tmp_path / "result.h5") is None
    problem = GaussianProblem(ndim=2)
    path = store.save(tmp_path / "result.h5", result(), store.key_of(problem, "3.1", n=1))
    assert store.made_from(path) == (store.identity_of(problem), "3.1")
    store.save(path, result(), f"{store.identity_of(problem)} checksum")  # as once written
    assert store.made_from(path) == (store.identity_of(problem), "")


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = store.save(tmp_path / "result.h5", result(), "key")
    bad = Result(**{**vars(result()), "array": np.array([object()])})
    with pytest.raises(TypeError):
        store.save(path, bad, "other")
    assert store.load(path, Result, "key").number == 0.1
    assert [p.name for p in tmp_path.iterdir()] == ["result.h5"]


def test_the_key_follows_problem_version_settings_and_the_numbers_of_the_model():
    key = store.key_of(GaussianProblem(ndim=2), "1", n=1)
    assert key.split()[0] == store.identity_of(GaussianProblem(ndim=2))
    assert key == store.key_of(GaussianProblem(ndim=2), "1", n=1)
    assert key != store.key_of(GaussianProblem(ndim=2), "1", n=2)
    assert key != store.key_of(GaussianProblem(ndim=2), "2", n=1)
    assert key != store.key_of(GaussianProblem(ndim=2, rho=0.5), "1", n=1)
    moved = GaussianProblem(ndim=2)
    first, *others = moved.parameters
    moved.parameters = (replace(first, medium="halo"), *others)
    assert key != store.key_of(moved, "1", n=1)
    changed = GaussianProblem(ndim=2)
    exact = changed.log_likelihood
    changed.log_likelihood = lambda theta: 1.001 * exact(theta)
    assert key != store.key_of(changed, "1", n=1)
