"""How much of an acceptable fraction is coordination between media: shuffling what works.

Take states of the prior that are acceptable, g(theta) <= ln(1 + epsilon), as
`pipeline.tuning.estimators.acceptable` finds them, and give the medium A of one to the rest of
another. If the parts knew nothing of each other, all pairs would work:

    bits = -log2 (share of the shuffled states that are still acceptable).

-log2 F splits into the mutual information of A and the rest among acceptable states, which is the
relation between them, and what confines each part by itself. The bits above are a lower bound on
the first (-log2 of a mean against the mean of -log2, over the same density ratio; equal where the
parts match in cells of equal size). Neither the errors of the data nor a discrepancy enter.
`pipeline.tuning.measures.conspiracy` asks the same of the posterior.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy.stats import chi2

from pipeline.tuning.estimators.acceptable import STATES_EPSILON
from pipeline.tuning.estimators.copies import families
from pipeline.tuning.estimators.criteria import CRITERIA
from pipeline.tuning.estimators.shuffling import EACH, key_of, plan, shuffle
from pipeline.tuning.measures.columns import LOWER_BOUND, Theme, bits, percent
from pipeline.tuning.measures.conspiracy import GROUP
from pipeline.tuning.measures.measure import Measure, Measured, register
from transport.errors import CrtuneError
from transport.parameters import NUISANCE_MEDIA, Parameter, columns_by_medium

LEAST_STATES = 200
_BLOCKS = 20
_LEAST_FAIR = 0.8


@dataclass(frozen=True)
class Coincidence:
    """Shuffle tests of acceptable states; arrays of shape (n_tests,).

    Attributes
    ----------
    tests : what moves: a medium, a pair of media together, or each medium by itself
    epsilon : what is acceptable
    share, share_error : of the shuffled states that still are; NaN where too many are of copies
    n_states, n_shuffled : how many, before and after
    n_fair : (n_tests,) how many of the shuffled states count: in the others two parts are of copies
    """

    tests: tuple[str, ...]
    epsilon: float
    share: np.ndarray
    share_error: np.ndarray
    n_states: int
    n_shuffled: int
    n_fair: np.ndarray

    @property
    def is_bound(self) -> np.ndarray:
        """Whether so few survive, or none, that `bits` is a lower bound."""
        return self.share <= 2.0 * self.share_error

    @property
    def bits(self) -> np.ndarray:
        """-log2 of the share. Where `is_bound`, of its 95% upper limit: that of a Poisson number,
        or two errors above where that is more."""
        survivors = np.round(self.share * self.n_fair)
        poisson = 0.5 * chi2.ppf(0.95, 2.0 * (survivors + 1.0)) / np.maximum(self.n_fair, 1)
        most = np.maximum(poisson, self.share + 2.0 * self.share_error)
        return -np.log2(np.where(self.is_bound, np.minimum(most, 1.0), self.share))

    @property
    def bits_error(self) -> np.ndarray:
        """NaN where `is_bound`."""
        share = np.where(self.is_bound, np.nan, self.share)
        return self.share_error / (share * np.log(2.0))


def shuffle_acceptable(
    parameters: Sequence[Parameter],
    distance: Callable[[np.ndarray], np.ndarray],
    states: np.ndarray,
    epsilon: float,
    rng: np.random.Generator,
    shuffles: int = 2,
) -> Coincidence:
    """Shuffle media among acceptable states.

    Parameters
    ----------
    parameters : of the columns of `states`
    distance : g of coordinates (n, ndim), (n,); inf outside the prior
    states : (n, ndim) drawn from the prior cut at g <= ln(1 + epsilon)
    epsilon : what is acceptable
    rng : decides who gets what of whom
    shuffles : shuffled states of each test per state

    Notes
    -----
    States are dealt into 20 groups and shuffled within each; the error is the scatter of the
    groups. Shuffled states outside the prior's constraints are not acceptable. Markov chains leave
    copies of a state, of the whole or of some coordinates; with a partner that is a copy nothing is
    shuffled, so such pairs do not count.

    Raises
    ------
    CrtuneError: too few states, or fewer than two media
    """
    columns = columns_by_medium(parameters)
    media = tuple(medium for medium in columns if medium not in NUISANCE_MEDIA)
    if len(media) < 2 or len(states) < LEAST_STATES:
        raise CrtuneError(
            f"coincidence: {len(states)} acceptable states and {len(media)} media; "
            f"it needs {LEAST_STATES} and 2"
        )
    size = len(states) // _BLOCKS
    states = rng.permutation(states)[: size * _BLOCKS].reshape(_BLOCKS, size, -1)
    shifts = 1 + rng.permutation(size - 1)[: shuffles * len(media)] % (size - 1)
    shifts = np.resize(shifts, (shuffles, len(media)))
    tests = plan(media, columns)
    whose = _families(states)
    hits, fair_ones = [], []
    for moved in tests.values():
        shuffled = np.concatenate([shuffle(states, moved, shift) for shift in shifts], axis=1)
        kept = distance(shuffled.reshape(-1, states.shape[-1])) <= np.log1p(epsilon)
        kept = kept.reshape(_BLOCKS, -1)
        owners = np.concatenate([shuffle(whose, moved, shift) for shift in shifts], axis=1)
        fair = _of_different_states(owners, moved)
        enough = fair.mean() >= _LEAST_FAIR
        hits.append((kept & fair).sum(axis=1) / fair.sum(axis=1) if enough else [np.nan] * _BLOCKS)
        fair_ones.append(fair.sum())
    share, error = np.mean(hits, axis=1), np.std(hits, axis=1, ddof=1) / np.sqrt(_BLOCKS)
    return Coincidence(
        tests=tuple(tests),
        epsilon=float(epsilon),
        share=share,
        share_error=error,
        n_states=size * _BLOCKS,
        n_shuffled=shuffles * size * _BLOCKS,
        n_fair=np.array(fair_ones),
    )


def _families(states):
    """The family of every state, in every coordinate, in the shape of `states`."""
    flat = states.reshape(-1, states.shape[-1])
    return np.repeat(families(flat)[:, None], flat.shape[1], axis=1).reshape(states.shape)


def _of_different_states(owners, moved):
    """(n_blocks, n) whether what moved and what stayed are of states without a common copy."""
    stayed = np.setdiff1d(np.arange(owners.shape[-1]), np.concatenate(moved))
    groups = [columns[0] for columns in moved] + list(stayed[:1])
    parts = np.sort(owners[..., groups], axis=-1)
    return (np.diff(parts, axis=-1) != 0).all(axis=-1)


THEME = Theme(
    "Shuffled states of the prior",
    "States of the prior within a factor of 2 of every data point, with the medium named taken "
    "from another such state: the share that still is, and -log2 of it, a lower bound on the "
    "bits that all media must know of each other. Without discrepancy.",
    50,
)
_SHOWN = {"warm layer": "warm layer", "halo": "halo", "injection": "injection", EACH: "all media"}
"""Tests in the tables for people, and how they are called there."""


def _make(study):
    fraction = study.result("acceptable_max")
    rule = CRITERIA[fraction.criterion]
    return shuffle_acceptable(
        study.bare_problem.parameters,
        lambda theta: rule.distance(study.bare_problem, theta),
        fraction.states,
        STATES_EPSILON,
        study.rng("coincidence"),
    )


def _applies(study):
    """Not where too few states are acceptable, or all describe one medium."""
    media = {p.medium for p in study.bare_problem.parameters} - set(NUISANCE_MEDIA)
    fraction = study.result("acceptable_max")
    return fraction is not None and len(fraction.states) >= LEAST_STATES and len(media) >= 2


def _rows(found, results):
    for i, test in enumerate(found.tests):
        key, note = f"acceptable_{key_of(test)}", LOWER_BOUND if found.is_bound[i] else ""
        yield Measured(f"{key}_share", found.share[i], found.share_error[i], "", test)
        yield Measured(f"{key}_bits", found.bits[i], found.bits_error[i], "bits", note)


register(
    Measure(
        "coincidence",
        Coincidence,
        GROUP,
        _make,
        source="draws",
        version=5,
        applies=_applies,
        settings=lambda study: asdict(study.settings.acceptable),
        rows=_rows,
        columns=(
            *(
                percent(THEME, f"{words}, still within", f"acceptable_{key_of(test)}_share")
                for test, words in _SHOWN.items()
            ),
            bits(THEME, "coordination of all media [bits]", f"acceptable_{key_of(EACH)}_bits"),
        ),
    )
)
