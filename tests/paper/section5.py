"""Sections 4 and 5: the two-phase model (eqs. 24-27, Figs. 5 and 6)."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from pipeline.config.load import load_config, with_sections
from pipeline.from_config import build_problem
from tests.paper.claims import (
    Found,
    claim,
    diagnostics,
    distribution_slope,
    ratio_slope,
    spectra,
    within,
    within_factor,
)
from transport.kinematics import CARBON, PROTON, beta
from transport.scenario import get_scenario

RUN = Path(__file__).resolve().parents[2] / "runs" / "two_phase.toml"
HALO_PARAMETERS = ("n_hot", "T_hot", "B_hot")
WARM_PARAMETERS = ("n_warm", "T_warm", "B_warm", "Ma", "L", "z_W")


def likelihood():
    """The paper's data sets: AMS-02 protons from 10 GV and B/C, Voyager from 0.3 GV."""
    return _likelihood(get_scenario("two_phase").transport_label)


@lru_cache(maxsize=2)
def _likelihood(transport):
    return build_problem(with_sections(load_config(RUN), transport=transport)).likelihood


def worst() -> dict[str, tuple[float, float]]:
    """Largest |ln(model/data)| and its rigidity (GV) per data set, phi = 0.65 GV at Earth."""
    values = likelihood().fiducial()
    predictions = likelihood().predict(values)
    points = likelihood().data_points(values)
    found = {}
    for name, measurement in likelihood().datasets.items():
        off = np.abs(np.log(predictions[name][0] / measurement.value))
        found[name] = float(off.max()), float(points[name].rigidity[off.argmax()])
    return found


@claim("Sec. 5", "beta ~ 0.2 in the warm ISM and ~ 30 in the hot ISM", "5%")
def sec5_betas():
    found = diagnostics("two_phase")
    warm, hot = found["beta_warm"], found["beta_hot"]
    return Found(
        f"beta = {warm:.3f} and {hot:.1f}",
        within_factor(warm, 0.2, 1.05) and within_factor(hot, 30, 1.05),
    )


@claim(
    "Fig. 5",
    "At energies <~ 100 GeV self-confinement in the halo sets the local B/C; above a few hundred "
    "GeV diffusion in the warm ISM does",
    "the terms of eq. 26 cross between 30 and 300 GV; the halo has over 3/4 below 10 GV, the warm "
    "layer above 400 GV",
)
def fig5_crossing():
    r = np.array([1.0, 10.0, 400.0, 3000.0])
    got = spectra("two_phase", r)
    share = got.terms["hot halo"][1][0] / got.boron_to_carbon[0]
    crossing = diagnostics("two_phase")["R_warm"]
    text = ", ".join(f"{s:.0%} at {x:g} GV" for x, s in zip(r, share, strict=True))
    return Found(
        f"crossing at {crossing:.0f} GV; share of the halo {text}",
        30 < crossing < 300 and share[:2].min() > 0.75 and share[2:].max() < 0.25,
    )


@claim(
    "Fig. 5",
    "At GeV energies CRs stream at the Alfven speed; at higher energies NLLD steepens",
    "halo term of 1-3 GV within 10% of the pure streaming 1/v_A; NLLD takes over at 5 to 50 GV",
)
def fig5_streaming_then_landau_damping():
    r = np.array([1.0, 3.0])
    plain = get_scenario("two_phase")
    values = plain.fiducial()
    v = plain.to_cgs(values)
    found = diagnostics("two_phase")
    _, residence = plain.transport(v, r)
    speed = residence(PROTON, plain.source(v, r))["hot halo"][0] * found["v_A_hot"]
    return Found(
        f"f_halo v_A / Q = {speed[0]:.3f} at 1, {speed[1]:.3f} at 3 GV; "
        f"X^2 = Q v_A r at {found['R_nlld']:.0f} GV",
        speed.min() > 0.9 and 5 < found["R_nlld"] < 50,
    )


@claim(
    "Fig. 5",
    "There is good agreement between the model and the data (B/C)",
    "within 30% of every AMS-02 point and of every Voyager point from 0.3 GV",
    fails="AMS-02 is met up to 590 GV but for a dip of the model to -0.29 at 43-63 GV; its last "
    "three bins lie lower than the model, as does one Voyager point",
    partly=True,
)
def fig5_boron_to_carbon_fits():
    off = worst()
    ams, voyager = off["ams02_bc_2016"], off["voyager1_bc"]
    return Found(
        f"largest |ln(model/data)| {ams[0]:.2f} for AMS-02 (at {ams[1]:.0f} GV), "
        f"{voyager[0]:.2f} for Voyager (at {voyager[1]:.2f} GV)",
        max(ams, voyager)[0] < np.log(1.3),
    )


@claim(
    "Sec. 5",
    "At rigidities <~ 1 GV B/C decreases with decreasing rigidity, since 1/tau_spall ~ v",
    "B/C falls from 1 to 0.3 GV as the speed of carbon does, to 20%",
    fails="it falls, but less: the halo's term follows the speed, the warm layer's is constant "
    "(its kappa falls with the speed too) and nearly half of B/C at 0.3 GV",
    partly=True,
)
def sec5_boron_to_carbon_falls_below_1_GV():
    r = np.array([0.3, 1.0])
    ratio = spectra("two_phase", r).boron_to_carbon[0]
    speeds = beta(r, CARBON)
    got, expected = ratio[0] / ratio[1], speeds[0] / speeds[1]
    return Found(
        f"B/C(0.3) / B/C(1 GV) = {got:.2f}, speeds {expected:.2f}",
        within_factor(got, expected, 1.2),
    )


@claim(
    "Fig. 6",
    "Deviations from the observed spectrum are less than a factor of ~2 over four decades for "
    "several parameter choices",
    "fiducials: protons and B/C within a factor of 2 at every point used",
    fails="protons miss it below 0.5 GV, where the model has no ionisation losses, and by a little "
    "above 0.5 TV; B/C meets it everywhere",
    partly=True,
)
def fig6_within_a_factor_of_two():
    off = worst()
    text = ", ".join(f"{name} {x:.2f} (at {r:.3g} GV)" for name, (x, r) in off.items())
    return Found(f"largest |ln(model/data)|: {text}", max(off.values())[0] < np.log(2.0))


@claim(
    "Fig. 6",
    "Variations by a factor of 3 change the quality of the fit, but the main trends remain",
    "each plasma parameter times and over 3 (beta < 1 kept): f between 10 and 1000 GV stays "
    "steeper than injection by 0.15 or more, and B/C falls by at least 30%",
    fails="three variations that hand the spectrum to the warm layer early (B_hot times 3, L over "
    "3, z_W times 3) miss one of the two; the others keep the trends",
    partly=True,
)
def fig6_variations_by_three():
    scenario = get_scenario("two_phase")
    fiducial = {p.name: p.fiducial for p in scenario.parameters}
    bad, slopes = [], []
    for name in (*HALO_PARAMETERS, *WARM_PARAMETERS):
        for factor in (3.0, 1 / 3):
            changes = {name: fiducial[name] * factor}
            if scenario.derived(scenario.fiducial(**changes))["beta_warm"][0] >= 1:
                continue
            steep = distribution_slope("two_phase", 10, 1000, **changes)
            ratio = spectra("two_phase", [10.0, 1000.0], **changes).boron_to_carbon[0]
            slopes.append(steep)
            if steep > -4.45 or ratio[1] > 0.7 * ratio[0]:
                bad.append(f"{name} x {factor:.2g} ({steep:.2f}, B/C x {ratio[1] / ratio[0]:.2f})")
    return Found(
        f"slopes {min(slopes):.2f} to {max(slopes):.2f} over {len(slopes)} variations; outside: "
        + (", ".join(bad) or "none"),
        not bad,
    )


@claim(
    "Fig. 6",
    "The proton spectrum is significantly steeper than injection above ~10 GeV and on average "
    "close to the observed -4.7",
    "slope from 10 GV to 1 TV -4.7 +- 0.1",
    fails="steeper than injection, but by 0.24 instead of 0.4 on average: -4.7 is met below the "
    "transition to the warm layer only",
    partly=True,
)
def fig6_average_slope():
    got = distribution_slope("two_phase", 10, 1000)
    return Found(f"f ~ p^{got:.2f} from 10 to 1000 GV", within(got, -4.7, 0.1))


@claim(
    "Fig. 6",
    "The break between 10^2 and 10^3 GV is the transition from halo to warm layer",
    "f hardens by 0.2 or more from 20-60 GV to 300-1000 GV",
)
def fig6_break():
    low, high = (distribution_slope("two_phase", a, b) for a, b in ((20, 60), (300, 1000)))
    return Found(f"p^{low:.2f} at 20-60 GV, p^{high:.2f} at 300-1000 GV", high - low > 0.2)


@claim(
    "Fig. 6, green line",
    "With fast modes everywhere (5 kpc halo) B/C is essentially flat and f ~ p^-gamma_inj",
    "|slope of B/C| < 0.05 and f ~ p^(-4.3 +- 0.05) from 10 to 1000 GV, with and without the warm "
    "layer",
)
def fig6_fast_modes_everywhere():
    texts, holds = [], True
    for layers in ("warm_and_halo", "halo"):
        bc = ratio_slope("fast_modes", 10, 1000, options={"layers": layers})
        f = distribution_slope("fast_modes", 10, 1000, options={"layers": layers})
        texts.append(f"{layers}: B/C ~ R^{bc:+.3f}, f ~ p^{f:.3f}")
        holds &= abs(bc) < 0.05 and within(f, -4.3, 0.05)
    return Found("; ".join(texts), holds)


@claim(
    "Fig. 6, blue line",
    "With the self-confined halo only, the spectrum at high energies is too steep",
    "steeper than -5.2 from 100 GV to 1 TV, against -4.7 observed",
)
def fig6_halo_alone():
    got = distribution_slope("self_confinement_nonlinear", 100, 1000)
    return Found(f"f ~ p^{got:.2f}", got < -5.2)


@claim(
    "Sec. 5",
    "At fixed v_A the lines do not change with halo density and temperature at fixed pressure, as "
    "X ~ (n T)^(1/4)",
    "protons and B/C equal to 1e-6",
)
def sec5_halo_pressure():
    r = np.geomspace(0.3, 3e3, 20)
    changed = spectra("two_phase", r, n_hot=0.006, T_hot=1.5e6, B_hot=np.sqrt(2.0))
    plain = spectra("two_phase", r)
    off = max(
        np.abs(changed.proton / plain.proton - 1).max(),
        np.abs(changed.boron_to_carbon / plain.boron_to_carbon - 1).max(),
    )
    return Found(f"largest change {off:.0e}", off < 1e-6)


@claim(
    "Sec. 4.1",
    "Linear damping does not significantly affect the conclusions as long as its cutoff is "
    ">> 100 GV",
    "with the cutoff at 1 TV, protons and B/C change by less than 15% up to 3 TV",
)
def sec4_linear_damping_in_the_halo():
    options = {"halo_damping": "nonlinear_and_linear"}
    one = diagnostics("two_phase", options=options)
    # S ~ Gamma and S/Q ~ R^(gamma - 3.5): the rate that puts the cutoff at 1 TV
    rate = 1e-11 * (one["R_cutoff"] / 1e3) ** 0.8
    found = diagnostics("two_phase", options=options, Gamma_1GV=rate)
    r = np.geomspace(0.3, 3e3, 60)
    damped = spectra("two_phase", r, options=options, Gamma_1GV=rate)
    plain = spectra("two_phase", r)
    protons = (damped.proton / plain.proton)[0]
    ratio = (damped.boron_to_carbon / plain.boron_to_carbon)[0]
    return Found(
        f"cutoff at {found['R_cutoff']:.0f} GV (Gamma = {rate:.1e} 1/s at 1 GV): protons down by "
        f"at most {1 - protons.min():.1%}, at {r[protons.argmin()]:.0f} GV, B/C by "
        f"{1 - ratio.min():.1%}",
        min(protons.min(), ratio.min()) > 0.85,
    )
