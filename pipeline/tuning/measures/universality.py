"""Universality: would other galaxies, with another medium, show the spectra of the Milky Way?

The paper (Sec. 6): fine-tuning "carries a message of non-universality". Here the medium scatters
and the theory stays: plasma, turbulence and geometry differ from galaxy to galaxy, injection, the
laws of transport (`Parameter.is_law`) and the Sun's modulation do not, and remain what they are in
a draw of the posterior: every theory that the data allow has galaxies of its own. Two scatters:

- the prior's, what one believes about the medium before looking at cosmic rays;
- a factor of two (uniform within +-0.3 dex) about the draw in every parameter of the medium, by
  itself, so that scenarios with vague priors are not blamed for them. Whatever the coordinate, the
  value is multiplied.

Score: the share of galaxies whose delta, as an observer infers it from B/C, lies in 0.3-0.6, the
range that the paper quotes for phenomenological models. Its error is how much it differs between
the theories that the data allow; of a law that is the same in all galaxies each has 0 or 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.tuning.measures.columns import Theme, interval_of, percent
from pipeline.tuning.measures.measure import Group, Measure, Measured, register
from transport.errors import CrtuneError
from transport.observables import DELTA, PROTON_SLOPE, observables
from transport.parameters import Parameter

WINDOW = (0.3, 0.6)
"""delta of kappa ~ R^delta (Amato & Blasi 2018, as the paper quotes them)."""
DEX = 0.3
"""Half-width of the scatter about a draw."""
DRAWS = 10_000
"""Galaxies; of 50 theories 200 each tell differences of 3% between theories from chance."""

MEDIA = ("warm layer", "halo", "gas disk")
"""Whose parameters scatter."""
GEOMETRY = frozenset({"r"})
"""Belongs to the injection elsewhere (it sets Q), but is a size of the galaxy."""

_BATCH = 2000
_MOST_TRIES = 500
_LEAST_GOOD = 0.5


@dataclass(frozen=True)
class Universality:
    """Slopes of n imaginary galaxies.

    Attributes
    ----------
    scatter : ``prior`` or ``factor``
    varied : names of the parameters that scatter
    proton_slope : (n,) d ln J / d ln R from 10 to 1000 GV; delta : (n,) from B/C, 20 to 500 GV
    proton_slope_best, delta_best : at the best fit
    proton_slope_interval, delta_interval : (3,) 16%, 50%, 84% quantiles
    window : (2,) what delta is asked to be
    score, score_error : share of delta inside the window; its standard deviation over the theories,
        that of so few galaxies of each taken off, and the error of the mean added
    theories : draws of the posterior, with n / theories galaxies each
    inside : share of the scatter that keeps the scenario's constraints; only that counts
    failed : galaxies without a finite slope, that the scenario refuses, or outside the constraints
        500 times, left out
    """

    scatter: str
    varied: tuple[str, ...]
    proton_slope: np.ndarray
    delta: np.ndarray
    proton_slope_best: float
    delta_best: float
    proton_slope_interval: np.ndarray
    delta_interval: np.ndarray
    window: np.ndarray
    score: float
    score_error: float
    theories: int
    inside: float
    failed: int


def environment(parameters: Sequence[Parameter]) -> np.ndarray:
    """(ndim,) bool: which parameters describe a galaxy's medium and geometry, not the theory."""
    return np.array(
        [(p.medium in MEDIA or p.name in GEOMETRY) and not p.is_law for p in parameters]
    )


def universality(
    problem,
    best: np.ndarray,
    posterior: np.ndarray,
    rng: np.random.Generator,
    scatter: str = "prior",
    n: int = DRAWS,
) -> Universality:
    """Slopes under scatter of the medium.

    Parameters
    ----------
    problem : a `pipeline.problem.Problem`
    best : (ndim,) coordinates of the best fit
    posterior : (n_theories, ndim) posterior draws of equal weight
    rng : source of all randomness
    scatter : ``prior``, or ``factor`` for 0.3 dex about each draw
    n : galaxies, cut to a multiple of the draws

    Raises
    ------
    ValueError: an unknown scatter
    CrtuneError: (almost) all of the scatter is outside the prior's constraints, or most of it
        without slopes
    """
    best, posterior = np.asarray(best, dtype=float), np.atleast_2d(posterior)
    varied = environment(problem.parameters)
    each = max(n // len(posterior), 1)
    theories = np.repeat(posterior, each, axis=0)
    galaxies, possible, inside = _scatter(problem, theories, varied, rng, scatter)
    slopes = np.full((len(galaxies), 2), np.nan)
    parts = np.array_split(np.flatnonzero(possible), max(len(galaxies) // _BATCH, 1))
    refusal = None
    for part in (part for part in parts if part.size):
        slopes[part], refused = _slopes(problem, galaxies[part])
        refusal = refused or refusal
    good = np.isfinite(slopes).all(axis=1)
    if good.mean() < _LEAST_GOOD:
        walls = ", ".join(str(c) for c in problem.prior.constraints) or "no constraints"
        raise CrtuneError(
            f"universality: of the galaxies ({scatter}) {100 * possible.mean():.0f}% are inside "
            f"the prior's constraints ({walls}) and {100 * good.mean():.0f}% have slopes"
            + (f"; the scenario refused some: {refusal}" if refusal else "")
        ) from refusal
    at_best = _slopes(problem, best[None])[0][0]
    proton, delta = slopes[good].T
    hit = (delta >= WINDOW[0]) & (delta <= WINDOW[1])
    owner = np.repeat(np.arange(len(posterior)), each)[good]
    return Universality(
        scatter=scatter,
        varied=tuple(p.name for p, v in zip(problem.parameters, varied, strict=True) if v),
        proton_slope=proton,
        delta=delta,
        proton_slope_best=float(at_best[0]),
        delta_best=float(at_best[1]),
        proton_slope_interval=np.quantile(proton, [0.16, 0.5, 0.84]),
        delta_interval=np.quantile(delta, [0.16, 0.5, 0.84]),
        window=np.array(WINDOW),
        score=float(hit.mean()),
        score_error=_score_error(hit, owner),
        theories=len(posterior),
        inside=inside,
        failed=int(np.sum(~good)),
    )


def _score_error(hit, owner):
    """Over the theories that own the galaxies; never below that of Jeffreys' posterior for a share
    of all, which does not vanish at 0 and 1."""
    count = np.bincount(owner)
    share = np.bincount(owner, hit)[count > 0] / count[count > 0]
    noise = share * (1.0 - share) / np.maximum(count[count > 0] - 1, 1)
    spread = share.var(ddof=1) if share.size > 1 else 0.0
    theory = max(spread - noise.mean(), 0.0)
    a, b = hit.sum() + 0.5, (~hit).sum() + 0.5
    least = a * b / ((a + b) ** 2 * (a + b + 1.0))
    return float(np.sqrt(max(theory + spread / share.size, least)))


def _scatter(problem, theories, varied, rng, scatter):
    """Coordinates (n, ndim), one galaxy of each of the `theories` (n, ndim); whether they are
    inside the constraints (n,), as those of some theories never are; the share of tries that was.
    """
    found, left, tries = theories.copy(), np.arange(len(theories)), 0
    for _ in range(_MOST_TRIES):
        theta = theories[left]
        if scatter == "prior":
            theta[:, varied] = problem.prior_transform(rng.random(theta.shape))[:, varied]
        elif scatter == "factor":
            factor = 10.0 ** rng.uniform(-DEX, DEX, theta.shape)
            for i in np.flatnonzero(varied):
                p = problem.parameters[i]
                theta[:, i] = p.to_coordinate(p.from_coordinate(theta[:, i]) * factor[:, i])
        else:
            raise ValueError(f"scatter {scatter!r} is neither 'prior' nor 'factor'")
        tries += len(left)
        kept = problem.satisfied(theta)
        found[left[kept]] = theta[kept]
        left = left[~kept]
        if not left.size:
            break
    possible = np.ones(len(theories), dtype=bool)
    possible[left] = False
    return found, possible, float(possible.sum() / tries)


def _slopes(problem, theta):
    """(n, 2) proton slope and delta, NaN where the medium is one that the scenario refuses, and the
    last refusal or None."""
    try:
        observed = observables(problem.scenario, problem.values(theta), transitions=False)
    except ValueError as error:
        if len(theta) == 1:
            return np.full((1, 2), np.nan), error
        middle = len(theta) // 2
        first, second = _slopes(problem, theta[:middle]), _slopes(problem, theta[middle:])
        return np.concatenate([first[0], second[0]]), second[1] or first[1]
    return np.stack([observed[PROTON_SLOPE], observed[DELTA]], axis=1), None


SCATTERS = {"prior": "prior", "factor": "factor 2"}
"""Of other galaxies' plasma, and how the tables call them."""
THEME = Theme(
    "Universality",
    "delta from B/C, as median [68%], in galaxies whose medium scatters as the prior or within "
    "a factor of two of a posterior draw, and the share of them with delta in 0.3-0.6, +- how "
    "it differs between the theories that the data allow.",
    70,
)
_GROUP = Group("universality", "slopes of other galaxies")
_FEW_REFUSED = 0.005


def _rows(u, results):
    key = f"universality_{u.scatter}"
    quantiles = zip(("16", "50", "84"), u.delta_interval, u.proton_slope_interval, strict=True)
    for name, delta, slope in quantiles:
        yield Measured(f"{key}_delta_{name}", delta)
        yield Measured(f"{key}_proton_slope_{name}", slope)
    note = f"delta in {u.window[0]:g}-{u.window[1]:g}"
    refused = u.failed / (u.failed + len(u.delta))
    left_out = f"{100 * refused:.1f}% of the galaxies left out: the scenario refuses them"
    flags = (left_out,) if refused > _FEW_REFUSED else ()
    yield Measured(f"{key}_score", u.score, u.score_error, "", note, flags)


def _declare(scatter, words):
    name = f"universality_{scatter}"

    def make(study):
        draws = study.draws("universality", study.settings.theories)
        return universality(study.problem, study.best, draws, study.rng(name), scatter)

    register(
        Measure(
            name,
            Universality,
            _GROUP,
            make,
            version=2,
            settings=lambda study: {"draws": study.settings.theories, "galaxies": DRAWS},
            rows=_rows,
            columns=(
                interval_of(THEME, f"delta, {words}", f"{name}_delta"),
                percent(THEME, f"in the window, {words}", f"{name}_score"),
            ),
        )
    )


for _kind, _words in SCATTERS.items():
    _declare(_kind, _words)
