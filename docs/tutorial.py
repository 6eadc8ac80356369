# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # From a config to a figure of one's own
#
# Predict, fit, check, compare, and add a theory: a walk through crtune in one notebook, which
# runs in seconds since its chains are far too short. It is a Python file in jupytext's
# percent form: open it in Jupyter with the jupytext extension, in VS Code, or run it as a script.
# Everything that it makes goes to the folder `my_study` where it is started.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import crtune

study = Path("my_study")
study.mkdir(exist_ok=True)

# %% [markdown]
# ## Predict
#
# What theories are there, and what would the simplest of them have us measure? Parameters are in
# their own units, and what is not given is as in the paper. `phi` is the force-field potential of
# solar modulation; without it the fluxes are interstellar.

# %%
crtune.scenarios()

# %%
crtune.scenarios("kolmogorov")

# %%
crtune.predict("kolmogorov", rigidity=[3, 10, 30, 100, 300], phi=0.6, H=5.0)

# %% [markdown]
# ## Fit
#
# A config says what is fitted to what: here Kolmogorov diffusion to the protons and B/C of AMS-02.
# It is a dictionary with the keys of [a TOML file](config.md); crtune writes that file down beside
# the chains, so that scripts, a cluster or a colleague can go on with it. For the
# tour the walkers start at the best point and make 200 steps; leave the section `sampling` out to
# start from the prior and go on until converged.

# %%
config = {
    "scenario": "kolmogorov",
    "priors": "plausible",
    "data": {
        "ams02_proton_2015": {"rigidity_min": 10.0},
        "ams02_bc_2016": {"rigidity_min": 3.0},
    },
    "sampling": {
        "ensembles": 2,
        "walkers": 24,
        "min_steps": 200,
        "max_steps": 200,
        "start": "optimum",
        "workers": 1,
    },
}
kolmogorov = crtune.Run(config, folder=study / "kolmogorov")
kolmogorov.problem

# %%
posterior = kolmogorov.sample(progress=False)
posterior

# %% [markdown]
# ## Check
#
# The first line of every result is the verdict on convergence; this one is not to be believed. The
# draws are a table with units, and the best of all steps can be asked for.

# %%
print(posterior.verdict.label)
height = posterior.draws["H"].to("pc")
print(f"H = {np.median(height):.0f} +- {np.std(height):.0f}")
posterior.best()

# %% [markdown]
# Does it fit? `spectra` has the data and, in the same unit, the model with its 68% and 95% bands.
# Here is how many of the measured values lie within the 95% band widened by twice their error.

# %%
for name, table in posterior.spectra().items():
    value = table["flux" if "flux" in table.colnames else "ratio"]
    low = table["model_low95"] - 2 * table["error_plus"]
    high = table["model_high95"] + 2 * table["error_minus"]
    inside = (value > low) & (value < high)
    print(f"{name}: {inside.sum()} of {len(inside)} points")

# %% [markdown]
# For ArviZ, `to_arviz` gives the same draws with walkers as chains.

# %%
posterior.to_arviz()

# %% [markdown]
# ## Add a theory
#
# A theory is a Python file, anywhere: which parameters it has, and how long each species stays.
# This one is a leaky box, whose grammage falls as a power of rigidity.
# [The page about scenarios](add_a_scenario.md) explains each line.

# %%
(study / "leaky_box.py").write_text('''
"""A grammage that falls with rigidity, wherever it is crossed."""

from transport.parameters import Parameter
from transport.residence import ResidenceScenario
from transport.scenario import register
from transport.secondaries import residence_of_grammage
from transport.shared_parameters import COLUMN, E_CR, GAMMA_INJ, RADIUS

GRAMMAGE = Parameter(
    "X_10", "g/cm^2", "X_{10}", "grammage at 10 GV", 7.0, scale="log10", medium="halo"
)
SLOPE = Parameter(
    "delta", "", r"\\delta", "slope of the grammage", 0.5,
    medium="halo", is_exponent=True, is_law=True,
)


@register
class LeakyBox(ResidenceScenario):
    """X = X_10 (R / 10 GV)^-delta."""

    name = "leaky_box"
    title = "Leaky box"
    parameters = (E_CR, GAMMA_INJ, RADIUS, GRAMMAGE, SLOPE, COLUMN)

    def transport(self, v, rigidity):
        grammage = v["X_10"][:, None] * (rigidity / 10.0) ** -v["delta"][:, None]
        return None, lambda species, flux: {
            "escape": residence_of_grammage(grammage, rigidity, v["column"], species)
        }
''')
crtune.predict(study / "leaky_box.py", rigidity=[10, 100], X_10=10, delta=0.4)

# %% [markdown]
# Its new parameters need priors; all others are those of `plausible`.

# %%
(study / "priors.toml").write_text("""
extends = "plausible"
[parameters]
# From a thin disk crossed once to what would leave no carbon.
X_10 = { distribution = "log_uniform", low = 1.0, high = 30.0 }
delta = { distribution = "uniform", low = 0.0, high = 1.0 }
""")
box = crtune.Run(
    config,
    folder=study / "leaky_box",
    scenario=str(study / "leaky_box.py"),
    priors=str(study / "priors.toml"),
)
box_posterior = box.sample(progress=False)
box_posterior

# %% [markdown]
# ## Compare
#
# How well does each fit at its best? That alone decides nothing, since freedom buys a better fit.
# What it costs is the subject of the evidence and of the other measures of fine-tuning, which
# `scripts/fine_tuning.py my_study/leaky_box.toml` makes from this very config, in minutes.

# %%
for run in (posterior, box_posterior):
    values = {name: np.array([quantity.value]) for name, quantity in run.best().items()}
    log_likelihood = run.problem.likelihood.log_likelihood(values).sum()
    print(f"{run.problem.scenario.title}: best ln L = {log_likelihood:.1f} ({run.verdict.label})")

# %% [markdown]
# ## A figure of one's own
#
# Predictions between and beyond the bins, as AMS-02 would see them, over the data.

# %%
rigidity = np.geomspace(2, 3000, 60)
figure, axes = plt.subplots(figsize=(6.5, 4.5), layout="constrained")
for run, colour in ((posterior, "#0072B2"), (box_posterior, "#D55E00")):
    band = run.spectra("ams02_bc_2016", rigidity=rigidity, n_draws=200)
    axes.fill_between(rigidity, band["model_low95"], band["model_high95"], color=colour, alpha=0.25)
    axes.plot(rigidity, band["model_median"], color=colour, label=run.problem.scenario.title)
data = posterior.spectra("ams02_bc_2016", n_draws=10)
centre = np.sqrt(data["rigidity_low"] * data["rigidity_high"]).value
errors = np.stack([data["error_minus"].value, data["error_plus"].value])
axes.errorbar(centre, data["ratio"].value, yerr=errors, fmt="k.", ms=4, label="AMS-02, 2011-2016")
axes.set(
    xscale="log", yscale="log", xlabel="rigidity [GV]", ylabel="B/C",
    title=f"95% bands, {posterior.verdict.label}",
)  # fmt: skip
axes.legend()
figure.savefig(study / "comparison.png", dpi=150)
