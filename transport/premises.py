"""What the two-phase model takes for granted: no streaming instability in its warm layer (eq. 16).

Fast modes suppress the instability where they keep particles isotropic in the frame of the
waves. Particles that drift with F/f then have the flux of the Compton-Getting effect at most,

    F / f = (alpha / 3) v_A,    f ~ p^-alpha,

the drift at which waves neither grow nor are damped. F is the same throughout the layer while
f falls, so that the drift is slowest at the disk and fastest at the top.
"""

from __future__ import annotations

import numpy as np

LAYER = "warm layer"
"""Name of the term."""


def isotropy(spectra, v_a, height) -> dict[str, np.ndarray]:
    """F / f over (alpha / 3) v_A in a turbulent layer, below 1 where nothing excites waves.

    Parameters
    ----------
    spectra : `transport.scenario.Spectra` with the term `LAYER`, others above it and
        kappa_turb, on a fine grid
    v_a : (n,) cm/s in the layer
    height : (n,) cm, of the layer

    Returns
    -------
    ``disk`` and ``top``: (n, n_R), at the lower and upper end of the layer
    """
    across = spectra.terms[LAYER][0]  # fluxes of protons, as f at one rigidity
    above = flux_above(spectra)
    speed = across * spectra.kappa_turb / height[:, None]  # F = kappa (f(0) - f(z_W)) / z_W
    return {
        "disk": compton_getting_ratio(
            speed / spectra.proton, spectra.proton, spectra.rigidity, v_a
        ),
        "top": compton_getting_ratio(speed / above, above, spectra.rigidity, v_a),
    }


def flux_above(spectra) -> np.ndarray:
    """Flux of protons at the top of the layer, (n, n_R).

    Of the terms above, not a difference, which rounding leaves below 0 where they hold nothing.
    """
    return sum(term[0] for name, term in spectra.terms.items() if name != LAYER)


def compton_getting_ratio(drift, flux, rigidity, v_a):
    """Drift over (alpha / 3) v_A, (n, n_R), alpha being the local slope of f ~ flux / p^2.

    Parameters
    ----------
    drift, flux : (n, n_R) F / f in cm/s, dJ/dR where it is meant
    rigidity : (n_R,) GV
    v_a : (n,) cm/s
    """
    alpha = 2.0 - np.gradient(np.log(flux), np.log(rigidity), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 3.0 * drift / (np.maximum(alpha, 0.0) * np.asarray(v_a)[:, None])
