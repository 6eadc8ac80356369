"""From residence times to spectra at the Sun, shared by all scenarios.

Every scenario here solves a linear equation for nuclei on a background that protons set, so each
species has f(0) = Q times a residence f(0)/Q in s/cm: the inverse of its effective escape speed.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from copy import copy

import numpy as np

from transport.constants import LIGHT_SPEED
from transport.errors import CrtuneError
from transport.full.cooling import RISING_SPEED
from transport.full.effects import FULL, effects_of, label_of
from transport.full.production import PRODUCTION_PARAMETERS
from transport.full.solve import full_spectra, local_protons
from transport.injection import flux_per_rigidity, proton_source
from transport.kinematics import BORON, CARBON, PROTON, Species, beta
from transport.options import ScenarioWithOptions
from transport.scenario import Spectra
from transport.secondaries import spallation_speed

__all__ = ["RISING_SPEED", "Residence", "ResidenceScenario", "amplitude"]

Residence = Callable[[Species, np.ndarray], Mapping[str, np.ndarray]]


class ResidenceScenario(ScenarioWithOptions):
    """A scenario that says how long each species stays; injection and spallation are added here.

    A subclass implements `transport`. It has the parameters E_CR, gamma_inj, r and column.

    Raises
    ------
    CrtuneError: on construction, one of these is missing (of the first three, where the subclass
        has no `source` of its own)
    """

    def __init__(self, **chosen):
        super().__init__(**chosen)
        own_source = type(self).source is not ResidenceScenario.source
        needed = ("column",) if own_source else ("E_CR", "gamma_inj", "r", "column")
        missing = [name for name in needed if name not in {p.name for p in self.parameters}]
        if missing:
            raise CrtuneError(
                f"{self.name}: the parameter {missing[0]} is missing; take it from "
                "transport.shared_parameters"
            )

    @abstractmethod
    def transport(
        self, v: Mapping[str, np.ndarray], rigidity: np.ndarray
    ) -> tuple[np.ndarray | None, Residence]:
        """Turbulent diffusion coefficient and residence of each species.

        Parameters
        ----------
        v : parameter values in CGS, (n,) each
        rigidity : (n_R,) GV

        Returns
        -------
        kappa_turb : (n, n_R) cm^2/s of protons, or None
        residence : function of a species and of the flux of protons that leaves, (n, n_R) CGS (the
            source Q in the paper's transport, what losses leave of it else). It gives the additive
            terms of f(0) over the species' own flux by name, from the disk up, (n, n_R) s/cm,
            positive
        """

    def cooling(self, v: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray | str]:
        """Speed that cools the particles of a term adiabatically, by the term's name.

        Streaming or a wind that sets in with a speed V (n,), cm/s, at the base of a term costs
        V [f + (1/3) df/dlnp] (eq. 1). Where the speed of the topmost term goes on
        rising, `RISING_SPEED`. Terms that are not named diffuse and cool nothing.
        """
        return {}

    def with_transport(self, transport: str | Iterable[str]):
        effects = effects_of(transport)
        if effects == self.effects:
            return self
        if "adiabatic" in effects and label_of(effects) != FULL and not self._cools:
            raise CrtuneError(
                f"{self.name}: transport {label_of(effects)!r}: nothing cools adiabatically in "
                "this scenario; leave out 'adiabatic'"
            )
        other = copy(self)
        other.effects = effects
        own = [p for p in self.parameters if p not in PRODUCTION_PARAMETERS]
        extra = PRODUCTION_PARAMETERS if "boron_production" in effects else ()
        other.parameters = (*own, *extra)
        return other

    @property
    def optional_parameters(self):
        present = {p.name for p in self.parameters}
        nuisances = tuple(p for p in PRODUCTION_PARAMETERS if p.name not in present)
        return (*super().optional_parameters, *nuisances)

    @property
    def _cools(self):
        return bool(self.cooling(self.to_cgs(self.fiducial())))

    def spectra(self, values, rigidity):
        rigidity = np.asarray(rigidity, dtype=float)
        if self.effects:
            return full_spectra(self, values, rigidity)
        v = self.to_cgs(values)
        source = self.source(v, rigidity)
        kappa, residence = self.checked_transport(v, rigidity)
        terms = {species: residence(species, source) for species in (PROTON, CARBON, BORON)}
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

    def checked_transport(self, v, rigidity):
        """`transport`, whose residence refuses what does not fit.

        Raises
        ------
        CrtuneError: by the residence, terms of another shape, or of other names than those of the
            first species asked for
        """
        kappa, residence = self.transport(v, rigidity)
        names = []

        def checked(species, flux):
            terms = residence(species, flux)
            if not names:
                names.extend(terms)
            if list(terms) != names:
                raise CrtuneError(
                    f"{self.name}: {species.name} has the terms {', '.join(terms)}, others "
                    f"{', '.join(names)}; give every species the same ones in the same order"
                )
            for name, term in terms.items():
                if np.shape(term) != flux.shape:
                    raise CrtuneError(
                        f"{self.name}: the term {name!r} of {species.name} has the shape "
                        f"{np.shape(term)}; give one value for each walker and rigidity, "
                        f"{flux.shape} here"
                    )
            return terms

        return kappa, checked

    def protons_at(self, values: Mapping[str, np.ndarray], rigidity: np.ndarray) -> Spectra:
        """`spectra` at a few rigidities, ascending, for their protons, kappa_turb and terms alone.

        Cheaper than `spectra` and the same to 1e-4; its nuclei may be NaN.
        """
        if self.effects:
            return local_protons(self, values, rigidity)
        return self.spectra(values, rigidity)

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

    def diagnostics(
        self, values: Mapping[str, np.ndarray], names: Iterable[str] | None = None
    ) -> dict[str, np.ndarray]:
        """`derived` and what costs more: escape speeds, cutoffs, transitions, each (n,).

        See `transport.diagnostics.diagnostics` for names and units. Those that `names` has are
        there at least, and fewer may cost less; by default all.
        """
        from transport.diagnostics import diagnostics

        return diagnostics(self, values, names)

    def to_cgs(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Parameter values in CGS, (n,) each."""
        return {p.name: np.atleast_1d(p.to_cgs(values[p.name])) for p in self.parameters}


def _total(terms):
    return sum(terms.values())


def amplitude(v: Mapping[str, np.ndarray], name: str):
    """An order-unity factor, (n, 1), or 1 where the scenario has none."""
    return v[name][:, None] if name in v else 1.0
