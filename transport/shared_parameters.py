"""Parameters that several scenarios share, with the fiducials of Sec. 5."""

from transport.parameters import Parameter

SEC5 = "Sec. 5"

E_CR = Parameter(
    name="E_CR",
    unit="1e50 erg",
    latex=r"E_\mathrm{CR}",
    description="cosmic-ray energy per supernova, at one supernova per century",
    fiducial=1.0,
    section=SEC5,
    scale="log10",
    medium="injection",
)
GAMMA_INJ = Parameter(
    name="gamma_inj",
    unit="",
    latex=r"\gamma_\mathrm{inj}",
    description="slope of the injected spectrum, Q ~ p^-gamma",
    fiducial=4.3,
    section=SEC5,
    medium="injection",
    is_exponent=True,
)
RADIUS = Parameter(
    name="r",
    unit="kpc",
    latex="r",
    description="radius of the injecting disk and height of the outer boundary",
    fiducial=10.0,
    section=SEC5,
    medium="injection",
)
COLUMN = Parameter(
    name="column",
    unit="pc cm^-3",
    latex=r"h\,n_\mathrm{disk}",
    description="half-thickness times density of the gas disk in which boron is made",
    fiducial=250.0,
    section=SEC5,
    scale="log10",
    medium="gas disk",
)


def phase(
    tag: str, title: str, symbol: str, density, temperature, magnetic_field, medium, section=SEC5
):
    """Density, temperature and magnetic field of one ISM phase: n_<tag>, T_<tag>, B_<tag>."""
    quantities = (
        ("n", "cm^-3", "thermal density", density),
        ("T", "K", "temperature", temperature),
        ("B", "uG", "magnetic field", magnetic_field),
    )
    return tuple(
        Parameter(
            name=f"{letter}_{tag}",
            unit=unit,
            latex=rf"{letter}_\mathrm{{{symbol}}}",
            description=f"{quantity} of the {title}",
            fiducial=fiducial,
            section=section,
            scale="log10",
            medium=medium,
        )
        for letter, unit, quantity, fiducial in quantities
    )


HOT_PHASE = phase("hot", "hot halo", "h", 0.003, 3e6, 1.0, "halo")
WARM_PHASE = phase("warm", "warm layer", "w", 0.2, 1e4, 6.0, "warm layer")

MACH = Parameter(
    name="Ma",
    unit="",
    latex=r"\mathrm{Ma}",
    description="Alfvenic Mach number at which fast modes are injected",
    fiducial=0.6,
    section=SEC5,
    medium="warm layer",
)
OUTER_SCALE = Parameter(
    name="L",
    unit="pc",
    latex="L",
    description="outer scale of the fast-mode cascade",
    fiducial=50.0,
    section=SEC5,
    scale="log10",
    medium="warm layer",
)
WARM_HEIGHT = Parameter(
    name="z_W",
    unit="pc",
    latex=r"z_\mathrm{W}",
    description="height of the warm layer",
    fiducial=500.0,
    section=SEC5,
    medium="warm layer",
)


def _amplitude(tag: str, symbol: str, what: str, medium: str):
    return Parameter(
        name=f"A_{tag}",
        unit="",
        latex=rf"A_{{{symbol}}}",
        description=f"factor of order unity on {what}",
        fiducial=1.0,
        scale="log10",
        medium=medium,
        is_law=True,
    )


A_KAPPA = _amplitude("kappa", r"\kappa", "the turbulent diffusion coefficient", "warm layer")
A_X = _amplitude("X", "X", "X, the strength of nonlinear damping (eq. 10)", "halo")
A_S = _amplitude("S", "S", "S, the strength of linear damping (eq. 4)", "halo")

DAMPING_RATE = Parameter(
    name="Gamma_1GV",
    unit="1/s",
    latex=r"\Gamma_\mathrm{1\,GV}",
    description="linear damping rate of the waves resonant with 1 GV",
    fiducial=1e-11,
    section="Fig. 1",
    scale="log10",
    medium="halo",
)
DAMPING_SLOPE = Parameter(
    name="a_damp",
    unit="",
    latex="a",
    description="slope of linear damping, Gamma ~ k^a ~ R^-a",
    fiducial=0.5,
    section="Sec. 2.1.1",
    medium="halo",
    is_exponent=True,
    is_law=True,
)
HALO_HEIGHT = Parameter(
    name="H",
    unit="kpc",
    latex="H",
    description="height of the halo, where cosmic rays escape",
    fiducial=5.0,
    section="Sec. 5, Fig. 6",
    medium="halo",
)
SHOCK_PATH = Parameter(
    name="l_shock",
    unit="pc",
    latex=r"\ell_\mathrm{sh}",
    description="separation of weak shocks, the scattering mean free path",
    fiducial=5.0,
    section="Sec. 2.2.1, Fig. 2",
    scale="log10",
    medium="halo",
)
