"""The page on the kernel's accuracy."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version

import numpy as np

from pipeline.accuracy.kernel.measure import Case, Errors, size_of
from pipeline.accuracy.kernel.states import NAMES, RIGIDITY_RANGE, UNITS
from transport import plasma


def worst_cases(measured: Sequence[Errors]) -> dict[str, Case]:
    """The largest error of each group, drawn and found by searching, by name."""
    cases = {}
    for errors in measured:
        cases[f"{errors.group.name}, drawn"] = errors.drawn
        if errors.sought:
            worst = max(errors.sought, key=lambda case: size_of(case.error))
            cases[f"{errors.group.name}, sought"] = worst
    return cases


def verdict(measured: Sequence[Errors], limit: float) -> tuple[bool, str]:
    """Whether every group stays within the limit, and a sentence that says where not."""
    beyond = [
        f"{name} ({abs(case.error):.1e})"
        for name, case in worst_cases(measured).items()
        if not abs(case.error) <= limit
    ]
    if beyond:
        return False, f"Limit {limit:g}: **exceeded** by {'; '.join(beyond)}."
    searched = ", also by search" if any(errors.sought for errors in measured) else ""
    return True, f"Limit {limit:g}: kept everywhere{searched}."


def table(measured: Sequence[Errors]) -> list[str]:
    """Markdown lines: percentiles of |error| by group, then the worst state of each."""
    lines = [
        "| states | number | kappas | mean, signed | median | 90% | 99% | largest "
        f"| at {RIGIDITY_RANGE[0]:g} GV |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for errors in measured:
        e, size = errors.errors, size_of(errors.errors)
        numbers = [e.mean(), *np.percentile(size, [50, 90, 99]), size.max(), size[:, 0].max()]
        cells = " | ".join(f"{x:.1e}" for x in numbers)
        lines.append(f"| {errors.group.name} | {len(e)} | {e.size} | {cells} |")
    lines += [
        "",
        "Where the largest errors are:",
        "",
        "| states | error | R (GV) | B (uG) | n (cm^-3) | T (K) | Ma | L (pc) | beta "
        "| v_A (km/s) |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, (error, state, rigidity) in worst_cases(measured).items():
        v_a = plasma.alfven_speed(*state[:2]) / 1e5
        cells = [rigidity, *(state / UNITS), plasma.plasma_beta(*state[:3]), v_a]
        texts = [f"{x:.5g}" for x in cells]
        if name.startswith("undamped"):
            texts[3] = texts[6] = "–"
        lines.append(f"| {name} | {error:.1e} | " + " | ".join(texts) + " |")
    return lines


def ranges(measured: Sequence[Errors]) -> list[str]:
    """What the states drawn of each group span."""
    lines = []
    for errors in measured:
        spans = (errors.states / UNITS).T
        named = zip(NAMES, errors.group.parameters, spans, strict=True)
        text = ", ".join(f"{n} {x.min():.3g}-{x.max():.3g}" for n, p, x in named if p)
        lines.append(f"- {errors.group.name} (`{errors.group.scenario}`): {text}")
    return lines


def page(measured: Sequence[Errors], limit: float, command: str) -> str:
    """Markdown text of the whole measurement.

    Parameters
    ----------
    limit : relative error that is allowed
    command : that made it
    """
    own = max(errors.own.max() for errors in measured)
    searches = sum(len(errors.sought) for errors in measured)
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "numba"))
    low, high = RIGIDITY_RANGE
    return "\n".join(
        [
            "# Accuracy of the fast-mode kernel",
            "",
            "Relative error of `transport.fast_modes.kernel.kappa_turb` against "
            "`transport.fast_modes.reference`, over the plasma states that scenarios ask for: "
            "every layer with fast modes, drawn from the prior sets `plausible` and `wide` with "
            f"their constraints. Each state is evaluated at {low:g} GV, at two random rigidities "
            f"up to {high:g} GV (uniform in the logarithm), and at one whose gyroradius is 0.5 to "
            "10 mean free paths, where viscous, clamped and collisionless damping meet (a third "
            "random one where that lies outside the range, or nothing damps). Random draws miss "
            "corners: from the worst draws of each damped cascade a Nelder-Mead search climbs to "
            f"larger errors ({searches} searches; none where nothing damps, since that coefficient "
            "has no scale of its own and depends on little but Ma).",
            "",
            verdict(measured, limit)[1],
            "",
            *table(measured),
            "",
            "![error against rigidity](kernel_accuracy.png)",
            "",
            "What the states drawn span (B in uG, n in cm^-3, T in K, L in pc):",
            "",
            *ranges(measured),
            "",
            "The kernel expands transit-time damping in v_A/v where that is good, and sums it "
            "angle by angle where modes nearly across the field stay in resonance: at low "
            "rigidity, and wherever v_A/c is no longer small against Ma^(1/2). Where it is not "
            "good at all, outside the tables' range of Ma and for gyroradii above L/10, it gives "
            "NaN: such points are counted by the likelihood, and by constraints of the prior, and "
            "told with every result. No state of these priors is one.",
            "",
            f"Largest error that the reference estimates of itself: {own:.0e} (QUADPACK's "
            "estimates, which are pessimistic). Nested `scipy.integrate.quad`, in the paper's "
            "variables, gives the reference's numbers to 2e-6 at B = 24.866 uG, n = 1.1e-4 cm^-3, "
            "T = 1.1024e7 K, Ma = 0.20123, L = 9.3677 pc, at 0.05, 1 and 10 GV, and in an "
            "undamped cascade: `transport.fast_modes.nested_quad.kappa_nested_quad`.",
            "",
            f"Made by `{command}` with Python {platform.python_version()}, {versions}.",
            "",
        ]
    )
