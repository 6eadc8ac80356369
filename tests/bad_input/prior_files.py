"""Priors with something wrong."""

from __future__ import annotations

import shutil

from tests.bad_input.case import Case, replaced


def prior_case(name, old, new, *says):
    return Case(f"priors: {name}", ("priors.toml", *says), replaced("priors.toml", old, new))


def excludes_everything(folder):
    shutil.rmtree(folder / "run")
    replaced(
        "priors.toml", "[nuisance]", "[constraints.kolmogorov]\nH = { above = 20.0 }\n[nuisance]"
    )(folder)


PRIOR_FILES = [
    prior_case("zero width", "high = 15.0", "high = 5.0", "parameters.r", "zero width", "high"),
    prior_case("inverted", "high = 15.0", "high = 1.0", "parameters.r", "inverted"),
    prior_case(
        "production's nuisance without production",
        "[nuisance]",
        "[scenario.kolmogorov]\n"
        "A_boron = { distribution = 'uniform', low = 0.9, high = 1.1 }\n[nuisance]",
        "scenario.kolmogorov.A_boron",
        "boron_production",
    ),
    prior_case("unknown family", '"log_uniform"', '"loguniform"', "kappa_0", "mean 'log_uniform'"),
    prior_case("log of zero", "low = 0.1,", "low = 0.0,", "kappa_0", "above 0"),
    prior_case("NaN", "low = 5.0", "low = nan", "parameters.r", "low = nan", "number"),
    prior_case("missing bound", ", high = 15.0", "", "parameters.r", "needs high"),
    prior_case("sd of zero", "sd = 0.3", "sd = 0.0", "parameters.E_CR", "sd above 0"),
    prior_case("sd that switches the data off", "sd = 0.3", "sd = 1e-300", "1e-06", "fixed"),
    prior_case("an integer of 400 digits", "high = 15.0", "high = " + 400 * "9", "64 bits"),
    prior_case("missing parameter", "kappa_0 = ", "H_halo = ", "mean"),
    prior_case("misspelt nuisance", "discrepancy = ", "discrepency = ", "mean 'discrepancy'"),
    prior_case("unknown section", "[nuisance]", "[nuisances]", "mean 'nuisance'"),
    prior_case("no TOML", "[nuisance]", "[nuisance", "not valid TOML"),
    Case(
        "priors: exclude everything",
        ("priors.toml", "20 < H", "loosen"),
        excludes_everything,
    ),
    prior_case(
        "constraint on nothing known",
        "[nuisance]",
        "[constraints.kolmogorov]\nbeta_warm = { below = 1.0 }\n[nuisance]",
        "beta_warm",
        "known:",
    ),
    prior_case(
        "unknown set to extend",
        "[parameters]",
        'extends = "plausibel"\n[parameters]',
        "extends",
        "mean 'plausible'",
    ),
    prior_case("fixed and not", "high = 15.0", "high = 15.0, fixed = 9.0", "parameters.r", "alone"),
]
