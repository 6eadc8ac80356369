"""Signals that ask a run to stop: finish the step, write the checkpoint, leave with a code."""

from __future__ import annotations

import signal

from pipeline.exit_codes import EXIT_INTERRUPTED, EXIT_REQUEUE

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR1") if hasattr(signal, name)
)


class StopRequest:
    """Context manager that turns SIGINT, SIGTERM and SIGUSR1 into a question: `stop()`?

    A second Ctrl-C raises KeyboardInterrupt at once. Outside the main thread no handler can be
    installed and nothing is asked.
    """

    def __init__(self, notify=lambda text: None):
        self.signal: int | None = None
        self._notify = notify
        self._previous: dict[int, object] = {}

    def __call__(self) -> bool:
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """Exit code for the signal that came."""
        return EXIT_INTERRUPTED if self.signal == signal.SIGINT else EXIT_REQUEUE

    def _handle(self, number, frame):
        if self.signal == signal.SIGINT and number == signal.SIGINT:
            raise KeyboardInterrupt
        first, self.signal = self.signal is None, number
        if first:
            name = signal.Signals(number).name
            self._notify(f"{name} received: writing the checkpoint, then leaving")

    def __enter__(self) -> StopRequest:
        for number in _SIGNALS:
            try:
                self._previous[number] = signal.signal(number, self._handle)
            except ValueError:  # not the main thread
                break
        return self

    def __exit__(self, *exception) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()
