"""What a premise costs that a variant enforces by narrowing the prior.

The acceptable fraction of such a variant is a share of the narrower prior. Of the plain case's
prior the states that are acceptable *and* meet the premise are fewer by the share that meets it,

    -log2 P(acceptable and premise) = -log2 P(acceptable | premise) - log2 P(premise),

and only these bits can be held against the plain case's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.tuning.estimators.acceptable import STATES_EPSILON
from pipeline.tuning.measures.acceptable_at import acceptable_at
from pipeline.tuning.measures.columns import Theme, bits, percent
from pipeline.tuning.measures.evidence import GROUP
from pipeline.tuning.measures.measure import Measure, Measured, register

LN2 = float(np.log(2.0))
THEME = Theme(
    "The premise",
    "States within a factor of 2 that meet the variant's premise, as a share of the plain case's "
    "prior: to be held against the plain case's bits. The other tables of this variant are of the "
    "narrower prior, in which the premise holds.",
    9,
)


@dataclass(frozen=True)
class Premise:
    """A premise of a variant.

    Attributes
    ----------
    share, share_error : of the plain case's prior, that meets it
    bits, bits_error : of acceptable states that meet it, in the plain case's prior
    note : of the bits
    """

    share: float
    share_error: float
    bits: float
    bits_error: float
    note: str


def premise(fraction, narrow, plain) -> Premise:
    """Bits of a premise within a factor of 2.

    Parameters
    ----------
    fraction : `pipeline.tuning.estimators.acceptable.AcceptableFraction` of the narrower prior
    narrow, plain : `priors.prior.KeptShare` of both priors
    """
    bits, error, note = acceptable_at(fraction, STATES_EPSILON)
    log_error = float(np.hypot(narrow.log_error, plain.log_error))
    share = narrow.share / plain.share
    return Premise(
        share=share,
        share_error=share * log_error,
        bits=bits - float(np.log2(share)),
        bits_error=float(np.hypot(error, log_error / LN2)),
        note=note,
    )


def _make(result, results):
    """Of a variant with constraints that its plain case does not have."""
    fraction = result.made.get("acceptable_max")
    if not result.case.variant or fraction is None:
        return None
    narrow, plain = result.case.bare_problem, replace(result.case, variant="").bare_problem
    if set(narrow.prior.constraints) <= set(plain.prior.constraints):
        return None
    return premise(fraction, narrow.kept_share, plain.kept_share)


def _rows(found, results):
    yield Measured("premise_share", found.share, found.share_error)
    yield Measured("premise_acceptable_max_1", found.bits, found.bits_error, "bits", found.note)


register(
    Measure(
        "premise", Premise, GROUP, _make,
        source="cases", of_posteriors=False, rows=_rows,
        columns=(
            percent(THEME, "of the prior meets it", "premise_share"),
            bits(THEME, "factor of 2 and premise [bits]", "premise_acceptable_max_1"),
        ),
    )
)  # fmt: skip
