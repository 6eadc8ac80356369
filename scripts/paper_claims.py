#!/usr/bin/env python
"""Check the paper's claims and write docs/paper_claims.md: claim, what was found, verdict.

The measurements are those of tests/paper, so that tests and table cannot drift apart.
"""

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads
from transport.checkout import ROOT

limit_threads()

from contextlib import ExitStack  # noqa: E402
from unittest.mock import patch  # noqa: E402

from tests.paper import claims, section2, section3, section5, section6  # noqa: E402
from tests.paper.claims import CLAIMS  # noqa: E402
from transport.errors import CrtuneError  # noqa: E402
from transport.scenario import get_scenario  # noqa: E402

HEADER = """# The paper's claims, one by one

Written by `scripts/paper_claims.py`; `tests/paper/` makes the same measurements and fails when one
changes its verdict. No tolerance was widened and no parameter moved to let a claim pass: what does
not come out stays here with the number found. In one row a reading was chosen after its number was
seen: the paper calls n_CR of eq. 14 the total density, which depends on where one stops counting,
so the rate is given for both readings. Parameters are the paper's, fluxes of AMS-02 are modulated
with phi = 0.65 GV.

The last column makes the same measurement with [full transport](full_transport.md) at the same
parameters: whether it meets the same tolerance, and the number. Claims about coefficients alone,
such as kappa_turb, do not hang on the transport.

"""


def main():
    arguments = cli.parser(__doc__)
    arguments.add_argument("--output", metavar="FILE", default="docs/paper_claims.md")
    arguments.add_argument(
        "--check", action="store_true", help="only compare with FILE, exit 1 if different"
    )
    options = arguments.parse_args()
    path = ROOT / options.output
    text = table()
    if options.check:
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        print(f"{path} is {'up to date' if same else 'out of date'}")
        return 0 if same else 1
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CrtuneError(f"{path} cannot be written: {error.strerror}") from None
    print(f"wrote {path}")
    return 0


def table() -> str:
    rows, counts = [], {}
    for claim in CLAIMS:
        found = claim.measure()
        if found.holds == bool(claim.fails):
            raise CrtuneError(
                f"{claim.name}: found {found.number}, which contradicts its listed verdict "
                f"({claim.verdict}); correct tests/paper"
            )
        counts[claim.verdict] = counts.get(claim.verdict, 0) + 1
        verdict = claim.verdict + (f": {claim.fails}" if claim.fails else "")
        full = with_full_transport(claim, found)
        cells = (claim.where, claim.says, claim.tolerance, found.number, verdict, full)
        rows.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    summary = ", ".join(f"{verdict} {n}" for verdict, n in counts.items())
    head = (
        "| where | the paper | counts as coming out | found | verdict "
        "| survives full transport? |\n"
        "|---|---|---|---|---|---|\n"
    )
    return HEADER + f"{len(rows)} claims: {summary}.\n\n" + head + "\n".join(rows) + "\n"


def with_full_transport(claim, paper) -> str:
    """What becomes of a claim when every scenario that it asks for has full transport."""
    asked = []

    def full_scenario(name, **options):
        asked.append(name)
        return get_scenario(name, transport="full", **options)

    with ExitStack() as stack:
        for module in (claims, section2, section3, section5, section6):
            if hasattr(module, "get_scenario"):
                stack.enter_context(patch.object(module, "get_scenario", full_scenario))
        found = claim.measure()
    if not asked:
        return "no spectra in it"
    if found.number == paper.number:
        return "the same" if paper.holds else "still not, the same"
    if found.holds:
        return f"{'yes' if paper.holds else 'comes out'}: {found.number}"
    return f"{'no' if paper.holds else 'still not'}: {found.number}"


if __name__ == "__main__":
    cli.run_script(main)
