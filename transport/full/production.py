"""Nuisances of the production of boron, present with the effect ``boron_production`` alone."""

from transport.parameters import Parameter

NORMALISATION = Parameter(
    name="A_boron",
    unit="",
    latex=r"A_\mathrm{B}",
    description="factor on all cross sections that make boron",
    fiducial=1.0,
    scale="log10",
    medium="gas disk",
)
SLOPE = Parameter(
    name="s_boron",
    unit="",
    latex=r"s_\mathrm{B}",
    description="tilt of these cross sections below 5 GeV per nucleon, times (E / 5 GeV/n)^s",
    fiducial=0.0,
    medium="gas disk",
    is_exponent=True,
)
SOURCE_BORON = Parameter(
    name="q_boron",
    unit="",
    latex=r"q_\mathrm{B}",
    description="boron over carbon at the sources, at equal rigidity; the prior sets fix it at 0",
    fiducial=0.0,
    medium="injection",
)
PRODUCTION_PARAMETERS = (NORMALISATION, SLOPE, SOURCE_BORON)


def only_with_production(name: str) -> str:
    """What to add to a complaint about an unknown parameter that is one of these; else nothing."""
    if name not in {p.name for p in PRODUCTION_PARAMETERS}:
        return ""
    return "; it comes with the effect boron_production, e.g. with transport full"
