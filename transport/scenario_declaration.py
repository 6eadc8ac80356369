"""What a scenario is and promises, and how one makes itself known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from transport.errors import CrtuneError
from transport.full.effects import effects_of, label_of
from transport.parameters import Parameter
from transport.suggest import suggest


@dataclass(frozen=True)
class Spectra:
    """Interstellar spectra dJ/dR at the Sun, before solar modulation.

    Attributes
    ----------
    rigidity : (n_R,) GV
    proton : (n, n_R) 1/(m2 sr s GV)
    carbon, boron : (n, n_R), same unit up to one common factor (only their ratio is predicted)
    kappa_turb : (n, n_R) cm^2/s, the turbulent diffusion coefficient of protons, or None
    terms : named additive parts of ``proton`` and of B/C, as ``{"warm layer": (proton, bc)}``,
        each (n, n_R); empty where a scenario has a single term
    """

    rigidity: np.ndarray
    proton: np.ndarray
    carbon: np.ndarray
    boron: np.ndarray
    kappa_turb: np.ndarray | None = None
    terms: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    @property
    def boron_to_carbon(self) -> np.ndarray:
        """B/C at equal rigidity, (n, n_R)."""
        return self.boron / self.carbon


class Scenario(ABC):
    """A transport theory: named parameters in, interstellar spectra out, in batches.

    A subclass declares `name`, `title`, `parameters` and implements `spectra`. Set `extension`
    where a prediction goes beyond the paper: tables and plots then carry it as a footnote.

    What diagnostics and sketches want to know, left empty where it is not so or not known:

    - `halo_motion`: how cosmic rays move above a warm layer, ``diffusion`` or ``streaming``
    - `boundary`: name of the parameter that is the height where they escape
    - `turbulent_speed`: which of `derived` is the Alfven speed where kappa_turb is
    """

    name: ClassVar[str]
    title: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]
    extension: ClassVar[str] = ""
    halo_motion: ClassVar[Literal["diffusion", "streaming", ""]] = ""
    boundary: ClassVar[str] = ""
    turbulent_speed: ClassVar[str] = ""

    effects: tuple[str, ...] = ()
    """Of `transport.full.effects.EFFECTS`, those that this instance has; none is the paper's."""

    @property
    def transport_label(self) -> str:
        """Which transport it has, e.g. ``paper``, ``full``, ``ionisation,destruction``."""
        return label_of(self.effects)

    @property
    def transport_remark(self) -> str:
        """What titles and legends add where transport is not the paper's."""
        return f", transport {self.transport_label}" if self.effects else ""

    @property
    def full_title(self) -> str:
        """The title, with the transport where it is not the paper's."""
        return self.title + self.transport_remark

    def with_transport(self, transport: str | Iterable[str]) -> Scenario:
        """The same scenario with other effects, or a list of them, as in a config.

        Raises
        ------
        CrtuneError: an unknown effect, or one that this scenario cannot have
        """
        effects = effects_of(transport)
        if effects:
            raise CrtuneError(
                f"{self.name}: transport {label_of(effects)!r}: this scenario makes its own "
                "spectra and has the transport 'paper' alone"
            )
        return self

    @abstractmethod
    def spectra(self, values: Mapping[str, np.ndarray], rigidity: np.ndarray) -> Spectra:
        """Predict spectra.

        Parameters
        ----------
        values : each parameter's values, shape (n,), in the unit it declares
        rigidity : (n_R,) GV, ascending

        Returns
        -------
        Spectra with arrays of shape (n, n_R), all finite and positive
        """

    def derived(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Derived quantities by name, each (n,), e.g. ``beta_warm``; constraints refer to them."""
        return {}

    def fiducial(self, **changes: float) -> dict[str, np.ndarray]:
        """The paper's parameter values with `changes`, each of shape (1,).

        Raises
        ------
        ValueError: a name in `changes` that the scenario does not declare
        """
        known = [p.name for p in self.parameters]
        for name in changes:
            if name not in known:
                raise ValueError(f"{self.name} has no parameter {name!r}{suggest(name, known)}")
        return {p.name: np.array([changes.get(p.name, p.fiducial)], float) for p in self.parameters}


DECLARED: dict[str, list[type[Scenario]]] = {}
"""Registered classes by the name of their module."""


def register(cls: type[Scenario]) -> type[Scenario]:
    """Class decorator that makes a scenario known under its name."""
    DECLARED.setdefault(cls.__module__, []).append(cls)
    return cls
