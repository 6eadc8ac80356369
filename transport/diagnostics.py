"""What a scenario does with cosmic rays, in numbers: speeds, cutoffs and transition rigidities.

`Scenario.derived` stays cheap, for constraints on every sample; these need whole spectra, or
spectra next to the rigidities of their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np

from transport.constants import LIGHT_SPEED, PROTON_MASS
from transport.injection import GEV_PER_C, flux_per_rigidity
from transport.kinematics import PROTON, beta
from transport.plasma import alfven_speed, proton_gyrofrequency, thermal_speed
from transport.premises import LAYER, compton_getting_ratio, flux_above, isotropy

GRID = np.geomspace(0.05, 1e5, 190)
"""GV, 30 a decade."""
PIVOTS = (1.0, 10.0, 100.0, 1000.0)
"""GV, where speeds and rates are given."""
LOCAL = re.compile(r"(?:v_esc|v_D|isotropy_disk|isotropy_top|suppressed)_([\d.]+)GV")
"""Names of what the spectrum of protons next to one rigidity decides."""


def diagnostics(
    scenario, values: Mapping[str, np.ndarray], names: Iterable[str] | None = None
) -> dict[str, np.ndarray]:
    """Diagnostics of a scenario where each is defined.

    Parameters
    ----------
    scenario : a `transport.residence.ResidenceScenario`
    values : of its parameters, (n,) each, in their units
    names : those that are wanted, by default all; cheap where all are `LOCAL`, or derived

    Returns
    -------
    At least those wanted, (n,) each, CGS with rigidities in GV, on top of what `scenario.derived`
    gives:

    - ``v_esc_<R>GV``: effective streaming speed Q/f(0) of protons (eq. 8)
    - ``R_cutoff``: above it S > Q, nothing confines itself (eq. 6; at z_max where stratified);
      ``R_star``: the same at the base of a stratified halo
    - ``R_nlld``: X^2 = Q v_A h, from streaming to nonlinear Landau damping (below eq. 13)
    - ``R_warm``: from the halo to the warm layer (eq. 27)
    - ``v_D_<R>GV``: drift kappa_turb / L_CR (eq. 16), L_CR the height of the boundary
    - ``isotropy_disk_<R>GV``, ``isotropy_top_<R>GV``: where there is a warm layer, drift F/f over
      (alpha/3) v_A at its lower and upper end; waves are excited where it is above 1. In a halo
      that is turbulent throughout the former alone, since f = 0 at the top
    - ``suppressed_<R>GV``: 1 where the streaming instability is absent up to the top of the warm
      layer, or at the disk where the halo is turbulent
    - ``Gamma_nlld_<R>GV``: eq. 14 with n_CR above 1 GV and the slope of the predicted spectrum;
      ``Gamma_lin_<R>GV`` the linear rate, and ``R_lin``: above it the linear one is larger

    A rigidity is infinite where the transition lies above 1e5 GV, 0 where below 0.05 GV.
    """
    v = scenario.to_cgs(values)
    found = dict(scenario.derived(values))
    if names is not None and (pivots := _local_pivots(set(names) - found.keys())):
        spectra = scenario.protons_at(values, _next_to(pivots))
        return found | _speeds(scenario, v, found, spectra, pivots)
    spectra = scenario.spectra(values, GRID)
    source = scenario.source(v, GRID)
    found |= _speeds(scenario, v, found, spectra, PIVOTS)
    if LAYER in spectra.terms:
        warm = spectra.terms[LAYER][0]
        with np.errstate(divide="ignore"):
            found["R_warm"] = last_crossing(np.log(warm / flux_above(spectra)))
    s = scenario.linear_coefficient(v, GRID)
    if s is not None:
        found |= _linear(source, s, scenario.linear_coefficient_at_top(v, GRID))
    x = scenario.nonlinear_coefficient(v, GRID)
    if x is not None:
        found |= _nonlinear(scenario.confining_medium(v), x, source, spectra, s)
    return found


def _local_pivots(names):
    """Rigidities of local names, ascending; empty where one of them is not local."""
    matches = [LOCAL.fullmatch(name) for name in names]
    found = {float(match[1]) for match in matches if match}
    return tuple(r for r in PIVOTS if r in found) if all(matches) and found <= set(PIVOTS) else ()


def _next_to(pivots):
    """Of `GRID`, the two nodes on either side: what differences and interpolation there take."""
    lower = np.searchsorted(GRID, pivots, side="right") - 1
    return GRID[np.unique(lower[:, None] + np.arange(-1, 3))]


def _at_pivots(name, array, grid=GRID, pivots=PIVOTS):
    return {f"{name}_{r:g}GV": _interpolate(array, r, grid) for r in pivots}


def _interpolate(array, rigidity, grid=GRID):
    """Log-log interpolation of positive rows on a grid, (n,)."""
    log_grid, at = np.log(grid), np.log(rigidity)
    return np.exp([np.interp(at, log_grid, np.log(row)) for row in array])


def last_crossing(log_ratio):
    """Rigidity (GV) at which each row on `GRID` rises through 0 for the last time, (n,).

    Infinite where a row ends below 0, 0 where it never is below, NaN where a row has NaN.
    """
    log_grid = np.log(GRID)
    result = np.empty(len(log_ratio))
    for i, row in enumerate(log_ratio):
        below = np.flatnonzero(row < 0)
        if np.isnan(row).any():
            result[i] = np.nan
        elif not below.size:
            result[i] = 0.0
        elif below[-1] == len(row) - 1:
            result[i] = np.inf
        else:
            j = below[-1]
            share = row[j] / (row[j] - row[j + 1])
            result[i] = np.exp(log_grid[j] + share * (log_grid[j + 1] - log_grid[j]))
    return result


def _speeds(scenario, v, found, spectra, pivots):
    """What is `LOCAL`, of spectra next to the pivots."""
    grid = spectra.rigidity
    source_flux = flux_per_rigidity(
        scenario.source(v, grid), grid, LIGHT_SPEED * beta(grid, PROTON)
    )
    speeds = _at_pivots("v_esc", source_flux / spectra.proton, grid, pivots)
    if spectra.kappa_turb is not None:
        speeds |= _drift(scenario, v, found, spectra, source_flux, pivots)
    return speeds


def _drift(scenario, v, found, spectra, source_flux, pivots):
    """Eq. 16 in the turbulent phase: the warm layer, or else the halo."""
    if not scenario.boundary:
        return {}
    grid, top = spectra.rigidity, v[scenario.boundary]
    drift = _at_pivots("v_D", spectra.kappa_turb / top[:, None], grid, pivots)
    if not scenario.turbulent_speed:
        return drift
    v_a = found[scenario.turbulent_speed]
    if LAYER in spectra.terms:
        ratios = isotropy(spectra, v_a, np.minimum(v["z_W"], top))
    else:
        speed = source_flux / spectra.proton
        ratios = {"disk": compton_getting_ratio(speed, spectra.proton, grid, v_a)}
    for place, ratio in ratios.items():
        drift |= _at_pivots(f"isotropy_{place}", ratio, grid, pivots)
    strictest = list(ratios)[-1]
    return drift | {
        f"suppressed_{r:g}GV": (drift[f"isotropy_{strictest}_{r:g}GV"] < 1.0).astype(float)
        for r in pivots
    }


def _linear(source, s, s_top):
    base = last_crossing(np.log(s / source))
    if s_top is None:
        return {"R_cutoff": base}
    return {"R_star": base, "R_cutoff": last_crossing(np.log(s_top / source))}


def _nonlinear(medium, x, source, spectra, s):
    density, field = medium["density"], medium["magnetic_field"]
    source_times_speed = source * alfven_speed(field, density)[:, None]
    threshold = source_times_speed * medium["height"][:, None]
    result = {"R_nlld": last_crossing(np.log(x**2 / threshold))}
    slope = spectral_slope(spectra.proton, GRID)
    # eq. 14 starts its power of R at 1 GV: with all protons down to 0.05 GV it is 8 times too high
    above = GRID > 1.0
    at_1_gv = _interpolate(spectra.proton, 1.0)
    proton = np.column_stack([at_1_gv, spectra.proton[:, above]])
    cosmic_rays = number_density(proton, np.concatenate([[1.0], GRID[above]]))
    rate = nonlinear_damping_rate(
        GRID, cosmic_rays, slope, density, medium["temperature"], field, medium["height"]
    )
    result |= _at_pivots("Gamma_nlld", rate)
    if s is not None:
        gamma = s * rate_per_coefficient(GRID, field, density)
        result |= _at_pivots("Gamma_lin", gamma)
        result["R_lin"] = last_crossing(np.log(gamma / rate))
    return result


def spectral_slope(proton, rigidity, low=10.0, high=1000.0):
    """alpha of f ~ p^-alpha, fitted to dJ/dR between two rigidities (GV) in the log, (n,)."""
    inside = (rigidity >= low) & (rigidity <= high)
    return 2.0 - np.polyfit(np.log(rigidity[inside]), np.log(proton[:, inside]).T, 1)[0]


def number_density(proton, rigidity):
    """Protons per cm^3 between the ends of `rigidity`: integral of 4 pi / v dJ/dR, (n,)."""
    density = 4e-4 * np.pi * proton / (LIGHT_SPEED * beta(rigidity, PROTON))
    return np.trapezoid(density * rigidity, np.log(rigidity), axis=1)


def nonlinear_damping_rate(
    rigidity, cr_density, slope, density, temperature, magnetic_field, scale_height
):
    """Gamma_NLLD of eq. 14, (n, n_R) 1/s.

    Parameters
    ----------
    rigidity : (n_R,) GV
    cr_density, slope : (n,) n_CR in cm^-3, alpha of f ~ p^-alpha
    density, temperature, magnetic_field : (n,) cm^-3, K, G of the thermal plasma
    scale_height : (n,) L_CR, cm
    """
    v_a = alfven_speed(magnetic_field, density)
    at_1_gv = np.sqrt(
        cr_density / density * thermal_speed(temperature) / v_a
        * proton_gyrofrequency(magnetic_field) * LIGHT_SPEED / scale_height
    )  # fmt: skip
    return at_1_gv[:, None] * np.asarray(rigidity) ** (-(slope[:, None] - 3.0) / 2.0)


def rate_per_coefficient(rigidity, magnetic_field, density):
    """Gamma / S = 4 pi^3 m_p Omega_0 v_A p^3 / B^2 of eq. 4, (n, n_R) CGS."""
    v_a = alfven_speed(magnetic_field, density)
    factor = 4.0 * np.pi**3 * PROTON_MASS * proton_gyrofrequency(magnetic_field) * v_a
    return (factor / magnetic_field**2)[:, None] * (GEV_PER_C * np.asarray(rigidity)) ** 3
