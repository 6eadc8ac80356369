"""The shuffle test: how much of a fit rests on one medium knowing about the others.

Take draws theta_i of the posterior, and give the medium A of one draw to the rest of another,

    theta'_i = (A of draw j, everything else of draw i),   j != i,

so that every part is one that the data like, and only the parts' coordination is gone. The rest
stays together: permuting A breaks all its links at once, so a test has one medium (or several that
move together) on one side and *everything else* on the other, "A against B" being no shuffle of
its own. What A and B alone have with each other follows from three tests,

    link(A, B) = 1/2 (loss(A) + loss(B) - loss(A and B together)),

where a loss is <ln L>_posterior - <ln L>_shuffled. For a Gaussian posterior of covariance C, and
C' the same with zeros between what moves and what stays, loss = 1/2 (tr C^-1 C' - d), a sum over
pairs of media that are torn apart, and the link is -tr (C^-1)_AB C_BA exactly. Losses have heavy
tails, hence the median too (difference of medians).

A shuffled state is acceptable by two criteria, each of which 95% of the posterior meet by
construction, so that nothing depends on how good the fit is:

- ``likelihood``: ln L no lower than the posterior's own 5th percentile;
- ``fit``: max |ln(model/data)| over all data no larger than the posterior's 95th percentile.

States beyond the constraints of the prior fail both: a plasma that cannot be there is no agreement.
The prior is otherwise a product, which a shuffle leaves as it is.
Bits of coordination are log2 (0.95 / acceptable share). With two sides that know nothing of each
other they are 0; I nats of mutual information make them about I / ln 2, as the share of a product
of marginals that falls into a typical set.

Nuisances (modulation, amplitudes of the discrepancy) are never moved; they stay with the rest. A
large amplitude forgives, so the likelihood criterion knows coordination only to the precision that
the model claims for itself; the criterion ``fit`` does not see amplitudes at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from transport.parameters import columns_by_medium

NUISANCES = ("heliosphere", "model error")
"""Media that are never moved."""
CRITERIA = ("likelihood", "fit")
KEPT = 0.95
"""Share of the posterior that meets each criterion."""
EACH = "each medium"
"""Name of the test in which every medium comes from another draw."""
QUANTILES = np.linspace(0.0, 1.0, 101)

_BLOCKS = 20  # independent groups of draws, each shuffled within itself
_RESAMPLINGS = 200
_BATCH = 1000


@dataclass(frozen=True)
class Conspiracy:
    """Shuffle tests of one posterior.

    Attributes
    ----------
    tests : (n_tests) which media move, e.g. ``halo``, ``halo + warm layer``, `EACH`
    mean_loss, mean_loss_error : (n_tests,) nats, over states that are possible
    median_loss, median_loss_error : (n_tests,) nats, as above
    impossible : (n_tests,) share beyond the prior's constraints or without a finite likelihood
    criteria : `CRITERIA`
    thresholds : (2,) least ln L (nats), largest max |ln(model/data)|
    acceptable, acceptable_error : (n_tests, 2) share of all shuffled states
    bits, bits_error : (n_tests, 2); a lower bound at 95% confidence where `is_bound`, error NaN
    is_bound : (n_tests, 2) bool, no shuffled state was acceptable
    media : those that were moved
    link, link_error : (n_media, n_media) nats; the diagonal is NaN
    log_likelihood : (1 + n_tests, 101) quantiles of ln L at `QUANTILES`, of the posterior and of
        the possible shuffled states of each test
    n_draws, n_shuffled : draws of the posterior, shuffled states of each test
    """

    tests: tuple[str, ...]
    mean_loss: np.ndarray
    mean_loss_error: np.ndarray
    median_loss: np.ndarray
    median_loss_error: np.ndarray
    impossible: np.ndarray
    criteria: tuple[str, ...]
    thresholds: np.ndarray
    acceptable: np.ndarray
    acceptable_error: np.ndarray
    bits: np.ndarray
    bits_error: np.ndarray
    is_bound: np.ndarray
    media: tuple[str, ...]
    link: np.ndarray
    link_error: np.ndarray
    log_likelihood: np.ndarray
    n_draws: int
    n_shuffled: int


def shuffle_tests(problem, draws, rng: np.random.Generator, shuffles: int = 4) -> Conspiracy:
    """Every medium and every pair of media against everything else, and all apart.

    Parameters
    ----------
    problem : with `parameters`, `values`, `log_prior` and a `likelihood` that predicts
    draws : (n, ndim) independent posterior draws of equal weight; n is cut to a multiple of 20
    rng : decides who gets what of whom
    shuffles : shuffled states of each test per draw

    Notes
    -----
    The draws are dealt into 20 groups and shuffled within each (no draw meets itself, no two twice)
    so the groups are independent; errors come from a bootstrap over groups, thresholds included.

    Raises
    ------
    ValueError: draws of another dimension or too few of them, or fewer than two media
    """
    draws = np.asarray(draws, dtype=float)
    if draws.ndim != 2 or draws.shape[1] != len(problem.parameters):
        raise ValueError(f"draws: shape {draws.shape}, expected (n, {len(problem.parameters)})")
    columns = columns_by_medium(problem.parameters)
    media = tuple(medium for medium in columns if medium not in NUISANCES)
    if len(media) < 2:
        raise ValueError(f"a shuffle needs two media; the parameters describe {media}")
    size = len(draws) // _BLOCKS
    if size <= shuffles * len(media):
        least = _BLOCKS * (shuffles * len(media) + 1)
        raise ValueError(f"{len(draws)} draws are too few for {shuffles} shuffles; {least} will do")
    draws = rng.permutation(draws)[: size * _BLOCKS].reshape(_BLOCKS, size, -1)
    # the same partners in every test: then differences of losses are less noisy
    shifts = 1 + rng.permutation(size - 1)[: shuffles * len(media)].reshape(shuffles, len(media))
    tests = _tests(media, columns)
    posterior = _evaluate(problem, draws)
    shuffled = np.stack(
        [
            np.concatenate([_evaluate(problem, _shuffle(draws, moved, s)) for s in shifts], axis=2)
            for moved in tests.values()
        ],
        axis=1,
    )
    return _result(posterior, shuffled, tuple(tests), media, rng)


def _tests(media, columns):
    """Name of each test to the columns that move, one array for each partner they come from."""
    tests = {medium: [columns[medium]] for medium in media}
    for a, b in combinations(media, 2):
        tests[_pair(a, b)] = [np.concatenate([columns[a], columns[b]])]
    tests[EACH] = [columns[medium] for medium in media]
    return tests


def _pair(a, b):
    return f"{a} + {b}"


def _shuffle(draws, moved, shifts):
    """Draws (n_blocks, n, ndim) with columns from `shifts` rows away in the same block."""
    shuffled = draws.copy()
    for columns, shift in zip(moved, shifts, strict=False):
        shuffled[..., columns] = np.roll(draws[..., columns], shift, axis=1)
    return shuffled


def _evaluate(problem, theta):
    """ln L and -max |ln(model/data)|, (2, n_blocks, n); -inf where impossible."""
    flat = theta.reshape(-1, theta.shape[-1])
    found = np.full((2, len(flat)), -np.inf)
    inside = np.flatnonzero(problem.log_prior(flat) > -np.inf)
    for start in range(0, len(inside), _BATCH):
        part = inside[start : start + _BATCH]
        values = problem.values(flat[part])
        predictions = problem.likelihood.predict(values)
        log_l = problem.likelihood.log_likelihood_of(predictions, values).sum(axis=1)
        worst = np.max(list(problem.likelihood.max_abs_log_ratio_of(predictions).values()), axis=0)
        possible = np.isfinite(log_l) & np.isfinite(worst)
        found[:, part] = np.where(possible, [log_l, -worst], -np.inf)
    return found.reshape(2, *theta.shape[:-1])


def _result(posterior, shuffled, tests, media, rng):
    estimate = _summary(posterior, shuffled, tests, media)
    resampled = []
    for _ in range(_RESAMPLINGS):
        chosen = rng.integers(_BLOCKS, size=_BLOCKS)
        resampled.append(_summary(posterior[:, chosen], shuffled[:, :, chosen], tests, media))
    error = {k: np.std([s[k] for s in resampled], axis=0, ddof=1) for k in estimate}
    n_shuffled = shuffled[0, 0].size
    share, is_bound = estimate["acceptable"], estimate["acceptable"] == 0
    # 0 of n happens in 5% of cases where the share is 3 / n
    least = np.where(is_bound, 3.0 / n_shuffled, share)
    states = [posterior[0], *shuffled[0]]
    return Conspiracy(
        tests=tests,
        mean_loss=estimate["mean"],
        mean_loss_error=error["mean"],
        median_loss=estimate["median"],
        median_loss_error=error["median"],
        impossible=1.0 - np.isfinite(shuffled[0]).mean(axis=(1, 2)),
        criteria=CRITERIA,
        thresholds=estimate["thresholds"] * [1.0, -1.0],
        acceptable=share,
        acceptable_error=error["acceptable"],
        bits=np.log2(KEPT / least),
        bits_error=np.where(is_bound, np.nan, error["acceptable"] / (least * np.log(2.0))),
        is_bound=is_bound,
        media=media,
        link=estimate["link"],
        link_error=error["link"],
        log_likelihood=np.array([np.quantile(s[np.isfinite(s)], QUANTILES) for s in states]),
        n_draws=posterior[0].size,
        n_shuffled=n_shuffled,
    )


def _summary(posterior, shuffled, tests, media):
    """What is estimated, of the posterior (2, n_blocks, n) and all tests (2, n_tests, ...)."""
    thresholds = np.quantile(posterior, 1.0 - KEPT, axis=(1, 2))
    possible = [s[np.isfinite(s)] for s in shuffled[0]]
    mean = posterior[0].mean() - np.array([s.mean() for s in possible])
    median = np.median(posterior[0]) - np.array([np.median(s) for s in possible])
    loss = dict(zip(tests, mean, strict=True))
    link = np.full((len(media), len(media)), np.nan)
    for (i, a), (j, b) in combinations(enumerate(media), 2):
        link[i, j] = link[j, i] = 0.5 * (loss[a] + loss[b] - loss[_pair(a, b)])
    acceptable = (shuffled >= thresholds[:, None, None, None]).mean(axis=(2, 3)).T
    return {
        "mean": mean, "median": median, "link": link,
        "acceptable": acceptable, "thresholds": thresholds,
    }  # fmt: skip
