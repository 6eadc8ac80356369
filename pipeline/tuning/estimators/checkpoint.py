"""The checkpoint of a nested run: nautilus writes one as it goes, whole copies of it are kept.

nautilus changes its HDF5 file in place, so a kill may leave one that cannot be read, and a damaged
one can make HDF5 crash or never come back. So what it has written is copied between two slices,
with a checksum, and a run goes on from the copy, never from nautilus's own file.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from pipeline.files import opened, remove_drafts, replacing
from pipeline.seal import SEAL_BYTES, SealError, check_seal, read_seal, write_seal


class Checkpoint:
    """Where a nested run is kept.

    Parameters
    ----------
    path : the copies' file; nautilus works on ``<path>.live`` beside it
    tell : told of a copy that is damaged, which is set aside
    """

    def __init__(self, path: str | Path, tell: Callable[[str], None] = lambda text: None):
        self.path = Path(path)
        self.live = self.path.with_name(f"{self.path.name}.live.hdf5")
        self._tell = tell

    def restore(self) -> None:
        """Give nautilus the last whole copy to go on from, or nothing if there is none.

        Raises
        ------
        CrtuneError: no space, no permission
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        remove_drafts(self.path)
        self.live.unlink(missing_ok=True)
        if not self.path.exists():
            return
        try:
            with opened(self.path, os.O_RDONLY) as descriptor:
                check_seal(descriptor, read_seal(descriptor))
        except SealError as error:
            self.set_aside(error)
            return
        with replacing(self.live) as draft, open(self.path, "rb") as kept:
            kept.seek(SEAL_BYTES)
            with open(draft, "wb") as live:
                shutil.copyfileobj(kept, live)

    def keep(self) -> None:
        """Copy what nautilus has written; call it while nautilus does not write.

        Raises
        ------
        CrtuneError: no space, no permission; the copy before stays
        """
        if not self.live.exists():
            return
        with replacing(self.path) as draft:
            with open(self.live, "rb") as live, open(draft, "wb") as copy:
                copy.write(bytes(SEAL_BYTES))
                shutil.copyfileobj(live, copy)
            with opened(draft) as descriptor:
                write_seal(descriptor, {"kind": "nested run"})

    def set_aside(self, why: object) -> None:
        """Keep a copy that is no good under another name, and say so; all it held was time."""
        aside = self.path.with_name(f"{self.path.name}.damaged")
        os.replace(self.path, aside)
        self.live.unlink(missing_ok=True)
        self._tell(
            f"a checkpoint that cannot be read ({why}) was set aside as {aside}, beginning anew"
        )
