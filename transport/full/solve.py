"""Protons, carbon and boron with the losses of eq. 1, for any scenario that gives residences."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from transport.constants import LIGHT_SPEED
from transport.errors import CrtuneError
from transport.full.cross_sections import boron_production, production_slope
from transport.full.cutoff import NONE, UNCONFINED
from transport.full.lattice import LOWEST, Interpolation, interpolation, lattice, local_lattice
from transport.full.layers import layers_of
from transport.full.march import march, trends
from transport.injection import flux_per_rigidity
from transport.kinematics import BORON, CARBON, PROTON, beta
from transport.scenario import Spectra
from transport.secondaries import spallation_speed

NUDGE = 1e-4
"""Relative step of the flux for derivatives of a residence."""
GUESSES = 3
"""Marches after which the guess is kept, so that at a cutoff Newton's method alone is at work."""
TOLERANCES = (1e-5, 0.05)
"""In ln f between two marches: while the guess may change, and afterwards, when another march,
which is not made, would change it by about the square of that at most."""
MARCHES_OF_NUCLEI = 3
"""Each with the result of the one before as its guess."""
MAX_MARCHES = 60
"""20 are enough over the prior set `wide`. A walker that is not settled then has NaN for its
spectra."""


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
    _refuse_low(scenario, rigidity)
    nodes = lattice(float(rigidity[0]), float(rigidity[-1]), refinement)
    v = scenario.to_cgs(values)
    source, kappa, layers = _set_up(scenario, v, nodes)
    proton, flux = _protons(layers, source)
    through = flux[-1]
    carbon = _nuclei(layers, CARBON, source, through, layers.cutoff)
    boron_source = _boron_source(scenario, v, layers, carbon)
    if "q_boron" in v:
        boron_source += v["q_boron"][:, None] * source
    daughter = layers.cutoff.of_daughter(_steps_to_parents(scenario, nodes))
    boron = _nuclei(layers, BORON, boron_source, through, daughter)
    parts = {
        PROTON: (proton, layers.cutoff), CARBON: (carbon, layers.cutoff), BORON: (boron, daughter)
    }  # fmt: skip
    return _observed(layers, interpolation(nodes, rigidity), rigidity, parts, kappa)


def local_protons(scenario, values: Mapping[str, np.ndarray], rigidity: np.ndarray) -> Spectra:
    """Protons of `full_spectra` to 1e-4, at less cost where few rigidities are asked for.

    Carbon and boron of the result are NaN.
    """
    _refuse_low(scenario, rigidity)
    nodes = local_lattice(float(rigidity[0]), float(rigidity[-1]))
    v = scenario.to_cgs(values)
    source, kappa, layers = _set_up(scenario, v, nodes)
    proton, _ = _protons(layers, source)
    at = interpolation(nodes, rigidity)
    speed = LIGHT_SPEED * beta(rigidity, PROTON)
    fluxes = [flux_per_rigidity(f, rigidity, speed) for f in _between(at, proton, layers.cutoff)]
    none = np.full(fluxes[0].shape, np.nan)
    terms = {name: (flux, none) for name, flux in zip(layers.names, fluxes, strict=True)}
    return Spectra(
        rigidity=rigidity,
        proton=sum(fluxes),
        carbon=none,
        boron=none,
        kappa_turb=_kappa_at(at, layers, kappa),
        terms=terms if len(terms) > 1 else {},
    )


def _refuse_low(scenario, rigidity):
    if rigidity[0] < LOWEST:
        raise CrtuneError(
            f"rigidity {rigidity[0]:.4g} GV: transport {scenario.transport_label!r} is good from "
            f"{LOWEST:g} GV; ask for higher rigidities or take transport 'paper'"
        )


def _set_up(scenario, v, nodes):
    """Q (n, m), kappa_turb at the nodes where it is needed or None, and the layers."""
    source = scenario.source(v, nodes.rigidity)
    at = nodes.asked
    kappa, residence = scenario.checked_transport(v, nodes.rigidity[at])
    if kappa is None:  # nothing costly: see what happens above, too
        at = nodes.all
        kappa, residence = scenario.checked_transport(v, nodes.rigidity[at])
    return source, kappa, layers_of(scenario, v, nodes, residence, source, at)


def _kappa_at(at, layers, kappa):
    return None if kappa is None else at(layers.nodes.spread(kappa))


def _protons(layers, source):
    """Parts of f(0) by term and flux through each, (T, n, m): Newton's method on the whole march.

    f of a term grows faster than its flux or in proportion, for every law of the paper, so that
    tangents converge from whatever side. A walker that is settled is left as it is, so that its
    spectra do not depend on which others are asked for.
    """
    flux = np.broadcast_to(source, (len(layers.names), *source.shape)).copy()
    rho, slope = _tangents(layers, flux, layers.at_source.copy())
    linear = np.all(np.abs(slope - rho) <= 1e-9 * rho, axis=(0, 2))
    guess = _bases(rho * flux)
    base = guess.copy()
    settled = np.zeros(len(linear), dtype=bool)
    counts = slice(layers.nodes.asked[0], None)
    for number in range(MAX_MARCHES):
        last = base[0, :, counts].copy()
        intercept = (rho - slope) * flux
        _march(
            layers, PROTON, source, slope, intercept, rho, guess, layers.cutoff, settled, flux, base
        )
        # where flux goes into the disk there is no logarithm: NaN stays so, and is no change
        with np.errstate(invalid="ignore", divide="ignore"):
            change = np.abs(np.log(base[0, :, counts] / last))
        change = np.fmax.reduce(change, axis=1, initial=0.0)
        if number:
            settled |= linear | (change < TOLERANCES[number >= GUESSES])
        if settled.all():
            return _parts(base), flux
        if number < GUESSES:
            guess = base.copy()
        if not linear.all():
            rho, slope = _tangents(layers, flux, layers.residences(PROTON, flux[-1]))
    base[:, ~settled] = flux[:, ~settled] = np.nan
    return _parts(base), flux


def _tangents(layers, flux, rho):
    """rho = f/F and df/dF of each term at its own flux, (T, n, m); `rho` at that of the top."""
    slope = rho + (layers.residences(PROTON, flux[-1] * (1.0 + NUDGE)) - rho) / NUDGE
    for t in range(len(rho) - 1):  # a lower term that is not linear has another flux than the top
        if np.any(np.abs(slope[t] - rho[t]) > 1e-9 * rho[t]):
            rho[t] = layers.residences(PROTON, flux[t])[t]
            nudged = layers.residences(PROTON, flux[t] * (1.0 + NUDGE))[t]
            slope[t] = rho[t] + (nudged - rho[t]) / NUDGE
    return rho, slope


def _nuclei(layers, species, source, proton_flux, cutoff):
    """Parts of f(0) of a passive species by term, (T, n, m)."""
    rho = layers.residences(species, proton_flux)
    guess = _bases(rho * source)
    none, flux, base = np.zeros_like(rho), np.empty_like(rho), np.empty_like(rho)
    settled = np.zeros(len(source), dtype=bool)
    for _ in range(MARCHES_OF_NUCLEI):
        _march(layers, species, source, rho, none, rho, guess, cutoff, settled, flux, base)
        guess, base = base, guess
    return _parts(guess)


def _march(layers, species, source, slope, intercept, rho, guess, cutoff, settled, flux, base):
    """`march` of a species, into `flux` and `base`, of the walkers that are not settled."""
    gain, rate = layers.disk(species)
    step = layers.nodes.step
    n_terms, n, _ = guess.shape
    with np.errstate(invalid="ignore", divide="ignore"):
        logs, last = np.log(guess), np.full((n_terms, n), NONE)
    unconfined = rho[-1] < UNCONFINED
    if cutoff:
        last[-1] = cutoff.last
        unconfined |= cutoff.beyond
        logs[-1] -= cutoff.log_shape
    trend, jumps = trends(logs, last, settled, step)
    if cutoff:
        trend[-1] += cutoff.slope
    march(
        source, gain, rate, slope, intercept, layers.speed, layers.rising, unconfined,
        cutoff.last, guess, trend, jumps, settled, step, flux, base,
    )  # fmt: skip


def _bases(parts):
    """f at the base of each term from what each adds, (T, n, m)."""
    base = parts.copy()
    for t in range(len(base) - 2, -1, -1):
        base[t] += base[t + 1]
    return base


def _parts(base):
    parts = base.copy()
    parts[:-1] -= base[1:]
    return parts


def _boron_source(scenario, v, layers, carbon):
    """Q of boron, (n, m): from carbon's f(0) at its own rigidity, or at equal energy per nucleon.

    f counts particles per rigidity (f R^2 dR), so that production at a ratio r of rigidities,
    R_C = r R_B, gives Q_B(R_B) = r^3 N sigma v f_C(R_C).
    """
    nodes = layers.nodes
    if "boron_production" not in scenario.effects:
        return carbon.sum(axis=0) * spallation_speed(nodes.rigidity, v["column"])
    ratio = BORON.charge_per_nucleon / CARBON.charge_per_nucleon
    parents = ratio * nodes.rigidity
    shifted = sum(_between(interpolation(nodes, parents), carbon, layers.cutoff))
    speed, sigma, tilt = _production_table(nodes)
    source = ratio**3 * v["column"][:, None] * (speed * sigma) * shifted
    return source * v["A_boron"][:, None] * np.exp(v["s_boron"][:, None] * tilt)


@lru_cache(maxsize=64)
def _production_table(nodes):
    parents = BORON.charge_per_nucleon / CARBON.charge_per_nucleon * nodes.rigidity
    speed = LIGHT_SPEED * beta(parents, CARBON)
    return speed, boron_production(parents), production_slope(parents)


def _steps_to_parents(scenario, nodes):
    """How many steps lower in rigidity the parents of boron are."""
    if "boron_production" not in scenario.effects:
        return 0.0
    return np.log(CARBON.charge_per_nucleon / BORON.charge_per_nucleon) / nodes.step


def _between(at: Interpolation, parts, cutoff):
    """Parts of f at other rigidities, a list of (n, n_R)."""
    return [*(at(part) for part in parts[:-1]), at(parts[-1], cutoff)]


def _observed(layers, at: Interpolation, rigidity, parts, kappa):
    """Spectra at the rigidities asked for, from parts of f at the nodes and the cutoff of each."""

    def fluxes(species):
        speed = LIGHT_SPEED * beta(rigidity, species)
        return [flux_per_rigidity(f, rigidity, speed) for f in _between(at, *parts[species])]

    protons, borons, carbons = fluxes(PROTON), fluxes(BORON), sum(fluxes(CARBON))
    terms = {}
    if len(layers.names) > 1:
        for t, name in enumerate(layers.names):
            terms[name] = (protons[t], borons[t] / carbons)
    return Spectra(
        rigidity=rigidity,
        proton=sum(protons),
        carbon=carbons,
        boron=sum(borons),
        kappa_turb=_kappa_at(at, layers, kappa),
        terms=terms,
    )
