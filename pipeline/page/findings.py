"""What follows from several rows together: verdicts, what premises cost, what floors are set by."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from pipeline.page.cells import PLACES
from pipeline.page.rows import Missing, Number, Rows
from pipeline.page.words import located, name_of, verdict
from pipeline.tuning.measures.floor_points import SEPARATOR
from pipeline.tuning.tables.entries import BETWEEN_NOTES

THEORIES = ("two_phase", "stratified_halo")
DIFFUSION = ("kolmogorov", "kolmogorov_break", "power_law_diffusion", "power_law_break")
SINGLE = (
    "fast_modes",
    "undamped_cascade",
    "weak_shocks",
    "self_confinement_linear",
    "self_confinement_nonlinear",
    "pressure_anisotropy",
)
"""One mechanism of scattering everywhere."""
FIXED_PRODUCTION = "fixed_production"
"""The variant whose cross sections are known."""
SIGNIFICANT = 2.0
"""Bits more than Kolmogorov diffusion that make fine-tuning significant: four times rarer."""
MEASURE = "acceptable_max_1"
FLOOR = "acceptable_max_floor"


class Largest(NamedTuple):
    """The largest of a number over theories, laws of diffusion and places."""

    run: str
    place: str
    number: Number


class Findings:
    """Findings of a study.

    Parameters
    ----------
    rows : of the study
    main : the transport of the sections below the front
    """

    def __init__(self, rows: Rows, main: str):
        self._rows, self._main = rows, main

    def bits(
        self,
        run: str,
        place: str,
        transport: str | None = None,
        variant: str = "",
        measure: str = MEASURE,
        **where: str,
    ) -> Number:
        """Bits within a factor of 2, at every point or by another measure, of the rows `where`.

        Raises
        ------
        Missing: not measured
        """
        where = {"transport": transport or self._main, "variant": variant} | where
        return self._rows.number(run, measure, place, **where)

    def has_bits(self, runs: Sequence[str], place: str) -> bool:
        """Whether all of these were measured, so that a sentence can go on about them."""
        where = {"transport": self._main}
        return all(self._rows.find(run, MEASURE, place, **where) is not None for run in runs)

    def against(
        self,
        one: str,
        other: str,
        place: str,
        transport: str | None = None,
        measure: str = MEASURE,
        **where: str,
    ) -> str:
        """``more``, ``less`` or ``same``: tuning of the first theory against the second's, `bits`.

        Raises
        ------
        Missing: not measured
        """
        each = (self.bits(run, place, transport, measure=measure, **where) for run in (one, other))
        return verdict(*each)

    def turned_by_priors(self, other: str, places: Sequence[str], laws: Sequence[str]) -> list[str]:
        """Places where another prior set gives another verdict on one of the paper's models."""
        return [
            p for p in places if any(self._turns(other, p, t, w) for t in THEORIES for w in laws)
        ]

    def _turns(self, other, place, theory, law):
        try:
            usual = self.against(theory, law, place)
            return usual != self.against(theory, law, place, priors=other)
        except Missing:
            return False

    def main_feature(self, run: str, place: str, features: Sequence[str]) -> tuple[str, Number]:
        """Of variants without a feature of the data, that which takes most bits off, and how many.

        Raises
        ------
        Missing: none was measured
        """
        found = []
        for variant in features:
            try:
                without = self.bits(run, place, variant=variant)
                found.append((variant, self.bits(run, place) - without))
            except Missing:
                continue
        if not found:
            raise Missing("no feature was left out")
        return max(found, key=lambda item: item[1].value)

    def significant(self) -> str:
        """Whether working theories take `SIGNIFICANT` bits more than Kolmogorov diffusion does.

        ``yes``, ``no`` or ``partly``, over the theories, at Earth and with Voyager; against
        Kolmogorov diffusion with its break where that takes fewer bits.

        Raises
        ------
        Missing: not measured
        """
        told = [bool(words) for words in self._excess()]
        return "yes" if all(told) else "partly" if any(told) else "no"

    def _excess(self):
        """Of each theory and place, in words where it takes many more bits, "" elsewhere."""
        for theory in THEORIES:
            for place in PLACES:
                significant = self._is_significant(self.bits(theory, place), place)
                yield f"{name_of(theory)} {located(place)}" if significant else ""

    def significant_or_none(self) -> str:
        """As `significant`; "" where something is missing."""
        try:
            return self.significant()
        except Missing:
            return ""

    def more_tuned(self) -> list[str]:
        """Which theories take many more bits than Kolmogorov diffusion, and where, in words."""
        return [words for words in self._excess() if words]

    def has_premise(self) -> bool:
        """Whether the cost of the two-phase model's premise was measured."""
        where = {"transport": self._main, "variant": "isotropy"}
        return self._rows.find("two_phase", f"premise_{MEASURE}", "earth", **where) is not None

    def premise(self) -> Number:
        """Bits at Earth that the two-phase model's premise adds, its share of the prior counted;
        where hardly a state or none meets it, what is known of them.

        Raises
        ------
        Missing: not measured
        """
        where = {"transport": self._main, "variant": "isotropy"}
        held = self._rows.number("two_phase", f"premise_{MEASURE}", "earth", **where)
        return held - self.bits("two_phase", "earth") if held.is_known else held

    def premise_is_significant(self) -> bool:
        """Whether with its premise enforced the two-phase model takes `SIGNIFICANT` bits more than
        Kolmogorov diffusion at Earth.

        Raises
        ------
        Missing: not measured
        """
        held = self.bits(
            "two_phase", "earth", variant="isotropy", measure=f"premise_{MEASURE}"
        )  # fmt: skip
        return self._is_significant(held, "earth")

    def _is_significant(self, number, place):
        each = [verdict(number, self.bits(base, place), SIGNIFICANT) for base in DIFFUSION[:2]]
        return "more" in each

    def rival_mechanisms(self, place: str) -> list[str]:
        """Single mechanisms that take no more bits than the two-phase model."""
        found = []
        for run in SINGLE:
            try:
                if self.against(run, "two_phase", place) in ("same", "less"):
                    found.append(run)
            except Missing:
                continue
        return found

    def known_cross_sections(self, places: Sequence[str]) -> Largest:
        """By how much bits change most where cross sections are known exactly.

        Raises
        ------
        Missing: not measured
        """

        def change(run, place):
            known = self.bits(run, place, variant=FIXED_PRODUCTION)
            return known - self.bits(run, place)

        return self._largest(change, places)

    def worst_tension(self, places: Sequence[str]) -> Largest:
        """The largest tension between protons and B/C, in sigma.

        Raises
        ------
        Missing: not measured
        """
        return self._largest(
            lambda run, place: self._rows.number(
                run, "tension_sigma", place, transport=self._main
            ), places,
        )  # fmt: skip

    def _largest(self, measured, places):
        found = []
        for run, place in product((*THEORIES, *DIFFUSION), places):
            try:
                found.append(Largest(run, place, measured(run, place)))
            except Missing:
                continue
        if not found:
            raise Missing("not measured")
        return max(found, key=lambda found: abs(found.number.value))

    def held_back(self, place: str) -> list[str]:
        """Points that set the floors of all theories that work and of all diffusion, in words.

        Raises
        ------
        Missing: no floor is known, or nothing is common to all
        """
        notes = [
            self._rows.note(run, f"{FLOOR}_points", place, transport=self._main)
            for run in (*DIFFUSION, *THEORIES)
        ]
        each = [note.partition(BETWEEN_NOTES)[0].split(SEPARATOR) for note in notes if note]
        common = [text for text in (each or [[]])[0] if all(text in texts for texts in each)]
        if not common:
            raise Missing("no points are known that set the floors")
        return common

    def lowest_floor(self, place: str) -> Number:
        """The smallest deviation of any theory that works or diffusion.

        Raises
        ------
        Missing: no floor is known
        """
        found = [
            number
            for run in (*DIFFUSION, *THEORIES)
            if (number := self._rows.find(run, FLOOR, place, transport=self._main)) is not None
        ]
        if not found:
            raise Missing("no floor")
        return min(found, key=lambda number: number.value)

    def second_route(self, places: Sequence[str]) -> Number:
        """The largest difference of ln Z to a second way of measuring it.

        Raises
        ------
        Missing: none was made
        """
        found = [
            number
            for run in self._rows.having("evidence_minus_nested", transport=self._main)
            for place in places
            if (number := self._rows.find(
                run, "evidence_minus_nested", place, transport=self._main
            )) is not None
        ]  # fmt: skip
        if not found:
            raise Missing("no second route")
        return max(found, key=lambda number: abs(number.value))
