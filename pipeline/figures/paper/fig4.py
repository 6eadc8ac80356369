"""Fig. 4: a sketch of where a scenario lets cosmic rays stream and where diffuse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from pipeline.figures.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    SKY,
    VERMILLION,
    add_footnote,
    lighten,
    new_figure,
    styled,
)
from transport.parameters import UNIT_LATEX, Parameter
from transport.scenario import Scenario, get_scenario

_DISK = ("injection", "gas disk")
_MOTIONS = {
    "diffusion": ("scattering by turbulence: diffusion", False),
    "streaming": ("self-confinement: streaming", True),
    "": ("", None),
}
_WARM_TINT, _HALO_TINT = lighten(ORANGE, 0.35), lighten(SKY, 0.35)


@dataclass(frozen=True)
class Layer:
    """One region of a sketch.

    Attributes
    ----------
    title, motion : what it is and what cosmic rays do there
    streaming : straight arrows along the field; random walks if False; neither if None, unknown
    parameters : those that belong to it
    """

    title: str
    motion: str
    streaming: bool | None
    parameters: tuple[Parameter, ...]


def layers_of(scenario: Scenario) -> tuple[list[Layer], tuple[Parameter, ...]]:
    """Regions of a scenario, lowest first, and the parameters of the disk that injects.

    In a warm layer cosmic rays diffuse; what they do above it, the scenario says.
    """
    disk = tuple(p for p in scenario.parameters if p.medium in _DISK)
    warm = tuple(p for p in scenario.parameters if p.medium == "warm layer")
    rest = tuple(p for p in scenario.parameters if p not in disk and p not in warm)
    layers = [Layer("warm ionized medium", *_MOTIONS["diffusion"], warm)] if warm else []
    layers.append(Layer("hot medium and halo", *_MOTIONS[scenario.halo_motion], rest))
    return layers, disk


@styled
def draw(scenario: str = "two_phase", **options) -> Figure:
    """Sketch a scenario, not to scale, with its parameters and their fiducials.

    Parameters
    ----------
    scenario : registered name
    options : of the scenario

    Raises
    ------
    ValueError: unknown scenario or option
    """
    chosen = get_scenario(scenario, **options)
    layers, disk = layers_of(chosen)
    figure = new_figure(9.0, 5.6, layout="constrained")
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set_xlim(0, 10)
    ax.set_ylim(-0.9, 6)
    edges = [0.0, 1.9, 5.4] if len(layers) == 2 else [0.0, 5.4]
    rng = np.random.default_rng(3)  # fixes the look of the random walks
    for layer, low, high in zip(layers, edges[:-1], edges[1:], strict=True):
        tint = _WARM_TINT if layer.title.startswith("warm") else _HALO_TINT
        ax.fill_between([0, 6.2], low, high, color=tint, lw=0)
        if layer.streaming is not None:
            _arrows(ax, layer.streaming, low, high, rng)
        ax.text(0.12, high - 0.12, layer.title, va="top", weight="bold", fontsize=11)
        ax.text(0.12, high - 0.48, layer.motion, va="top", fontsize=10)
        _listing(ax, layer.parameters, high - 0.1)
    ax.plot([0, 6.2], [0, 0], color=BLACK, lw=6, solid_capstyle="butt")
    ax.plot(
        np.linspace(0.6, 5.6, 5), np.zeros(5), "*", color=VERMILLION, ms=17, mec=BLACK, zorder=9
    )
    ax.text(
        0.12, -0.2, "disk: supernovae inject $Q$, spallation makes boron", va="top", fontsize=10
    )
    _listing(ax, disk, -0.2)
    ax.annotate("", (0, 5.9), (0, 0), arrowprops={"arrowstyle": "->", "lw": 1.4})
    ax.text(0.1, 5.9, "$z$", va="top", fontsize=13)
    if len(layers) == 2:
        ax.axhline(edges[1], xmax=0.62, color=GREY, ls="--", lw=1.0)
        ax.text(6.1, edges[1] + 0.05, r"$z = z_\mathrm{W}$", ha="right", color=GREY)
    top = _outer_boundary(chosen)
    if top:
        ax.text(6.1, edges[-1] + 0.05, f"$z = {top}$", ha="right", color=GREY)
    ax.set_title(f"{chosen.title} (not to scale)")
    add_footnote(figure, chosen.extension)
    return figure


def _outer_boundary(scenario: Scenario) -> str:
    """Symbol of the height where cosmic rays escape; linear damping alone needs none."""
    return next((p.latex for p in scenario.parameters if p.name == scenario.boundary), "")


def _arrows(ax, streaming, low, high, rng) -> None:
    for x in np.linspace(3.2, 5.6, 4) if high - low < 3 else np.linspace(0.9, 5.4, 4):
        top = high - 0.25 if high - low < 3 else high - 1.0
        start = low + 0.3
        if streaming:
            arrow = {"arrowstyle": "-|>", "lw": 2.0, "color": BLUE}
            ax.annotate("", (x, top), (x, start), arrowprops=arrow)
            continue
        n = 40
        steps = rng.normal(0, 0.07, n)
        path = x + np.cumsum(steps) - np.linspace(0, steps.sum(), n)
        heights = np.linspace(start, top, n) + rng.normal(0, 0.05, n)
        ax.plot(path, heights, color=VERMILLION, lw=1.2)
        arrow = {"arrowstyle": "-|>", "lw": 1.2, "color": VERMILLION}
        ax.annotate("", (path[-1], heights[-1] + 0.15), (path[-1], heights[-1]), arrowprops=arrow)


def _listing(ax, parameters, top) -> None:
    """Symbols with their fiducials, in two columns beside the sketch."""
    rows = -(-len(parameters) // 2)
    for i, p in enumerate(parameters):
        unit = UNIT_LATEX.get(p.unit, rf"\mathrm{{{p.unit}}}") if p.unit else ""
        unit = rf"\times {unit}" if unit[:1].isdigit() else rf"\ {unit}"
        x, y = 6.45 + 1.85 * (i // rows), top - 0.36 * (i % rows)
        ax.text(x, y, rf"${p.latex} = {_number(p.fiducial)}{unit}$", va="top", fontsize=9)


def _number(value: float) -> str:
    text = f"{value:.4g}"
    if "e" not in text and 1e-3 <= abs(value) < 1e5:
        return text
    mantissa, exponent = f"{value:.3e}".split("e")
    mantissa = f"{float(mantissa):g}"
    power = rf"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa}\times {power}"
