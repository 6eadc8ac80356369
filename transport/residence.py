"""From residence times to spectra at the Sun, shared by all scenarios.

Every scenario here solves a linear equation for nuclei on a background that protons set, so each
species has f(0) = Q times a residence f(0)/Q in s/cm: the inverse of its effective escape speed.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping

import numpy as np

from transport.constants import LIGHT_SPEED
from transport.injection import flux_per_rigidity, proton_source
from transport.kinematics import BORON, CARBON, PROTON, Species, beta
from transport.options import ScenarioWithOptions
from transport.scenario import Spectra
from transport.secondaries import spallation_speed

Residence = Callable[[Species], Mapping[str, np.ndarray]]


class ResidenceScenario(ScenarioWithOptions):
    """A scenario that says how long each species stays; injection and spallation are added here.

    A subclass implements `transport`. It has the parameters E_CR, gamma_inj, r and column.
    """

    @abstractmethod
    def transport(
        self, v: Mapping[str, np.ndarray], rigidity: np.ndarray, source: np.ndarray
    ) -> tuple[np.ndarray | None, Residence]:
        """Turbulent diffusion coefficient and residence of each species.

        Parameters
        ----------
        v : parameter values in CGS, (n,) each
        rigidity : (n_R,) GV
        source : (n, n_R) Q of the protons, CGS

        Returns
        -------
        kappa_turb : (n, n_R) cm^2/s of protons, or None
        residence : function of a species that gives its additive terms of f(0)/Q by name,
            (n, n_R) s/cm, positive
        """

    def spectra(self, values, rigidity):
        rigidity = np.asarray(rigidity, dtype=float)
        v = self.to_cgs(values)
        source = self.source(v, rigidity)
        kappa, residence = self.transport(v, rigidity, source)
        terms = {species: residence(species) for species in (PROTON, CARBON, BORON)}
        speed = {species: LIGHT_SPEED * beta(rigidity, species) for species in terms}
        proton = flux_per_rigidity(source, rigidity, speed[PROTON])
        carbon = flux_per_rigidity(source, rigidity, speed[CARBON]) * _total(terms[CARBON])
        # Q_B = f_C(0) h / tau, so B/C at equal rigidity is h/tau times the residence of boron
        per_residence = spallation_speed(rigidity, v["column"]) * speed[BORON] / speed[CARBON]
        named = {
            name: (proton * terms[PROTON][name], per_residence * terms[BORON][name])
            for name in terms[PROTON]
        }
        return Spectra(
            rigidity=rigidity,
            proton=proton * _total(terms[PROTON]),
            carbon=carbon,
            boron=carbon * per_residence * _total(terms[BORON]),
            kappa_turb=kappa,
            terms=named if len(named) > 1 else {},
        )

    def source(self, v: Mapping[str, np.ndarray], rigidity: np.ndarray) -> np.ndarray:
        """Q(p) of the protons, (n, n_R) CGS, of values in CGS."""
        return proton_source(rigidity, v["E_CR"], v["gamma_inj"], v["r"])

    def linear_coefficient(self, v: Mapping[str, np.ndarray], rigidity: np.ndarray):
        """S of linear damping (eq. 4) at the base of the halo, (n, n_R); None without."""
        return None

    def linear_coefficient_at_top(self, v: Mapping[str, np.ndarray], rigidity: np.ndarray):
        """S at the top of the halo, (n, n_R), where that differs from the base; else None."""
        return None

    def nonlinear_coefficient(self, v: Mapping[str, np.ndarray], rigidity: np.ndarray):
        """X of nonlinear damping (eq. 10), (n, n_R); None without."""
        return None

    def confining_medium(self, v: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Of the medium with nonlinear damping, (n,) each in CGS: ``density``, ``temperature``,
        ``magnetic_field``, and ``height`` from its base to where cosmic rays escape."""
        raise NotImplementedError(f"{self.name} has no medium with nonlinear damping")

    def diagnostics(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """`derived` and what costs more: escape speeds, cutoffs, transitions, each (n,).

        See `transport.diagnostics.diagnostics` for names and units.
        """
        from transport.diagnostics import diagnostics

        return diagnostics(self, values)

    def to_cgs(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Parameter values in CGS, (n,) each."""
        return {p.name: np.atleast_1d(p.to_cgs(values[p.name])) for p in self.parameters}


def _total(terms):
    return sum(terms.values())


def amplitude(v: Mapping[str, np.ndarray], name: str):
    """An order-unity factor, (n, 1), or 1 where the scenario has none."""
    return v[name][:, None] if name in v else 1.0
