"""What can be chosen on the command line of the study; imports nothing, so that help is quick."""

SELECTIONS = {
    "both": "protons and B/C",
    "proton": "protons alone",
    "bc": "B/C alone",
}
"""Data by observable; ``bc`` is everything that is no proton flux."""

RANGES = {
    "earth": "data at Earth only",
    "voyager": "with Voyager",
}
"""Data by place: behind the heliosphere, or the interstellar ones too."""
