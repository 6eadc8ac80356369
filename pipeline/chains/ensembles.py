"""The ensembles in a run's folder: their files, whether they belong together, who is too short."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.chains.files import read_header
from pipeline.chains.layout import SHARED_BY_ENSEMBLES
from pipeline.chains.reader import check_whole, read_progress
from transport.errors import CrtuneError


def ensemble_files(folder: str | Path) -> list[Path]:
    """The ensembles' files in a run's folder, in order."""
    return sorted(Path(folder).glob("ensemble_[0-9]*.h5"))


def check_ensembles(paths: Sequence[Path]) -> None:
    """Refuse files that are damaged, or that are not the independent ensembles of one run.

    Raises
    ------
    CrtuneError: naming the file and what is wrong with it
    """
    first = read_header(paths[0])
    for path in paths:
        header = read_header(path)
        if header.ensemble != int(path.stem.rpartition("_")[2]):
            raise CrtuneError(
                f"{path}: holds ensemble {header.ensemble} of a run, not the one that its name "
                "says; a copy counts nothing new: move it away"
            )
        for key in (*SHARED_BY_ENSEMBLES, "fingerprint"):
            if getattr(header, key) != getattr(first, key):
                raise CrtuneError(
                    f"{path}: another run's chain: its {key} differ from those of "
                    f"{paths[0].name}; move it away"
                )
        check_whole(path)


def long_enough(paths) -> tuple[list[Path], list[str]]:
    """Ensembles at least half as long as the longest, and remarks about the others."""
    lengths = [read_progress(path)[0] for path in paths]
    used = [p for p, n in zip(paths, lengths, strict=True) if 2 * n >= max(lengths)]
    left = [
        f"{path.name} has only {n} of {max(lengths)} stored steps and is left out"
        for path, n in zip(paths, lengths, strict=True)
        if path not in used
    ]
    return used, left
