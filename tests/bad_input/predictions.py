"""Predictions and figures that make no sense."""

from __future__ import annotations

from tests.bad_input.case import Case


def predict_case(name, arguments, *says):
    return Case(f"predict: {name}", says, command=("predict", *arguments.split()))


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
    predict_case("no best point", "--from none.toml --rigidity 1", "none.toml", "RUN --best"),
]
