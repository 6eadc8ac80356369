"""Linear damping of self-excited waves, with a choice of what damps them (Sec. 2.1.1)."""

from __future__ import annotations

from transport.options import Option
from transport.self_confinement import power_law_damping_rate
from transport.shared_parameters import DAMPING_RATE, DAMPING_SLOPE

SLOPES = {"turbulence": 0.5, "dust": 0.75, "ion_neutral": 0.0}
"""a of Gamma ~ k^a: Farmer & Goldreich 2004, Squire et al. 2021, ion-neutral friction."""


def damping_option(**parameters_of_turbulence) -> Option:
    """Option "damping" of a scenario with linear damping.

    Parameters
    ----------
    parameters_of_turbulence : ``turbulence=(Parameter, ...)`` where the rate of turbulent damping
        follows from the turbulence itself, by default from its rate at 1 GV as for the others
    """
    return Option(
        "what damps self-excited waves, Gamma ~ k^a: a = 1/2 shear by Alfvenic turbulence, "
        "3/4 charged dust, 0 ion-neutral friction, or a free power",
        {
            "turbulence": parameters_of_turbulence.get("turbulence", (DAMPING_RATE,)),
            "dust": (DAMPING_RATE,),
            "ion_neutral": (DAMPING_RATE,),
            "power_law": (DAMPING_RATE, DAMPING_SLOPE),
        },
    )


def damping_rate(damping, v, rigidity):
    """Gamma (n, n_R), 1/s, of a choice of `damping_option` given by its rate at 1 GV."""
    slope = v["a_damp"] if damping == "power_law" else SLOPES[damping]
    return power_law_damping_rate(rigidity, v["Gamma_1GV"], slope)
