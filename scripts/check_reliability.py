#!/usr/bin/env python
"""Kill, damage, fill and mutate everything that is stored or read; write the counts down.

Kills every writer with SIGKILL at random moments, flips single bits of every kind of stored file,
mutates every kind of file that users write, fills the disk under every writer, and lets two hosts
whose clocks are an hour apart want the same chain. Stops at the first loss; otherwise puts the
tables of what was tried into docs/reliability.md. The whole takes about half an hour on one core;
--share 0.01 tries it out.
"""

import re
import sys
import tempfile
import time
from pathlib import Path

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads

limit_threads()

import numpy as np  # noqa: E402

from pipeline.files import replacing  # noqa: E402
from tests.reliability import trials  # noqa: E402
from transport.errors import CrtuneError  # noqa: E402
from transport.suggest import suggest  # noqa: E402

KILLS = {
    "chain": 420, "study": 300, "checkpoint": 150, "summary": 30, "merge": 60, "verdict": 100,
    "run": 20,
}  # fmt: skip
WHAT = {
    "chain": "blocks of a chain, with growing files",
    "study": "results of the study",
    "checkpoint": "checkpoints of nested runs",
    "summary": "summary.csv, posterior.nc, figures",
    "merge": "judging a run (merge.py)",
    "verdict": "convergence.json",
    "run": "whole runs: parent, worker, or all",
    "warm_up": "whole runs in their warm-up",
}
FLIPS = 420  # of each kind of file
INPUTS, STORED = 4600, 400


def kills(folder, share, rng):
    done = {}
    for name, number in KILLS.items():
        done |= trials.kills(folder, {name: some(share * number)}, rng, tell=lambda n=name: tell(n))
    rows = [(WHAT[name], count, "0 lost, torn or gone back") for name, count in done.items()]
    return [*rows, ("**all**", sum(done.values()), "**0**")]


def flips(folder, share, rng):
    seen = trials.flips(folder, some(share * FLIPS), rng, tell=lambda: tell("a kind of file"))
    rows = [
        (kind, n.total(), f"0 silent changes ({n['told']} told, {n['harmless']} without effect)")
        for kind, n in seen.items()
    ]
    return [*rows, ("**all**", sum(n.total() for n in seen.values()), "**0**")]


def mutations(folder, share, rng):
    seed = int(rng.integers(2**31))
    seen = trials.mutations(folder, some(share * INPUTS), some(share * STORED), seed)
    rows = [
        (kind, n.total(), f"0 tracebacks or hangs ({n['refused']} refused, {n['read']} read)")
        for kind, n in seen.items()
    ]
    return [*rows, ("**all**", sum(n.total() for n in seen.values()), "**0**")]


def disks(folder, share, rng):
    return [
        (WHAT[name], sum(seen.values()), f"{seen['told']} told, {seen['written']} had room")
        for name, seen in trials.full_disks(folder).items()
    ]


def clocks(folder, share, rng):
    return [
        (f"the other's clock at {hours}", refused, "refused while it lived, taken over after")
        for hours, refused in trials.clocks(folder).items()
    ]


PARTS = {
    "kills": ("SIGKILL at random moments", kills),
    "flips": ("One flipped bit", flips),
    "mutations": ("Mutated files", mutations),
    "disks": ("A full disk", disks),
    "clocks": ("Two hosts want one chain", clocks),
}


def main():
    arguments = cli.parser(__doc__)
    arguments.add_argument("--share", type=float, default=1.0, help="of all trials (1)")
    arguments.add_argument("--seed", type=int, default=1, help="of what is tried (1)")
    arguments.add_argument(
        "--only", metavar="A,B,...", type=cli.names, default=list(PARTS), help=", ".join(PARTS)
    )
    cli.add_page_argument(arguments)
    options = arguments.parse_args()
    if not 0 < options.share <= 10:
        raise CrtuneError(f"--share {options.share}: should be above 0 and at most 10")
    for name in options.only:
        if name not in PARTS:
            raise CrtuneError(f"--only {name}: unknown{suggest(name, PARTS)}")
    page = options.output / "reliability.md"
    for name in options.only:
        table = measure(name, options.share, options.seed)
        print(table)
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        with replacing(page) as draft:
            draft.write_text(with_section(text, name, table), encoding="utf-8")
    print(f"wrote {page}")


def measure(name: str, share: float, seed: int) -> str:
    """Make one part of the trials; its table in Markdown."""
    title, part = PARTS[name]
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            rows = part(Path(scratch), share, np.random.default_rng(seed))
    except AssertionError as error:
        raise CrtuneError(f"{name}: {error}") from error
    minutes = (time.monotonic() - begun) / 60
    lines = [f"| {what} | {count} | {text} |" for what, count, text in rows]
    head = [f"## {title}", "", "| what | trials | outcome |", "|---|---|---|"]
    made = f"Seed {seed}, {minutes:.1f} minutes."
    return "\n".join([*head, *lines, "", made])


def with_section(page: str, name: str, table: str) -> str:
    """The page with the table of one part in its place, or at the end."""
    begin, end = f"<!-- {name}: by scripts/check_reliability.py -->", f"<!-- end of {name} -->"
    section = f"{begin}\n{table}\n{end}\n"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}\n", re.DOTALL)
    if pattern.search(page):
        return pattern.sub(lambda match: section, page)
    return f"{page.rstrip()}\n\n{section}"


def some(number: float) -> int:
    """So many trials, two at least."""
    return max(2, round(number))


def tell(what: str) -> None:
    """That a part of a part is done."""
    print(f"{time.strftime('%H:%M:%S')} done: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    cli.run_script(main)
