"""Self-confinement with linear damping in a stratified halo: eqs. 18-23 (Sec. 3)."""

from __future__ import annotations

from functools import partial

import numpy as np

from transport.constants import LIGHT_SPEED
from transport.linear_damping import damping_option, damping_rate
from transport.parameters import Parameter
from transport.plasma import alfven_speed
from transport.residence import amplitude
from transport.self_confinement import linear_damping_coefficient, turbulent_damping_rate

_halo_parameter = partial(Parameter, section="Sec. 3", medium="halo")

BASE_DENSITY = _halo_parameter(
    name="n_base",
    unit="cm^-3",
    latex=r"n_0",
    description="thermal density at the base of the stratified halo",
    fiducial=0.005,
    scale="log10",
)
BASE_FIELD = _halo_parameter(
    name="B_base",
    unit="uG",
    latex=r"B_0",
    description="magnetic field at the base of the stratified halo, taken as vertical",
    fiducial=1.0,
    scale="log10",
)
BASE_HEIGHT = _halo_parameter(
    name="z_0",
    unit="pc",
    latex="z_0",
    description="height of the base of the stratified halo",
    fiducial=500.0,
    scale="log10",
)
TOP_HEIGHT = _halo_parameter(
    name="z_max",
    unit="kpc",
    latex=r"z_\mathrm{max}",
    description="height at which the power laws of the stratified halo end",
    fiducial=20.0,
    scale="log10",
)
SPEED_SLOPE = _halo_parameter(
    name="lambda1",
    unit="",
    latex=r"\lambda_1",
    description="rise of the Alfven speed with height, v_A ~ z^lambda1",
    fiducial=0.5,
    is_exponent=True,
)
DAMPING_FALL = _halo_parameter(
    name="lambda2",
    unit="",
    latex=r"\lambda_2",
    description="fall of linear damping with height, S ~ z^-lambda2",
    fiducial=1.0,
    is_exponent=True,
)
BASE_SCALE = _halo_parameter(
    name="L_base",
    unit="pc",
    latex=r"L_0",
    description="scale on which Alfvenic turbulence of Ma = 1 is injected at the base",
    fiducial=500.0,
    scale="log10",
)

STRATIFIED_DAMPING = damping_option(turbulence=(BASE_SCALE,))

EXTENSION = (
    "extension: B/C of the stratified halo is not in the paper; it follows from kappa_sc |df_p/dz| "
    "= S, which gives boron the residence f/Q of the protons"
)


def base_coefficient(damping, v, rigidity):
    """S at the base of the halo (eq. 23, or eq. 4 with another damping), (n, n_R).

    Parameters
    ----------
    damping : a choice of `STRATIFIED_DAMPING`
    v : values in CGS: B_base, n_base and L_base, or Gamma_1GV (and a_damp)
    rigidity : (n_R,) GV
    """
    if damping == "turbulence":
        rate = turbulent_damping_rate(rigidity, v["B_base"], v["n_base"], v["L_base"])
    else:
        rate = damping_rate(damping, v, rigidity)
    s = linear_damping_coefficient(rigidity, rate, v["B_base"], v["n_base"])
    return amplitude(v, "A_S") * s


def base_alfven_speed(v):
    """v_A at the base, (n,) cm/s."""
    return alfven_speed(v["B_base"], v["n_base"])


def residence_stratified(source, s_base, v_a_base, lambda1, lambda2, extent):
    """f(0)/Q below the height where cosmic rays confine themselves, eq. 19.

    The maximum over zeta = z/z_0 in [1, extent] of (1 - (S_0/Q) zeta^-lambda2) / (v_A zeta^lambda1)
    with v_A ~ z^lambda1 and S ~ z^-lambda2: at zeta^lambda2 = (S_0/Q) (1 + lambda2/lambda1), or at
    an end. Streaming can be no faster than light, so 1/c bounds it from below.

    Parameters
    ----------
    source, s_base : (n, n_R) Q of the protons, S at z_0
    v_a_base, lambda1, lambda2 : (n,) Alfven speed at z_0 in cm/s, the two slopes
    extent : (n,) z_max / z_0, at least 1

    Returns
    -------
    (n, n_R) s/cm
    """
    sigma = s_base / source
    v_a, rise, fall = (np.asarray(a, dtype=float)[:, None] for a in (v_a_base, lambda1, lambda2))
    log_extent = np.log(np.maximum(np.asarray(extent, dtype=float), 1.0))[:, None]

    def inverse_speed(log_zeta):
        return (1.0 - sigma * np.exp(-fall * log_zeta)) * np.exp(-rise * log_zeta) / v_a

    with np.errstate(all="ignore"):
        stationary = np.log(sigma * (1.0 + fall / rise)) / fall
    stationary = np.minimum(np.fmax(stationary, 0.0), log_extent)  # at the base where there is none
    ends = np.maximum((1.0 - sigma) / v_a, inverse_speed(log_extent))
    return np.maximum(np.maximum(ends, inverse_speed(stationary)), 1.0 / LIGHT_SPEED)


def confinement_height(source, s_base, lambda2):
    """z_sc / z_0 of eq. 21, where S(z_sc) = Q, (n, n_R): the start of self-confinement."""
    return np.maximum((s_base / source) ** (1.0 / np.asarray(lambda2)[:, None]), 1.0)
