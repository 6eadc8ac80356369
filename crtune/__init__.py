"""crtune in a notebook: predict, sample, and look at posteriors as values with units.

Nothing of its own is computed here: these are the doors to `transport`, `likelihoods`, `priors`
and `pipeline`, whose scripts do the same. Names are loaded at their first use.

>>> import crtune
>>> crtune.predict("kolmogorov", rigidity=[10, 100])
Kolmogorov diffusion
    R [GV]       protons        B/C  kappa_turb [cm^2/s]
...
"""

import importlib
import sys
from pathlib import Path

# before a notebook's own priors.py, say, and before another checkout on PYTHONPATH
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.sampling.threads import limit_threads
from transport.errors import CrtuneError, CrtuneWarning

if "numpy" not in sys.modules:  # later it would change nothing in this process
    limit_threads()

_HOMES = {
    "load_config": "crtune.configs",
    "build_problem": "crtune.configs",
    "predict": "crtune.predictions",
    "scenarios": "crtune.catalogue",
    "datasets": "crtune.catalogue",
    "Run": "crtune.runs",
    "load_run": "crtune.posteriors",
    "RunPosterior": "crtune.posteriors",
}

__all__ = [*_HOMES, "CrtuneError", "CrtuneWarning"]


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'crtune' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
    return value


def __dir__():
    return sorted({*globals(), *__all__})
