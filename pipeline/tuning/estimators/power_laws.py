"""A direction in parameter space in words: the power law that the data hold fixed, and how well.

A direction e in whitened coordinates is the combination s = sum e_i c_i / sd_i of coordinates c_i,
and for coordinates that are logarithms it is the logarithm of a product of powers.

It is normalised so that the parameter with the largest |e_i| has exponent 1. The tolerance then has
a plain meaning: how far that parameter may move by itself, as far as this combination is concerned
(others may hold it tighter still). Unit norm would have none, for it mixes decades with exponents;
and the largest exponent would be that of whichever parameter is known best beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transport.parameters import Parameter

KEPT = 0.98
"""The text has the fewest parameters that make up this share of sum e_i^2 = 1."""
NAMED = 0.03
"""Of the others, those with |e_i| above this are named."""


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
) -> str:
    """The combination and its tolerance as one line of text.

    Positive quantities appear with their power; a change of an exponent, d gamma_inj, inside exp():
    "n_warm B_warm^-1.1 exp(-3.1 d gamma_inj) must hold to 7%". If an exponent leads, all is written
    as a sum: "d gamma_inj + 0.32 d ln n_warm must hold to 0.02". Parameters with small exponents
    belong to what must hold, too; they are named, with the scatter that they add over the prior.

    Parameters
    ----------
    parameters, direction, exponents, unit : as for `exponents_of`
    tolerance : standard deviation of ln(combination), or of the sum
    """
    order = np.argsort(-np.abs(direction), kind="stable")
    count = 1 + int(np.searchsorted(np.cumsum(direction[order] ** 2), KEPT))
    kept, dropped = order[:count], order[count:]
    terms = [(parameters[i].name, parameters[i].is_exponent, exponents[i]) for i in kept]
    written, size = (_sum, "{:.2g}".format) if terms[0][1] else (_product, _relative)
    text, others = written(terms), ""
    named = [parameters[i].name for i in dropped if abs(direction[i]) > NAMED]
    if named:
        scatter = unit * float(np.sqrt(np.sum(direction[dropped] ** 2)))
        small = "plus small multiples" if terms[0][1] else "times small powers"
        others = (
            f", {small} of {', '.join(named)} (over the prior they move it by {size(scatter)}),"
        )
    return f"{text}{others} must hold to {size(tolerance)}"


def _product(terms):
    powers = [
        n if f"{e:.2g}" == "1" else f"{n}^{e:.2g}" for n, exponent, e in terms if not exponent
    ]
    changes = _sum([t for t in terms if t[1]])
    return " ".join(powers + ([f"exp({changes})"] if changes else []))


def _sum(terms):
    text = ""
    for name, exponent, e in terms:
        sign = ("-" if e < 0 else "+") if not text else (" - " if e < 0 else " + ")
        size = "" if f"{abs(e):.2g}" == "1" else f"{abs(e):.2g} "
        text += f"{sign}{size}d {'' if exponent else 'ln '}{name}"
    return text.removeprefix("+")


def _relative(tolerance):
    """A standard deviation of a logarithm: in per cent, or as a factor where it is large."""
    if tolerance < 0.3:
        return f"{100.0 * tolerance:.2g}%"
    return f"a factor of {np.exp(min(tolerance, 700.0)):.3g}"
