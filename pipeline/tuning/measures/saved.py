"""What to measure next: the bits that an independent measurement of one parameter would save.

Measure theta_i without cosmic rays, to 10%: the result is x = ln theta_i + 0.1 times a standard
normal. The prior then becomes p(theta | x), and of it

    F(x) = P(acceptable | x) = F p(x | acceptable) / p(x)

is acceptable, by Bayes' theorem. If the theory is right, x comes from p(x | acceptable), so on
average the theory is tuned by

    -log2 F - <log2 F(x)> = integral dx p(x | acceptable) log2 [p(x | acceptable) / p(x)]

bits less: the Kullback-Leibler divergence of what agreement demands of theta_i from what was known
before, both smoothed by the measurement's error. It is what agreement asks of this parameter by
itself, and more precise measurements give more. Exponents, and whatever may be negative, are
measured to 0.1.

Densities are histograms in cells of a fifth of the error, smoothed. The divergence of n states is
too large by about sum (K^2 * p) / p_s^2 p_s / 2n, K being the kernel, p_s the smoothed density; it
is subtracted, and half of it is taken for an error, beside the bootstrap's. The bootstrap draws
families of copies, as Markov chains leave them; what else chains remember is told with the number.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy.ndimage import convolve1d

from pipeline.tuning.estimators.acceptable import MOST_STATES, STATES_EPSILON
from pipeline.tuning.estimators.copies import families
from pipeline.tuning.measures.acceptable import GROUP, REMEMBERED
from pipeline.tuning.measures.acceptable_at import remembered
from pipeline.tuning.measures.columns import LOWER_BOUND, Theme, with_note
from pipeline.tuning.measures.measure import Measure, Measured, register

PRECISION = 0.1
"""Of the measurement, in ln(value), or in the value of an exponent."""
LEAST_STATES = 200
PRIOR_DRAWS = 100_000
_CELLS = 5  # in one error
_RESAMPLINGS = 100
_LEAST_DRAWS = 5  # of the prior in a cell of the kernel's width, below which its density is unknown
_MOST_UNKNOWN = 0.01


@dataclass(frozen=True)
class BitsSaved:
    """Bits that a measurement of each parameter saves, (d,) each.

    Attributes
    ----------
    names : of the parameters
    epsilon : what is acceptable
    precision : of the measurement
    bits, bits_error : with the bias of finite states taken off
    bias : what was taken off
    is_bound : whether agreement wants values that the prior's draws hardly reach
    n_states, n_families : how many, and how many without copies
    """

    names: tuple[str, ...]
    epsilon: float
    precision: float
    bits: np.ndarray
    bits_error: np.ndarray
    bias: np.ndarray
    is_bound: np.ndarray
    n_states: int
    n_families: int


def bits_saved(
    names,
    states: np.ndarray,
    prior: np.ndarray,
    rng: np.random.Generator,
    epsilon: float = STATES_EPSILON,
    precision: float = PRECISION,
) -> BitsSaved:
    """Bits that a measurement of each column saves.

    Parameters
    ----------
    names : (d,) of the columns
    states : (n, d) acceptable states; columns as ln(value), or the value of an exponent
    prior : (m, d) draws from the prior
    rng : of the bootstrap, which draws families of copies
    epsilon : what is acceptable, to be noted
    precision : standard deviation of a measurement
    """
    family = families(states)
    size = np.bincount(family)
    effective = len(states) ** 2 / np.sum(size.astype(float) ** 2)
    chosen = rng.integers(len(size), size=(_RESAMPLINGS, len(size)))
    # weights of the states: how often the bootstrap drew their family
    weights = [np.bincount(row, minlength=len(size))[family] for row in chosen]
    rows = []
    for column, before in zip(states.T, prior.T, strict=True):
        cells = _Cells(before, column, precision)
        bits, bias = cells.divergence(np.ones(len(column)), effective)
        scatter = np.std([cells.divergence(w, effective)[0] for w in weights], ddof=1)
        rows.append((bits, np.hypot(scatter, 0.5 * bias), bias, cells.unknown() > _MOST_UNKNOWN))
    bits, error, bias, bound = np.transpose(rows)
    return BitsSaved(
        names=tuple(names),
        epsilon=float(epsilon),
        precision=float(precision),
        bits=bits,
        bits_error=error,
        bias=bias,
        is_bound=bound.astype(bool),
        n_states=len(states),
        n_families=len(size),
    )


class _Cells:
    """Histograms of one parameter on a common grid, smoothed by the error of a measurement."""

    def __init__(self, prior, states, precision):
        step = precision / _CELLS
        low = min(prior.min(), states.min()) - 5.0 * precision
        high = max(prior.max(), states.max()) + 5.0 * precision
        self._count = int(np.ceil((high - low) / step))
        self._of_state = ((states - low) / step).astype(int)
        offsets = np.arange(-5 * _CELLS, 5 * _CELLS + 1) / _CELLS
        kernel = np.exp(-0.5 * offsets**2)
        self._kernel = kernel / kernel.sum()
        self._draws = np.bincount(((prior - low) / step).astype(int), minlength=self._count)
        # where no draw is within 5 errors the density is unknown; a hundredth of a draw bounds it
        smooth = np.maximum(self._smooth(self._draws), 0.01 / (_CELLS * 2.5))
        self._before = smooth / smooth.sum()

    def _smooth(self, histogram, kernel=None):
        kernel = self._kernel if kernel is None else kernel
        return convolve1d(histogram.astype(float), kernel, mode="constant")

    def divergence(self, weights, effective):
        """Bits, the bias taken off, and the bias, of weighted states."""
        histogram = np.bincount(self._of_state, weights, minlength=self._count) / weights.sum()
        density = self._smooth(histogram)
        there = density > 1e-12
        p, q = density[there], self._before[there]
        square = self._smooth(histogram, self._kernel**2)[there]
        bias = (np.sum(square / p) - 1.0) / (2.0 * effective * np.log(2.0))
        return float(p @ np.log2(p / q) - bias), float(bias)

    def unknown(self):
        """Share of the states in cells where the prior has hardly a draw."""
        near = self._smooth(self._draws) * _CELLS * 2.5
        return float(np.mean(near[self._of_state] < _LEAST_DRAWS))


def comparable(problem, theta: np.ndarray) -> np.ndarray:
    """(n, d) coordinates as ln(value); those of exponents, and what is not positive, as the value.

    Parameters
    ----------
    problem : of the coordinates `theta` (n, d)
    """
    values = problem.values(theta)
    ends = np.repeat([[1e-6], [0.5]], problem.ndim, axis=1)
    ends = problem.values(problem.prior_transform(ends))
    columns = []
    for p in problem.parameters:
        logarithm = not p.is_exponent and (ends[p.name] > 0.0).all()
        columns.append(np.log(values[p.name]) if logarithm else values[p.name])
    return np.stack(columns, axis=1)


THEME = Theme(
    "What to measure next",
    "The parameter that, measured without cosmic rays to 10% (an exponent to 0.1), would save most "
    "bits of agreement within a factor of 2, and the bits that it saves.",
    55,
)


def _make(study):
    problem = study.bare_problem
    states = study.result("acceptable_max").states
    prior = problem.sample_prior(PRIOR_DRAWS, study.rng("bits_saved prior"))
    names = [p.name for p in problem.parameters]
    both = (comparable(problem, theta) for theta in (states, prior))
    return bits_saved(names, *both, study.rng("bits_saved"))


def _applies(study):
    if study.case.variant:  # of no case that a reader would measure for
        return False
    fraction = study.result("acceptable_max")
    return fraction is not None and len(fraction.states) >= LEAST_STATES


def _rows(found, results):
    fraction = results.acceptable_max
    doubt = fraction is not None and remembered(fraction, found.epsilon)
    flags = (REMEMBERED,) if doubt else ()
    for i in np.argsort(-found.bits, kind="stable"):
        note = LOWER_BOUND if found.is_bound[i] else ""
        yield Measured(
            f"saved_by_{found.names[i]}", found.bits[i], found.bits_error[i], "bits", note, flags
        )
    most = int(np.argmax(found.bits))
    yield Measured(
        "saved_most", found.bits[most], found.bits_error[most], "bits", found.names[most], flags
    )


register(
    Measure(
        "bits_saved",
        BitsSaved,
        GROUP,
        _make,
        source="draws",
        version=2,
        applies=_applies,
        settings=lambda study: {
            **asdict(study.settings.acceptable),
            "precision": PRECISION,
            "prior_draws": PRIOR_DRAWS,
            "states": MOST_STATES,
        },
        rows=_rows,
        columns=(with_note(THEME, "saves most [bits]", "saved_most"),),
    )
)
