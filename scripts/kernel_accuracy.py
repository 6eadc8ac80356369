"""Measure the error of the fast-mode kernel against the error-controlled reference.

Draws plasma states over the prior range of the warm layer, of the hot halo and of a warm layer
with twice the width in every logarithm, computes kappa at 0.3 GV, at two random rigidities and at
one where viscous, clamped and collisionless damping meet (gyroradius near the mean free path);
climbs from the worst of them to still larger errors; and writes docs/kernel_accuracy.md and
docs/kernel_accuracy.png.
"""

import os

import this_checkout  # noqa: F401

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread for each worker process

import multiprocessing
import platform
import sys
from importlib.metadata import version

import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm

from pipeline import cli
from transport import plasma
from transport.constants import MICROGAUSS, PC
from transport.fast_modes.reference import kappa_with_error

RIGIDITY_RANGE = (0.3, 5000.0)
NAMES = ("B", "n", "T", "Ma", "L")
UNITS = (MICROGAUSS, 1.0, 1.0, 1.0, PC)
# (low, high) in uG, cm^-3, K, 1, pc; all but Ma uniform in the logarithm
GROUPS = {
    "warm": ((3, 10), (10**-1.3, 10**-0.3), (10**3.8, 10**4.3), (0.2, 1), (10, 200)),
    "halo": ((0.5, 6), (1e-3, 1e-2), (1e6, 10**6.7), (0.2, 1), (10, 200)),
    "wide": ((1.64, 18.3), (10**-1.8, 10**0.2), (10**3.55, 10**4.55), (0.05, 1.4), (2.24, 894)),
}
BETA_BELOW_ONE = ("warm", "wide")
PROMISED = ("warm", "halo")  # where the kernel must keep its limit; "wide" is for information
COLOURS = {"warm": "#0072b2", "halo": "#d55e00", "wide": "#009e73"}


def states_at(group, u):
    """States (m, 5) in CGS, columns as in NAMES, at unit coordinates u (m, 5) of a group."""
    low, high = np.array(GROUPS[group], dtype=float).T
    states = low * (high / low) ** u
    states[:, 3] = low[3] + u[:, 3] * (high[3] - low[3])
    return states * UNITS


def allowed(group, states):
    """Where beta < 1, if the group asks for it, (m,)."""
    return (group not in BETA_BELOW_ONE) | (plasma.plasma_beta(*states.T[:3]) < 1)


def draw_states(group, count, rng):
    """Allowed states (count, 5) of a group, drawn at random."""
    states = np.empty((0, len(NAMES)))
    while len(states) < count:
        drawn = states_at(group, rng.random((4 * count, len(NAMES))))
        states = np.concatenate([states, drawn[allowed(group, drawn)]])
    return states[:count]


def draw_rigidities(state, rng):
    """Ascending rigidities (4,) in GV for one state."""
    B, n, T = state[:3]
    meeting = (
        plasma.ion_mean_free_path(n, T) / plasma.gyroradius(1.0, B) * 10 ** rng.uniform(-0.3, 1)
    )
    random = np.exp(rng.uniform(*np.log(RIGIDITY_RANGE), size=3))
    if RIGIDITY_RANGE[0] < meeting < RIGIDITY_RANGE[1]:
        random[0] = meeting
    return np.sort([RIGIDITY_RANGE[0], *random])


def reference(task):
    """(kappa, its own relative error estimate), (4,) each, for (state, rigidities)."""
    state, rigidities = task
    return np.array([kappa_with_error(R, *state, tolerance=5e-5) for R in rigidities]).T


def kernel(task):
    """kappa (4,) of the fast kernel for (state, rigidities)."""
    from transport.fast_modes.kernel import kappa_turb

    state, rigidities = task
    return kappa_turb(rigidities, *(np.array([x]) for x in state))[0]


def climb(task):
    """Raise the error from (group, state, rigidity, evaluations): (error, state, rigidity).

    A Nelder-Mead search in unit coordinates, kept inside the group's range: random draws alone
    miss the corners of a six-dimensional range.
    """
    group, state, rigidity, evaluations = task
    low, high = np.array(GROUPS[group], dtype=float).T
    start = np.log(state / UNITS / low) / np.log(high / low)
    start[3] = (state[3] - low[3]) / (high[3] - low[3])
    span = np.log(RIGIDITY_RANGE[1] / RIGIDITY_RANGE[0])
    start = np.append(start, np.log(rigidity / RIGIDITY_RANGE[0]) / span)
    found = {}

    def negative_size(u):
        u = np.clip(u, 0.0, 1.0)
        states, R = states_at(group, u[None, :5]), RIGIDITY_RANGE[0] * np.exp(u[5] * span)
        if not np.all(allowed(group, states)):
            return 0.0
        error = kernel((states[0], np.array([R])))[0] / kappa_with_error(R, *states[0])[0] - 1
        found[abs(error)] = (error, states[0], R)
        return -abs(error)

    inward = np.where(start < 0.5, 0.04, -0.04)
    simplex = np.vstack([start, start + np.diag(inward)])
    limits = {"maxfev": evaluations, "initial_simplex": simplex, "fatol": 1e-6, "xatol": 1e-3}
    minimize(negative_size, start, method="Nelder-Mead", options=limits)
    return found[max(found)]


def measure(count, seed, workers, climbs, evaluations=100):
    """Random and sought-out errors of every group.

    Returns
    -------
    drawn : group -> (states, rigidities, errors, the reference's own error estimates), where
        the last three have shape (count, 4)
    sought : group -> list of (error, state, rigidity) that climbs from the worst draws found
    """
    rng = np.random.default_rng(seed)
    tasks, groups = [], []
    for group in GROUPS:
        for state in draw_states(group, count, rng):
            tasks.append((state, draw_rigidities(state, rng)))
            groups.append(group)
    kernel(tasks[0])  # compilation and tables, if any, before the bar starts
    fast = np.array([kernel(task) for task in tasks])
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        bar = tqdm(pool.imap(reference, tasks), total=len(tasks), desc="reference", unit="state")
        slow = np.array(list(bar))
        states, rigidities = (np.array(part) for part in zip(*tasks, strict=True))
        error = fast / slow[:, 0] - 1
        starts = []
        for group in PROMISED:
            size = np.where(np.array(groups)[:, None] == group, np.abs(error), -1.0)
            worst = np.argsort(-size.max(axis=1))[: min(climbs, count)]
            starts += [
                (group, states[i], rigidities[i, np.argmax(size[i])], evaluations) for i in worst
            ]
        bar = tqdm(pool.imap(climb, starts), total=len(starts), desc="climbing", unit="climb")
        tops = list(bar)
    drawn = {
        group: tuple(x[np.array(groups) == group] for x in (states, rigidities, error, slow[:, 1]))
        for group in GROUPS
    }
    sought = {
        group: [top for start, top in zip(starts, tops, strict=True) if start[0] == group]
        for group in PROMISED
    }
    return drawn, sought


def worst_cases(drawn, sought):
    """Dict label -> (error, state, rigidity) of the largest error drawn and found by climbing."""
    cases = {}
    for group, (states, rigidities, error, _) in drawn.items():
        row, column = np.unravel_index(np.argmax(np.abs(error)), error.shape)
        cases[f"{group}, drawn"] = (error[row, column], states[row], rigidities[row, column])
        if sought.get(group):
            cases[f"{group}, sought"] = max(sought[group], key=lambda top: abs(top[0]))
    return cases


def table(drawn, sought):
    """Markdown lines: percentiles of |error| by group, then the worst state of each."""
    lines = [
        "| states | number | kappas | mean, signed | median | 90% | 99% | largest | at 0.3 GV |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for group, (states, _, error, _) in drawn.items():
        size = np.abs(error)
        numbers = [error.mean(), *np.percentile(size, [50, 90, 99]), size.max(), size[:, 0].max()]
        cells = " | ".join(f"{x:.1e}" for x in numbers)
        lines.append(f"| {group} | {len(states)} | {error.size} | {cells} |")
    lines += ["", "Where the largest errors are:", ""]
    lines += [
        "| states | error | R (GV) | B (uG) | n (cm^-3) | T (K) | Ma | L (pc) | beta |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for label, (error, state, rigidity) in worst_cases(drawn, sought).items():
        cells = [rigidity, *(state / UNITS), plasma.plasma_beta(*state[:3])]
        lines.append(f"| {label} | {error:.1e} | " + " | ".join(f"{x:.5g}" for x in cells) + " |")
    return lines


def verdict(drawn, sought, limit):
    """(kept, sentence): whether every promised group stays within the limit, and where not."""
    beyond = [
        f"{label} ({abs(error):.1e})"
        for label, (error, *_) in worst_cases(drawn, sought).items()
        if label.startswith(PROMISED) and not abs(error) <= limit
    ]
    where = f"**exceeded** by {', '.join(beyond)}" if beyond else "kept everywhere, also by search"
    return not beyond, f"Limit {limit:g} for warm and halo states: {where}."


def report(drawn, sought, options):
    """Markdown text of the whole measurement."""
    ranges = [
        f"- {group}: "
        + ", ".join(f"{n} {a:.3g}-{b:.3g}" for n, (a, b) in zip(NAMES, limits, strict=True))
        + (", beta < 1" if group in BETA_BELOW_ONE else "")
        for group, limits in GROUPS.items()
    ]
    own = max(errors.max() for *_, errors in drawn.values())
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "numba"))
    return "\n".join(
        [
            "# Accuracy of the fast-mode kernel",
            "",
            "Relative error of `transport.fast_modes.kernel.kappa_turb` against "
            "`transport.fast_modes.reference`, over random plasma states. Each state is evaluated "
            "at 0.3 GV, at two random rigidities up to 5000 GV (uniform in the logarithm), and at "
            "one whose gyroradius is 0.5 to 10 mean free paths, where viscous, clamped and "
            "collisionless damping meet (a third random one where that lies outside the range). "
            "Warm states cover the prior `plausible`, wide ones the prior `wide`, which the kernel "
            "is not bound to. Random draws miss corners: from the worst of the draws a Nelder-Mead "
            f"search then climbs to larger errors ({sum(map(len, sought.values()))} searches).",
            "",
            verdict(drawn, sought, options.limit)[1],
            "",
            *table(drawn, sought),
            "",
            "![error against rigidity](kernel_accuracy.png)",
            "",
            "Ranges (B in uG, n in cm^-3, T in K, L in pc; uniform in the logarithm, Ma uniform):",
            "",
            *ranges,
            "",
            f"Largest error that the reference estimates of itself: {own:.0e} (QUADPACK's "
            "estimates, which are pessimistic).",
            "",
            f"Made by `scripts/kernel_accuracy.py --states {options.states} --climbs "
            f"{options.climbs} --seed {options.seed}` with Python "
            f"{platform.python_version()}, {versions}.",
            "",
        ]
    )


def draw(drawn, path):
    """Error against rigidity, and its distribution."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), constrained_layout=True)
    for group, (_, rigidities, error, _) in drawn.items():
        size = np.sort(np.abs(error).ravel())
        style = {"color": COLOURS[group], "label": group}
        left.loglog(rigidities.ravel(), np.abs(error).ravel(), "o", ms=2.5, alpha=0.6, **style)
        right.plot(size, 1 - np.arange(len(size)) / len(size), **style)
    for axis, direction in ((left, "h"), (right, "v")):
        getattr(axis, f"ax{direction}line")(1e-3, color="0.4", ls="--", lw=1)
    left.set(xlabel="rigidity (GV)", ylabel="|kernel / reference - 1|")
    right.set(xscale="log", yscale="log", xlabel="|kernel / reference - 1|")
    right.set(ylabel="fraction of kappa values above")
    left.legend(title="plasma states", loc="lower left")
    figure.savefig(path, dpi=150)


def main(argv=None):
    parser = cli.parser(__doc__.splitlines()[0])
    parser.add_argument("--states", type=cli.count, default=200, help="states of each kind (200)")
    parser.add_argument("--climbs", type=int, default=8, help="searches for the worst (8)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random states (1)")
    parser.add_argument(
        "--workers", type=cli.count, default=os.cpu_count(), help="processes (all cores)"
    )
    parser.add_argument("--limit", type=float, default=1e-3, help="failure beyond it (1e-3)")
    cli.add_page_argument(parser)
    options = parser.parse_args(argv)
    drawn, sought = measure(options.states, options.seed, options.workers, options.climbs)
    text, figure = options.output / "kernel_accuracy.md", options.output / "kernel_accuracy.png"
    text.write_text(report(drawn, sought, options), encoding="utf-8")
    draw(drawn, figure)
    print("\n".join(table(drawn, sought)), f"\nwritten: {text}, {figure}", sep="\n")
    kept, sentence = verdict(drawn, sought, options.limit)
    print(sentence)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
