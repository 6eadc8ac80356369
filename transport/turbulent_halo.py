"""Parameters of a halo that is turbulent throughout (Secs. 2.2 and 6.3)."""

from transport.parameters import Parameter
from transport.shared_parameters import phase

HALO_PHASE = phase("halo", "turbulent halo", "H", 0.001, 2e6, 6.0, "halo", section="Fig. 2")

HALO_MACH = Parameter(
    name="Ma_halo",
    unit="",
    latex=r"\mathrm{Ma}_\mathrm{H}",
    description="Alfvenic Mach number at which fast modes are injected in the halo",
    fiducial=1.0,
    section="Fig. 2",
    medium="halo",
)
HALO_SCALE = Parameter(
    name="L_halo",
    unit="pc",
    latex=r"L_\mathrm{H}",
    description="outer scale of the fast-mode cascade in the halo",
    fiducial=100.0,
    section="Fig. 2",
    scale="log10",
    medium="halo",
)
