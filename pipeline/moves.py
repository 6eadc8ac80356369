"""Proposals of the ensemble, all within emcee's red-blue scheme, and the mix that runs use.

emcee 3.1.6 ships a snooker move with the wrong Jacobian and a Gaussian move that shifts all
walkers alike; neither is used. Each move here is tested for the variance it returns.
"""

from __future__ import annotations

import numpy as np
from emcee.moves import DEMove
from emcee.moves.red_blue import RedBlueMove
from scipy.linalg import solve_triangular
from scipy.special import ndtr, ndtri

_FARTHEST = 7.0  # standard deviations; Phi(7) differs from 1 by 1e-12


def default_moves(problem) -> list[tuple[RedBlueMove, float]]:
    """The mix for a curved posterior with strong degeneracies and walls, as (move, probability).

    Differential evolution at the optimal length for a Gaussian and at half of it (a curved ridge
    refuses the long steps), sometimes from one mode to another (gamma = 1), and some steps that
    know the ensemble's shape, which gain most where the posterior is nearly Gaussian.
    """
    lower, upper = coordinate_bounds(problem)
    optimal = 2.38 / np.sqrt(2.0 * problem.ndim)
    mix = [
        (DEMove(gamma0=optimal), 0.35),
        (DEMove(gamma0=0.5 * optimal), 0.35),
        (DEMove(gamma0=1.0), 0.1),
        (AutoregressiveMove(), 0.2),
    ]
    return [(UnboundedMove(move, lower, upper), weight) for move, weight in mix]


def coordinate_bounds(problem) -> tuple[np.ndarray, np.ndarray]:
    """Bounds (ndim,) of a problem's coordinates, where its prior ends; infinite where it does not.

    They are where `prior_transform` puts the corners of the unit cube.
    """
    lower = problem.prior_transform(np.zeros((1, problem.ndim)))[0]
    upper = problem.prior_transform(np.ones((1, problem.ndim)))[0]
    return np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)


def describe_moves(moves) -> str:
    """A mix in words, for the chain file."""
    return ", ".join(f"{weight:g} {_describe(move)}" for move, weight in moves)


def _describe(move) -> str:
    if isinstance(move, UnboundedMove):
        return f"unbounded {_describe(move.move)}"
    hidden = ("nsplits", "live_dangerously", "randomize_split", "g0")
    options = {k: v for k, v in vars(move).items() if k not in hidden and v is not None}
    inside = ", ".join(f"{key}={value:g}" for key, value in options.items())
    return f"{type(move).__name__}({inside})"


class AutoregressiveMove(RedBlueMove):
    """Student-t preconditioned Crank-Nicolson (Grumitt, Karamanis & Seljak 2024).

    The other half of the ensemble gives a mean and a covariance. The proposal keeps a t
    distribution of that shape invariant, x' = mu + sqrt(1 - b^2) (x - mu) + b sqrt(w) L xi with w
    from its inverse-gamma law given x, and is accepted by the ratio of posterior to t. Steps b near
    1 are draws independent of x; small ones are a random walk; b is drawn log-uniformly for each
    walker.

    Parameters
    ----------
    nu : degrees of freedom of the t distribution
    b_min, b_max : range of the step, in units of the ensemble's own width
    inflate : factor on the covariance, for the few walkers it comes from
    """

    def __init__(self, nu: float = 8.0, b_min=0.1, b_max=1.0, inflate: float = 1.0, **options):
        self.nu, self.b_min, self.b_max, self.inflate = nu, b_min, b_max, inflate
        super().__init__(**options)

    def get_proposal(self, s, c, random):
        c = np.concatenate(c, axis=0)
        ns, ndim = s.shape
        mean = c.mean(axis=0)
        root = np.linalg.cholesky(self.inflate * _shrunk_covariance(c))
        b = self.b_min * (self.b_max / self.b_min) ** random.rand(ns)
        white = solve_triangular(root, (s - mean).T, lower=True).T
        radius2 = np.sum(white**2, axis=1)
        w = 0.5 * (self.nu + radius2) / random.gamma(0.5 * (self.nu + ndim), size=ns)
        noise = (b * np.sqrt(w))[:, None] * random.randn(ns, ndim)
        proposed = np.sqrt(1.0 - b**2)[:, None] * white + noise
        factors = self._log_t(radius2, ndim) - self._log_t(np.sum(proposed**2, axis=1), ndim)
        return mean + proposed @ root.T, factors

    def _log_t(self, radius2, ndim):
        return -0.5 * (self.nu + ndim) * np.log1p(radius2 / self.nu)


class UnboundedMove(RedBlueMove):
    """Another move, made in coordinates without walls.

    Weak data leave much of a uniform prior, and steps of a flat or sloping posterior often end
    outside its box. Here each coordinate with two bounds is mapped by the normal quantile of its
    relative position, z = Phi^-1((x - lower) / (upper - lower)), which makes a uniform law a normal
    one; the inner move acts on z and the acceptance carries the Jacobian, dx/dz ~ phi(z). The chain
    itself stays in x.

    Parameters
    ----------
    move : the inner move
    lower, upper : (ndim,) bounds of the coordinates, infinite where there is none; a coordinate
        with fewer than two is left as it is
    """

    def __init__(self, move: RedBlueMove, lower: np.ndarray, upper: np.ndarray):
        self.move = move
        self._boxed = np.flatnonzero(np.isfinite(lower) & np.isfinite(upper))
        self._lower = np.asarray(lower, dtype=float)[self._boxed]
        self._width = np.asarray(upper, dtype=float)[self._boxed] - self._lower
        super().__init__(nsplits=move.nsplits, randomize_split=move.randomize_split)

    def setup(self, coords):
        self.move.setup(self.to_unbounded(coords))

    def get_proposal(self, s, c, random):
        z = self.to_unbounded(s)
        proposed, factors = self.move.get_proposal(z, [self.to_unbounded(x) for x in c], random)
        new, old = proposed[:, self._boxed], z[:, self._boxed]
        factors = factors - 0.5 * np.sum(new**2 - old**2, axis=1)
        # Nearer to a wall than the mapping can resolve: a null set as far as double precision goes.
        factors[np.any(np.abs(new) > _FARTHEST, axis=1)] = -np.inf
        return self.from_unbounded(proposed), factors

    def to_unbounded(self, x: np.ndarray) -> np.ndarray:
        """z of coordinates (n, ndim)."""
        z = np.array(x)
        z[:, self._boxed] = np.clip(
            ndtri((x[:, self._boxed] - self._lower) / self._width), -_FARTHEST, _FARTHEST
        )
        return z

    def from_unbounded(self, z: np.ndarray) -> np.ndarray:
        """Coordinates of z, (n, ndim)."""
        x = np.array(z)
        x[:, self._boxed] = self._lower + self._width * ndtr(z[:, self._boxed])
        return x


def _shrunk_covariance(c: np.ndarray) -> np.ndarray:
    """Covariance (ndim, ndim) of a few walkers, drawn towards its diagonal by ndim / walkers."""
    n, ndim = c.shape
    covariance = np.cov(c, rowvar=False).reshape(ndim, ndim)
    diagonal = np.diag(np.diag(covariance) + 1e-30)
    weight = min(0.9, 0.2 * ndim / n)
    return (1.0 - weight) * covariance + weight * diagonal
