"""What users see as a plain message instead of a traceback."""


class CrtuneError(Exception):
    """Bad input or a hostile moment. The message names file, key, value and remedy."""


class CrtuneWarning(UserWarning):
    """Input that is suspicious but not wrong. The message names file, key and value."""
