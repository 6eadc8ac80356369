"""What is written must read back as it was."""

import math
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.toml import dotted_key, to_toml

# Characters of which no UTF-8 file can be made are not asked for.
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
SCALARS = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXT
VALUES = SCALARS | st.lists(SCALARS, max_size=3)
TABLES = st.recursive(
    st.dictionaries(TEXT, VALUES, max_size=4),
    lambda inner: st.dictionaries(TEXT, VALUES | inner, max_size=4),
    max_leaves=8,
)


@given(TABLES)
@settings(max_examples=300, deadline=None)
def test_round_trip(content):
    assert tomllib.loads(to_toml(content)) == content


def test_layout_none_and_nan():
    text = to_toml({"a": 1, "none": None, "t": {"x": 0.5, "u": {}, "v": {"y": [1, {"k": "w"}]}}})
    assert text.startswith("a = 1\n\n[t]\nx = 0.5\n\n[t.u]\n\n[t.v]\ny = [")
    assert tomllib.loads(text) == {"a": 1, "t": {"x": 0.5, "u": {}, "v": {"y": [1, {"k": "w"}]}}}
    assert math.isnan(tomllib.loads(to_toml({"x": math.nan}))["x"])


def test_what_cannot_be_written_is_refused():
    with pytest.raises(TypeError, match="object"):
        to_toml({"x": object()})


def test_keys_are_quoted_where_needed():
    assert dotted_key(["data", "a b", 3]) == 'data."a b".3'
