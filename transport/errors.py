"""The one exception that users see as a plain message instead of a traceback."""


class CrtuneError(Exception):
    """Bad input or a hostile moment. The message names file, key, value and remedy."""
