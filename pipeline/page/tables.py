"""All tables of the page, as Markdown. What nobody has measured has no column and no row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from pipeline.page.cells import EARTH, PLACES, TRANSPORTS, VOYAGER, cell, label, ordered, table
from pipeline.page.findings import FIXED_PRODUCTION, THEORIES, Findings
from pipeline.page.fitted import FitTables
from pipeline.page.rows import PLAUSIBLE, Missing
from pipeline.page.shortcuts import Turn
from pipeline.page.words import deviation
from transport.full.effects import EFFECTS, FULL, PAPER

PREMISES = {
    "isotropy": "waves keep particles isotropic in the warm layer",
    "linear_damping": "turbulence damps waves in the halo, too",
}
"""By variant."""
_TOLD = {"more": "more", "less": "less", "same": "alike", "": "?"}
FEATURES = {
    "no_bc_slope": "B/C above 20 GV (its slope)",
    "no_hardening": "all above 200 GV (the hardening)",
    "no_peak": "B/C below 5 GV (its peak)",
}
"""What a variant leaves out of the data."""
ALSO_VOYAGER = {"no_peak": "B/C below 5 GV (its peak, and all of Voyager's)"}
"""The same where Voyager's points are among them."""


def _all_none(cells: dict[str, str]) -> bool:
    return all(text.removesuffix(" *") == "none" for text in cells.values())


class Tables(FitTables):
    """Those of agreement beside those of fits; see there for the parameters."""

    def front(self) -> str:
        """Bits at a factor of 2 of every theory, and the closest state."""
        columns = {
            f"{PLACES[place]}, {words}": self._column("acceptable_max_1", place, transport=name)
            for place in PLACES
            for name, words in TRANSPORTS.items()
        }
        for place in PLACES:
            floors = self._column("acceptable_max_floor", place, deviation)
            words = TRANSPORTS.get(self._main, self._main)
            columns[f"closest state, {PLACES[place]}, {words}"] = floors
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
        return table("theory", {h: c for h, c in columns.items() if not _all_none(c)})

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

    def against(self, find: Findings, laws: Sequence[str]) -> str:
        """Each theory against laws of diffusion, under the usual priors and under `wide`."""
        columns: dict[str, dict[str, str]] = {}
        for place, theory in product(PLACES, THEORIES):
            for law, priors in product(laws, (PLAUSIBLE, "wide")):
                try:
                    told = _TOLD[find.against(theory, law, place, priors=priors)]
                except Missing:
                    continue
                head = f"{label(law)}, `{priors}`"
                columns.setdefault(head, {})[f"{label(theory)}, {PLACES[place]}"] = told
        names = [f"{label(theory)}, {PLACES[place]}" for place in PLACES for theory in THEORIES]
        return table("against", columns, names)

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

    def _variant_runs(self, variants):
        return ordered(
            run for v in variants for run in self._rows.having("acceptable_max_1", variant=v)
        )

    def features(self, place: str) -> str:
        """Bits that each feature of the data carries: all data less those without it."""
        named = FEATURES | (ALSO_VOYAGER if place == VOYAGER else {})
        columns = {
            words: self._differences(
                lambda run: self._bits(run, place), lambda run, v=variant: self._bits(run, place, v)
            )
            for variant, words in named.items()
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

    def priors(self, other: str) -> str:
        """Bits under the usual priors and under another set."""
        there = self._rows.having("acceptable_max_1", priors=other)
        columns = {
            f"{PLACES[place]}, `{priors}`": self._column(
                "acceptable_max_1", place, runs=there, priors=priors
            )
            for place in PLACES
            for priors in (PLAUSIBLE, other)
        }
        return table("theory", columns)
