"""Mutual information of a posterior: between media, and between single parameters; in bits.

Between groups of coordinates, as if the posterior were Gaussian,

    I(A; B) = 1/2 ln(det C_A det C_B / det C) = -1/2 sum_i ln(1 - rho_i^2),

rho_i the canonical correlations, which exist where C_A or C_B is singular. It is invariant under
linear maps of either group, and blind to what has no correlation: 0 for y = x^2. Replacing every
coordinate by the normal score of its rank takes the marginals' shape out (Gaussian copula; Ince et
al. 2017, Hum. Brain Mapp. 38, 1541), but not that blindness. The expectation over samples exceeds
the truth by about d_A d_B / 2n nats; for a Gaussian the excess is known and taken off.

Between two parameters, the nearest-neighbour estimate of Kraskov, Stoegbauer & Grassberger (2004,
Phys. Rev. E 69, 066138, eq. 8), on normal scores: it sees any dependence, but only in few
dimensions (7 nats for a true 23 in ten nearly degenerate ones): hence pairs only. A line thinner
than the distance of neighbours it cannot resolve: 1000 draws give 6.0 bits for a true 6.1, and
less of what there is beyond. All pairs have the same marginals, thus one null distribution, made
by shuffling.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import digamma, ndtri
from scipy.stats import rankdata

from pipeline.tuning.measures.conspiracy import GROUP, several_media
from pipeline.tuning.measures.measure import Measure, Measured, register
from transport.parameters import columns_by_medium

NEIGHBOURS = 4
SIGNIFICANCE = 0.99
"""Quantile of independent pairs above which a pair is called dependent."""

_RESAMPLINGS = 100
_NULL_PAIRS = 300
_DEGENERATE = 1e-12  # eigenvalues of a correlation matrix below this are directions without width

_SHARED_TERMS = 1.3


@dataclass(frozen=True)
class MediaInformation:
    """Mutual information between media, bits.

    Attributes
    ----------
    media : those the parameters describe
    gaussian, gaussian_error : (n_media, n_media) of two media, whatever the others do; NaN diagonal
    ranked, ranked_error : the same of normal scores
    gaussian_rest, gaussian_rest_error : (n_media,) of a medium with all other coordinates
    ranked_rest, ranked_rest_error : the same of normal scores
    n_draws : of the posterior
    """

    media: tuple[str, ...]
    gaussian: np.ndarray
    gaussian_error: np.ndarray
    ranked: np.ndarray
    ranked_error: np.ndarray
    gaussian_rest: np.ndarray
    gaussian_rest_error: np.ndarray
    ranked_rest: np.ndarray
    ranked_rest_error: np.ndarray
    n_draws: int


@dataclass(frozen=True)
class PairInformation:
    """Mutual information between parameters, bits.

    Attributes
    ----------
    names, labels : coordinate names and LaTeX
    bits, bits_error : (ndim, ndim); NaN diagonal; may come out below 0 within the error
    null_mean, null_limit : bits of independent pairs: mean, and the 99% quantile; a pair above the
        limit is dependent
    n_draws : distinct ones
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    bits: np.ndarray
    bits_error: np.ndarray
    null_mean: float
    null_limit: float
    n_draws: int


def media_information(parameters, draws, rng: np.random.Generator) -> MediaInformation:
    """Gaussian mutual information of all media, errors from a bootstrap over draws.

    Parameters
    ----------
    parameters : `transport.parameters.Parameter` of each column
    draws : (n, ndim) independent posterior draws of equal weight
    """
    draws = np.asarray(draws, dtype=float)
    columns = columns_by_medium(parameters)
    found = {"n_draws": len(draws), "media": tuple(columns)}
    for kind, points in (("gaussian", draws), ("ranked", normal_scores(draws))):
        estimate = _all_media(points, columns)
        resampled = [
            _all_media(points[rng.integers(len(points), size=len(points))], columns)
            for _ in range(_RESAMPLINGS)
        ]
        error = np.std(resampled, axis=0, ddof=1)
        off_diagonal = np.where(np.eye(len(columns), dtype=bool), np.nan, 1.0)
        found |= {kind: estimate * off_diagonal, f"{kind}_error": error * off_diagonal}
        found |= {f"{kind}_rest": np.diag(estimate), f"{kind}_rest_error": np.diag(error)}
    return MediaInformation(**found)


def pair_information(parameters, draws, rng: np.random.Generator) -> PairInformation:
    """Nearest-neighbour mutual information of all pairs of parameters.

    Repeated draws are dropped: they are nearest neighbours at distance 0, which would pass for
    information. A constant parameter has none with any other. The cost grows as n ndim^2; a
    thousand or two of draws are enough.

    Parameters
    ----------
    parameters, draws : as in `media_information`
    """
    points = normal_scores(np.unique(np.asarray(draws, dtype=float), axis=0))
    n, ndim = points.shape
    null = [kraskov(points[:, 0], rng.permutation(points[:, 0]))[0] for _ in range(_NULL_PAIRS)]
    bits, error = np.full((2, ndim, ndim), np.nan)
    for i, j in combinations(range(ndim), 2):
        x, y = points[:, i], points[:, j]
        constant = np.ptp(x) == 0 or np.ptp(y) == 0
        bits[i, j], error[i, j] = (0.0, 0.0) if constant else kraskov(x, y)
        bits[j, i], error[j, i] = bits[i, j], error[i, j]
    return PairInformation(
        names=tuple(p.coordinate_name for p in parameters),
        labels=tuple(p.coordinate_latex for p in parameters),
        bits=bits,
        bits_error=error,
        null_mean=float(np.mean(null)),
        null_limit=float(np.quantile(null, SIGNIFICANCE)),
        n_draws=n,
    )


def normal_scores(draws):
    """Each column's ranks as quantiles of a unit Gaussian, (n, ndim)."""
    return ndtri(rankdata(draws, axis=0) / (len(draws) + 1.0))


def gaussian_information(draws, a, b) -> float:
    """Mutual information (bits) of columns `a` with columns `b` of Gaussian draws (n, ndim).

    Infinite, or all that doubles can tell, where a direction of one group fixes one of the other.
    """
    return _information(_correlation(draws), len(draws), a, b)


def kraskov(x, y, neighbours: int = NEIGHBOURS) -> tuple[float, float]:
    """Mutual information (bits) of two coordinates (n,), and its standard error.

    I = psi(k) + psi(n) - <psi(n_x + 1) + psi(n_y + 1)>, n_x the number of points closer in x than
    the k-th neighbour in the plane (sup-norm). The error is that of the mean of the n local terms,
    times 1.3: neighbours share their terms (over repeated draws of Gaussians the scatter is 1.16 to
    1.35 times as large).
    """
    n = len(x)
    plane = np.column_stack([x, y])
    distance = cKDTree(plane).query(plane, k=neighbours + 1, p=np.inf)[0][:, -1]
    closer = [_closer(axis, distance) for axis in (x, y)]
    local = digamma(neighbours) + digamma(n) - sum(digamma(count + 1) for count in closer)
    error = _SHARED_TERMS * local.std() / np.sqrt(n)
    return float(local.mean() / np.log(2.0)), float(error / np.log(2.0))


def _closer(x, distance):
    """How many other points are strictly closer than `distance` to each, (n,)."""
    ordered = np.sort(x)
    right = np.searchsorted(ordered, x + distance, side="left")
    left = np.searchsorted(ordered, x - distance, side="right")
    return np.maximum(right - left - 1, 0)


def _correlation(points):
    """Correlation matrix, with zeros for a column that is constant."""
    centred = points - points.mean(axis=0)
    norm = np.linalg.norm(centred, axis=0)
    centred /= np.where(norm > 0, norm, 1.0)
    return centred.T @ centred


def _information(correlation, n, a, b):
    """Bits, less the excess of n draws: E ln det of Wishart matrices of n - 1 degrees of freedom,
    which are digammas (e.g. Bishop 2006, eq. B.81)."""
    left, right = (_whitening(correlation[np.ix_(group, group)]) for group in (a, b))
    d_a, d_b = left.shape[1], right.shape[1]
    if not (d_a and d_b):
        return 0.0
    rho = np.linalg.svd(left.T @ correlation[np.ix_(a, b)] @ right, compute_uv=False)
    with np.errstate(divide="ignore"):
        information = -0.5 * np.sum(np.log1p(-(np.minimum(rho, 1.0) ** 2)))
    log_det = np.cumsum(digamma(0.5 * (n - np.arange(1, d_a + d_b + 1))))
    excess = 0.5 * (log_det[d_a - 1] + log_det[d_b - 1] - log_det[-1])
    return float((information - excess) / np.log(2.0))


def _whitening(correlation):
    """(d, rank) map onto uncorrelated coordinates of unit variance, degenerate ones left out."""
    eigenvalues, vectors = np.linalg.eigh(correlation)
    kept = eigenvalues > _DEGENERATE * len(correlation)
    return vectors[:, kept] / np.sqrt(eigenvalues[kept])


def _all_media(points, columns):
    """(n_media, n_media) bits of pairs; on the diagonal those of a medium with all the rest."""
    n, correlation = len(points), _correlation(points)
    bits = np.empty((len(columns), len(columns)))
    for (i, a), (j, b) in combinations(enumerate(columns.values()), 2):
        bits[i, j] = bits[j, i] = _information(correlation, n, a, b)
    for i, a in enumerate(columns.values()):
        rest = np.setdiff1d(np.arange(points.shape[1]), a)
        bits[i, i] = _information(correlation, n, a, rest)
    return bits


def _declare(name, result, estimate, version, rows):
    def make(study):
        draws = study.draws("conspiracy", study.settings.shuffled_draws)
        return estimate(study.problem.parameters, draws, study.rng(name))

    def settings(study):
        return {"draws": study.settings.shuffled_draws}

    register(
        Measure(
            name, result, GROUP, make, version=version, applies=several_media, settings=settings,
            rows=rows,
        )
    )  # fmt: skip


def _rows(pairs, results):
    bits = np.triu(np.nan_to_num(pairs.bits), 1)
    i, j = np.unravel_index(np.argmax(bits), bits.shape)
    error, note = pairs.bits_error[i, j], f"{pairs.names[i]} and {pairs.names[j]}"
    yield Measured("largest_mutual_information", bits[i, j], error, "bits", note)


_declare("mutual_information", PairInformation, pair_information, 2, _rows)
_declare("media_information", MediaInformation, media_information, 1, lambda media, results: ())
