"""Several posteriors in one corner plot."""

from dataclasses import replace

import pytest

from pipeline.figures.corner_compare import (
    NamedPosterior,
    compare_corner_figure,
    shared_parameters,
)
from pipeline.figures.style import save_figure
from tests.pipeline.figures.fake_posterior import fake_posterior, texts, with_gid
from transport.errors import CrtuneError


@pytest.fixture(scope="module")
def runs(two_phase, kolmogorov):
    first = NamedPosterior("mine", fake_posterior(two_phase), two_phase)
    bad = fake_posterior(kolmogorov, steps=2, converged=False)
    return [first, NamedPosterior("other", bad, kolmogorov)]


def test_shared_parameters_in_the_order_of_the_first(runs):
    parameters, others = shared_parameters(runs)
    names = [p.name for p in parameters]
    assert names == [p.name for p in runs[0].problem.parameters if p.name in names]
    assert set(names) == {p.name for p in runs[1].problem.parameters} - {"kappa_0", "H"}
    assert {"log10_kappa_0", "H", "Ma"} <= set(others)


def test_legend_names_each_and_marks_what_has_not_converged(runs, tmp_path):
    figure = compare_corner_figure(runs, ["r", "gamma_inj", "column"])
    written = " ".join(texts(figure))
    assert f"mine, {len(runs[0].posterior.flat)} draws" in written
    assert "other (NOT CONVERGED)" in written
    (banner,) = with_gid(figure, "verdict")
    assert banner == "NOT CONVERGED\nother"
    assert len(figure.axes) == 6
    save_figure(figure, tmp_path / "corner")
    whole = " ".join(texts(compare_corner_figure(runs)))
    assert "not shared:" in whole
    assert "kappa_0" in whole


def test_converged_runs_have_no_banner(runs):
    figure = compare_corner_figure([runs[0], replace(runs[0], name="again")], ["Ma"])
    assert not with_gid(figure, "verdict")


def test_what_cannot_be_compared_is_refused(runs, two_phase):
    with pytest.raises(CrtuneError, match="Ma is not sampled in other; shared are"):
        compare_corner_figure(runs, ["Ma"])
    with pytest.raises(CrtuneError, match="at most 5"):
        compare_corner_figure([runs[0]] * 6, ["Ma"])
    stranger = replace(runs[0].problem.parameters[0], name="x")

    class Problem:
        names, parameters = ("log10_x",), (stranger,)

    with pytest.raises(CrtuneError, match="share no parameter"):
        shared_parameters([runs[0], NamedPosterior("stranger", runs[1].posterior, Problem())])
