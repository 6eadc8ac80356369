"""What stands in which table of a study: themes of columns, each a few measures as text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pipeline.tuning.measures.acceptable_at import percent
from pipeline.tuning.measures.rounding import interval, plain, rounded
from pipeline.tuning.tables.entries import BASELINE, BASELINES
from pipeline.tuning.tables.measured import EACH_KEY, EPSILONS, LOWER_BOUND, Measured

_OVER = {"kolmogorov": "Kolmogorov", "power_law_diffusion": "power law"}


@dataclass(frozen=True)
class Column:
    """A quantity, drawn once for each range.

    Attributes
    ----------
    header : with the unit
    measures : names of what it is made from
    write : these measures to text
    partial : it may not apply to one of the ranges, e.g. amplitudes of data that are not in it
    """

    header: str
    measures: tuple[str, ...]
    write: Callable[..., str]
    partial: bool = False


@dataclass(frozen=True)
class Theme:
    """One table: its title, a line on how to read it, and its columns."""

    title: str
    caption: str
    columns: tuple[Column, ...]


def themes(measures: Iterable[str]) -> list[Theme]:
    """All tables; the groups of the discrepancy are taken from the `measures` there are."""
    groups = sorted(
        name.removesuffix("_at_upper_edge").removeprefix("discrepancy_")
        for name in set(measures)
        if name.startswith("discrepancy_") and name.endswith("_at_upper_edge")
    )
    amplitudes = tuple(
        replace(_interval(f"amplitude of {group}", f"discrepancy_{group}", middle=""), partial=True)
        for group in groups
    )
    tension = Theme(
        "Tension and discrepancy",
        "Suspiciousness ln S of protons against B/C, far below 0 where they disagree about the "
        "parameters. d_S, how many both constrain, is uncertain by 1 to 3 beyond its error; the "
        "error of sigma is for 1.5 of them. Amplitudes of the model discrepancy (0.1 is 10%) as "
        "median [68%].",
        (
            _column("ln S [nats]", "tension_log_s"),
            _column("d_S", "tension_dimensionality"),
            _column("tension [sigma]", "tension_sigma", digits=2),
            *amplitudes,
        ),
    )
    return [*_ACCEPTABLE, *_FIXED, tension, _CHECKS]


def _number(measured: Measured, digits: int = 3) -> str:
    if math.isnan(measured.value):
        return "undefined"
    return rounded(measured.value, measured.error, digits)


def _bits(measured: Measured) -> str:
    if measured.note.startswith("none"):
        return measured.note
    return f">= {plain(measured.value)}" if measured.note == LOWER_BOUND else _number(measured)


def _column(header: str, measure: str, digits: int = 3) -> Column:
    return Column(header, (measure,), lambda m: _number(m, digits))


def _percent(header: str, measure: str) -> Column:
    def write(m):
        if m.note.startswith("none"):
            return m.note
        if m.value in (0.0, 1.0):
            return f"{100 * m.value:g}%"
        return f"{rounded(100 * m.value, 100 * m.error)}%"

    return Column(header, (measure,), write)


def _with_note(header: str, measure: str) -> Column:
    return Column(header, (measure,), lambda m: f"{_number(m)} {m.note}")


def _interval(header: str, key: str, middle: str = "_50") -> Column:
    def write(mid, low, high):
        return interval(mid.value, low.value, high.value)

    return Column(header, (f"{key}{middle}", f"{key}_16", f"{key}_84"), write)


def _over(what: str, unit: str, measure: str) -> tuple[Column, ...]:
    def write(m):
        return f"0 ({BASELINE})" if m.note == BASELINE else _number(m)

    return tuple(
        Column(f"{what} over {_OVER[name]} [{unit}]", (f"{measure}_over_{name}",), write)
        for name in BASELINES
    )


def _yes_no(header: str, measure: str, no: str) -> Column:
    return Column(header, (measure,), lambda m: "yes" if m.value else no)


_CRITERIA = {
    "max": "every data point within a factor 1 + eps",
    "rms": "the root mean square of ln(model/data) over ln R within ln(1 + eps)",
}
_ACCEPTABLE = tuple(
    Theme(
        f"Acceptable fraction, {criterion}",
        f"-log2 of the share of the prior with {words}, in bits, at eps = 100% (a factor of 2) to "
        "10%; without model discrepancy. The floor is the smallest eps that any point of the prior "
        "was found to reach; below it there is none.",
        (
            *(
                Column(f"eps = {100 * e:.0f}% [bits]", (f"acceptable_{criterion}_{e:g}",), _bits)
                for e in EPSILONS
            ),
            Column("floor", (f"acceptable_{criterion}_floor",), lambda m: percent(m.value)),
        ),
    )
    for criterion, words in _CRITERIA.items()
)
_SHUFFLED = {
    "warm layer": "shuffle_warm_layer",
    "halo": "shuffle_halo",
    "injection": "shuffle_injection",
    "all media": EACH_KEY,
}
_SCORES = tuple(
    column
    for scatter, words in (("prior", "prior"), ("factor", "factor 2"))
    for column in (
        _interval(f"delta, {words}", f"universality_{scatter}_delta"),
        _percent(f"in the window, {words}", f"universality_{scatter}_score"),
    )
)
_FIXED = (
    Theme(
        "Evidence",
        "ln Z of the prior normalised to its constraints; differences above 0 favour the scenario "
        "over the baseline on the same data.",
        (
            _column("ln Z [nats]", "log_z"),
            *_over("Delta ln Z", "nats", "log_z"),
            _column("ln Z by bridge sampling [nats]", "log_z_bridge"),
        ),
    ),
    Theme(
        "Fit and cost",
        "ln Z = <ln L> - D_KL: how well the data are met, and how far the prior had to shrink for "
        "it, each theory at the discrepancy that it needs: one that fits worse learns less and "
        "looks cheaper. 'At equal discrepancy' compares the information of Fisher matrices with "
        "every amplitude at 10%. Constrained parameters: 2 Var(ln L) at fixed amplitudes of the "
        "discrepancy, of how many.",
        (
            _column("<ln L> [nats]", "mean_log_likelihood"),
            _column("D_KL [bits]", "cost"),
            *_over("Delta D_KL", "bits", "cost"),
            *_over("at equal discrepancy, cost", "bits", "cost_matched")[:1],
            _with_note("constrained parameters", "dimensionality"),
        ),
    ),
    Theme(
        "Stiff directions and sensitivity",
        "Fisher matrix of the data against the width of the prior. Tolerances are what the data "
        "alone allow; with 'no discrepancy' the model is taken to be exact. Sensitivities "
        "|d ln O / d ln theta| are medians over the posterior, the largest over all quantities.",
        (
            _column("d_eff", "effective_dimensions"),
            _column("d_eff, no discrepancy", "effective_dimensions_bare"),
            Column("stiff directions", ("stiff_directions",), lambda m: f"{m.value:.0f}"),
            Column("stiffest direction", ("stiffest_tolerance",), lambda m: m.note),
            Column("stiffest, no discrepancy", ("stiffest_tolerance_bare",), lambda m: m.note),
            _with_note("largest sensitivity", "largest_sensitivity"),
        ),
    ),
    Theme(
        "Shuffled states of the prior",
        "States of the prior within a factor of 2 of every data point, with the medium named taken "
        "from another such state: the share that still is, and -log2 of it, a lower bound on the "
        "bits that all media must know of each other. Without discrepancy.",
        (
            *(
                _percent(f"{words}, still within", f"acceptable_{key}_share")
                for words, key in _SHUFFLED.items()
            ),
            Column("coordination of all media [bits]", (f"acceptable_{EACH_KEY}_bits",), _bits),
        ),
    ),
    Theme(
        "Shuffled posterior draws",
        "Every medium taken from another posterior draw. Surviving: shares of the shuffled states "
        "that meet what 95% of the posterior meets, in ln L, and in the largest deviation from "
        "every data set. The latter forgives most where the posterior fits worst.",
        (
            _percent("surviving, ln L", f"{EACH_KEY}_surviving_likelihood"),
            _percent("surviving, fit", f"{EACH_KEY}_surviving_fit"),
            Column("coordination, ln L [bits]", (f"{EACH_KEY}_bits_likelihood",), _bits),
            _column("mean loss of ln L [nats]", f"{EACH_KEY}_mean_loss"),
            _column("median loss of ln L [nats]", f"{EACH_KEY}_median_loss"),
        ),
    ),
    Theme(
        "Universality",
        "delta from B/C, as median [68%], in galaxies whose medium scatters as the prior or within "
        "a factor of two of a posterior draw, and the share of them with delta in 0.3-0.6, +- how "
        "it differs between the theories that the data allow.",
        _SCORES,
    ),
)
_CHECKS = Theme(
    "Checks",
    "Nested sampling met its settings; emcee agrees with it; difference of ln Z by bridge sampling "
    "from emcee's draws.",
    (
        _yes_no("nested converged", "nested_converged", "no"),
        Column("emcee", ("samplers_agree",), lambda m: m.note),
        _column("bridge - nested [nats]", "bridge_minus_nested"),
    ),
)
