"""Configs, tables and priors with something wrong, and arguments that make no sense."""

from __future__ import annotations

import shutil

from tests.bad_input.case import Case, as_folder, cell_case, cut_at, cut_to, replaced, written


def config_case(name, old, new, *says, **options):
    return Case(f"config: {name}", ("run.toml", *says), replaced("run.toml", old, new), **options)


def table_case(name, old, new, *says):
    return Case(f"table: {name}", ("mine.ecsv", *says), replaced("mine.ecsv", old, new))


def prior_case(name, old, new, *says):
    return Case(f"priors: {name}", ("priors.toml", *says), replaced("priors.toml", old, new))


def predict_case(name, arguments, *says):
    return Case(f"predict: {name}", says, command=("predict", *arguments.split()))


TWIN = '[data.twin]\ntable = "{}"\nholdout = true\n'
CONFIGS = [
    config_case("misspelt key", "walkers", "walker", "sampling.walker = 24", "mean 'walkers'"),
    config_case("misspelt section", "[sampling]", "[samplng]", "samplng", "mean 'sampling'"),
    config_case("unknown scenario", "kolmogorov", "kolmogorow", "scenario", "mean 'kolmogorov'"),
    config_case("unknown data set", "voyager1_proton", "voyager_proton", "mean 'voyager1_proton'"),
    config_case("unknown prior set", "priors.toml", "plausibel", "priors", "mean 'plausible'"),
    config_case("missing prior file", "priors.toml", "none.toml", "none.toml does not exist"),
    config_case("wrong type", "walkers = 24", 'walkers = "24"', "sampling.walkers", "integer"),
    config_case("negative", "walkers = 24", "walkers = -24", "sampling.walkers = -24", "4"),
    config_case("negative seed", "workers = 1", "seed = -1", "sampling.seed = -1"),
    config_case("missing key", 'scenario = "kolmogorov"\n', "", "scenario", "is missing"),
    config_case("no TOML", "walkers = 24", "walkers 24", "not valid TOML", "line"),
    config_case("key given twice", "workers = 1", "walkers = 1", "not valid TOML"),
    config_case("steps in the wrong order", "max_steps = 4", "max_steps = 2", "min_steps = 4"),
    config_case(
        "unknown option of the scenario",
        "[sampling]",
        "[scenario_options]\nlow_enrgy = 'eta'\n[sampling]",
        "scenario_options",
        "'low_energy'",
    ),
    config_case(
        "impossible option of the scenario",
        "[sampling]",
        "[scenario_options]\nlow_energy = 'beta'\n[sampling]",
        "low_energy = 'beta'",
        "eta",
    ),
    config_case(
        "unknown effect of transport",
        "[data.mine]",
        "transport = ['ionization']\n[data.mine]",
        "transport",
        "unknown effect 'ionization'",
        "mean 'ionisation'",
    ),
    config_case(
        "an effect that the scenario cannot have",
        "[data.mine]",
        "transport = ['adiabatic']\n[data.mine]",
        "kolmogorov",
        "nothing cools",
        "leave out 'adiabatic'",
    ),
    config_case(
        "a rule switched off",
        "[sampling]",
        "[convergence]\nmax_rhat = 1e308\n[sampling]",
        "convergence.max_rhat = 1e+308",
        "1.1",
    ),
    config_case(
        "a rule that always holds",
        "[sampling]",
        "[convergence]\nmin_n_tau = 5e-324\n[sampling]",
        "convergence.min_n_tau",
        "10",
    ),
    config_case(
        "no correlation by a tiny length",
        "[sampling]",
        "[covariance]\ncorrelation_length = 1e-320\n[sampling]",
        "correlation_length",
        "0.001",
    ),
    config_case(
        "a tiny length of the discrepancy",
        "[sampling]",
        "[discrepancy]\nlength = 1e-320\n[sampling]",
        "discrepancy.length",
        "0.001",
    ),
    config_case(
        "steps near 2^63",
        "max_steps = 4",
        f"max_steps = {2**63 - 1}",
        "sampling.max_steps",
        "1000000000",
    ),
    config_case("400 digits", "workers = 1", "seed = " + 400 * "9", "64 bits"),
    config_case("5000 digits", "workers = 1", "seed = " + 5000 * "9", "digits"),
    config_case("3000 brackets", "workers = 1", "workers = " + 3000 * "[", "nested too deeply"),
    config_case("no such user", '"mine.ecsv"', '"~nosuchuser/mine.ecsv"', "~nosuchuser"),
    config_case("a long path", '"mine.ecsv"', f'"{5000 * "x"}/mine.ecsv"', "longer than a path"),
    config_case("a path of two lines", '"mine.ecsv"', '"mi\\nne/mine.ecsv"', "line breaks"),
    config_case(
        "the same events twice",
        "[data.mine]",
        '[data.again]\ntable = "mine.ecsv"\nrigidity_min = 20.0\n[data.mine]',
        "data.again and data.mine",
        "count twice",
        "keep one",
    ),
    config_case(
        "the same events on another axis",
        "[data.mine]",
        "[data.ams02_bc_2016]\n[data.ams02_bc_2016_ekn]\n[data.mine]",
        "ams02_bc_2016_ekn",
        "count twice",
        "10.1103/PhysRevLett.117.231102",
    ),
    config_case("too few walkers", "walkers = 24", "walkers = 6", "sampling.walkers = 6", "twice"),
    config_case("thinned to nothing", "workers = 1", "thin = 5", "thin = 5", "max_steps = 4"),
    config_case(
        "an option that is no number",
        "[data.mine]",
        "scenario_options = { x = nan }\n[data.mine]",
        "x = nan",
    ),
    config_case(
        "misspelt systematic error",
        "[sampling]",
        "[covariance.correlation_length]\naceptance = 0.3\ndefault = 0.2\n[sampling]",
        "correlation_length.aceptance",
        "mean 'acceptance'",
    ),
    config_case(
        "misspelt member of a group",
        "[sampling]",
        "[discrepancy.groups]\np = ['mein']\n[sampling]",
        "discrepancy.groups.p = 'mein'",
        "mean 'mine'",
    ),
    Case(
        "config: cuts that keep nothing",
        ("mine.ecsv", "rigidity_min = 1000000.0", "covers"),
        replaced("run.toml", "rigidity_min = 10.0", "rigidity_min = 1e6"),
    ),
    Case(
        "hold-out: also fitted, the same table",
        ("run.toml", "data.twin.holdout", "also fitted, as mine", "the table mine.ecsv"),
        replaced("run.toml", "[sampling]", TWIN.format("mine.ecsv") + "[sampling]"),
        ("check", "DIR"),
    ),
    Case(
        "hold-out: also fitted, its twin of the same publication",
        ("run.toml", "data.twin.holdout", "also fitted, as mine", "doi"),
        lambda folder: (
            shutil.copy(folder / "mine.ecsv", folder / "twin.ecsv"),
            replaced("twin.ecsv", "\n1.0,1.16,", "\n1.00,1.16,")(folder),
            replaced("run.toml", "[sampling]", TWIN.format("twin.ecsv") + "[sampling]")(folder),
        ),
        ("check", "DIR"),
    ),
    Case(
        "hold-out: fitted by the chains that are there",
        ("run.toml", "data.mine.holdout", "were fitted to it"),
        replaced("run.toml", "[data.mine]", "[data.mine]\nholdout = true"),
        ("check", "DIR"),
    ),
    config_case(
        "hold-out: nothing is left to fit",
        "rigidity_min = 10.0\n[data.voyager1_proton]",
        "holdout = true\n[data.voyager1_proton]\nholdout = true",
        "nothing is fitted",
    ),
    config_case(
        "misspelt member of a shared potential",
        "[sampling]",
        "[modulation.groups]\nsun = ['mein']\n[sampling]",
        "modulation.groups.sun = 'mein'",
        "mean 'mine'",
    ),
    prior_case(
        "unknown set to extend",
        "[parameters]",
        'extends = "plausibel"\n[parameters]',
        "extends",
        "mean 'plausible'",
    ),
    prior_case("fixed and not", "high = 15.0", "high = 15.0, fixed = 9.0", "parameters.r", "alone"),
    predict_case("no best point", "--from none.toml --rigidity 1", "none.toml", "RUN --best"),
    Case(
        "data: no export",
        ("none.csv", "cannot be read"),
        command=("data", "--import", "none.csv", "--output", "x.ecsv"),
    ),
    Case(
        "data: nothing to write to",
        ("--output FILE.ecsv is missing",),
        command=("data", "--import", "none.csv"),
    ),
    Case(
        "calibration: fewer sets than bins",
        ("--sets 5 --bins 10", "fewer sets than bins"),
        command=("calibrate", "RUN", "--sets", "5"),
    ),
    Case(
        "calibration: no such share",
        ("--share: 4/4", "I from 0 to N - 1"),
        command=("calibrate", "RUN", "--share", "4/4"),
    ),
    Case(
        "calibration: nothing to judge",
        ("0 sets are fewer than --bins 10",),
        command=("calibrate", "RUN", "--report"),
    ),
    Case(
        "calibration: a prior without draws",
        ("priors.toml", "20 < H", "loosen"),
        lambda folder: (
            shutil.rmtree(folder / "run"),
            replaced(
                "priors.toml",
                "[nuisance]",
                "[constraints.kolmogorov]\nH = { above = 20.0 }\n[nuisance]",
            )(folder),
        ),
        ("calibrate", "RUN"),
        made=("run/calibration",),
    ),
    Case("config: empty", ("run.toml", "scenario: is missing"), written("run.toml", b"")),
    Case("config: not text", ("run.toml", "UTF-8"), written("run.toml", b"\xff\xfe\x00\x01")),
    Case("config: a folder", ("run.toml", "is a folder, not a TOML file"), as_folder("run.toml")),
    Case(
        "config: missing",
        ("run.toml", "does not exist"),
        lambda folder: (folder / "run.toml").rename(folder / "ran.toml"),
    ),
    Case(
        "command line: misspelt override",
        ("--set sampling.walkrs=30", "mean 'walkers'"),
        command=("run_mcmc", "RUN", "--set", "sampling.walkrs=30"),
    ),
    Case(
        "command line: no number",
        ("--workers", "many"),
        command=("run_mcmc", "RUN", "--workers", "many"),
    ),
    Case("command line: no config", ("RUN.toml", "required"), command=("run_mcmc", "--quiet")),
]

TABLES = [
    Case("table: missing", ("mine.ecsv",), lambda folder: (folder / "mine.ecsv").unlink()),
    Case("table: empty file", ("mine.ecsv", "ECSV"), written("mine.ecsv", b"")),
    Case("table: not text", ("mine.ecsv", "ECSV"), written("mine.ecsv", b"\xff\xfe\x00\x01")),
    Case("table: cut in its header", ("mine.ecsv", "ECSV"), cut_to("mine.ecsv", 0.1)),
    Case("table: cut in a row", ("mine.ecsv", "ECSV"), cut_at("mine.ecsv", "\n100.0,108.0,")),
    Case("table: a folder", ("mine.ecsv",), as_folder("mine.ecsv")),
    cell_case("NaN", 2, "nan", "row 5", "'flux'", "nan"),
    cell_case("text", 2, "high", "mine.ecsv"),
    cell_case("negative error", 3, "-0.001", "row 5", "'err_stat'", "negative"),
    cell_case("value of zero", 2, "0.0", "row 5", "'flux'", "not positive"),
    cell_case("unsorted edges", 0, "1.0", "row 5", "'rigidity_low'", "sort"),
    cell_case("upper edge below lower", 1, "1.6", "row 5", "'rigidity_high'"),
    table_case("wrong unit", "rigidity_low, unit: GV", "rigidity_low, unit: GeV", "'GeV'", "'GV'"),
    table_case(
        "unknown unit", "rigidity_low, unit: GV", "rigidity_low, unit: GVV", "'GVV'", "'GV'"
    ),
    table_case("unknown column", ", resolution: resolution", "", "'resolution'", "unused"),
    table_case(
        "error that nobody reads",
        "- {column: err_scale, name: scale, role: scale}",
        "",
        "'err_scale'",
        "name and a role",
    ),
    table_case("unknown key", "- {period: ", "- {periode: x}\n# - {period: ", "'periode'"),
    table_case(
        "unknown key of an error",
        "role: statistical",
        "role: statistical, sigmas: 2",
        "'sigmas'",
        "known:",
    ),
    table_case(
        "total energies of nuclei",
        "- {observable: proton}\n# - {axis: rigidity}",
        "- {observable: carbon}\n# - {axis: kinetic_energy}",
        "mass number",
    ),
    table_case("a key that is no text", "- {derived: ", "- {true: ", "'derived'"),
    table_case("missing meta", "- {period: ", "- {perod: ", "'period'", "mean 'perod'"),
    table_case("unknown observable", "observable: proton", "observable: protn", "mean 'proton'"),
    table_case("misspelt role", "role: statistical", "role: statistic", "'statistic'", "choose"),
    table_case("misspelt column", "column: err_stat", "column: err_sta", "mean 'err_stat'"),
]

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
        lambda folder: (
            shutil.rmtree(folder / "run"),
            replaced(
                "priors.toml",
                "[nuisance]",
                "[constraints.kolmogorov]\nH = { above = 20.0 }\n[nuisance]",
            )(folder),
        ),
    ),
    prior_case(
        "constraint on nothing known",
        "[nuisance]",
        "[constraints.kolmogorov]\nbeta_warm = { below = 1.0 }\n[nuisance]",
        "beta_warm",
        "known:",
    ),
]

PREDICTIONS = [
    predict_case("unknown scenario", "two_fase --rigidity 1", "mean 'two_phase'", "known:"),
    predict_case("no scenario", "--rigidity 1", "SCENARIO is missing"),
    predict_case("no rigidity", "kolmogorov", "--rigidity is missing", "GV"),
    predict_case("unknown parameter", "kolmogorov --set kapa_0=1 --rigidity 1", "'kappa_0'"),
    predict_case("a logarithm", "kolmogorov --set log10_column=2 --rigidity 1", "column=..."),
    predict_case(
        "unknown transport",
        "kolmogorov --transport ful --rigidity 1",
        "transport ful",
        "mean 'full'",
    ),
    predict_case(
        "production's nuisance without production",
        "kolmogorov --transport ionisation --set A_boron=1.1 --rigidity 1",
        "'A_boron'",
        "boron_production",
    ),
    predict_case(
        "rigidity below what losses are good for",
        "kolmogorov --transport full --rigidity 0.01,1",
        "0.01 GV",
        "from 0.05 GV",
    ),
    predict_case("no number", "kolmogorov --set H=high --rigidity 1", "'high'", "kpc"),
    predict_case("negative", "kolmogorov --set column=-1 --rigidity 1", "positive"),
    predict_case("infinite", "kolmogorov --set H=inf --rigidity 1", "finite"),
    predict_case("no flux", "kolmogorov --set H=-4 --rigidity 1", "H = -4"),
    predict_case("no source", "kolmogorov --set gamma_inj=400 --rigidity 1", "gamma_inj"),
    predict_case("rigidity of zero", "kolmogorov --rigidity 1,0", "--rigidity 1,0", "GV"),
    predict_case("rigidity in words", "kolmogorov --rigidity ten", "--rigidity ten", "GV"),
    predict_case("empty rigidity", "kolmogorov --rigidity ,", "--rigidity ,"),
    predict_case("huge rigidity", "kolmogorov --rigidity 1e300", "1e300"),
    predict_case("tiny rigidity", "two_phase --rigidity 1e-300", "1e-300"),
    predict_case("negative potential", "kolmogorov --phi -1 --rigidity 1", "--phi -1", "GV"),
    predict_case("potential in words", "kolmogorov --phi high --rigidity 1", "--phi", "'high'"),
    predict_case("unknown option", "kolmogorov --option x=1 --rigidity 1", "'x'", "low_energy"),
    predict_case("no such flag", "kolmogorov --rigidities 1", "--rigidities"),
    Case("figures: no such number", ("figure 7", "1 to 6"), command=("paper_figures", "7")),
    Case(
        "figures: unknown scenario",
        ("--scenario two_fase", "mean 'two_phase'"),
        command=("paper_figures", "4", "--scenario", "two_fase"),
    ),
]
