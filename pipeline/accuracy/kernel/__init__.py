"""The error of the fast-mode kernel, over every plasma state that a scenario asks for."""
