"""Prior distributions of single parameters.

Every distribution is flat or Gaussian between two bounds in its *natural variable*: the value
itself or its log10. That covers all families below, and it lets `priors.product` evaluate every
parameter of every walker in one expression instead of a loop over frozen scipy objects, which
cost 50-100 us a call. The tests compare each family with `scipy.stats`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

from transport.errors import CrtuneError
from transport.suggest import suggest

LN10 = math.log(10.0)
LEAST_WIDTH = 1e-6
"""Of an sd, relative to the mean: below, the prior would decide whatever the data say."""
_LEAST_SD = 1e-30  # where the mean is 0: units may be small, but not that small
LEAST_MASS = 1e-20
"""Of the whole Gaussian, between its bounds: with less, one of the numbers is mistyped."""


@dataclass(frozen=True)
class Distribution:
    """A distribution of one positive or real value. Made by the functions of this module.

    Attributes
    ----------
    family, arguments : the function that made it and what it was given, for people
    log : whether the natural variable is log10(value)
    low, high : bounds of the natural variable
    centre, sd : of the Gaussian in the natural variable; ``sd = inf`` is flat
    log_norm : log of the normalisation in the natural variable, bounds included
    """

    family: str
    arguments: tuple[tuple[str, float], ...]
    log: bool
    low: float
    high: float
    centre: float = 0.0
    sd: float = math.inf
    log_norm: float = field(init=False, default=0.0)

    def __post_init__(self):
        if math.isinf(self.sd):
            log_norm = -math.log(self.high - self.low)
        else:
            log_norm = -math.log(self.sd * math.sqrt(2 * math.pi)) - self.log_mass()
        object.__setattr__(self, "log_norm", log_norm)

    def __str__(self):
        return f"{self.family}({', '.join(f'{k}={v!r}' for k, v in self.arguments)})"

    @property
    def support(self) -> tuple[float, float]:
        """Bounds of the value."""
        return (10.0**self.low, 10.0**self.high) if self.log else (self.low, self.high)

    def logpdf(self, value) -> np.ndarray:
        """Log-density per unit of the value, any shape; -inf outside the support."""
        value = np.asarray(value, dtype=float)
        with np.errstate(all="ignore"):
            x = np.log10(value) if self.log else value
            log_density = self.log_norm - 0.5 * ((x - self.centre) / self.sd) ** 2
            if self.log:
                log_density = log_density - np.log(value * LN10)
        return np.where((x >= self.low) & (x <= self.high), log_density, -np.inf)

    def cdf(self, value) -> np.ndarray:
        """Probability below `value`, any shape."""
        value = np.asarray(value, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            x = np.where(value > 0, np.log10(value), -np.inf) if self.log else value
        x = np.clip(x, self.low, self.high)
        if math.isinf(self.sd):
            return (x - self.low) / (self.high - self.low)
        a, b, mirrored = self.standard_bounds()
        t = (self.centre - x if mirrored else x - self.centre) / self.sd
        below = np.exp(_log_ndtr_difference(a, t) - _log_ndtr_difference(a, b))
        return 1.0 - below if mirrored else below

    def ppf(self, u) -> np.ndarray:
        """Value below which the probability is `u`, any shape."""
        u = np.asarray(u, dtype=float)
        if math.isinf(self.sd):
            x = self.low + u * (self.high - self.low)
        else:
            a, b, mirrored = self.standard_bounds()
            t = truncated_normal_ppf(1.0 - u if mirrored else u, log_ndtr(a), log_ndtr(b))
            x = self.centre + (-t if mirrored else t) * self.sd
        x = np.clip(x, self.low, self.high)
        return 10.0**x if self.log else x

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draws, (n,)."""
        return self.ppf(rng.random(n))

    def standard_bounds(self):
        """Bounds in units of sd, mirrored where needed so that most of the mass is at t <= 0.

        Only the lower tail of the normal CDF keeps its relative precision.
        """
        a, b = (self.low - self.centre) / self.sd, (self.high - self.centre) / self.sd
        return (-b, -a, True) if a > 0 else (a, b, False)

    def log_mass(self) -> float:
        """Log of the share of the whole Gaussian that is between the bounds."""
        a, b, _ = self.standard_bounds()
        return float(_log_ndtr_difference(a, b))


def uniform(low: float, high: float) -> Distribution:
    """Flat in the value between `low` and `high`."""
    _check_bounds("uniform", low, high, finite=True)
    return Distribution("uniform", (("low", low), ("high", high)), False, low, high)


def log_uniform(low: float, high: float) -> Distribution:
    """Flat in the logarithm of the value between `low` and `high`, both values, not logs."""
    _check_bounds("log_uniform", low, high, finite=True, positive=True)
    arguments = (("low", low), ("high", high))
    log_low, log_high = math.log10(low), math.log10(high)
    if not log_low < log_high:
        raise CrtuneError(f"log_uniform has zero width, low = {low!r}, high = {high!r}")
    return Distribution("log_uniform", arguments, True, log_low, log_high)


def normal(mean: float, sd: float) -> Distribution:
    """Gaussian in the value."""
    _check_sd("normal", sd, abs(mean))
    return Distribution(
        "normal", (("mean", mean), ("sd", sd)), False, -math.inf, math.inf, mean, sd
    )


def truncated_normal(
    mean: float, sd: float, low: float = -math.inf, high: float = math.inf
) -> Distribution:
    """Gaussian in the value, cut at `low` and `high` and normalised between them."""
    _check_sd("truncated_normal", sd, abs(mean))
    _check_bounds("truncated_normal", low, high)
    arguments = (("mean", mean), ("sd", sd), ("low", low), ("high", high))
    return _with_mass(Distribution("truncated_normal", arguments, False, low, high, mean, sd))


def log_normal(median: float, sd: float, low: float = 0.0, high: float = math.inf) -> Distribution:
    """Gaussian in log10 of the value; `sd` in dex, `median`, `low` and `high` values."""
    _check_sd("log_normal", sd, 1.0, " dex", most=100.0)
    if not median > 0:
        raise CrtuneError(f"log_normal needs a median above 0, got median = {median!r}")
    if low < 0:
        raise CrtuneError(f"log_normal needs low of 0 or above, got low = {low!r}")
    _check_bounds("log_normal", low, high)
    arguments = (("median", median), ("sd", sd), ("low", low), ("high", high))
    log_low = math.log10(low) if low > 0 else -math.inf
    log_high = math.log10(high) if math.isfinite(high) else math.inf
    return _with_mass(
        Distribution("log_normal", arguments, True, log_low, log_high, math.log10(median), sd)
    )


@dataclass(frozen=True)
class Fixed:
    """A value that is not sampled: its parameter is no coordinate."""

    value: float

    def __str__(self):
        return f"fixed({self.value!r})"


FAMILIES: dict[str, Callable[..., Distribution]] = {
    f.__name__: f for f in (uniform, log_uniform, normal, truncated_normal, log_normal)
}


def distribution_from_table(table: object) -> Distribution | Fixed:
    """Distribution of a TOML table such as ``{distribution = "uniform", low = 0.2, high = 1.0}``,
    or the value of one such as ``{fixed = 0.333}``.

    Raises
    ------
    CrtuneError: saying what is wrong and what would be right, without file and key
    """
    if isinstance(table, Mapping) and "fixed" in table:
        return _fixed(table)
    if not isinstance(table, Mapping) or not isinstance(table.get("distribution"), str):
        raise CrtuneError(
            f"{table!r} is no prior; write it as "
            '{ distribution = "uniform", low = 0.0, high = 1.0 }, '
            f"the distribution one of {', '.join(FAMILIES)}; or as {{ fixed = 0.5 }}"
        )
    family = table["distribution"]
    if family not in FAMILIES:
        raise CrtuneError(
            f"unknown distribution {family!r}{suggest(family, FAMILIES)}; "
            f"known: {', '.join(FAMILIES)}"
        )
    accepted = inspect.signature(FAMILIES[family]).parameters
    arguments = {k: v for k, v in table.items() if k != "distribution"}
    for key, value in arguments.items():
        if key not in accepted:
            raise CrtuneError(
                f"{family} takes no {key!r}{suggest(key, accepted)}; it takes {', '.join(accepted)}"
            )
        _check_number(key, value)
    for key, parameter in accepted.items():
        if parameter.default is inspect.Parameter.empty and key not in arguments:
            raise CrtuneError(f"{family} needs {key}; it takes {', '.join(accepted)}")
    return FAMILIES[family](**{k: float(v) for k, v in arguments.items()})


def _fixed(table):
    for key in table:
        if key != "fixed":
            raise CrtuneError(f"{key} has no meaning beside fixed; write {{ fixed = 0.5 }} alone")
    _check_number("fixed", table["fixed"])
    if math.isinf(table["fixed"]):
        raise CrtuneError(f"fixed = {table['fixed']!r} should be finite")
    return Fixed(float(table["fixed"]))


def _check_number(key, value):
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and isinstance(value, int) and abs(value) > 10**300:
        raise CrtuneError(f"{key} is an integer of more than 300 digits")
    if not number or math.isnan(value):
        raise CrtuneError(f"{key} = {value!r} should be a number")


def truncated_normal_ppf(u, log_below, log_above):
    """Quantile `u` of a standard normal between two points, given by the log of their CDF."""
    with np.errstate(divide="ignore"):
        log_p = np.logaddexp(log_below + np.log1p(-u), log_above + np.log(u))
    return ndtri_exp(log_p)


def _log_ndtr_difference(a, b):
    """ln(Phi(b) - Phi(a)) for a <= b, precise in the lower tail."""
    log_b = log_ndtr(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = log_b + np.log1p(-np.exp(log_ndtr(a) - log_b))
    return np.where(np.isneginf(log_b), -np.inf, difference)


def _check_bounds(family, low, high, finite=False, positive=False):
    given = f"low = {low!r}, high = {high!r}"
    if finite and not math.isfinite(high - low):
        raise CrtuneError(f"{family} needs finite bounds, got {given}")
    if positive and not low > 0:
        raise CrtuneError(f"{family} needs bounds above 0 (values, not their logs), got {given}")
    if low == high:
        raise CrtuneError(f"{family} has zero width, {given}; give it high above low")
    if not low < high:
        raise CrtuneError(f"{family} has inverted bounds, {given}; give it high above low")


def _check_sd(family, sd, size, unit="", most=math.inf):
    if not (sd > 0 and math.isfinite(sd)):
        raise CrtuneError(f"{family} needs a finite sd above 0, got sd = {sd!r}")
    least = max(LEAST_WIDTH * size, _LEAST_SD)
    if not least <= sd <= most:
        bounds = f"at least {least:.3g}{unit}" + (f", at most {most:g}{unit}" if unit else "")
        raise CrtuneError(
            f"{family} needs an sd of {bounds}, got sd = {sd!r}; what is known better than that is "
            "no parameter: { fixed = ... }"
        )


def _with_mass(distribution):
    log_mass = distribution.log_mass()
    if not log_mass > math.log(LEAST_MASS):
        share = f"1e{log_mass / LN10:.0f} of" if math.isfinite(log_mass) else "nothing of"
        raise CrtuneError(
            f"{distribution} has {share} its Gaussian between its bounds, at least {LEAST_MASS:g} "
            "is needed; move them towards the centre, or widen sd"
        )
    return distribution
