"""The mix of proposals that runs use.

Differential evolution (ter Braak 2006; Nelson et al. 2013) with emcee's own, correct `DEMove`,
one step in ten with gamma = 1, which can carry a walker from one mode to another. What counts is
effective draws per evaluation of the model, and a proposal outside the prior's walls costs none. So
half-length steps, and steps in coordinates mapped so that there are no walls, were not taken: their
autocorrelation time is shorter by up to a third, their cost greater by more than that
(``tests/moves_benchmark.py`` measures this on a posterior like the project's).

emcee 3.1.6 ships a snooker move with the wrong Jacobian and a Gaussian move that shifts all
walkers alike; neither is used. The mix is tested for the variance it returns.
"""

from __future__ import annotations

from emcee.moves import DEMove, Move


def default_moves() -> list[tuple[Move, float]]:
    """The mix for a curved posterior with strong degeneracies, as (move, probability)."""
    return [(DEMove(), 0.9), (DEMove(gamma0=1.0), 0.1)]


def describe_moves(moves) -> str:
    """A mix in words, for the chain file."""
    return ", ".join(f"{weight:g} {_describe(move)}" for move, weight in moves)


def _describe(move) -> str:
    hidden = ("nsplits", "live_dangerously", "randomize_split", "g0")
    options = {k: v for k, v in vars(move).items() if k not in hidden and v is not None}
    inside = ", ".join(f"{key}={value:g}" for key, value in options.items())
    return f"{type(move).__name__}({inside})"
