#!/usr/bin/env python
"""Speed of the fast-mode kernel and of the whole log-probability, as ratios within one run.

Times on a shared machine drift; ratios taken in turn do not. Every figure is the median over
repetitions, on one core.
"""

import time

import this_checkout  # noqa: F401

from pipeline import cli
from pipeline.sampling.threads import limit_threads


def median_time(function, repeat: int) -> float:
    """Median wall time of one call, seconds; the first call, which may compile, is not counted."""
    import numpy as np

    function()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def benchmark_kernel(states, fiducial, repeat: int) -> tuple[float, float]:
    """Seconds per state on 60 rigidities: the kernel on `states`, nested quadrature at 1e-3.

    The quadrature is timed at five of the rigidities and at the fiducial state alone; the five
    cover all regimes of damping.
    """
    import numpy as np

    from transport.fast_modes.kernel import kappa_turb
    from transport.fast_modes.reference import kappa_nested_quad

    rigidity = np.geomspace(0.3, 5000.0, 60)
    fast = median_time(lambda: kappa_turb(rigidity, *states), repeat) / len(states[0])
    slow = []
    for i in (0, 15, 30, 44, 59):
        start = time.perf_counter()
        kappa_nested_quad(rigidity[i], *fiducial, tolerance=1e-3)
        slow.append(time.perf_counter() - start)
    return fast, float(np.mean(slow))


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument("config", metavar="RUN.toml", nargs="?", default="runs/two_phase.toml")
    arguments.add_argument("--batch", type=cli.count, default=32, help="walkers per call (32)")
    arguments.add_argument("--repeat", type=cli.count, default=20, help="repetitions (20)")
    options = arguments.parse_args()
    limit_threads()

    import numpy as np

    from pipeline.config.load import load_config
    from pipeline.problem import build_problem

    problem = build_problem(load_config(options.config))
    theta = problem.sample_prior(options.batch, np.random.default_rng(1))
    values = problem.values(theta)
    cgs = {p.name: p.to_cgs(values[p.name]) for p in problem.parameters}
    likelihood = problem.likelihood
    spectra = likelihood.spectra(values)
    parts = {
        "log-probability": lambda: problem.log_prob(theta),
        "  spectra of the scenario": lambda: likelihood.spectra(values),
        "  predictions of all bins": lambda: likelihood.predictor.predict(spectra, values),
    }
    seconds = {
        name: median_time(call, options.repeat) / options.batch for name, call in parts.items()
    }
    whole = seconds["log-probability"]
    print(f"{problem.scenario.name}, batches of {options.batch} walkers, one core")
    for name, value in seconds.items():
        print(f"{name:28s} {1e3 * value:9.4f} ms per walker  {value / whole:6.2f} of the whole")
    names = ("B_warm", "n_warm", "T_warm", "Ma", "L")
    if set(names) <= cgs.keys():
        fiducial = {p.name: float(p.to_cgs(p.fiducial)) for p in problem.parameters}
        fast, slow = benchmark_kernel(
            [cgs[n] for n in names], [fiducial[n] for n in names], options.repeat
        )
        print(f"fast-mode kernel, 60 rigidities    {1e3 * fast:9.4f} ms per state")
        print(f"nested scipy quadrature at 1e-3    {slow:9.2f} s per rigidity")
        print(f"kernel faster by a factor of       {60.0 * slow / fast:9.2g}")
    return 0


if __name__ == "__main__":
    cli.run_script(main)
