"""Rows as a study gives them, made up, with verdicts to choose."""

BITS = {
    "kolmogorov": (6.0, 11.5),
    "kolmogorov_break": (6.1, 12.0),
    "power_law_diffusion": (8.0, 6.2),
    "two_phase": (6.9, 11.0),
    "stratified_halo": (7.2, 12.6),
}
"""Within a factor of 2, at Earth and with Voyager."""
POINTS = "interstellar B/C at 0.43 GV (model below), interstellar B/C at 0.79 GV (model above)"


def row(run, measure, value, error=0.1, place="earth", note="", unit="bits", **where):
    """One row of tuning.json."""
    plain = {"selection": "both", "priors": "plausible", "transport": "full", "variant": ""}
    return {
        "run": run, "scenario": run, "options": "", "range": place, **(plain | where),
        "measure": measure, "value": value, "error": error, "unit": unit, "note": note,
    }  # fmt: skip


def bits_rows(bits=None, transport="full"):
    """Bits of several runs; None for none."""
    rows = []
    for run, pair in (bits or BITS).items():
        for place, value in zip(("earth", "voyager"), pair, strict=True):
            note = "none: floor 190%" if value is None else ""
            rows.append(
                row(run, "acceptable_max_1", value, place=place, note=note, transport=transport)
            )
    return rows


def whole_study(bits=None, paper=None):
    """Rows for every section of the page."""
    rows = bits_rows(paper or bits, "paper") + bits_rows(bits, "full")
    for run in BITS:
        rows += [
            row(run, "acceptable_max_0.5", 10.4),
            row(run, "acceptable_max_floor", 0.21, unit="epsilon"),
            row(run, "acceptable_rms_1", 2.5),
            row(run, "acceptable_beyond_0.2", 9.7),
            row(run, "acceptable_shuffle_each_medium_share", 0.32, 0.012, unit=""),
            row(run, "acceptable_shuffle_each_medium_bits", 1.66),
            row(run, "saved_most", 1.93, 0.03, note="Ma"),
            row(run, "saved_by_Ma", 1.93, 0.03),
            row(run, "saved_by_L", 0.42, 0.02),
            row(run, "universality_prior_score", 0.23, 0.02, unit=""),
            row(run, "tension_log_s", -4.9, unit="nats"),
            row(run, "stiffest_tolerance", 0.08, unit="", note="z_W (Ma/0.39)^2.5 = 520 pc ± 8%"),
            *single_effects(run),
            *features(run),
            row(run, "acceptable_max_1", 6.6, variant="fixed_production"),
            row(run, "holdout_calet_proton_2022_p", 0.99999, None, "voyager", unit=""),
            row(run, "evidence_minus_nested", 0.1, 0.05, "voyager", unit="nats"),
            row(run, "acceptable_max_floor_points", 2.0, None, "voyager", POINTS, ""),
            row(run, "acceptable_max_floor", 0.52, place="voyager", unit="epsilon"),
        ]
        for place in ("earth", "voyager"):
            rows += [
                row(run, "acceptable_max_1", value, place=place, selection=selection)
                for selection, value in (("proton", 2.1), ("bc", 3.2))
            ]
        for name in ("log_z", "fit", "cost"):
            rows.append(row(run, f"{name}_over_kolmogorov", 3.4, place="voyager"))
        rows.append(row(run, "log_z", 480.0, place="voyager", unit="nats"))
        rows.append(row(run, "outlook_bc_1TV_50", 0.08, None, "voyager", unit=""))
        for other in BITS:
            if other != run:
                rows += separation_rows(run, other)
    rows += [
        row("two_phase", "acceptable_max_1", 7.2, variant="isotropy"),
        row("two_phase", "premise_acceptable_max_1", 9.1, variant="isotropy"),
        row("two_phase", "premise_share", 0.27, 0.01, unit="", variant="isotropy"),
        row("two_phase", "acceptable_max_1", 8.4, variant="linear_damping"),
    ]
    for transport, middle in (("paper", 0.35), ("full", 0.49)):
        rows += slope_rows(middle, transport)
    return rows


def single_effects(run):
    """Bits with each effect of full transport by itself."""
    return [
        row(run, "acceptable_max_1", bits + shift, place=place, transport=transport)
        for transport, bits in (
            ("adiabatic", 6.5), ("ionisation", 6.1), ("destruction", 7.5), ("boron_production", 5.1)
        )
        for place, shift in (("earth", 0.0), ("voyager", 2.0))
    ]  # fmt: skip


def features(run):
    """Bits without one feature of the data."""
    return [
        row(run, "acceptable_max_1", bits + shift, place=place, variant=variant)
        for variant, bits in (("no_bc_slope", 5.5), ("no_hardening", 4.5), ("no_peak", 5.9))
        for place, shift in (("earth", 0.0), ("voyager", 1.0))
    ]


def separation_rows(run, other, sigma=2.2):
    """How far two runs are apart."""
    return [
        row(run, f"separation_{other}", sigma, place="voyager", unit="sigma", note="B/C at 3 TV"),
        row(run, f"separation_{other}_precision", None, None, "voyager", "bc_3TV", "relative"),
    ]


def slope_rows(middle, transport="full"):
    """The slope of diffusion that the data want."""
    return [
        row("power_law_diffusion", f"diffusion_slope_{q}", middle + shift, None, unit="",
            transport=transport)
        for q, shift in (("16", -0.03), ("50", 0.0), ("84", 0.03))
    ]  # fmt: skip


def without(measure):
    """The whole study but for one measure."""
    return [r for r in whole_study() if r["measure"] != measure]


def changed(**bits):
    """Bits of the whole study, those of some runs changed."""
    return BITS | bits
