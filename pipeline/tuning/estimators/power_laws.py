"""A direction in parameter space in words: the power law that the data hold fixed, and how well.

A direction e in whitened coordinates is the combination s = sum e_i c_i / sd_i of coordinates c_i,
and for coordinates that are logarithms it is the logarithm of a product of powers.

It is normalised so that the parameter with the largest |e_i| has exponent 1. The tolerance then has
a plain meaning: how far that parameter may move by itself, as far as this combination is concerned
(others may hold it tighter still). Unit norm would have none, for it mixes decades with exponents;
and the largest exponent would be that of whichever parameter is known best beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from transport.parameters import Parameter

LEFT_OUT = 0.5
"""The text has the fewest parameters without which the others scatter, over the prior, by at most
this share of the tolerance."""
_WIDE = 0.3  # of a logarithm, above which it is told as a factor


def exponents_of(direction: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray, float]:
    """Exponents of the combination, and what one unit of it is in ln(leading parameter).

    Parameters
    ----------
    direction : (d,) e, of unit norm, in prior standard deviations
    rate : (d,) prior standard deviations per ln(value), or per unit of an exponent

    Returns
    -------
    exponents : (d,), 1 for the leading parameter
    unit : change of ln(leading parameter), the others fixed, that moves s by 1
    """
    slopes = direction * rate
    lead = slopes[np.argmax(np.abs(direction))]
    return slopes / lead, float(1.0 / abs(lead))


def spell(
    parameters: Sequence[Parameter],
    direction: np.ndarray,
    exponents: np.ndarray,
    unit: float,
    tolerance: float,
    best: Sequence[float],
) -> str:
    """The combination with what it comes to and its tolerance, as one line of text.

    Positive quantities appear over their value at the best fit, a round one, with their power;
    exponents inside exp(): "n_warm (B_warm/6 uG)^-1.1 exp(-3.1 (gamma_inj - 4.2)) = 0.21 cm^-3
    +- 7%, fiducial 0.2 cm^-3". A reader's own values can be put in, as the fiducial ones are. If an
    exponent leads, all is written as a sum: "gamma_inj + 0.32 ln(n_warm/0.2 cm^-3) = 4.31 +- 0.02".
    Parameters that hardly matter are left out, at their best fit (see `LEFT_OUT`).

    Parameters
    ----------
    parameters, direction, exponents, unit : as for `exponents_of`
    tolerance : standard deviation of ln(combination), or of the sum
    best : (d,) values of the parameters at the best fit, in their units
    """
    order = np.argsort(-np.abs(direction), kind="stable")
    without = unit * np.sqrt(np.cumsum(direction[order[::-1]] ** 2)[::-1])
    first, *others = order[(without > LEFT_OUT * tolerance) | (order == order[0])]
    lead = parameters[first]
    pivots = {i: float(f"{best[i]:.{3 if parameters[i].is_exponent else 2}g}") for i in others}
    fiducial = [p.fiducial for p in parameters]

    def comes_to(values):
        away = sum(
            exponents[i] * (values[i] - p if parameters[i].is_exponent else np.log(values[i] / p))
            for i, p in pivots.items()
        )
        return values[first] + away if lead.is_exponent else values[first] * np.exp(away)

    terms = [(parameters[i], exponents[i], p) for i, p in pivots.items()]
    if lead.is_exponent:
        size, allowed = "{:.2g}".format, f"± {tolerance:.2g}"
        text, written = f"{lead.name}{_sum(terms, True)}", "{:.3g}".format
    else:
        digits = max(2, 1 + math.ceil(-math.log10(tolerance)))
        size, written = _relative, lambda value: _with_unit(value, lead, digits)
        allowed = f"± {size(tolerance)}" if tolerance < _WIDE else f"to {size(tolerance)}"
        text = f"{lead.name}{_product(terms)}"
    text += f" = {written(comes_to(best))} {allowed}, fiducial {written(comes_to(fiducial))}"
    return text


def _product(terms):
    text = ""
    for parameter, e, pivot in terms:
        if not parameter.is_exponent:
            power = "" if _exponent(e) == "1" else f"^{_exponent(e)}"
            text += f" ({parameter.name}/{_with_unit(pivot, parameter)}){power}"
    changes = _sum([t for t in terms if t[0].is_exponent], False)
    return text + (f" exp({changes})" if changes else "")


def _sum(terms, continued):
    text = ""
    for parameter, e, pivot in terms:
        first = not text and not continued
        sign = ("-" if e < 0 else "") if first else (" - " if e < 0 else " + ")
        size = "" if _exponent(abs(e)) == "1" else f"{_exponent(abs(e))} "
        if parameter.is_exponent:
            what = f"({parameter.name} {'-' if pivot >= 0 else '+'} {abs(pivot):g})"
        else:
            what = f"ln({parameter.name}/{_with_unit(pivot, parameter)})"
        text += f"{sign}{size}{what}"
    return text


def _exponent(e):
    """To two decimals, for a parameter may range over a decade; small ones to one digit."""
    return f"{e:.2f}".rstrip("0").rstrip(".") if abs(e) >= 0.1 else f"{e:.1g}"


def _with_unit(value, parameter, digits=2):
    """``6 uG``, ``1.1e50 erg``, ``0.3``."""
    if parameter.unit.startswith("1e"):
        return f"{value:.{digits}g}{parameter.unit[1:]}"
    return f"{float(f'{value:.{digits}g}'):g} {parameter.unit}".strip()


def _relative(tolerance):
    """A standard deviation of a logarithm: in per cent, or as a factor where it is large."""
    if tolerance < _WIDE:
        return f"{100.0 * tolerance:.2g}%"
    return f"a factor of {np.exp(min(tolerance, 700.0)):.3g}"
