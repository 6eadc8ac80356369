"""A measurement as all else sees it: values in bins, the parts of their errors, provenance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from transport.errors import CrtuneError
from transport.kinematics import BORON, CARBON, PROTON, Species, rigidity_from_energy

INTERSTELLAR = "interstellar"

# The species whose rigidity stands for a bin: B/C at equal energy is placed at carbon's.
SPECIES_OF = {"proton": PROTON, "carbon": CARBON, "boron": BORON, "boron_to_carbon": CARBON}


@dataclass(frozen=True)
class ErrorComponent:
    """One part of the error of a measurement.

    Attributes
    ----------
    name : e.g. ``stat``, ``acceptance``
    role : statistical (independent), correlated (over rigidity, finite length), scale (common to
        all points) or total (nothing else is known; treated as independent)
    minus, plus : (n_bins,) 1 sigma downwards and upwards, in the unit of the value
    """

    name: str
    role: str
    minus: np.ndarray
    plus: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean of the two sides, (n_bins,)."""
        return 0.5 * (self.minus + self.plus)


@dataclass(frozen=True)
class Measurement:
    """Measured values with bins and errors; arrays have shape (n_bins,), in ascending order.

    Attributes
    ----------
    name : the data set's name in configs and results
    observable : proton, carbon, boron or boron_to_carbon
    axis : rigidity (GV), kinetic_energy (GeV) or kinetic_energy_per_nucleon (GeV per nucleon)
    period : data-taking period; ``interstellar`` means no solar modulation
    low, high : bin edges on the axis, or None where none are known
    mean : where to evaluate a bin without edges, otherwise None
    value : 1/(m2 sr s GV) on a rigidity axis, 1/(m2 sr s GeV [per nucleon]) on an energy axis,
        or a ratio
    components : the parts of the error
    doi, reference, derived : provenance, as written in the table
    path, sha256 : file read, and the checksum of its bytes
    shared_potential : name of the modulation potential, where it is not that of the period alone
    label : how figures call it, or ""
    """

    name: str
    observable: str
    axis: str
    period: str
    low: np.ndarray | None
    high: np.ndarray | None
    mean: np.ndarray | None
    value: np.ndarray
    components: tuple[ErrorComponent, ...]
    doi: str
    reference: str
    derived: str
    path: Path
    sha256: str
    shared_potential: str | None = None
    label: str = ""

    @property
    def n_bins(self) -> int:
        return self.value.size

    @property
    def has_edges(self) -> bool:
        return self.low is not None

    @property
    def is_modulated(self) -> bool:
        """Measured inside the heliosphere."""
        return self.period != INTERSTELLAR

    @property
    def potential(self) -> str:
        """What its modulation potential is called: by its period, unless the config shares one."""
        return self.shared_potential or self.period

    @property
    def species(self) -> Species:
        """The species that places the bins in rigidity."""
        return SPECIES_OF[self.observable]

    def to_rigidity(self, x: np.ndarray, species: Species | None = None) -> np.ndarray:
        """Rigidity (GV) of positions on the table's axis."""
        if self.axis == "rigidity":
            return np.asarray(x, dtype=float)
        return rigidity_from_energy(x, species or self.species)

    @property
    def rigidity_low(self) -> np.ndarray:
        """Lower ends of the bins, GV (the mean where there are no edges)."""
        return self.to_rigidity(self.low if self.has_edges else self.mean)

    @property
    def rigidity_high(self) -> np.ndarray:
        """Upper ends of the bins, GV (the mean where there are no edges)."""
        return self.to_rigidity(self.high if self.has_edges else self.mean)

    @property
    def rigidity_centre(self) -> np.ndarray:
        """Geometric centres of the bins, or the means, GV."""
        return np.sqrt(self.rigidity_low * self.rigidity_high)

    @property
    def error_minus(self) -> np.ndarray:
        """Total error downwards, all components in quadrature."""
        return np.sqrt(sum(c.minus**2 for c in self.components))

    @property
    def error_plus(self) -> np.ndarray:
        """Total error upwards, all components in quadrature."""
        return np.sqrt(sum(c.plus**2 for c in self.components))

    def with_values(self, value: np.ndarray, reference: np.ndarray) -> Measurement:
        """The same experiment with other values, for mock data.

        Errors keep their ratio to the value, taken at `reference`: the mock values themselves,
        or the prediction they scatter about.
        """
        factor = reference / self.value
        scaled = tuple(
            replace(c, minus=c.minus * factor, plus=c.plus * factor) for c in self.components
        )
        return replace(self, value=np.asarray(value, dtype=float), components=scaled)

    def at_rigidities(self, rigidity: np.ndarray) -> Measurement:
        """Same observable and period at single rigidities (GV); values are ones without errors.

        For predictions between and beyond the bins.
        """
        rigidity = np.asarray(rigidity, dtype=float)
        return replace(
            self,
            axis="rigidity",
            low=None,
            high=None,
            mean=rigidity,
            value=np.ones_like(rigidity),
            components=(),
        )

    def cut(self, rigidity_min: float | None, rigidity_max: float | None) -> Measurement:
        """Keep the bins that lie wholly in [rigidity_min, rigidity_max] GV.

        Raises
        ------
        CrtuneError: no bin is left, or the bounds are not in order
        """
        lower = 0.0 if rigidity_min is None else float(rigidity_min)
        upper = np.inf if rigidity_max is None else float(rigidity_max)
        if not 0.0 <= lower < upper:
            raise CrtuneError(
                f"data set {self.name}: cuts rigidity_min = {rigidity_min}, rigidity_max = "
                f"{rigidity_max} keep nothing; give 0 <= rigidity_min < rigidity_max in GV"
            )
        # The slack lets a cut written with the edge's own digits keep that bin.
        slack = 1e-9
        keep = self.rigidity_low >= lower * (1 - slack)
        keep &= self.rigidity_high <= upper * (1 + slack)
        if not keep.any():
            raise CrtuneError(
                f"{self.path}: data set {self.name}: all {self.n_bins} bins are cut away by "
                f"rigidity_min = {rigidity_min}, rigidity_max = {rigidity_max}; the table covers "
                f"{self.rigidity_low[0]:.4g} to {self.rigidity_high[-1]:.4g} GV"
            )
        return self._select(keep)

    def _select(self, keep: np.ndarray) -> Measurement:
        def pick(column):
            return None if column is None else column[keep]

        return replace(
            self,
            low=pick(self.low),
            high=pick(self.high),
            mean=pick(self.mean),
            value=self.value[keep],
            components=tuple(
                replace(c, minus=c.minus[keep], plus=c.plus[keep]) for c in self.components
            ),
        )
