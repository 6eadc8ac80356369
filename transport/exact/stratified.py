"""Exact transport in the stratified halo (Sec. 3): eqs. 1 and 4 from z_0 to z_max."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from transport.constants import KPC, LIGHT_SPEED
from transport.errors import CrtuneError
from transport.exact.interpolate import in_log_log
from transport.exact.laws import Threshold
from transport.exact.march import march
from transport.exact.medium import rigidity_grid, streaming_medium
from transport.injection import flux_per_rigidity
from transport.kinematics import BORON, CARBON, PROTON, beta
from transport.scenario import Spectra
from transport.scenarios.stratified_halo import StratifiedHalo
from transport.secondaries import spallation_speed
from transport.stratified import base_alfven_speed


@dataclass(frozen=True)
class StratifiedGrid:
    """Resolution of the numerical solution.

    Attributes
    ----------
    per_decade : rigidities per decade
    heights : log-spaced nodes from z_0 to z_max
    """

    per_decade: int = 32
    heights: int = 160


def stratified_halo_spectra(
    values: Mapping[str, np.ndarray],
    rigidity: np.ndarray,
    jump: bool = True,
    grid: StratifiedGrid | None = None,
    scenario: StratifiedHalo | None = None,
) -> Spectra:
    """Spectra of the stratified halo from eq. 1 instead of eq. 2.

    v_A and S are the scenario's power laws of height. Where particles excite no waves (below
    z_sc) it makes no difference whether they lose momentum to the rising v_A there or all at once
    at z_sc, because f is flat: integrated, both are v_A(z_sc) [f + (1/3) df/dlnp].

    Parameters
    ----------
    values : of the scenario's parameters, (n,) each, in their units
    rigidity : (n_R,) GV, ascending
    jump : whether the onset of streaming at z_0 counts as adiabatic loss
    grid : resolution
    scenario : with its options; the default stratified halo if not given

    Returns
    -------
    Spectra, (n, n_R). B/C is an extension of the paper, as in the scenario.

    Raises
    ------
    CrtuneError: no convergence, or v_A falls with height
    """
    grid, scenario = grid or StratifiedGrid(), scenario or StratifiedHalo()
    rigidity = np.asarray(rigidity, float)
    v = scenario.to_cgs(values)
    nodes = rigidity_grid(rigidity[0], rigidity[-1], grid.per_decade)
    per_walker = [
        _solve_one(scenario, {k: x[i : i + 1] for k, x in v.items()}, nodes, jump, grid)
        for i in range(len(v["E_CR"]))
    ]
    proton, carbon, boron = (
        flux_per_rigidity(1.0, rigidity, LIGHT_SPEED * beta(rigidity, species))
        * np.array([in_log_log(nodes, f[species], rigidity) for f in per_walker])
        for species in (PROTON, CARBON, BORON)
    )
    return Spectra(rigidity=rigidity, proton=proton, carbon=carbon, boron=boron)


def _solve_one(scenario, v, rigidity, jump, grid):
    """f at z_0, (n_R,), by species, for one parameter vector (values of shape (1,), CGS)."""
    source = scenario.source(v, rigidity)[0]
    s_base = scenario.linear_coefficient(v, rigidity)[0]
    speed = base_alfven_speed(v)[0]
    bottom, top = v["z_0"][0], v["z_max"][0]
    if not top > bottom:
        raise CrtuneError(
            f"exact transport: z_max = {top / KPC:.4g} kpc should lie above "
            f"z_0 = {bottom / KPC:.4g} kpc"
        )
    protons, medium, law_at, scale = march_protons(
        np.geomspace(bottom, top, grid.heights),
        rigidity,
        source,
        s_base,
        speed,
        v["lambda1"][0],
        v["lambda2"][0],
        jump,
    )
    ratio = {s: beta(rigidity, s) / beta(rigidity, PROTON) for s in (CARBON, BORON)}

    def passive(species, its_source):
        def law(j):
            escape = protons.flux[j, -1] / protons.f[j, -1]
            waves = law_at(j).passive(protons.gradient[j], protons.diffusive[j], ratio[species][j])
            return replace(waves, escape=escape)

        return march(medium, rigidity, its_source, law, its_source / source * scale).f[:, 0]

    carbon = passive(CARBON, source)
    boron = passive(BORON, carbon * spallation_speed(rigidity, v["column"])[0])
    return {PROTON: protons.f[:, 0], CARBON: carbon, BORON: boron}


def march_protons(height, rigidity, source, s_base, v_a_base, lambda1, lambda2, jump=True):
    """Protons in a halo with v_A ~ z^lambda1 and S ~ z^-lambda2.

    Parameters
    ----------
    height : (n_z,) cm, from z_0
    rigidity : (n_R,) GV, ascending, log-spaced
    source, s_base : (n_R,) Q and S at z_0
    v_a_base : cm/s at z_0
    jump : whether the onset of streaming at z_0 counts as adiabatic loss

    Returns
    -------
    solution, medium, law_at, density_scale : what `march` gave and was given
    """
    zeta = height / height[0]
    medium = streaming_medium(height, v_a_base * zeta**lambda1, jump)

    def law_at(j):
        return Threshold(s_base[j] * zeta**-lambda2)

    confined = (source[:, None] - np.multiply.outer(s_base, zeta**-lambda2)) / medium.above
    scale = np.maximum(confined.max(axis=1), source / LIGHT_SPEED)
    return march(medium, rigidity, source, law_at, scale), medium, law_at, scale
