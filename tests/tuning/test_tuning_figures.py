"""Figures of the study: drawn from whatever there is, and honest about it."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.text import Text

from pipeline.figures.style import GREY
from pipeline.figures.tuning import all_figures
from pipeline.figures.tuning.acceptable_fraction import acceptable_fraction_figure
from pipeline.figures.tuning.all_figures import draw_all, left_over
from pipeline.figures.tuning.evidence import evidence_figure
from pipeline.figures.tuning.looks import LOOKS, RANGE_TITLES, looks_of
from pipeline.figures.tuning.milky_way import observed_delta, observed_proton_slope
from pipeline.figures.tuning.mutual_information import mutual_information_figure
from pipeline.figures.tuning.stiff_spectra import stiff_spectra_figure
from pipeline.figures.tuning.universality import universality_figure
from tests.tuning.fake_results import (
    acceptable,
    case,
    everything,
    evidence,
    pair_information,
    results,
    stiffness,
    universality,
)
from transport.errors import CrtuneError
from transport.scenario import get_scenario, scenario_names

DRAWN = {
    "acceptable_max": acceptable_fraction_figure,
    "information": evidence_figure,
    "stiffness": stiff_spectra_figure,
    "universality": universality_figure,
}


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module")
def study():
    """Three scenarios, one of them without Voyager, another one not converged."""
    return [
        everything(case("kolmogorov", "earth")),
        everything(case("kolmogorov", "voyager"), floor=0.45),
        everything(case("two_phase", "earth"), -95.0, -80.0, converged=False),
        everything(case("two_phase", "voyager"), -96.0, -80.0),
        everything(case("weak_shocks", "earth"), -120.0, -110.0),
    ]


def texts(figure):
    return [t.get_text() for t in figure.findobj(Text) if t.get_text()]


def drawn(figure):
    """The figure, rendered: what is wrong with it shows only then."""
    figure.canvas.draw()
    return texts(figure)


def test_every_scenario_has_a_look_of_its_own():
    without_colour = [(look.line, look.marker) for look in LOOKS.values()]
    assert len(set(without_colour)) == len(LOOKS)
    chosen = looks_of([results(case(name)) for name in scenario_names()])
    assert set(chosen) == set(scenario_names())  # also those that nobody has given a look
    assert len({(look.line, look.marker) for look in chosen.values()}) == len(chosen)
    runs = [results(case("kolmogorov", name=name)) for name in ("mine", "kolmogorov", "yours")]
    looks = looks_of(runs)
    assert next(iter(looks)) == "kolmogorov"
    assert len({look.label for look in looks.values()}) == 3
    others = looks_of([results(case("kolmogorov", name=f"run_{i}")) for i in range(9)])
    assert len({(look.line, look.marker) for look in others.values()}) == 9


@pytest.mark.parametrize("name", DRAWN)
def test_ranges_side_by_side_with_units_and_scenarios(study, name):
    figure = DRAWN[name](study)
    shown = drawn(figure)
    for title in RANGE_TITLES.values():
        assert any(title in text for text in shown)
    for run in ("kolmogorov", "two_phase", "weak_shocks"):
        assert LOOKS[run].label in shown
    assert any("Data: protons and B/C; priors: plausible" in text.replace("\n", " ")
               for text in shown)  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_a_panel_without_results_says_so(study, name):
    at_earth = [result for result in study if result.case.range == "earth"]
    assert any("no result" in text for text in drawn(DRAWN[name](at_earth)))
    if name != "information":  # there a run has no result with Voyager
        assert not any("no result yet" in text for text in drawn(DRAWN[name](study)))


@pytest.mark.parametrize("name", ["information", "stiffness", "universality"])
def test_what_did_not_converge_is_marked(study, name):
    assert any("NOT CONVERGED" in text for text in drawn(DRAWN[name](study)))
    converged = [r for r in study if r.evidence.converged]
    assert not any("NOT CONVERGED" in text for text in drawn(DRAWN[name](converged)))


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_to_draw_is_said(name):
    with pytest.raises(CrtuneError, match=r"scripts/fine_tuning\.py"):
        DRAWN[name]([results(case("kolmogorov"), evidence=evidence())])


def test_lines_end_at_the_floor():
    figure = acceptable_fraction_figure(
        [
            results(case("kolmogorov"), acceptable_max=acceptable(floor=0.45)),
            results(case("two_phase"), acceptable_max=acceptable(floor=0.01)),
            results(case("weak_shocks"), acceptable_max=acceptable(floor=0.01, reach=0.3)),
            results(case("fast_modes"), acceptable_max=acceptable(floor=9.0)),
        ]
    )
    shown = drawn(figure)
    ends = {}
    for ax in figure.axes:
        own = [line for line in ax.lines if line.get_color() != GREY]
        ends[ax.get_title()] = min((np.min(line.get_xdata()) for line in own), default=np.inf)
    assert ends["Kolmogorov"] == pytest.approx(45.0)
    assert ends["two-phase"] == pytest.approx(5.0)
    assert ends["weak shocks"] >= 30.0
    assert ends["fast modes"] == np.inf  # nothing acceptable at any epsilon shown
    assert "data at Earth:\nnothing within a factor of 3" in "\n".join(shown)


def test_a_baseline_is_behind_every_other_panel(study):
    grey = {
        ax.get_title(): sum(line.get_color() == GREY and line.get_lw() == 1.0 for line in ax.lines)
        for ax in acceptable_fraction_figure(study).axes
    }
    assert grey == {"Kolmogorov": 0, "two-phase": 2, "weak shocks": 2}


def test_sums_beyond_the_axis_are_written(study):
    far = everything(case("fast_modes", "earth"), -220.0, -200.0)
    figure = evidence_figure([*study, far])
    shown = drawn(figure)
    assert f"{-120.0 / np.log(2.0):.0f}" in shown
    assert min(bar.get_width() for bar in figure.axes[0].patches) == -40.0
    low, high = figure.axes[0].get_xlim()
    assert low >= -40.0
    assert high > 12.0 / np.log(2.0)


def test_bars_are_differences_to_the_baseline(study):
    ax = evidence_figure(study).axes[0]
    widths = [bar.get_width() for bar in ax.patches]
    # two_phase: Delta <ln L> = 12, Delta ln Z = 5, so its tuning costs 7; weak shocks -18, -2
    assert widths == pytest.approx(np.array([12.0, -7.0, -18.0, -2.0]) / np.log(2.0))


def test_evidence_without_a_baseline_is_said():
    made = [everything(case("two_phase")), everything(case("weak_shocks"))]
    assert "no baseline" in " ".join(drawn(evidence_figure(made)))


def test_eigenvalues_of_zero_and_slopes_without_width():
    made = results(
        case("kolmogorov"), evidence=evidence(), stiffness=stiffness((3.0, 0.0)),
        universality_prior=universality("prior", width=0.0),
        universality_factor=universality("factor", width=1e-13),
    )  # fmt: skip
    drawn(stiff_spectra_figure([made]))
    drawn(universality_figure([made]))


def test_matrix_groups_by_medium_and_blanks_the_insignificant():
    pairs = pair_information("two_phase")
    media = {p.coordinate_name: p.medium for p in get_scenario("two_phase").parameters}
    made = results(case("two_phase"), evidence=evidence(), mutual_information=pairs)
    figure = mutual_information_figure({"earth": made}, media, "two-phase")
    shown = drawn(figure)
    assert any("no result yet" in text and "--ranges voyager" in text for text in shown)
    assert "warm\nlayer" in shown
    image = figure.axes[0].images[0].get_array()
    significant = np.nan_to_num(pairs.bits) > pairs.null_limit
    assert (~np.ma.getmaskarray(np.ma.masked_invalid(image))).sum() == significant.sum() / 2


def test_a_matrix_without_any_pair_is_said():
    pairs = pair_information("two_phase")
    none = replace(pairs, bits=np.zeros_like(pairs.bits))
    made = {
        "earth": results(case("two_phase"), evidence=evidence(), mutual_information=pairs),
        "voyager": results(case("two_phase"), evidence=evidence(), mutual_information=none),
    }
    shown = drawn(mutual_information_figure(made, {}, "two-phase"))
    assert any("no pair is above" in text for text in shown)


def test_each_prior_set_has_its_figures(study, tmp_path, monkeypatch):
    stems = []
    monkeypatch.setattr(all_figures, "save_figure", lambda figure, stem: stems.append(stem) or [])
    draw_all([everything(case(priors="wide")), *study], tmp_path, ["two_phase", "weak_shocks"])
    several = {stem.name for stem in stems}
    for name in ("acceptable_fraction", "acceptable_fraction_rms", "evidence", "stiff_spectra",
                 "universality"):  # fmt: skip
        assert {f"{name}_plausible", f"{name}_wide"} <= several
    matrices = {f"mutual_information_{run}_plausible" for run in ("two_phase", "weak_shocks")}
    assert {name for name in several if name.startswith("mutual")} == matrices


def test_figures_of_one_prior_set_are_written(tmp_path):
    made = results(case("kolmogorov"), evidence=evidence(), stiffness=stiffness())
    paths = draw_all([made], tmp_path)
    assert [p.name for p in paths] == ["stiff_spectra.png", "stiff_spectra.pdf"]
    assert all(p.stat().st_size > 5000 for p in paths)


def test_figures_of_an_earlier_study_are_found(tmp_path):
    made = results(case("kolmogorov"), evidence=evidence(), stiffness=stiffness())
    before = draw_all([made], tmp_path)
    assert left_over(tmp_path, before) == []
    old = [tmp_path / name for name in ("evidence_wide.pdf", "mutual_information_kolmogorov.png")]
    for path in (*old, tmp_path / "mine.png", tmp_path / "tuning.csv"):
        path.touch()
    assert left_over(tmp_path, before) == old


def test_nothing_is_drawn_where_nothing_was_made(tmp_path):
    assert draw_all([results(case("kolmogorov"), evidence=evidence())], tmp_path) == []


def test_the_milky_ways_proton_slope_brackets_the_published_index():
    """AMS-02 (2015) quotes -2.849 below its break at 336 GV and -2.716 above."""
    low, high = observed_proton_slope()
    assert -2.88 < low < high < -2.74


def test_the_milky_ways_delta_is_near_the_published_one():
    """AMS-02 (2016) quotes -0.333 +- 0.015 above 65 GV; below it B/C is a little flatter or so."""
    delta, error = observed_delta()
    assert 0.28 < delta < 0.42
    assert 0.003 < error < 0.03
