"""The prior of one problem: independent distributions, cut by joint constraints."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from priors.constraints import Constraint, check_quantities
from priors.distributions import Distribution, Fixed
from priors.product import ProductPrior
from transport.errors import CrtuneError
from transport.parameters import Parameter

VOLUME_DRAWS = 40_000
"""Draws for the kept share of prior volume: its relative error is below 1% for shares over 0.2."""

COSTLY_DRAWS = 10_000
"""The same where a constraint needs whole spectra: below 2%."""

_BATCH = 2000
"""States whose spectra are made at a time, some tens of MB."""

Derived = Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]

LEAST_SHARE = 1e-4
"""Constraints that keep less of the prior than this are refused: they contradict it."""


@dataclass(frozen=True)
class KeptShare:
    """Share of the unconstrained prior's volume that satisfies the constraints.

    Attributes
    ----------
    share, error : estimate and its binomial standard error
    draws : how many draws it rests on; 0 where there is no constraint and the share is exactly 1
    each : share that every constraint keeps by itself, by its text
    undefined : draws at which a constrained quantity is no number, such as where the physics is
        not good; they count as outside
    """

    share: float
    error: float
    draws: int
    each: Mapping[str, float]
    undefined: int = 0

    @property
    def log(self) -> float:
        """ln(share): subtract it from an ln Z that used the unnormalised constrained prior."""
        return math.log(self.share)

    @property
    def log_error(self) -> float:
        """Standard error of `log`."""
        return self.error / self.share

    def __str__(self):
        if not self.draws:
            return "no constraints on the prior"
        text = f"{', '.join(self.each)}: keeps {self.share:.4f} +- {self.error:.4f} of the prior"
        if len(self.each) > 1:
            text += " (" + ", ".join(f"{k} alone {v:.4f}" for k, v in self.each.items()) + ")"
        if self.undefined:
            text += (
                f"; at {self.undefined} of {self.draws} draws a constrained quantity is no number, "
                "which counts as outside"
            )
        return text


class Prior:
    """Prior of sampled coordinates, with constraints as hard walls.

    The density is the product of the distributions inside the walls and 0 outside; it is *not*
    renormalised to the walls. `kept_share` is the missing normalisation.

    Parameters
    ----------
    parameters : in the order of the coordinates
    distributions : of their values, in the same order
    constraints : on parameters, fixed ones too, or on what `derived` returns
    derived : values by name, each (n,), to derived quantities by name, each (n,). Of several such
        functions only those are called that a constraint needs; those after the first may be slow,
        and are told which names are wanted as a second argument
    source : file that the prior came from, for messages
    fixed : parameters that are no coordinates, with their values

    Attributes
    ----------
    parameters : those that are sampled
    fixed : values of the others by name

    Raises
    ------
    CrtuneError: a constraint on an unknown quantity, a log10 coordinate that may be 0 or below,
        nothing left to sample
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        distributions: Sequence[Distribution],
        constraints: Sequence[Constraint] = (),
        derived: Derived | Sequence[Derived] | None = None,
        source: str = "prior",
        fixed: Mapping[Parameter, float] | None = None,
    ):
        self.parameters = tuple(parameters)
        self.distributions = tuple(distributions)
        self.constraints = tuple(constraints)
        self.source = source
        self.ndim = len(self.parameters)
        self.fixed = {p.name: float(value) for p, value in (fixed or {}).items()}
        self._log = np.array([p.scale == "log10" for p in self.parameters], dtype=bool)
        try:
            _check_fixed(fixed or {}, self.parameters)
            self.product = ProductPrior(
                self.distributions,
                [p.scale for p in self.parameters],
                [p.name for p in self.parameters],
            )
            functions = (derived,) if callable(derived) else tuple(derived or ())
            self._cheap, self._costly = self._needed(functions)
        except CrtuneError as error:
            raise CrtuneError(f"{source}: {error}") from None

    def values(self, theta: np.ndarray) -> dict[str, np.ndarray]:
        """Physical values by parameter name, each (n,), of coordinates (n, ndim); the fixed ones
        come last."""
        columns = np.array(np.atleast_2d(theta).T, dtype=float, order="C")
        columns[self._log] = 10.0 ** columns[self._log]
        values = {p.name: column for p, column in zip(self.parameters, columns, strict=True)}
        n = columns.shape[1]
        return values | {name: np.full(n, value) for name, value in self.fixed.items()}

    def log_density(self, theta: np.ndarray) -> np.ndarray:
        """Log-density of coordinates (n, ndim), (n,), constraints included."""
        log_density = self.log_density_unconstrained(theta)
        if self.constraints:
            inside = np.flatnonzero(log_density > -np.inf)
            if inside.size:
                kept = self.satisfied(self.values(theta[inside]))
                log_density[inside[~kept]] = -np.inf
        return log_density

    def log_density_unconstrained(self, theta: np.ndarray) -> np.ndarray:
        """Log-density of the distributions alone, (n,)."""
        return self.product.log_density(theta)

    def satisfied(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Where values satisfy all constraints, (n,) bool."""
        kept = np.ones(len(next(iter(values.values()))), dtype=bool)
        if self.constraints and len(kept):
            quantities = self._quantities(values)
            for constraint in self.constraints:
                kept &= constraint.satisfied(quantities)
        return kept

    def transform(self, u: np.ndarray) -> np.ndarray:
        """Coordinates of points of the unit cube, (n, ndim) or (ndim,), under the *unconstrained*
        prior: a nested sampler meets the constraints as walls of the likelihood."""
        u = np.asarray(u, dtype=float)
        return self.product.inverse_cdf(np.atleast_2d(u)).reshape(u.shape)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draws from the constrained prior, (n, ndim), by rejection.

        Raises
        ------
        CrtuneError: the constraints keep (almost) nothing of the prior
        """
        kept, found, tried = [], 0, 0
        while found < n:
            share = max(found / tried, LEAST_SHARE) if tried else 1.0
            batch = int(min(max(1.2 * (n - found) / share, 64), 100_000))
            theta = self.transform(rng.random((batch, self.ndim)))
            theta = theta[self.satisfied(self.values(theta))]
            kept.append(theta)
            found, tried = found + len(theta), tried + batch
            if tried > 10 / LEAST_SHARE and found < LEAST_SHARE * tried:
                self._refuse(found / tried, tried)
        return np.concatenate(kept)[:n] if kept else np.empty((0, self.ndim))

    @cached_property
    def kept_share(self) -> KeptShare:
        """Share of prior volume inside the constraints, by Monte Carlo with a fixed seed.

        Raises
        ------
        CrtuneError: the constraints keep (almost) nothing of the prior
        """
        if not self.constraints:
            return KeptShare(1.0, 0.0, 0, {})
        draws = COSTLY_DRAWS if self._costly else VOLUME_DRAWS
        theta = self.transform(np.random.default_rng(20190813).random((draws, self.ndim)))
        quantities = self._quantities(self.values(theta))
        satisfied = np.array([c.satisfied(quantities) for c in self.constraints])
        share = float(satisfied.all(axis=0).mean())
        if share < LEAST_SHARE:
            self._refuse(share, draws)
        error = math.sqrt(share * (1.0 - share) / draws)
        each = {str(c): float(s.mean()) for c, s in zip(self.constraints, satisfied, strict=True)}
        undefined = np.any([np.isnan(quantities[c.name]) for c in self.constraints], axis=0)
        return KeptShare(share, error, draws, each, int(undefined.sum()))

    def describe(self) -> dict[str, str]:
        """Distribution or fixed value of each parameter and the constraints, as text by name."""
        texts = {p.name: str(d) for p, d in zip(self.parameters, self.distributions, strict=True)}
        texts |= {name: str(Fixed(value)) for name, value in self.fixed.items()}
        if self.constraints:
            texts["constraints"] = ", ".join(sorted(str(c) for c in self.constraints))
        return texts

    def __repr__(self):
        units = {p.name: p.unit for p in self.parameters}
        lines = [
            f"  {name}: {text} {units.get(name, '')}".rstrip()
            for name, text in self.describe().items()
        ]
        return "\n".join([f"Prior ({self.source})", *lines])

    def _needed(self, functions) -> tuple[tuple[Derived, ...], tuple[Derived, ...]]:
        """Of the functions that give derived quantities those that the constraints need: the
        first, which is cheap, and the others."""
        fiducial = {p.name: np.array([float(p.fiducial)]) for p in self.parameters}
        fiducial |= {name: np.array([value]) for name, value in self.fixed.items()}
        known, needed = set(fiducial), []
        left = {c.name for c in self.constraints} - known
        for function in functions if left else ():
            offered = set(_called(function, fiducial)) - known
            needed += [function] if left & offered else []
            known, left = known | offered, left - offered
            if not left:
                break
        check_quantities(self.constraints, sorted(known))
        cheap = tuple(f for f in needed if f is functions[0])
        return cheap, tuple(f for f in needed if f not in cheap)

    def _quantities(self, values):
        """Values and what the constraints need beyond them."""
        found = dict(values)
        for function in self._cheap:
            found |= _called(function, values)
        n = len(next(iter(values.values())))
        for function in self._costly:
            wanted = {c.name for c in self.constraints} - found.keys()
            parts = [
                _called(function, {k: v[start : start + _BATCH] for k, v in values.items()}, wanted)
                for start in range(0, n, _BATCH)
            ]
            for name in wanted:
                if parts and name in parts[0]:
                    found[name] = np.concatenate([np.asarray(part[name]) for part in parts])
        return found

    def _refuse(self, share, draws):
        texts = ", ".join(str(c) for c in self.constraints)
        raise CrtuneError(
            f"{self.source}: the constraints {texts} keep a share of {share:.2g} of the prior "
            f"({draws} draws); loosen them, or move the priors to where they hold"
        )


def _called(function, *arguments):
    """Derived quantities; what is no number there satisfies no constraint."""
    try:
        with np.errstate(all="ignore"):
            return function(*arguments)
    except (ValueError, ArithmeticError) as error:
        raise CrtuneError(
            f"a constraint needs what the scenario refuses to give: {error}"
        ) from None


def _check_fixed(fixed, free) -> None:
    if not free:
        raise CrtuneError("every parameter is fixed: nothing is left to sample")
    for parameter, value in fixed.items():
        if parameter.scale == "log10" and not value > 0:
            raise CrtuneError(f"{parameter.name} = {value!r}: it is fixed, and should be above 0")
        if parameter.medium == "heliosphere" and value < 0:
            raise CrtuneError(f"{parameter.name} = {value!r}: a potential is not below 0")
