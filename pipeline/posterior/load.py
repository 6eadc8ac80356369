"""The posterior of a run, merged from its ensembles: for tables, plots and notebooks.

Works on a run that is still going on and on chains that are too short; whatever they are good for
is said by the `Verdict` that every `Posterior` carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from pipeline.chains.ensembles import check_ensembles, ensemble_files, long_enough
from pipeline.chains.files import read_header
from pipeline.chains.layout import TARGET
from pipeline.chains.reader import best_step, read_chain, read_progress
from pipeline.config.load import how_to_start
from pipeline.files import replacing
from pipeline.posterior.judge import current_verdict
from pipeline.posterior.verdict import Verdict
from transport.errors import CrtuneError

_MAX_DRAWS = 1000  # steps per walker kept where tau is unknown
_NETCDF_OVERHEAD = 1 << 20  # bytes of structure around the numbers, at most


@dataclass(frozen=True)
class Posterior:
    """Draws from the posterior, burn-in removed, thinned to about half an autocorrelation time.

    Attributes
    ----------
    chain : (n_ensembles, n_steps, nwalkers, ndim) sampled coordinates
    log_prob : (n_ensembles, n_steps, nwalkers)
    blobs : ``log_prior``, ``log_likelihood_<data set>``, each (n_ensembles, n_steps, nwalkers)
    names, labels : coordinate names and their LaTeX
    physical_names, units : the parameters behind the coordinates
    verdict : whether to believe it; to be shown beside anything made of it
    provenance : seed, moves, config, fingerprint, sessions (versions, commit, host), files
    optimum : (ndim,) step of highest log-posterior of all that are stored, or None
    """

    chain: np.ndarray
    log_prob: np.ndarray
    blobs: dict[str, np.ndarray]
    names: tuple[str, ...]
    labels: tuple[str, ...]
    physical_names: tuple[str, ...]
    units: tuple[str, ...]
    verdict: Verdict
    provenance: dict
    optimum: np.ndarray | None = None

    def __repr__(self):
        names = ", ".join(self.names)
        return f"Posterior: {len(self.flat)} draws of {names}\n{self.verdict.banner(most=3)}"

    @property
    def samples(self) -> np.ndarray:
        """(n_ensembles, n_draws, ndim): the draws of all walkers of each ensemble."""
        return self.chain.reshape(len(self.chain), -1, len(self.names))

    @cached_property
    def flat(self) -> np.ndarray:
        """(n, ndim): all draws."""
        return self.chain.reshape(-1, len(self.names))

    @property
    def flat_log_prob(self) -> np.ndarray:
        """(n,): log-posterior of each row of `flat`."""
        return self.log_prob.reshape(-1)

    def flat_blob(self, name: str) -> np.ndarray:
        """(n,): a blob of each row of `flat`."""
        return self.blobs[name].reshape(-1)

    @cached_property
    def log_likelihood(self) -> np.ndarray:
        """(n,): ln L of all data of each row of `flat`."""
        parts = [v for k, v in self.blobs.items() if k.startswith("log_likelihood")]
        return np.sum(parts, axis=0).reshape(-1)

    def values(self, theta: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Physical values (n,) by parameter name, in the units declared.

        Of coordinates `theta` (n, ndim), by default of all draws.
        """
        theta, columns = self.flat if theta is None else theta, {}
        for i, (name, physical) in enumerate(zip(self.names, self.physical_names, strict=True)):
            logarithmic = name != physical and name.startswith("log10_")
            columns[physical] = 10.0 ** theta[:, i] if logarithmic else theta[:, i]
        return columns

    def best(self) -> np.ndarray:
        """(ndim,): the step of highest log-posterior of all stored, burn-in included."""
        return self.flat[np.argmax(self.flat_log_prob)] if self.optimum is None else self.optimum

    def to_arviz(self, problem=None):
        """ArviZ DataTree; with the problem that was sampled also everything it predicts.

        See `pipeline.posterior.arviz_tree`.
        """
        from pipeline.posterior.arviz_tree import arviz_tree

        return arviz_tree(self, problem)

    def save_netcdf(self, path: str | Path, problem=None) -> Path:
        """Write ArviZ's own format, read by ``xarray.open_datatree(path, engine="h5netcdf")``."""
        path = Path(path)
        tree = self.to_arviz(problem)
        with replacing(path, tree.nbytes + _NETCDF_OVERHEAD) as draft:
            tree.to_netcdf(draft, engine="h5netcdf")
        return path


def load_run(folder: str | Path, burn_in: int | None = None, thin: int | None = None) -> Posterior:
    """Merge the ensembles in a run's folder.

    Parameters
    ----------
    folder : e.g. ``runs/two_phase``
    burn_in : sampler steps to discard; default what the verdict found
    thin : keep every `thin`-th sampler step; default half the longest autocorrelation time

    Raises
    ------
    CrtuneError: no chains, no steps yet, damaged, ensembles that do not belong together; steps to
        discard or to thin by that cannot be
    """
    folder = Path(folder)
    paths = ensemble_files(folder)
    if not paths and any(folder.glob("warm_up_[0-9]*.h5")):
        raise CrtuneError(f"{folder}: the warm-up is not over, there is no chain yet; wait for it")
    if not paths:
        raise CrtuneError(f"{folder}: holds no chains; {how_to_start(folder)}")
    check_ensembles(paths)
    header = read_header(paths[0])
    verdict = current_verdict(folder)
    used = long_enough(paths)[0]
    stored = min(read_progress(path)[0] for path in used)
    if not stored:
        raise CrtuneError(f"{folder}: not a single checkpoint is written yet; wait for the first")
    _check_steps(folder, stored * header.thin, burn_in, thin)
    start = -(-(verdict.burn_in if burn_in is None else burn_in) // header.thin)
    start = min(start, stored - 1)
    tau = verdict.worst()[0]
    if thin is None and np.isfinite(tau):
        thin = int(tau / 2)
    every = -(-(stored - start) // _MAX_DRAWS) if thin is None else max(1, thin // header.thin)
    parts = [read_chain(path, start, stored, every) for path in used]
    blobs = np.stack([part.blobs for part in parts])
    return Posterior(
        chain=np.stack([part.chain for part in parts]),
        log_prob=np.stack([part.log_prob for part in parts]),
        blobs={n: blobs[..., i] for i, n in enumerate(header.blob_names) if n != TARGET},
        names=header.names,
        labels=header.labels,
        physical_names=header.physical_names,
        units=header.units,
        verdict=verdict,
        provenance={
            "files": [str(path) for path in used],
            "seed": header.seed,
            "moves": header.moves,
            "config": header.config,
            "fingerprint": header.fingerprint,
            "sessions": list(header.sessions),
        },
        optimum=best_step(used)[0],
    )


def _check_steps(folder: Path, steps: int, burn_in: int | None, thin: int | None) -> None:
    if burn_in is not None and not 0 <= burn_in < steps:
        raise CrtuneError(f"{folder}: burn_in = {burn_in}: should be from 0 to below {steps} steps")
    if thin is not None and thin < 1:
        raise CrtuneError(f"{folder}: thin = {thin}: should be at least 1")
