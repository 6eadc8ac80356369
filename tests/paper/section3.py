"""Section 3: self-confinement in a stratified galaxy (eqs. 18-23, Fig. 3)."""

import numpy as np

from tests.paper.claims import (
    Found,
    claim,
    diagnostics,
    distribution_slope,
    spectra,
    within,
    within_factor,
)


def fiducial_slope(**changes):
    return distribution_slope("stratified_halo", 8, 500, **changes)


@claim(
    "Fig. 3, below eq. 23",
    "With v_A ~ z^0.5 and S ~ 1/z, f ~ p^(-4.3 - 0.4) ~ p^-4.7",
    "slope -4.7 +- 0.02 from 8 to 500 GV",
)
def fig3_slope():
    got = fiducial_slope()
    return Found(f"f ~ p^{got:.3f}", within(got, -4.7, 0.02))


@claim(
    "eq. 22, Fig. 3",
    "The spectral slope depends sensitively on the profiles: "
    "f ~ p^(-gamma - lambda1 (gamma - 3 - a) / lambda2)",
    "eq. 22 to 0.05 for lambda1 and lambda2 up and down by half, and a spread above 0.5",
)
def fig3_sensitivity_to_the_profiles():
    cases = [
        {"lambda1": 0.25}, {"lambda1": 0.75}, {"lambda2": 0.5}, {"lambda2": 1.5},
    ]  # fmt: skip
    expected, got = [], []
    for case in cases:
        l1, l2 = case.get("lambda1", 0.5), case.get("lambda2", 1.0)
        expected.append(-4.3 - l1 * 0.8 / l2)
        # between the start of self-confinement above z_0 and where z_max cuts in
        found = diagnostics("stratified_halo", **case)
        low = found["R_star"] * 1.2
        high = found["R_cutoff"] / (1.0 + l2 / l1) ** (1.0 / 0.8) / 1.2
        got.append(distribution_slope("stratified_halo", low, high, **case))
    text = ", ".join(
        f"{k} = {v}: {s:.2f}" for c, s in zip(cases, got, strict=True) for k, v in c.items()
    )
    holds = all(within(g, e, 0.05) for g, e in zip(got, expected, strict=True))
    return Found(text, holds and max(got) - min(got) > 0.5)


@claim(
    "Fig. 3",
    "The cutoff in the spectra is set by z_max = 20 kpc and moves up with it",
    "where f = 0 in eq. 18 at z_max: at a few TV, times 2^(lambda2 / (gamma - 3 - a)) for 40 kpc",
)
def fig3_cutoff():
    at_20 = diagnostics("stratified_halo")["R_cutoff"]
    at_40 = diagnostics("stratified_halo", z_max=40.0)["R_cutoff"]
    r = np.geomspace(100, at_20, 400)
    flux = spectra("stratified_halo", r).proton[0]
    power_law = flux[0] * (r / r[0]) ** -2.7
    half = r[np.argmax(flux < 0.5 * power_law)]
    below = r[np.argmax(flux < 0.7 * power_law)]
    return Found(
        f"f leaves the power law by 30% at {below / 1e3:.2f} TV, by half at {half / 1e3:.2f} TV, "
        f"and ends at {at_20 / 1e3:.2f} TV; times {at_40 / at_20:.2f} for 40 kpc",
        within_factor(at_20, 2e3, 2.0) and within(at_40 / at_20, 2**1.25, 0.02),
    )


@claim(
    "below eq. 18",
    "Low-energy CRs (Q >> S) have the very weak energy dependence of f ~ Q / v_A(z_0)",
    "the effective speed at 1 GV is v_A(z_0) to 15%",
)
def eq18_low_energies():
    found = diagnostics("stratified_halo")
    ratio = found["v_esc_1GV"] / found["v_A_base"]
    return Found(f"v_eff = {ratio:.2f} v_A(z_0) at 1 GV", within(ratio, 1.0, 0.15))
