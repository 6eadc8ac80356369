"""Predictions of a scenario at given parameters, as a table or JSON (scripts/predict.py)."""

from __future__ import annotations

import json
import math
import textwrap
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.json_values import without_infinities
from transport.errors import CrtuneError
from transport.full.effects import PAPER
from transport.full.production import only_with_production
from transport.kinematics import BORON, CARBON, PROTON
from transport.modulation import interstellar_rigidity, suppression
from transport.parameters import Parameter
from transport.scenario import Scenario, Spectra, scenario_class, scenario_names
from transport.scenario_sources import broken_scenarios
from transport.suggest import suggest

MAX_PHI = 5.0  # GV: several times what was ever measured
RIGIDITY_RANGE = (1e-3, 1e9)  # GV: far beyond where any scenario means anything


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


def make_scenario(
    name: str,
    assignments: Iterable[str] = (),
    options: Mapping | None = None,
    transport: str | Iterable[str] = PAPER,
) -> Scenario:
    """A scenario, by its name or the path of its file, with options.

    Parameters
    ----------
    assignments : options as ``name=value`` texts
    options : further ones, by name
    transport : as `transport.full.effects.effects_of` reads it

    Raises
    ------
    CrtuneError: unknown scenario, option, value or transport
    """
    try:
        scenario_class(name)
    except ValueError as error:
        raise CrtuneError(f"{error}, or the path of a Python file") from None
    options = dict(options or {})
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not (equals and key.strip() and text.strip()):
            raise CrtuneError(f"--option {assignment}: should be name=value")
        try:
            options[key.strip()] = tomllib.loads(f"x = {text}")["x"]
        except (ValueError, RecursionError):
            options[key.strip()] = text.strip()
    try:
        scenario = scenario_class(name)(**options)
    except (TypeError, ValueError) as error:
        raise CrtuneError(f"options of {name}: {error}") from None
    try:
        return scenario.with_transport(transport)
    except CrtuneError as error:
        raise CrtuneError(f"transport {transport}: {error}") from None


def parse_values(scenario: Scenario, assignments: Iterable[str]) -> dict[str, float]:
    """Parameter values from ``name=value`` texts, the fiducials for the rest.

    Raises
    ------
    CrtuneError: a parameter that the scenario does not have, or a value that cannot be
    """
    parameters = {p.name: p for p in scenario.parameters}
    values = {name: p.fiducial for name, p in parameters.items()}
    for assignment in assignments:
        name, equals, text = (part.strip() for part in assignment.partition("="))
        if not (equals and name):
            raise CrtuneError(f"--set {assignment}: should be name=value, e.g. --set r=8")
        if name not in parameters:
            coordinate = name.removeprefix("log10_")
            if coordinate in parameters:
                raise CrtuneError(f"--set {assignment}: give the value itself, {coordinate}=...")
            near = only_with_production(name) or f"{suggest(name, parameters)}; see --list"
            raise CrtuneError(
                f"--set {assignment}: {scenario.name} has no parameter {name!r}{near}"
            )
        parameter = parameters[name]
        try:
            value = float(text)
        except ValueError:
            raise CrtuneError(
                f"--set {assignment}: {text!r} should be a number"
                + (f" in {parameter.unit}" if parameter.unit else "")
            ) from None
        check_value(parameter, value, f"--set {assignment}")
        values[name] = value
    return values


def check_value(parameter: Parameter, value: float, where: str) -> None:
    """Refuse a value that a parameter cannot have.

    Raises
    ------
    CrtuneError: not finite, or not positive where its log10 is sampled
    """
    if not math.isfinite(value):
        raise CrtuneError(f"{where}: the value should be finite")
    if parameter.scale == "log10" and value <= 0:
        raise CrtuneError(f"{where}: {parameter.name} should be positive")


def parse_rigidities(text: str) -> np.ndarray:
    """Rigidities (GV) from a comma-separated list, in the order given.

    Raises
    ------
    CrtuneError: not a list of positive numbers
    """
    try:
        rigidity = np.array([float(part) for part in text.split(",") if part.strip()])
    except ValueError:
        raise CrtuneError(
            f"--rigidity {text}: should be numbers in GV with commas between them, e.g. 1,10,100"
        ) from None
    check_rigidities(rigidity, f"--rigidity {text}")
    return rigidity


def check_rigidities(rigidity: np.ndarray, where: str) -> None:
    """Refuse rigidities (GV) far from where any scenario means anything.

    Raises
    ------
    CrtuneError: none given, or not all of them within `RIGIDITY_RANGE`
    """
    low, high = RIGIDITY_RANGE
    if not rigidity.size or not np.all((rigidity >= low) & (rigidity <= high)):
        raise CrtuneError(
            f"{where}: every rigidity should be a positive number of GV, from {low:g} to {high:g}"
        )


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
    if not all(np.all(np.isfinite(a) & (a > 0)) for a in (flux[PROTON], ratio)):
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
    lines = [f"{_title(prediction.scenario)}{star}"]
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
    return "\n".join([f"{_title(scenario)} (CGS, rigidities R_* in GV)", *lines])


def _title(scenario) -> str:
    """The title of a scenario, with its transport where it is not the paper's."""
    return scenario.title + (f", transport {scenario.transport_label}" if scenario.effects else "")


def titles() -> dict[str, str]:
    """What every scenario that can be used is, by its name."""
    broken = broken_scenarios()
    return {name: scenario_class(name).title for name in scenario_names() if name not in broken}


def describe_scenarios() -> str:
    """One line per scenario, those that cannot be used with the reason."""
    found = titles() | {
        name: f"CANNOT BE USED: {reason}" for name, reason in broken_scenarios().items()
    }
    width = max(map(len, found))
    return "\n".join(f"{name:<{width}}  {title}" for name, title in found.items())


def describe(scenario: Scenario) -> str:
    """Parameters with fiducial, unit, meaning and section; options with their values."""
    lines = [f"{scenario.name}: {_title(scenario)}"]
    if scenario.extension:
        lines.append(f"* {scenario.extension}")
    rows = [("parameter", "fiducial", "unit", "sampled as", "paper", "meaning")]
    rows += [
        (p.name, f"{p.fiducial:g}", p.unit or "-", p.coordinate_name, p.section or "-",
         p.description)
        for p in scenario.parameters
    ]  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines += ["  ".join(f"{c:<{w}}" for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
    for name, option in getattr(scenario, "options", {}).items():
        chosen = scenario.chosen[name]
        lines.append(f"option {name} = {_toml(chosen)}: {option.description}")
        for value, added in option.choices.items():
            extra = ", adds " + ", ".join(p.name for p in added) if added else ""
            dropped = option.drops.get(value)
            extra += ", drops " + ", ".join(dropped) if dropped else ""
            lines.append(
                f"    {_toml(value)}{' (default)' if value == option.default else ''}{extra}"
            )
    cheap, costly = derived_quantities(scenario)
    for names, cost in ((cheap, ""), (costly, ", of whole spectra: costly")):
        if names:
            text = f"derived quantities for constraints{cost}: {', '.join(names)}"
            lines += textwrap.wrap(text, 100, subsequent_indent="    ")
    return "\n".join(lines)


def derived_quantities(scenario: Scenario) -> tuple[list[str], list[str]]:
    """Names of what constraints may be on, beside parameters: cheap ones, and diagnostics."""
    fiducial = {p.name: p.fiducial for p in scenario.parameters}
    cheap = list(scenario.derived(scenario.fiducial()))
    return cheap, [name for name in diagnostics(scenario, fiducial) if name not in cheap]


def description(scenario: Scenario) -> dict:
    """The same as `describe`, for JSON."""
    options = getattr(scenario, "options", {})
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "transport": scenario.transport_label,
        "derived": [name for names in derived_quantities(scenario) for name in names],
        "extension": scenario.extension,
        "parameters": [
            {
                "name": p.name, "fiducial": p.fiducial, "unit": p.unit,
                "sampled_as": p.coordinate_name, "section": p.section, "meaning": p.description,
            }
            for p in scenario.parameters
        ],
        "options": {
            name: {
                "chosen": scenario.chosen[name], "choices": list(option.choices),
                "meaning": option.description,
            }
            for name, option in options.items()
        },
    }  # fmt: skip


def _toml(value):
    return str(value).lower() if isinstance(value, bool) else str(value)
