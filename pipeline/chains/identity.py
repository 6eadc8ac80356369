"""Whether a chain and a problem belong together: what differs, in words or as an error."""

from __future__ import annotations

import numpy as np

from transport.errors import CrtuneError


def changed_parts(stored: dict[str, str], now: dict[str, str]) -> list[str]:
    """What differs between the fingerprints of a chain and of a problem, in words."""
    return [
        f"{part}: {shortened(stored.get(part, 'none'))} in the file, "
        f"{shortened(now.get(part, 'none'))} now"
        for part in sorted({*stored, *now})
        if stored.get(part) != now.get(part)
    ]


def check_same_model(path, snapshot, problem) -> None:
    """Evaluate stored walkers again and refuse if the model's answers have changed.

    Parameters
    ----------
    snapshot : with coords (nwalkers, ndim) and log_prob (nwalkers,), as
        `pipeline.chains.writer.Snapshot`

    Raises
    ------
    CrtuneError: naming a walker and both values
    """
    again = np.asarray(problem.log_prob(snapshot.coords))[:, 0]
    tolerance = 1e-4 + 1e-7 * np.abs(snapshot.log_prob)  # other machines round differently
    off = np.flatnonzero(~(np.abs(again - snapshot.log_prob) <= tolerance))
    if len(off):
        walker = off[0]
        raise CrtuneError(
            f"{path}: the model has changed: {len(off)} of {len(again)} stored walkers have "
            f"another log-probability now, e.g. walker {walker}: {snapshot.log_prob[walker]:.6f} "
            f"in the file, {again[walker]:.6f} now. Go back to the code that made the chain (its "
            "commit is in the file) or start anew with --fresh"
        )


def check_sums(blob_names, log_prob: np.ndarray, blobs: np.ndarray) -> None:
    """Every row: log_prob = log_prior + sum of log_likelihoods, or the columns are mixed up."""
    terms = [i for i, n in enumerate(blob_names) if n.startswith(("log_prior", "log_likelihood"))]
    total = blobs[..., terms].sum(axis=-1)
    if not np.allclose(total, log_prob, rtol=1e-9, atol=1e-6):
        raise RuntimeError(
            "log_prob differs from log_prior + log_likelihoods: blobs are out of order"
        )


def shortened(value) -> str:
    """A value for a message: long ones lose their middle."""
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 100 else f"{text[:60]}...{text[-30:]}"
