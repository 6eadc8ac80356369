"""Stored chains that are damaged, cut, of another problem or of another version."""

from __future__ import annotations

import shutil
from dataclasses import replace

import h5py

from pipeline.chains.writer import ChainWriter
from pipeline.seal import read_seal, write_seal
from tests.bad_input.case import (
    ENSEMBLE,
    FIRST,
    MORE,
    SUMMARIZE,
    Case,
    as_folder,
    cut_to,
    replaced,
    written,
)


def other_hdf5(folder):
    with h5py.File(folder / ENSEMBLE, "w") as file:
        file["x"] = [1.0]


def newer_format(folder):
    with open(folder / ENSEMBLE, "r+b") as file:
        content = read_seal(file.fileno())
        write_seal(file.fileno(), {**content, "format": 99}, content["changing"])


def before_checksums(folder):
    """HDF5 as written before there were seals."""
    with h5py.File(folder / ENSEMBLE, "w") as file:
        file.create_group("crtune").attrs["format"] = 1


def flipped_bit_in_record(folder):
    """One bit in the journal, which used to be taken for the end of the log."""
    path = folder / FIRST
    with h5py.File(path, "r") as file:
        journal = file["crtune/journal"]
        offset = journal.id.get_offset() + journal.dtype.itemsize + 200
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x10
    path.write_bytes(content)


def flipped_counter(folder):
    path = folder / FIRST
    with open(path, "r+b") as file:
        offset = read_seal(file.fileno())["offsets"]["iteration"]
        file.seek(offset + 5)
        file.write(b"\x01")


def flipped_byte(folder):
    path = folder / FIRST
    with h5py.File(path, "r") as file:
        offset = file["mcmc/chain"].id.get_offset()
    content = bytearray(path.read_bytes())
    content[offset + 100] ^= 0xFF
    path.write_bytes(content)


def first_block_spoilt(folder):
    """Another number in a block that its sum covers, behind which the verdict still holds."""
    with h5py.File(folder / FIRST, "r+") as file:
        file["mcmc/chain"][2, 5, 1] = 9.0


def header_gone(folder):
    path = folder / ENSEMBLE
    with open(path, "r+b") as file:
        offset = read_seal(file.fileno())["parts"]["header"][0]
        file.seek(offset)
        file.write(b"{not JSON")


def journal_gone(folder):
    path = folder / FIRST
    with h5py.File(path, "r+") as file:
        file["crtune/journal"][...] = 0


def a_third_ensemble(folder):
    shutil.copy(folder / ENSEMBLE, folder / "run/ensemble_02.h5")


def made_for(*files, **fingerprint):
    """Chains of another problem."""

    def spoil(folder):
        for name in files:
            with ChainWriter(folder / name) as writer:
                changed = writer.header.fingerprint | fingerprint
                writer.describe(replace(writer.header, fingerprint=changed))

    return spoil


SALVAGE = (*MORE, "--salvage")
AGAIN = ("run_mcmc", "RUN", "--quiet")
SPECTRA = ("plot_spectra", "DIR")
CHAINS = [
    Case("chain: truncated", (ENSEMBLE, "damaged", "--salvage"), cut_to(ENSEMBLE, 0.9), MORE),
    Case("chain: truncated, read", (ENSEMBLE, "--salvage"), cut_to(ENSEMBLE, 0.9), SUMMARIZE),
    Case("chain: no bytes", (ENSEMBLE, "damaged"), written(ENSEMBLE, b""), MORE),
    Case("chain: no bytes, read", (ENSEMBLE, "damaged"), written(ENSEMBLE, b""), SUMMARIZE),
    Case("chain: nothing to salvage", (ENSEMBLE, "move it"), written(ENSEMBLE, b""), SALVAGE),
    Case("chain: not HDF5", (ENSEMBLE, "damaged"), written(ENSEMBLE, b"chain" * 999), MORE),
    Case("chain: a folder", (ENSEMBLE,), as_folder(ENSEMBLE), MORE),
    Case("chain: other HDF5", (ENSEMBLE, "no chain file of crtune"), other_hdf5, MORE),
    Case("chain: of a newer version", (ENSEMBLE, "newer", "update"), newer_format, MORE),
    Case(
        "chain: before checksums", (ENSEMBLE, "before checksums", "move it"), before_checksums, MORE
    ),
    Case(
        "chain: a bit of the journal",
        (FIRST, "after step 0 of 4", "journal", "--salvage"),
        flipped_bit_in_record,
        MORE,
    ),
    Case("chain: a bit of the journal, read", (FIRST, "journal"), flipped_bit_in_record, SUMMARIZE),
    Case("chain: a bit of the counter", (FIRST, "counted", "--salvage"), flipped_counter, MORE),
    Case("chain: flipped byte", (FIRST, "after step 0 of 4", "--salvage"), flipped_byte, MORE),
    Case(
        "chain: another number, read", (FIRST, "after step 2 of 4"), first_block_spoilt, SUMMARIZE
    ),
    Case("chain: another number, drawn", (FIRST, "after step 2 of 4"), first_block_spoilt, SPECTRA),
    Case("chain: another number, at its end", (FIRST, "step 2 of 4"), first_block_spoilt, AGAIN),
    Case(
        "chain: a copy of another ensemble",
        (ENSEMBLE, "holds ensemble 0", "move it away"),
        lambda folder: shutil.copy(folder / FIRST, folder / ENSEMBLE),
        SUMMARIZE,
    ),
    Case(
        "chain: of another run",
        (ENSEMBLE, "another run's chain", "fingerprint", "move it away"),
        made_for(ENSEMBLE, scenario="two_phase"),
        SUMMARIZE,
    ),
    Case(
        "chain: drawn with another problem",
        (
            "run: the chain was made for another problem",
            "scenario: two_phase in the file",
            "Restore",
        ),
        made_for(FIRST, ENSEMBLE, scenario="two_phase"),
        SPECTRA,
    ),
    Case("chain: spoilt journal, read", (FIRST, "nothing can be"), journal_gone, SUMMARIZE),
    Case("chain: spoilt header", (ENSEMBLE, "damaged"), header_gone, MORE),
    Case("chain: spoilt header, read", (ENSEMBLE, "damaged"), header_gone, SUMMARIZE),
    Case("chain: spoilt journal", (FIRST, "nothing can be recovered"), journal_gone, MORE),
    Case("chain: more than wanted", ("ensemble_02.h5", "raise it"), a_third_ensemble, MORE),
    Case(
        "chain: other priors",
        ("ensemble_00.h5", "another problem", "prior.r", "high=16", "--fresh"),
        replaced("priors.toml", "high = 15.0", "high = 16.0"),
        MORE,
    ),
    Case(
        "chain: other data",
        ("ensemble_00.h5", "another problem", "data.mine", "sha256"),
        replaced("mine.ecsv", "\n100.0,108.0,", "\n100.1,108.0,"),
        MORE,
    ),
    Case(
        "chain: other scenario",
        ("ensemble_00.h5", "another problem", "scenario: kolmogorov in the file"),
        lambda folder: (
            replaced("run.toml", "kolmogorov", "power_law_diffusion")(folder),
            replaced("run.toml", "priors.toml", "plausible")(folder),
        ),
        MORE,
    ),
    Case(
        "chain: other walkers",
        ("ensemble_00.h5", "nwalkers: 24 in the file, 30 now"),
        replaced("run.toml", "walkers = 24", "walkers = 30"),
        MORE,
    ),
    Case("run: none of this name", ("rn", "mean 'run'"), command=("summarize", "DIR/../rn")),
    Case(
        "run: not started",
        ("no results yet", "run_mcmc.py"),
        lambda folder: shutil.move(folder / "run.toml", folder / "new.toml"),
        ("summarize", "DIR/../new"),
    ),
    Case(
        "run: no chains",
        ("run: holds no chains",),
        lambda folder: [path.unlink() for path in (folder / "run").iterdir()],
        ("plot_corner", "DIR"),
    ),
    Case(
        "corner: unknown parameter",
        ("--params", "kapa_0", "mean 'kappa_0'"),
        command=("plot_corner", "DIR", "--params", "kapa_0"),
    ),
    Case("spectra: no draws", ("--draws 0",), command=("plot_spectra", "DIR", "--draws", "0")),
]
