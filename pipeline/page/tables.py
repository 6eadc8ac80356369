"""Tables of the page, as Markdown. What nobody has measured has no column and no row."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from pipeline.page.cells import cell, label, ordered, table
from pipeline.page.rows import Missing, Number, Rows
from pipeline.page.shortcuts import Turn
from pipeline.page.words import deviation, percent, probability, with_error
from pipeline.tuning.measures.holdouts import SHOWN as HOLDOUTS
from pipeline.tuning.tables.entries import NOT_CONVERGED
from transport.full.effects import EFFECTS, FULL, PAPER

_JOIN, _FORMULA = "\x00", 100  # stands for a space that no line ends at; width of formulae
EARTH, VOYAGER = "earth", "voyager"
PLACES = {EARTH: "Earth", VOYAGER: "with Voyager"}
TRANSPORTS = {PAPER: "paper", FULL: "full"}
PREMISES = {
    "isotropy": "waves keep particles isotropic in the warm layer",
    "linear_damping": "turbulence damps waves in the halo, too",
}
"""By variant."""
FIXED_PRODUCTION = "fixed_production"
_EVIDENCE = {"log_z": "evidence", "fit": "fit", "cost": "cost"}
"""Differences to a baseline, shown in bits."""
_TOLD = {"more": "more", "less": "less", "same": "alike", "": "?"}
FEATURES = {
    "no_bc_slope": "slope of B/C (above 20 GV)",
    "no_hardening": "hardening (all above 200 GV)",
    "no_peak": "peak of B/C (below 5 GV)",
}
"""What a variant leaves out of the data."""


def _as_bits(number: Number) -> str:
    return with_error(number.in_bits)


def _two_digits(number: Number) -> str:
    return with_error(number, 2)


def _broken(formula: str) -> str:
    """A long formula as lines of code, broken between its factors or terms and before its value."""
    factors, equals, value = formula.partition(" = ")
    whole = re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)", lambda m: m[0].replace(" ", _JOIN), factors)
    whole = re.sub(r" ([-+]) ([\d.]+) ", rf" \1{_JOIN}\2{_JOIN}", whole)
    lines = textwrap.wrap(
        whole, _FORMULA, initial_indent="    ", subsequent_indent=8 * " ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return "\n".join([*lines, f"        {equals.strip()} {value}"]).replace(_JOIN, " ")


class Tables:
    """All tables of a page.

    Parameters
    ----------
    rows : of the study
    main : the transport of the sections below the front
    """

    def __init__(self, rows: Rows, main: str):
        self._rows, self._main = rows, main

    def _column(self, measure, place, write=with_error, runs=None, **where):
        """Cells of one measure by run."""
        where = {"transport": self._main} | where
        found = {
            run: self._rows.find(run, measure, place, **where)
            for run in (self._rows.runs if runs is None else runs)
        }
        return {run: cell(number, write) for run, number in found.items() if number is not None}

    def front(self) -> str:
        """Bits at a factor of 2 of every theory, and the closest state."""
        columns = {
            f"{PLACES[place]}, {words}": self._column("acceptable_max_1", place, transport=name)
            for place in PLACES
            for name, words in TRANSPORTS.items()
        }
        for place in PLACES:
            floors = self._column("acceptable_max_floor", place, deviation)
            columns[f"closest state, {PLACES[place]}"] = floors
        return table("theory", columns)

    def fraction(self, kind: str) -> str:
        """Bits against the agreement asked for, of the criterion ``max``, ``rms`` or ``beyond``."""
        columns = {
            f"{words}, {PLACES[place]}": self._column(f"acceptable_{kind}_{epsilon}", place)
            for place in PLACES
            for epsilon, words in (("1", "factor 2"), ("0.5", "50%"), ("0.2", "20%"))
        }
        for place in PLACES:
            floors = self._column(f"acceptable_{kind}_floor", place, deviation)
            columns[f"closest, {PLACES[place]}"] = floors
        return table("theory", columns)

    def parts(self) -> str:
        """Bits for protons, for B/C, and for both."""
        if not self._rows.having("acceptable_max_1", selection="bc", transport=self._main):
            return ""
        columns = {
            f"{words}, {PLACES[place]}": self._column("acceptable_max_1", place, selection=name)
            for place in PLACES
            for name, words in (("proton", "protons"), ("bc", "B/C"), ("both", "both"))
        }
        return table("theory", columns)

    def verdicts(self, turns: Sequence[Turn]) -> str:
        """Each theory against each law of diffusion, with the paper's transport and with full."""
        columns: dict[str, dict[str, str]] = {}
        for turn in turns:
            full = f"**{_TOLD[turn.full]}**" if turn.turns else _TOLD[turn.full]
            cells = columns.setdefault(f"{label(turn.theory)}, {PLACES[turn.place]}", {})
            cells[label(turn.baseline)] = f"{_TOLD[turn.paper]} \N{RIGHTWARDS ARROW} {full}"
        return table("against", columns, list(dict.fromkeys(label(t.baseline) for t in turns)))

    def effects(self, place: str) -> str:
        """Bits with each effect by itself, of the runs that have them."""
        bits = "acceptable_max_1"
        runs = {run for effect in EFFECTS for run in self._rows.having(bits, transport=effect)}
        columns = {
            name.replace("_", " "): self._column(bits, place, runs=runs, transport=name)
            for name in (PAPER, *EFFECTS, FULL)
        }
        return table("theory", columns) if runs else ""

    def premises(self) -> str:
        """Bits of the plain case, and of each variant that is no feature of the data and no
        nuisance."""
        known = self._rows.values_of("variant")
        wanted = [v for v in known if v and v not in (*FEATURES, FIXED_PRODUCTION)]
        columns, names = {}, []
        for run in self._variant_runs(wanted):
            for variant in ("", *wanted):
                words = PREMISES.get(variant, variant.replace("_", " ")) if variant else "as it is"
                name = f"{label(run)}: {words}"
                for place, words_ in PLACES.items():
                    where = {"transport": self._main, "variant": variant}
                    found = self._rows.find(
                        run, "premise_acceptable_max_1", place, **where
                    ) or self._rows.find(run, "acceptable_max_1", place, **where)
                    if found is not None:
                        columns.setdefault(words_, {})[name] = cell(found)
                        names.append(name)
        return table("theory", columns, list(dict.fromkeys(names)))

    def cross_sections(self) -> str:
        """Bits with cross sections as uncertain as they are, and known exactly."""
        measure = "acceptable_max_1"
        runs = self._rows.having(measure, variant=FIXED_PRODUCTION)
        columns = {
            f"{words}, {PLACES[place]}": self._column(measure, place, runs=runs, variant=variant)
            for place in PLACES
            for variant, words in (("", "uncertain"), (FIXED_PRODUCTION, "known"))
        }
        return table("theory", columns) if runs else ""

    def _variant_runs(self, variants):
        return ordered(
            run for v in variants for run in self._rows.having("acceptable_max_1", variant=v)
        )

    def features(self, place: str) -> str:
        """Bits that each feature of the data carries: all data less those without it."""
        columns = {
            words: self._differences(
                lambda run: self._bits(run, place), lambda run, v=variant: self._bits(run, place, v)
            )
            for variant, words in FEATURES.items()
        }
        if place == VOYAGER:
            columns["Voyager's points"] = self._differences(
                lambda run: self._bits(run, VOYAGER), lambda run: self._bits(run, EARTH)
            )
        runs = self._variant_runs(FEATURES)
        return table("theory", {h: {r: c[r] for r in c if r in runs} for h, c in columns.items()})

    def _bits(self, run, place, variant=""):
        return self._rows.number(
            run, "acceptable_max_1", place, transport=self._main, variant=variant
        )

    def _differences(self, one, other):
        cells = {}
        for run in self._rows.runs:
            try:
                cells[run] = cell(one(run) - other(run))
            except Missing:
                continue
        return cells

    def evidence(self) -> str:
        """Evidence, fit and cost against Kolmogorov diffusion."""
        columns = {
            f"{words}, {PLACES[place]}": self._column(f"{key}_over_kolmogorov", place, _as_bits)
            for place in PLACES
            for key, words in _EVIDENCE.items()
        }
        return table("theory", columns)

    def without_baseline(self) -> list[str]:
        """Why a run is not held against Kolmogorov diffusion, a line a run."""
        found = {}
        for place in PLACES:
            for run in self._rows.runs:
                why = self._rows.note(run, "baseline_kolmogorov", place, transport=self._main)
                if why:
                    found.setdefault(run, f"{label(run)} has no such row: {why}.")
        return [found[run] for run in ordered(found)]

    def coordination(self) -> str:
        """What is left when media are shuffled, and the bits that this is worth."""
        columns = {}
        for place in PLACES:
            key = "acceptable_shuffle_each_medium"
            columns[f"still work, {PLACES[place]}"] = self._column(f"{key}_share", place, percent)
            columns[f"coordination [bits], {PLACES[place]}"] = self._column(f"{key}_bits", place)
        return table("theory", columns)

    def stiff(self, run: str, place: str = EARTH, most: int = 3) -> str:
        """The stiffest combinations of a theory, as a list of formulae."""
        texts = [
            number.note
            for name, number in self._rows.measures(run, "stiff", place, transport=self._main)
            if name == "stiffest_tolerance" or (name.startswith("stiff_") and name[6].isdigit())
            if name.endswith("_tolerance")
        ]
        return "\n".join(_broken(text) for text in texts[:most])

    def saved(self, most: int = 3) -> str:
        """The parameters whose measurement saves most bits."""
        columns = {}
        for place in PLACES:
            cells = {}
            for run in self._rows.having("saved_most", transport=self._main):
                found = self._rows.measures(run, "saved_by_", place, transport=self._main)
                best = sorted(found, key=lambda item: -item[1].value)[:most]
                if best:
                    names = [name.removeprefix("saved_by_") for name, _ in best]
                    texts = [cell(number, _two_digits) for _, number in best]
                    cells[run] = ", ".join(
                        f"`{name}` {text}" for name, text in zip(names, texts, strict=True)
                    )
            columns[f"saves most bits, {PLACES[place]}"] = cells
        return table("theory", columns)

    def pairs(self, runs: Sequence[str], place: str) -> str:
        """What separates each pair of theories most, by how much, and the precision it takes."""
        columns = {"part most in": {}, "by [sigma]": {}, "error needed for 3 sigma": {}}
        names = []
        for i, one in enumerate(runs):
            for other in runs[i + 1 :]:
                sigma = self._rows.find(one, f"separation_{other}", place, transport=self._main)
                if sigma is None:
                    continue
                name = f"{label(one)}, {label(other)}"
                names.append(name)
                columns["part most in"][name] = sigma.note.split(";")[0]
                columns["by [sigma]"][name] = cell(sigma)
                needed = self._rows.find(
                    one, f"separation_{other}_precision", place, transport=self._main
                )
                columns["error needed for 3 sigma"][name] = (
                    "none would do"
                    if needed is None
                    else f"{needed.value:.2f} in the slope"
                    if needed.unit == "in the slope"
                    else f"{100 * needed.value:.0f}%"
                )
        return table("theories", columns, names)

    def galaxies(self) -> str:
        """Slopes that an observer in another galaxy would infer."""
        columns = {}
        for place in PLACES:
            columns[f"delta, {PLACES[place]}"] = self._intervals("universality_prior_delta", place)
            columns[f"0.3 to 0.6, {PLACES[place]}"] = self._column(
                "universality_prior_score", place, percent
            )
        return table("theory", columns)

    def holdouts(self) -> str:
        """p-values of data that were not fitted, of fits to all data."""
        columns = {}
        for name, words in HOLDOUTS.items():
            cells = columns[words] = {}
            for run in self._rows.runs:
                if (found := self._holdout(run, name)) is not None:
                    flag = f" **{NOT_CONVERGED}**" if found.is_unconverged else ""
                    cells[run] = f"{probability(found.value)}{flag}"
        return table("theory", columns)

    def _holdout(self, run, name):
        found = self._rows.find(run, f"holdout_{name}_p", VOYAGER, transport=self._main)
        return None if found is None or found.note.startswith("no hold-out") else found

    def tension(self) -> str:
        """Protons against B/C."""
        columns = {}
        for place in PLACES:
            columns[f"ln S, {PLACES[place]}"] = self._column("tension_log_s", place)
            columns[f"tension [sigma], {PLACES[place]}"] = self._column("tension_sigma", place)
        return table("theory", columns)

    def slopes(self) -> str:
        """The slope of diffusion that the data want, and the share below Kolmogorov's."""
        columns = {}
        for place in PLACES:
            for name, words in TRANSPORTS.items():
                columns[f"delta, {PLACES[place]}, {words}"] = self._intervals(
                    "diffusion_slope", place, transport=name
                )
        return table("theory", columns)

    def _intervals(self, key, place, **where):
        where = {"transport": self._main} | where
        cells = {}
        for run in self._rows.runs:
            try:
                low, middle, high = (
                    self._rows.number(run, f"{key}_{q}", place, **where) for q in ("16", "50", "84")
                )
            except Missing:
                continue
            text = f"{middle.value:.2f} ({low.value:.2f} to {high.value:.2f})"
            cells[run] = text + (f" **{NOT_CONVERGED}**" if middle.is_unconverged else "")
        return cells

    def priors(self, other: str) -> str:
        """Bits under the usual priors and under another set."""
        columns = {
            f"{PLACES[place]}, `{priors}`": self._column("acceptable_max_1", place, priors=priors)
            for place in PLACES
            for priors in ("plausible", other)
        }
        there = self._rows.having("acceptable_max_1", priors=other)
        return table("theory", columns) if there else ""
