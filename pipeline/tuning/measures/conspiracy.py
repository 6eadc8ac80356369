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
- ``fit``: max |ln(model/data)| of no data set beyond what the posterior itself keeps to: the
  quantile of the posterior that it falls on, largest over the data sets, is no larger than for 95%
  of the posterior. (The maximum over all data would be that of the one set fitted worst.)

States beyond the constraints of the prior fail both: a plasma that cannot be there is no agreement.
The prior is otherwise a product, which a shuffle leaves as it is.
Bits of coordination are log2 (0.95 / acceptable share). With two sides that know nothing of each
other they are 0; I nats of mutual information make them about I / ln 2, as the share of a product
of marginals that falls into a typical set.

Nuisances (modulation, amplitudes of the discrepancy) are never moved; they stay with the rest. A
large amplitude forgives, so the likelihood criterion knows coordination only to the precision that
the posterior claims for the model; ``fit`` does not see the amplitudes, but its limits are those of
a posterior that had them. A problem without discrepancy, and draws of its own posterior, give the
coordination needed to fit the data to their errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pipeline.tuning.estimators.shuffling import (
    EACH,
    evaluate,
    key_of,
    pair_name,
    plan,
    quantile_reached,
    shuffle,
)
from pipeline.tuning.measures.columns import LOWER_BOUND, Theme, bits, number, percent
from pipeline.tuning.measures.measure import Group, Measure, Measured, register
from transport.parameters import NUISANCE_MEDIA, columns_by_medium

CRITERIA = ("likelihood", "fit")
KEPT = 0.95
"""Share of the posterior that meets each criterion."""
QUANTILES = np.linspace(0.0, 1.0, 101)

_BLOCKS = 20  # independent groups of draws, each shuffled within itself
_RESAMPLINGS = 200


@dataclass(frozen=True)
class Conspiracy:
    """Shuffle tests of one posterior.

    Attributes
    ----------
    tests : (n_tests) which media move, e.g. ``halo``, ``warm layer + halo``,
        `pipeline.tuning.estimators.shuffling.EACH`
    mean_loss, mean_loss_error : (n_tests,) nats, over states that are possible; NaN if none is
    median_loss, median_loss_error : (n_tests,) nats, as above
    impossible : (n_tests,) share beyond the prior's constraints or without a finite likelihood
    criteria : `CRITERIA`
    least_log_likelihood : nats, of the criterion ``likelihood``
    datasets, factors : (n_datasets) names, and the factors between model and data that the
        criterion ``fit`` allows
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
    least_log_likelihood: float
    datasets: tuple[str, ...]
    factors: np.ndarray
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
    media = tuple(medium for medium in columns if medium not in NUISANCE_MEDIA)
    if len(media) < 2:
        raise ValueError(f"a shuffle needs two media; the parameters describe {media}")
    size = len(draws) // _BLOCKS
    if size <= shuffles * len(media):
        least = _BLOCKS * (shuffles * len(media) + 1)
        raise ValueError(f"{len(draws)} draws are too few for {shuffles} shuffles; {least} will do")
    draws = rng.permutation(draws)[: size * _BLOCKS].reshape(_BLOCKS, size, -1)
    # the same partners in every test: then differences of losses are less noisy
    shifts = 1 + rng.permutation(size - 1)[: shuffles * len(media)].reshape(shuffles, len(media))
    tests = plan(media, columns)
    posterior, deviations, datasets = evaluate(problem, draws)
    shuffled = []
    for moved in tests.values():
        states = np.concatenate([shuffle(draws, moved, shift) for shift in shifts], axis=1)
        log_l, deviation, _ = evaluate(problem, states)
        shuffled.append([log_l, -quantile_reached(deviation, deviations)])
    posterior = np.array([posterior, -quantile_reached(deviations, deviations)])
    result = _estimate(posterior, np.stack(shuffled, axis=1), tuple(tests), media, rng)
    least, quantile = result.pop("thresholds")
    factors = np.exp(np.quantile(deviations, -quantile, axis=(1, 2)))
    return Conspiracy(
        least_log_likelihood=float(least), datasets=datasets, factors=factors, **result
    )


def _estimate(posterior, shuffled, tests, media, rng):
    """Fields of the result, of ln L and of minus the quantile reached, larger being better."""
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
    quantiles = [
        _of_possible(
            lambda log_l: np.quantile(log_l, QUANTILES), s, np.full(QUANTILES.size, np.nan)
        )
        for s in (posterior[0], *shuffled[0])
    ]
    return dict(
        tests=tests,
        mean_loss=estimate["mean"],
        mean_loss_error=error["mean"],
        median_loss=estimate["median"],
        median_loss_error=error["median"],
        impossible=1.0 - np.isfinite(shuffled[0]).mean(axis=(1, 2)),
        criteria=CRITERIA,
        thresholds=estimate["thresholds"],
        acceptable=share,
        acceptable_error=error["acceptable"],
        bits=np.log2(KEPT / least),
        bits_error=np.where(is_bound, np.nan, error["acceptable"] / (least * np.log(2.0))),
        is_bound=is_bound,
        media=media,
        link=estimate["link"],
        link_error=error["link"],
        log_likelihood=np.array(quantiles),
        n_draws=posterior[0].size,
        n_shuffled=n_shuffled,
    )


def _summary(posterior, shuffled, tests, media):
    """What is estimated, of the posterior (2, n_blocks, n) and all tests (2, n_tests, ...)."""
    thresholds = np.quantile(posterior, 1.0 - KEPT, axis=(1, 2))
    mean = posterior[0].mean() - np.array([_of_possible(np.mean, s) for s in shuffled[0]])
    median = np.median(posterior[0]) - [_of_possible(np.median, s) for s in shuffled[0]]
    loss = dict(zip(tests, mean, strict=True))
    link = np.full((len(media), len(media)), np.nan)
    for (i, a), (j, b) in combinations(enumerate(media), 2):
        link[i, j] = link[j, i] = 0.5 * (loss[a] + loss[b] - loss[pair_name(a, b)])
    acceptable = (shuffled >= thresholds[:, None, None, None]).mean(axis=(2, 3)).T
    return {
        "mean": mean, "median": median, "link": link,
        "acceptable": acceptable, "thresholds": thresholds,
    }  # fmt: skip


def _of_possible(function, log_likelihood, otherwise=np.nan):
    possible = log_likelihood[np.isfinite(log_likelihood)]
    return function(possible) if possible.size else otherwise


GROUP = Group("conspiracy", "shuffle tests and mutual information")
THEME = Theme(
    "Shuffled posterior draws",
    "Every medium taken from another posterior draw. Surviving: shares of the shuffled states "
    "that meet what 95% of the posterior meets, in ln L, and in the largest deviation from "
    "every data set. The latter forgives most where the posterior fits worst.",
    60,
)
_ALL = key_of(EACH)


def several_media(study) -> bool:
    """Whether what is sampled describes more than one medium."""
    media = {p.medium for p in study.problem.parameters} - {"", *NUISANCE_MEDIA}
    return len(media) >= 2


def _make(study):
    draws = study.draws("conspiracy", study.settings.shuffled_draws)
    return shuffle_tests(study.problem, draws, study.rng("conspiracy"))


def _rows(c, results):
    for i, test in enumerate(c.tests):
        key = key_of(test)
        yield Measured(f"{key}_mean_loss", c.mean_loss[i], c.mean_loss_error[i], "nats")
        yield Measured(f"{key}_median_loss", c.median_loss[i], c.median_loss_error[i], "nats")
        for j, criterion in enumerate(c.criteria):
            none, note = (f"none of {c.n_shuffled}", LOWER_BOUND) if c.is_bound[i, j] else ("", "")
            share, error = c.acceptable[i, j], c.acceptable_error[i, j]
            yield Measured(f"{key}_surviving_{criterion}", share, error, "", none)
            value, error = c.bits[i, j], c.bits_error[i, j]
            yield Measured(f"{key}_bits_{criterion}", value, error, "bits", note)


register(
    Measure(
        "conspiracy",
        Conspiracy,
        GROUP,
        _make,
        applies=several_media,
        settings=lambda study: {"draws": study.settings.shuffled_draws},
        rows=_rows,
        columns=(
            percent(THEME, "surviving, ln L", f"{_ALL}_surviving_likelihood"),
            percent(THEME, "surviving, fit", f"{_ALL}_surviving_fit"),
            bits(THEME, "coordination, ln L [bits]", f"{_ALL}_bits_likelihood"),
            number(THEME, "mean loss of ln L [nats]", f"{_ALL}_mean_loss"),
            number(THEME, "median loss of ln L [nats]", f"{_ALL}_median_loss"),
        ),
    )
)
