"""Imported first by every script: what runs is the code beside it, and figures need no window.

Python looks here before it looks at an installation of crtune, at PYTHONPATH, or at a file of the
user's that is called like one of the folders. Processes that a script starts inherit it.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

sys.path.insert(0, str(ROOT))

# Jupyter and users set these for figures of their own.
os.environ["MPLBACKEND"] = "Agg"
os.environ["MATPLOTLIBRC"] = str(ROOT / "pipeline" / "figures" / "matplotlibrc")
