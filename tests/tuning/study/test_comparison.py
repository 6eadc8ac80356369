"""Which stored results a comparison is made of."""

import pytest

from pipeline.tuning.study.comparison import collect
from transport.errors import CrtuneError


def test_a_study_without_results_says_what_to_do(tmp_path):
    config = tmp_path / "empty.toml"
    config.write_text('scenario = "kolmogorov"\n[data.ams02_proton_2015]\n')
    with pytest.raises(CrtuneError, match=r"empty: no results.*scripts/fine_tuning\.py"):
        collect([str(config)])
    with pytest.raises(CrtuneError, match="does not exist"):
        collect(["no_such_run"])
