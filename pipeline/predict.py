"""Predictions of a scenario at given parameters, as a table or JSON (scripts/predict.py)."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from pipeline.json_values import without_infinities
from transport.errors import CrtuneError
from transport.kinematics import BORON, CARBON, PROTON
from transport.modulation import interstellar_rigidity, suppression
from transport.scenario import Scenario, Spectra

MAX_PHI = 5.0  # GV: several times what was ever measured


@dataclass(frozen=True, repr=False)
class Prediction:
    """Fluxes of one parameter vector; arrays have the shape of `rigidity`.

    Attributes
    ----------
    scenario : that made it
    values : of its parameters, in the units it declares
    rigidity : GV
    phi : force-field potential, GV; 0 for interstellar
    proton : 1/(m2 sr s GV)
    boron_to_carbon : at equal rigidity
    kappa_turb : cm^2/s at these rigidities (not modulated), or None
    """

    scenario: Scenario
    values: dict[str, float]
    rigidity: np.ndarray
    phi: float
    proton: np.ndarray
    boron_to_carbon: np.ndarray
    kappa_turb: np.ndarray | None

    @property
    def notes(self) -> list[str]:
        """Footnotes that a reader needs."""
        where = f"at Earth, phi = {self.phi:g} GV" if self.phi else "interstellar"
        notes = [f"proton flux in 1/(m2 sr s GV) and B/C at equal rigidity, {where}"]
        if self.kappa_turb is None:
            notes.append("this scenario has no turbulent diffusion coefficient")
        if self.scenario.extension:
            notes.append(f"* {self.scenario.extension}")
        return notes

    def __repr__(self):
        return as_table(self)


def predict(
    scenario: Scenario, values: dict[str, float], rigidity: np.ndarray, phi: float = 0.0
) -> Prediction:
    """Fluxes at single rigidities, interstellar or behind a force field.

    Parameters
    ----------
    values : every parameter of the scenario, in its unit
    rigidity : (n_R,) GV, in any order
    phi : GV

    Raises
    ------
    CrtuneError: a potential that cannot be, or parameters that the physics refuses
    """
    if not 0 <= phi <= MAX_PHI:
        raise CrtuneError(f"--phi {phi:g}: should lie between 0 and {MAX_PHI:g} GV")
    batch = {name: np.array([value], dtype=float) for name, value in values.items()}
    flux = {}
    for species in (PROTON, CARBON, BORON):
        outside = interstellar_rigidity(rigidity, phi, species)
        spectra = _spectra(scenario, batch, outside)
        flux[species] = getattr(spectra, species.name)[0] * suppression(rigidity, outside, species)
    kappa = _spectra(scenario, batch, rigidity).kappa_turb
    with np.errstate(all="ignore"):  # what is not finite is refused next
        ratio = flux[BORON] / flux[CARBON]
    told = (flux[PROTON], ratio) if kappa is None else (flux[PROTON], ratio, kappa)
    if not all(np.all(np.isfinite(a) & (a > 0)) for a in told):
        raise CrtuneError(
            f"{scenario.name} has no finite, positive prediction at these values: "
            + ", ".join(f"{name} = {value:g}" for name, value in values.items())
            + _limits(scenario, kappa)
        )
    return Prediction(
        scenario, dict(values), rigidity, phi, flux[PROTON], ratio,
        None if kappa is None else kappa[0],
    )  # fmt: skip


def _limits(scenario, kappa) -> str:
    """What fast modes' diffusion coefficient is good for, if that is why it is not finite."""
    fast_modes = any(parameter.name == "Ma" for parameter in scenario.parameters)
    if not fast_modes or kappa is None or np.all(np.isfinite(kappa)):
        return ""
    from transport.fast_modes.kernel import LIMITS  # numba takes a while to import

    return f"; {LIMITS}"


def _spectra(scenario, batch, rigidity) -> Spectra:
    """Spectra at rigidities in any order, repeated ones allowed."""
    ascending, back = np.unique(rigidity, return_inverse=True)
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused as a whole
            spectra = scenario.spectra(batch, ascending)
    except (ValueError, ArithmeticError) as error:
        raise CrtuneError(f"{scenario.name}: {error}") from None
    kappa = spectra.kappa_turb
    return Spectra(
        rigidity,
        spectra.proton[:, back],
        spectra.carbon[:, back],
        spectra.boron[:, back],
        None if kappa is None else kappa[:, back],
    )


def as_table(prediction: Prediction) -> str:
    """Columns for people: rigidity, proton flux, B/C, kappa_turb; footnotes below."""
    star = "*" if prediction.scenario.extension else ""
    rows = [("R [GV]", "protons", "B/C", "kappa_turb [cm^2/s]")]
    kappa = prediction.kappa_turb
    for i, rigidity in enumerate(prediction.rigidity):
        rows.append(
            (
                f"{rigidity:.6g}",
                f"{prediction.proton[i]:.4e}",
                f"{prediction.boron_to_carbon[i]:.5f}",
                "-" if kappa is None else f"{kappa[i]:.4e}",
            )
        )
    lines = [f"{prediction.scenario.full_title}{star}"]
    lines += ["  ".join(f"{cell:>{w}}" for cell, w in zip(row, (10, 12, 9, 19), strict=True))
              for row in rows]  # fmt: skip
    return "\n".join(lines + prediction.notes)


def as_json(prediction: Prediction) -> str:
    """The same numbers, unrounded, with the parameters that made them."""
    kappa = prediction.kappa_turb
    return to_json(
        {
            "scenario": prediction.scenario.name,
            "options": getattr(prediction.scenario, "chosen", {}),
            "transport": prediction.scenario.transport_label,
            "parameters": prediction.values,
            "phi_GV": prediction.phi,
            "rigidity_GV": prediction.rigidity.tolist(),
            "proton_per_m2_sr_s_GV": prediction.proton.tolist(),
            "boron_to_carbon": prediction.boron_to_carbon.tolist(),
            "kappa_turb_cm2_per_s": None if kappa is None else kappa.tolist(),
            "notes": prediction.notes,
        }
    )


def to_json(content: dict) -> str:
    """Indented, with null for numbers that are not finite, which JSON lacks."""
    return json.dumps(without_infinities(content), indent=2, ensure_ascii=False)


def diagnostics(scenario: Scenario, values: dict[str, float]) -> dict[str, float]:
    """Derived quantities and, where the scenario has them, its diagnostics; CGS, R_* in GV.

    Raises
    ------
    CrtuneError: parameters that the physics refuses
    """
    batch = {name: np.array([value], dtype=float) for name, value in values.items()}
    try:
        with np.errstate(all="ignore"):
            found = getattr(scenario, "diagnostics", scenario.derived)(batch)
    except (ValueError, ArithmeticError) as error:
        raise CrtuneError(f"{scenario.name}: {error}") from None
    drift = [value for name, value in found.items() if name.startswith("v_D_")]
    if drift and not np.all(np.isfinite(drift)):
        raise CrtuneError(
            f"{scenario.name} has no diagnostics at these values{_limits(scenario, drift)}"
        )
    return {name: float(value[0]) for name, value in found.items()}


def diagnostics_table(scenario: Scenario, found: dict[str, float]) -> str:
    """A line for each of `diagnostics`."""
    lines = [f"{name:<18} {value:.4g}" for name, value in found.items()]
    return "\n".join([f"{scenario.full_title} (CGS, rigidities R_* in GV)", *lines])
