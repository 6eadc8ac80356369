"""Where the checkout is that this code runs from."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""Its folder: `data`, `runs`, `docs` and `scripts` lie in it."""
