#!/usr/bin/env python
"""Kill, damage, fill and mutate everything that is stored or read; write the counts down.

Kills every writer with SIGKILL at random moments, flips single bits of every kind of stored file,
mutates every kind of file that users write, fills the disk under every writer, and lets two hosts
whose clocks are an hour apart want the same chain. Stops at the first loss; otherwise puts the
table of what was tried behind the marker of docs/reliability.md. The whole takes about half an
hour on one core; --share 0.01 tries it out.
"""

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
from pipeline.provenance import git_state  # noqa: E402
from tests.reliability import trials  # noqa: E402
from transport.errors import CrtuneError  # noqa: E402

MARKER = "<!-- Everything below is written by scripts/check_reliability.py. -->\n"
KILLS = {
    "chain": 380, "study": 280, "checkpoint": 150, "summary": 50, "merge": 70, "verdict": 120,
    "run": 30,
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
FLIPS = 525  # of each kind of file
INPUTS, STORED = 4600, 400


def main():
    arguments = cli.parser(__doc__)
    arguments.add_argument("--share", type=float, default=1.0, help="of all trials (1)")
    arguments.add_argument("--seed", type=int, default=1, help="of what is tried (1)")
    cli.add_page_argument(arguments)
    options = arguments.parse_args()
    if not 0 < options.share <= 10:
        raise CrtuneError(f"--share {options.share}: should be above 0 and at most 10")
    page = options.output / "reliability.md"
    try:
        with tempfile.TemporaryDirectory() as scratch:
            table = measure(Path(scratch), options.share, np.random.default_rng(options.seed))
    except AssertionError as error:
        raise CrtuneError(f"lost or changed: {error}") from error
    told = page.read_text(encoding="utf-8").split(MARKER)[0] if page.exists() else ""
    with replacing(page) as draft:
        draft.write_text(f"{told}{MARKER}\n{table}", encoding="utf-8")
    print(f"{table}\nwrote {page}")


def measure(folder: Path, share: float, rng) -> str:
    """Make all trials; the table in Markdown."""
    begun = time.monotonic()

    def tell(what):
        print(f"{time.monotonic() - begun:6.0f} s  {what}", file=sys.stderr, flush=True)

    def some(number):
        return max(2, round(share * number))

    rows = []
    for name, number in KILLS.items():
        for what, count in trials.kills(folder, {name: some(number)}, rng).items():
            rows.append(("SIGKILL", WHAT[what], count, "0 lost, torn or changed"))
        tell(f"kills: {name}")
    killed = sum(row[2] for row in rows)
    rows.append(("", "**all kills**", killed, "**0**"))
    flipped = trials.flips(folder, some(FLIPS), rng)
    for kind, seen in flipped.items():
        text = f"0 silent changes ({seen['told']} told, {seen['harmless']} without effect)"
        rows.append(("one flipped bit", kind, sum(seen.values()), text))
    rows.append(("", "**all flips**", sum(sum(s.values()) for s in flipped.values()), "**0**"))
    tell("flipped bits")
    seed = int(rng.integers(2**31))
    mutated = trials.mutations(folder, some(INPUTS), some(STORED), seed)
    for kind, seen in mutated.items():
        text = f"0 tracebacks or hangs ({seen['refused']} refused, {seen['read']} read)"
        rows.append(("mutated", kind, sum(seen.values()), text))
    rows.append(("", "**all mutations**", sum(sum(s.values()) for s in mutated.values()), "**0**"))
    tell("mutations")
    for name, seen in trials.full_disks(folder).items():
        text = f"{seen['told']} told, {seen['written']} had room; the old file whole"
        rows.append(("full disk", WHAT[name], sum(seen.values()), text))
    tell("full disks")
    for hours, refused in trials.clocks(folder).items():
        text = "refused while it lived, taken over after"
        rows.append(("two writers", f"the other's clock at {hours}", refused, text))
    state = git_state()
    lines = [f"| {cause} | {what} | {count} | {text} |" for cause, what, count, text in rows]
    return "\n".join(
        [
            "| what happens | to what | trials | outcome |",
            "|---|---|---|---|",
            *lines,
            "",
            f"Commit {state['commit'][:12]}{' with changes' if state['dirty'] == 'yes' else ''}, "
            f"{(time.monotonic() - begun) / 60:.0f} minutes.",
            "",
        ]
    )


if __name__ == "__main__":
    cli.run_script(main)
