"""Numbers and verdicts as words of the page."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.page.rows import Number
from pipeline.tuning.measures.acceptable_at import percent as as_deviation
from pipeline.tuning.tables.entries import NOT_CONVERGED

LEAST_BITS = 0.5
"""Differences of bits below this, or below `LEAST_SIGMA` errors, count as none."""
LEAST_SIGMA = 2.0

NAMES = {
    "two_phase": "the two-phase model",
    "stratified_halo": "the stratified halo",
    "two_phase_stratified": "both together",
    "two_phase_damped": "the two-phase model with a damped halo",
    "kolmogorov": "Kolmogorov diffusion",
    "kolmogorov_break": "Kolmogorov diffusion with a low-energy break",
    "power_law_diffusion": "power-law diffusion",
    "power_law_break": "power-law diffusion with a break",
    "fast_modes": "fast modes alone",
    "undamped_cascade": "an undamped cascade",
    "weak_shocks": "weak shocks",
    "self_confinement_linear": "self-confinement with linear damping",
    "self_confinement_nonlinear": "self-confinement with nonlinear damping",
    "pressure_anisotropy": "self-confinement against pressure anisotropy",
}
"""Runs in prose."""


def name_of(run: str) -> str:
    """A run in prose; those that nobody has named, by what they are called."""
    return NAMES.get(run, run.replace("_", " "))


def joined(items: Sequence[str], word: str = "and") -> str:
    """``a, b and c``."""
    *first, last = items
    return f"{', '.join(first)} {word} {last}" if first else last


def located(place: str) -> str:
    """A range of the data in prose."""
    return "at Earth" if place == "earth" else "with Voyager"


def effect(name: str) -> str:
    """A single effect of full transport in prose."""
    return {"adiabatic": "adiabatic losses"}.get(name, name.replace("_", " "))


def verdict(one: Number, other: Number, least: float = LEAST_BITS) -> str:
    """``more``, ``less`` or ``same`` of the first against the second; "" where it cannot be told.

    What nothing achieves takes more than any number; a lower bound takes more than what is clearly
    below it.
    """
    if one.is_none or other.is_none:
        return "" if one.is_none and other.is_none else "more" if one.is_none else "less"
    difference = one.value - other.value
    errors = [e for e in (one.error, other.error) if math.isfinite(e)]
    limit = max(least, LEAST_SIGMA * math.hypot(*errors) if errors else 0.0)
    if one.is_bound or other.is_bound:
        if one.is_bound and not other.is_bound and difference > limit:
            return "more"
        return "less" if other.is_bound and not one.is_bound and difference < -limit else ""
    return "same" if abs(difference) < limit else "more" if difference > 0 else "less"


TUNED = {
    "more": "more finely tuned than",
    "less": "less finely tuned than",
    "same": "as finely tuned as",
    "": "not to be told from",
}


BESIDE = {
    "more": "more finely tuned",
    "less": "less finely tuned",
    "same": "as finely tuned",
    "": "not to be told from it",
}


def bits(number: Number, unit: bool = True) -> str:
    """``6.7 ± 0.1 bits``; ``over 31 bits``; ``no state at all``."""
    tail = " bits" if unit else ""
    if number.is_none:
        return "more bits than could be found"
    if number.is_bound:
        return f"over {math.floor(number.value)}{tail}" + _flag(number)
    return f"{with_error(number)}{tail}"


def rounded(value: float, digits: int) -> str:
    """With so many decimals; nothing has no sign."""
    return f"{round(value, digits) + 0.0:.{digits}f}"


def with_error(number: Number, digits: int = 1) -> str:
    """``6.7 ± 0.1``, the error no less than the last digit."""
    text = rounded(number.value, digits)
    if math.isfinite(number.error):
        text += f" ± {max(number.error, 10.0**-digits):.{digits}f}"
    return text + _flag(number)


def percent(number: Number, digits: int = 0) -> str:
    """``21%`` or ``21 ± 2%``."""
    text = f"{100 * number.value:.{digits}f}"
    if math.isfinite(number.error) and number.error > 0.0:
        text += f" ± {max(100 * number.error, 10.0**-digits):.{digits}f}"
    return f"{text}%{_flag(number)}"


def probability(value: float) -> str:
    """To three digits; what they cannot tell from nothing or everything as a bound."""
    if value > 0.9995:
        return "> 0.999"
    return f"{value:.3f}" if value >= 0.0005 else "< 0.001"


def deviation(number: Number) -> str:
    """``21%``; from 200% on as a factor."""
    return as_deviation(number.value) + _flag(number)


def odds(number: Number) -> str:
    """2^bits to two digits, as in one in so many."""
    return f"{float(f'{2.0**number.value:.2g}'):,.0f}" + _flag(number)


def _flag(number: Number) -> str:
    return f" (**{NOT_CONVERGED}**)" if number.is_unconverged else ""
