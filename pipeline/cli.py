"""What the scripts share: arguments, exit codes, and one clear line instead of a traceback.

Nothing here imports numpy, so that `pipeline.sampling.threads` can act before it loads.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.exit_codes import EXIT_BAD_INPUT, EXIT_BROKEN_PIPE, EXIT_INTERRUPTED, EXIT_OK
from transport.checkout import ROOT
from transport.errors import CrtuneError, CrtuneWarning


def parser(description: str, epilog: str | None = None) -> argparse.ArgumentParser:
    """An argument parser that keeps the line breaks of its texts and shows defaults."""
    return argparse.ArgumentParser(
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def names(text: str) -> list[str]:
    """``a,b`` as an argument's type: options of many words would swallow the runs after them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def count(text: str) -> int:
    """A whole number of at least 1, as an argument's type."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} should be a whole number of at least 1")
    return int(text)


class Share(NamedTuple):
    """One of the `count` shares of many things: every `count`-th, from number `first` on."""

    first: int = 0
    count: int = 1


def add_share_argument(arguments: argparse.ArgumentParser, things: str) -> None:
    """``--share I/N`` of scripts whose work is dealt out to the tasks of a Slurm array."""
    arguments.add_argument(
        "--share",
        metavar="I/N",
        type=_share,
        help=f"only every N-th {things} from the I-th on, 0/N to N-1/N",
    )


def _share(text: str) -> Share:
    first, _, count = text.partition("/")
    if not (first.isdecimal() and count.isdecimal() and int(first) < int(count)):
        raise argparse.ArgumentTypeError(f"{text} should be I/N with I from 0 to N - 1, e.g. 0/20")
    return Share(int(first), int(count))


def add_page_argument(arguments: argparse.ArgumentParser) -> None:
    """``--output FOLDER`` of scripts that write a page of docs/."""
    arguments.add_argument(
        "--output",
        metavar="FOLDER",
        type=_folder,
        default=ROOT / "docs",
        help="for the page (docs)",
    )


def _folder(text: str) -> Path:
    """A folder to write to: made at once, before any work is lost."""
    path = Path(text)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path} cannot be made ({error.strerror})") from error
    return path


def add_config_argument(arguments: argparse.ArgumentParser) -> None:
    """``CONFIG`` and ``--set key=value``, as `read_config` takes them."""
    arguments.add_argument(
        "config", metavar="RUN.toml", help="config of the run, e.g. runs/two_phase.toml"
    )
    add_set_argument(arguments)
    arguments.add_argument(
        "--transport",
        metavar="T",
        help="run it with another transport, as the run NAME_T: paper, full or effects with commas",
    )


def add_set_argument(
    arguments: argparse.ArgumentParser, example: str = "sampling.walkers=128"
) -> None:
    """``--set key=value``, as `pipeline.config.load.with_overrides` takes them."""
    arguments.add_argument(
        "--set",
        dest="overrides",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help=f"override one key of the config, e.g. {example}; may be repeated",
    )


def read_config(options: argparse.Namespace):
    """The `pipeline.config.load.Config` that the arguments name, overrides applied.

    Raises
    ------
    CrtuneError: as `pipeline.config.load.load_config`
    """
    from pipeline.config.load import load_config, with_overrides

    config = with_overrides(load_config(options.config), options.overrides)
    if options.transport is None:
        return config
    from pipeline.config.variants import with_transport

    return with_transport(config, options.transport, options.overrides)


def add_run_argument(arguments: argparse.ArgumentParser, several: bool = False) -> None:
    """``RUN``: the folder of a run, its config, or its bare name."""
    arguments.add_argument(
        "run",
        metavar="RUN",
        nargs="+" if several else None,
        help="a run: its folder runs/NAME, its config runs/NAME.toml, or NAME",
    )


def run_directory(run: str) -> Path:
    """Folder of a run given as a folder, a config or a name.

    Raises
    ------
    CrtuneError: there is none, with the nearest name
    """
    from pipeline.config.load import config_path
    from transport.suggest import suggest

    given = Path(run)
    folder = given.with_suffix("") if given.suffix == ".toml" else given
    candidates = [folder]
    if len(folder.parts) == 1:
        candidates.append(ROOT / "runs" / folder)
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    parent = candidates[-1].parent
    known = [p.name for p in parent.iterdir() if p.is_dir()] if parent.is_dir() else []
    near = suggest(folder.name, known)
    started = next((c for c in candidates if config_path(c).is_file()), None)
    remedy = (
        f"it has a config but no results yet: run scripts/run_mcmc.py {started}.toml first"
        if started
        else f"give runs/NAME of a run that was started{near}"
    )
    raise CrtuneError(f"run {run}: no folder {candidates[-1]}; {remedy}")


def run_script(main: Callable[[], int | None]) -> None:
    """Run a script's ``main`` and exit with its code.

    Bad input (`CrtuneError`) and what the system refuses (no space, no permission) print one
    message and exit 2, Ctrl-C exits 130, and a reader that closes the pipe (``| head``) ends the
    script quietly with 141. A `CrtuneWarning` is one message too.
    """
    warnings.formatwarning = partial(_format_warning, warnings.formatwarning)
    try:
        code = main()
        sys.stdout.flush()
    except CrtuneError as error:
        print(f"crtune: error: {error}", file=sys.stderr)
        code = EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("crtune: interrupted", file=sys.stderr)
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        _abandon_stdout()
        code = EXIT_BROKEN_PIPE
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        reason = error.strerror or error
        print(f"crtune: error: {where}{reason}; check space and permissions", file=sys.stderr)
        _abandon_stdout()
        code = EXIT_BAD_INPUT
    sys.exit(EXIT_OK if code is None else int(code))


def _abandon_stdout() -> None:
    """Python would complain once more when it flushes a closed or full stdout at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _format_warning(others, message, category, *where) -> str:
    if issubclass(category, CrtuneWarning):
        return f"crtune: warning: {message}\n"
    return others(message, category, *where)
