"""Exit codes of the scripts; imports nothing."""

EXIT_OK = 0
"""Done; of a run: converged."""
EXIT_FAILED = 1
"""A worker died, or a bug with its traceback."""
EXIT_BAD_INPUT = 2
EXIT_NOT_CONVERGED = 3
"""The budget is used up before the rules are met."""
EXIT_REQUEUE = 75
"""Interrupted by a scheduler, checkpoint written: run the same command again."""
EXIT_INTERRUPTED = 130
"""Ctrl-C; of a run: with its checkpoint written."""
EXIT_BROKEN_PIPE = 141
"""The reader of the output went away."""
