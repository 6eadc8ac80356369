"""Exact transport in the two-phase model (Sec. 4): eqs. 1 and 9 from the disk to z = r."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from transport.constants import LIGHT_SPEED
from transport.errors import CrtuneError
from transport.exact.interpolate import in_log_log
from transport.exact.laws import PowerLaw
from transport.exact.march import march
from transport.exact.medium import Medium, clustered_heights, rigidity_grid
from transport.injection import flux_per_rigidity
from transport.kinematics import BORON, CARBON, PROTON, beta
from transport.plasma import alfven_speed
from transport.scenario import Spectra
from transport.scenarios.two_phase import TwoPhase
from transport.secondaries import spallation_speed

WARM_NODES = 5  # f is linear in the warm layer: the scheme is exact there on any grid


@dataclass(frozen=True)
class Grid:
    """Resolution of the numerical solution.

    Attributes
    ----------
    per_decade : rigidities per decade
    finest, largest : smallest and largest cell in the halo, as fractions of its height
    growth : ratio of neighbouring cells near the outer boundary
    """

    per_decade: int = 32
    finest: float = 1e-6
    largest: float = 0.02
    growth: float = 1.1


def two_phase_spectra(
    values: Mapping[str, np.ndarray],
    rigidity: np.ndarray,
    alfven_height: float = np.inf,
    jump: bool = True,
    uniform_x: bool = False,
    grid: Grid | None = None,
    scenario: TwoPhase | None = None,
) -> Spectra:
    """Spectra of the two-phase model from eq. 1 instead of eq. 2.

    In the halo v_A(z) = v_A exp((z - z_W) / H_A): a uniform field in gas that thins out. X of
    eq. 10 then goes as v_A^(-1/2) at one temperature, so that NLLD too confines better high up.

    Parameters
    ----------
    values : of the scenario's parameters, (n,) each, in their units
    rigidity : (n_R,) GV, ascending
    alfven_height : H_A in cm; infinite for a constant Alfven speed
    jump : whether the jump of the streaming speed at z_W counts as adiabatic loss; without it and
        at constant v_A this is the paper's eq. 2
    uniform_x : keep X at its value at z_W instead, as the paper's remark in Sec. 4.1 does
    grid : resolution
    scenario : with its options; the default two-phase model if not given

    Returns
    -------
    Spectra, (n, n_R), terms as in the scenario

    Raises
    ------
    CrtuneError: no convergence, or a scenario with linear damping in the halo
    """
    grid, scenario = grid or Grid(), scenario or TwoPhase()
    rigidity = np.asarray(rigidity, float)
    v = scenario.to_cgs(values)
    nodes = rigidity_grid(rigidity[0], rigidity[-1], grid.per_decade)
    if scenario.linear_coefficient(v, nodes) is not None:
        raise CrtuneError(
            "exact transport: linear damping beside NLLD in the halo is not implemented; "
            'choose halo_damping = "nonlinear"'
        )
    per_walker = [
        _Walker(scenario, {k: x[i : i + 1] for k, x in v.items()}, nodes).solve(
            alfven_height, jump, uniform_x, grid
        )
        for i in range(len(v["r"]))
    ]
    # kappa_turb has features: the warm layer is evaluated where it is asked for, the halo, which
    # is smooth, is interpolated
    proton_halo, carbon_halo, boron_halo = (
        np.array([in_log_log(nodes, f[species], rigidity) for f in per_walker])
        for species in (PROTON, CARBON, BORON)
    )
    source = scenario.source(v, rigidity)
    kappa, _ = scenario.transport(v, rigidity)
    speed = {s: LIGHT_SPEED * beta(rigidity, s) for s in (PROTON, CARBON, BORON)}
    warm = v["z_W"][:, None] / kappa
    proton_warm = source * warm
    carbon = source * warm * speed[PROTON] / speed[CARBON] + carbon_halo
    boron_source = carbon * spallation_speed(rigidity, v["column"])
    boron_warm = boron_source * warm * speed[PROTON] / speed[BORON]

    to_flux = {s: flux_per_rigidity(1.0, rigidity, speed[s]) for s in speed}
    per_carbon = to_flux[BORON] / (to_flux[CARBON] * carbon)
    return Spectra(
        rigidity=rigidity,
        proton=to_flux[PROTON] * (proton_warm + proton_halo),
        carbon=to_flux[CARBON] * carbon,
        boron=to_flux[BORON] * (boron_warm + boron_halo),
        kappa_turb=kappa,
        terms={
            "warm layer": (to_flux[PROTON] * proton_warm, per_carbon * boron_warm),
            "hot halo": (to_flux[PROTON] * proton_halo, per_carbon * boron_halo),
        },
    )


class _Walker:
    """One parameter vector: values of shape (1,) in CGS, rigidities (n_R,)."""

    def __init__(self, scenario, v, rigidity):
        self.rigidity = rigidity
        self.base, self.top = v["z_W"][0], v["r"][0]
        self.v_a = alfven_speed(v["B_hot"], v["n_hot"])[0]
        self.source = scenario.source(v, rigidity)[0]
        self.kappa = scenario.transport(v, rigidity)[0][0]
        self.x = scenario.nonlinear_coefficient(v, rigidity)[0]
        self.spallation = spallation_speed(rigidity, v["column"])[0]

    def solve(self, alfven_height, jump, uniform_x, grid):
        """f at z_W, (n_R,), by species."""
        halo_z = clustered_heights(self.base, self.top, grid.finest, grid.largest, grid.growth)
        rise = np.exp((halo_z - self.base) / alfven_height)
        warm_z = np.linspace(0.0, self.base, WARM_NODES)[:-1]
        above = np.concatenate([np.zeros_like(warm_z), self.v_a * rise])
        below = above.copy()
        below[len(warm_z)] = 0.0
        medium = Medium(np.concatenate([warm_z, halo_z]), below, above, jump)
        x_falls = np.ones_like(rise) if uniform_x else rise
        exponent = np.repeat([1.0, 2.0], [len(warm_z), len(halo_z)])

        def proton_law(j):
            warm = np.full_like(warm_z, self.kappa[j])
            coefficient = np.concatenate([warm, self.x[j] ** 2 / x_falls])
            return PowerLaw(exponent, coefficient, np.ones_like(exponent))

        # the larger of streaming and diffusion sets the scale of f
        halo = 1.0 / (self.v_a + self.x**2 / (self.source * (self.top - self.base)))
        scale = halo + self.base / self.kappa
        protons = march(medium, self.rigidity, self.source, proton_law, self.source * scale)

        def passive(species, source):
            speed_ratio = beta(self.rigidity, species) / beta(self.rigidity, PROTON)

            def law(j):
                s, d = protons.gradient[j], protons.diffusive[j]
                return proton_law(j).passive(s, d, speed_ratio[j])

            return march(medium, self.rigidity, source, law, source * scale)

        carbon = passive(CARBON, self.source)
        boron = passive(BORON, carbon.f[:, 0] * self.spallation)
        at = len(warm_z)
        return {PROTON: protons.f[:, at], CARBON: carbon.f[:, at], BORON: boron.f[:, at]}
