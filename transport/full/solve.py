"""Protons, carbon and boron with the losses of eq. 1, for any scenario that gives residences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from transport.constants import LIGHT_SPEED
from transport.errors import CrtuneError
from transport.full.cooling import RISING_SPEED
from transport.full.cross_sections import boron_production, destruction, production_slope
from transport.full.lattice import LOWEST, Interpolation, Lattice, interpolation, lattice
from transport.full.march import march, trends
from transport.full.stopping import loss_rate
from transport.injection import flux_per_rigidity
from transport.kinematics import BORON, CARBON, PROTON, Species, beta
from transport.scenario import Spectra
from transport.secondaries import spallation_speed

NUDGE = 1e-4
"""Relative step of the flux for derivatives of a residence."""
TOLERANCE = 0.02
"""In ln f between two marches: another, which is not made, would change it by about its square."""
GUESSES = 3
"""Marches after which the guess is kept, so that at a cutoff Newton's method alone is at work."""
MAX_MARCHES = 60
"""A cutoff moves by a node or so with each; 20 are enough over the prior set `wide`. A walker that
is not settled then has NaN for its spectra."""
UNCONFINED = 1.000001 / LIGHT_SPEED


@dataclass
class _Layers:
    """What does not depend on the species.

    Attributes
    ----------
    at : indices of the nodes at which the scenario is evaluated
    names : of the additive terms, from the disk up
    residence : function of species and proton flux (n, n_at), as a scenario gives it
    speed : (T, n, m) jump of the speed at the base of each term
    rising : whether the top term's speed rises all the way
    column : (n,) cm^-2
    effects : names
    """

    nodes: Lattice
    at: np.ndarray
    names: tuple[str, ...]
    residence: Callable
    speed: np.ndarray
    rising: bool
    column: np.ndarray
    effects: tuple[str, ...]

    def residences(self, species: Species, flux: np.ndarray) -> np.ndarray:
        """f/F of each term, (T, n, m), where protons leave at the rate `flux` (n, m)."""
        terms = self.residence(species, np.ascontiguousarray(flux[:, self.at]))
        shape = (len(flux), len(self.at))
        return self.nodes.spread(np.stack([np.broadcast_to(terms[k], shape) for k in self.names]))

    def disk(self, species: Species) -> tuple[np.ndarray, np.ndarray]:
        """(n, m) gain and rate of `march`: losses and destruction in the gas."""
        gain, rate = _disk_table(species, self.nodes, self.effects)
        return self.column[:, None] * gain, self.column[:, None] * rate


@lru_cache(maxsize=64)
def _disk_table(species, nodes, effects):
    """Per column, (m,) cm^3/s: g = |dp/dt|/p and g dln(p^2 |dp/dt|)/dlnp - v sigma."""
    rigidity = nodes.rigidity
    gain, rate = np.zeros((2, len(rigidity)))
    if "ionisation" in effects:
        gain = loss_rate(species, rigidity)
        around = rigidity * np.exp([[-1e-4], [1e-4]])
        slope = np.diff(np.log(loss_rate(species, around)), axis=0)[0] / 2e-4
        rate = gain * (3.0 + slope)
    if "destruction" in effects:
        speed = LIGHT_SPEED * beta(rigidity, species)
        rate = rate - speed * destruction(species, rigidity)
    return gain, rate


def full_spectra(
    scenario, values: Mapping[str, np.ndarray], rigidity: np.ndarray, refinement: int = 1
) -> Spectra:
    """Spectra of a `transport.residence.ResidenceScenario` with its effects.

    Parameters
    ----------
    values : of its parameters, (n,) each, in their units
    rigidity : (n_R,) GV, ascending
    refinement : how many times as many nodes as usual, to see the numerical error

    Raises
    ------
    CrtuneError: a rigidity below `LOWEST`
    """
    if rigidity[0] < LOWEST:
        raise CrtuneError(
            f"rigidity {rigidity[0]:.4g} GV: transport {scenario.transport_label!r} is good from "
            f"{LOWEST:g} GV; ask for higher rigidities or take transport 'paper'"
        )
    nodes = lattice(float(rigidity[0]), float(rigidity[-1]), refinement)
    v = scenario.to_cgs(values)
    source = scenario.source(v, nodes.rigidity)
    at = nodes.asked
    kappa, residence = scenario.transport(v, nodes.rigidity[at])
    if kappa is None:  # nothing costly: see what happens above, too
        at = nodes.evaluated
        kappa, residence = scenario.transport(v, nodes.rigidity[at])
    layers = _layers(scenario, v, nodes, residence, source, at)
    proton, flux = _protons(layers, source)
    through = flux[-1]
    carbon = _nuclei(layers, CARBON, source, through)
    boron_source = _boron_source(scenario, v, nodes, carbon.sum(axis=0))
    if "q_boron" in v:
        boron_source += v["q_boron"][:, None] * source
    boron = _nuclei(layers, BORON, boron_source, through)
    return _observed(layers, interpolation(nodes, rigidity), rigidity, proton, carbon, boron, kappa)


def _layers(scenario, v, nodes, residence, source, at):
    names = tuple(residence(PROTON, np.ascontiguousarray(source[:, at])))
    cooling = scenario.cooling(v) if "adiabatic" in scenario.effects else {}
    unknown = [name for name in cooling if name not in names]
    if unknown:
        raise CrtuneError(
            f"{scenario.name}: cooling of {unknown[0]!r}, which is none of its terms: "
            f"{', '.join(names)}"
        )
    speed = np.zeros((len(names), *source.shape))
    rising = False
    for t, name in enumerate(names):
        how = cooling.get(name, 0.0)
        if isinstance(how, str):
            if how != RISING_SPEED or name != names[-1]:
                raise CrtuneError(
                    f"{scenario.name}: cooling of {name!r} should be a speed, or RISING_SPEED for "
                    f"the topmost term, {names[-1]!r}"
                )
            rising = True
        else:
            how = np.asarray(how, dtype=float)
            speed[t] = how[:, None] if how.ndim == 1 else how
    return _Layers(nodes, at, names, residence, speed, rising, v["column"], scenario.effects)


def _protons(layers, source):
    """Parts of f(0) by term and flux through each, (T, n, m): Newton's method on the whole march.

    f of a term grows faster than its flux or in proportion, for every law of the paper, so that
    tangents converge from whatever side.
    """
    flux = np.broadcast_to(source, (len(layers.names), *source.shape)).copy()
    rho, slope = _tangents(layers, flux)
    linear = np.all(np.abs(slope - rho) <= 1e-9 * rho)
    guess = _bases(rho * flux)
    last = guess[0]
    for number in range(MAX_MARCHES):
        intercept = (rho - slope) * flux
        flux, base = _march(layers, PROTON, source, slope, intercept, rho[-1] < UNCONFINED, guess)
        change, last = np.abs(np.log(base[0] / last)).max(axis=1), base[0]
        if number < GUESSES:
            guess = base
        if number and (linear or change.max() < TOLERANCE):
            return _parts(base), flux
        if not linear:
            rho, slope = _tangents(layers, flux)
    base[:, change >= TOLERANCE] = flux[:, change >= TOLERANCE] = np.nan
    return _parts(base), flux


def _tangents(layers, flux):
    """rho = f/F and df/dF of each term at its own flux, (T, n, m)."""
    top = flux[-1]
    rho = layers.residences(PROTON, top)
    slope = rho + (layers.residences(PROTON, top * (1.0 + NUDGE)) - rho) / NUDGE
    for t in range(len(rho) - 1):  # a lower term that is not linear has another flux than the top
        if np.any(np.abs(slope[t] - rho[t]) > 1e-9 * rho[t]):
            rho[t] = layers.residences(PROTON, flux[t])[t]
            nudged = layers.residences(PROTON, flux[t] * (1.0 + NUDGE))[t]
            slope[t] = rho[t] + (nudged - rho[t]) / NUDGE
    return rho, slope


def _nuclei(layers, species, source, proton_flux):
    """Parts of f(0) of a passive species by term, (T, n, m)."""
    rho = layers.residences(species, proton_flux)
    guess = _bases(rho * source)
    for _ in range(2):
        none = np.zeros_like(rho)
        _, guess = _march(layers, species, source, rho, none, rho[-1] < UNCONFINED, guess)
    return _parts(guess)


def _march(layers, species, source, slope, intercept, unconfined, guess):
    gain, rate = layers.disk(species)
    shape = guess.shape
    trend, jumps = trends(np.log(guess).reshape(-1, shape[-1]), layers.nodes.step)
    flux, base = np.empty(shape), np.empty(shape)
    march(
        source, gain, rate, slope, intercept, layers.speed, layers.rising, unconfined, guess,
        trend.reshape(shape), jumps.reshape(shape), layers.nodes.step, flux, base,
    )  # fmt: skip
    return flux, base


def _bases(parts):
    """f at the base of each term from what each adds, (T, n, m)."""
    return np.cumsum(parts[::-1], axis=0)[::-1].copy()


def _parts(base):
    parts = base.copy()
    parts[:-1] -= base[1:]
    return parts


def _boron_source(scenario, v, nodes, carbon):
    """Q of boron, (n, m): from carbon's f(0) at its own rigidity, or at equal energy per nucleon.

    f counts particles per rigidity (f R^2 dR), so that production at a ratio r of rigidities,
    R_C = r R_B, gives Q_B(R_B) = r^3 N sigma v f_C(R_C).
    """
    if "boron_production" not in scenario.effects:
        return carbon * spallation_speed(nodes.rigidity, v["column"])
    ratio = BORON.charge_per_nucleon / CARBON.charge_per_nucleon
    parents = ratio * nodes.rigidity
    shifted = interpolation(nodes, parents)(carbon)
    speed, sigma, tilt = _production_table(nodes)
    source = ratio**3 * v["column"][:, None] * (speed * sigma) * shifted
    return source * v["A_boron"][:, None] * np.exp(v["s_boron"][:, None] * tilt)


@lru_cache(maxsize=64)
def _production_table(nodes):
    parents = BORON.charge_per_nucleon / CARBON.charge_per_nucleon * nodes.rigidity
    speed = LIGHT_SPEED * beta(parents, CARBON)
    return speed, boron_production(parents), production_slope(parents)


def _observed(layers, at: Interpolation, rigidity, proton, carbon, boron, kappa):
    """Spectra at the rigidities asked for, from parts of f at the nodes."""

    def flux(species, f):
        speed = LIGHT_SPEED * beta(rigidity, species)
        return flux_per_rigidity(at(f), rigidity, speed)

    protons = flux(PROTON, proton.sum(axis=0))
    carbons, borons = flux(CARBON, carbon.sum(axis=0)), flux(BORON, boron.sum(axis=0))
    terms = {}
    if len(layers.names) > 1:
        for t, name in enumerate(layers.names):
            terms[name] = (flux(PROTON, proton[t]), flux(BORON, boron[t]) / carbons)
    return Spectra(
        rigidity=rigidity,
        proton=protons,
        carbon=carbons,
        boron=borons,
        kappa_turb=None if kappa is None else at(layers.nodes.spread(kappa)),
        terms=terms,
    )
