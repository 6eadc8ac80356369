"""What full transport changes: which numbers, which verdicts, and by which of its effects."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from pipeline.page.findings import DIFFUSION, THEORIES, Findings
from pipeline.page.rows import Missing, Number
from transport.full.effects import EFFECTS, FULL, PAPER


class Turn(NamedTuple):
    """A comparison of a theory with diffusion: ``more``, ``less``, ``same`` tuned, or ""."""

    theory: str
    baseline: str
    place: str
    paper: str
    full: str

    @property
    def turns(self) -> bool:
        """Whether both can be told, and differ."""
        return bool(self.paper and self.full) and self.paper != self.full


class Change(NamedTuple):
    """Bits with the paper's transport, and with full transport or one effect added to the paper's.

    One of the two may be a lower bound, where the other is below it.
    """

    run: str
    place: str
    transport: str
    before: Number
    after: Number

    @property
    def size(self) -> float:
        """Bits between the two, or the least that they can be."""
        return abs(self.after.value - self.before.value)

    @property
    def is_told(self) -> bool:
        """Whether both are numbers, or one a bound on the side away from the other."""
        if self.before.is_none or self.after.is_none:
            return False
        rise = self.after.value - self.before.value
        return not ((self.before.is_bound and rise >= 0.0) or (self.after.is_bound and rise <= 0.0))


class Shortcuts:
    """What the paper's shortcuts did.

    Parameters
    ----------
    find : findings of the study
    """

    def __init__(self, find: Findings):
        self._find = find

    def comparisons(self, places: Sequence[str]) -> list[Turn]:
        """Every comparison of a theory with diffusion that both transports have."""
        found = []
        for place, theory, baseline in product(places, THEORIES, DIFFUSION):
            try:
                told = [self._find.against(theory, baseline, place, t) for t in (PAPER, FULL)]
            except Missing:
                continue
            found.append(Turn(theory, baseline, place, *told))
        return found

    def turned(self, places: Sequence[str]) -> list[Turn]:
        """Those that full transport turns round, the sharpest first."""
        order = {"less": 0, "same": 1, "more": 2}
        turns = [t for t in self.comparisons(places) if t.turns]
        return sorted(turns, key=lambda t: -abs(order[t.full] - order[t.paper]))

    def opened(self, place: str, transport: str = FULL) -> list[str]:
        """Theories and diffusion that work with full transport, or with one effect, and never did
        with the paper's."""
        found = []
        for run in (*DIFFUSION, *THEORIES):
            try:
                before, after = (self._find.bits(run, place, t) for t in (PAPER, transport))
            except Missing:
                continue
            if before.is_none and not after.is_none:
                found.append(run)
        return found

    def openers(self, place: str) -> list[str]:
        """Single effects that let a theory or diffusion work that never did with the paper's.

        Raises
        ------
        Missing: there is none
        """
        if found := [effect for effect in EFFECTS if self.opened(place, effect)]:
            return found
        raise Missing("no effect lets anything work")

    def opened_by(self, effects: Sequence[str], place: str) -> list[str]:
        """What any of these effects lets work, see `opened`."""
        return list(dict.fromkeys(run for e in effects for run in self.opened(place, e)))

    def largest_change(
        self,
        places: Sequence[str],
        runs: Sequence[str] = (*THEORIES, *DIFFUSION),
        transports: Sequence[str] = (FULL,),
    ) -> Change:
        """Of theories that work and of diffusion, or of others, that whose bits full transport, or
        a single effect, changes most.

        Raises
        ------
        Missing: no theory has both
        """
        found = []
        for run, place, transport in product(runs, places, transports):
            try:
                before, after = (self._find.bits(run, place, t) for t in (PAPER, transport))
            except Missing:
                continue
            change = Change(run, place, transport, before, after)
            if change.is_told:
                found.append(change)
        if not found:
            raise Missing("no theory has both transports")
        return max(found, key=lambda change: change.size)
