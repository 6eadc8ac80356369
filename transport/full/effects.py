"""The effects that the paper leaves out, each of which can be switched on alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from transport.errors import CrtuneError
from transport.suggest import suggest

EFFECTS = {
    "adiabatic": "adiabatic losses where the streaming or wind speed rises with height (eq. 1)",
    "ionisation": "ionisation and Coulomb losses in the gas disk",
    "destruction": "inelastic collisions of protons and nuclei in the gas disk",
    "boron_production": "boron from carbon, nitrogen, oxygen and heavier nuclei at equal energy "
    "per nucleon, with cross sections that vary with energy, instead of 61 mb of carbon",
}
"""What each does, in the order of tables."""

PAPER, FULL = "paper", "full"


def effects_of(transport: str | Iterable[str]) -> tuple[str, ...]:
    """Effects of a choice of transport, in the order of `EFFECTS`.

    Parameters
    ----------
    transport : ``"paper"`` (none), ``"full"`` (all), names of effects as a list or as one text
        with commas

    Raises
    ------
    CrtuneError: an unknown effect, one named twice, an empty list
    """
    if not isinstance(transport, Iterable) or isinstance(transport, (Mapping, bytes)):
        raise CrtuneError(f"{transport!r} should be {PAPER!r}, {FULL!r} or a list of effects")
    names = transport.split(",") if isinstance(transport, str) else list(transport)
    names = [name.strip() if isinstance(name, str) else name for name in names]
    if names == [""]:
        names = []
    if names == [PAPER]:
        return ()
    if names == [FULL]:
        return tuple(EFFECTS)
    for name in names:
        if name in (PAPER, FULL):
            raise CrtuneError(f"{name!r} stands alone, not in a list of effects")
        if not isinstance(name, str) or name not in EFFECTS:
            near = suggest(str(name), [*EFFECTS, PAPER, FULL])
            raise CrtuneError(
                f"unknown effect {name!r}{near}; transport is {PAPER!r}, {FULL!r} or a list out of "
                f"{', '.join(EFFECTS)}"
            )
    if not names or len(set(names)) < len(names):
        what = "is empty" if not names else "names an effect twice"
        raise CrtuneError(f'the list of effects {what}; for none, transport is "{PAPER}"')
    return tuple(name for name in EFFECTS if name in names)


def label_of(effects: Iterable[str]) -> str:
    """The shortest text that `effects_of` reads as these effects: the name in tables and titles."""
    effects = tuple(effects)
    if not effects:
        return PAPER
    return FULL if set(effects) == set(EFFECTS) else ",".join(e for e in EFFECTS if e in effects)
