"""Settings shared by all tests."""

import os

# Before numpy loads: the tests run side by side, one thread each.
os.environ.setdefault("OMP_NUM_THREADS", "1")
