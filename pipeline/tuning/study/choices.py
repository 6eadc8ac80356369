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

MEASURES = {
    "evidence": "ln Z, information, tempered curve, discrepancy needed (nested sampling)",
    "acceptable": "acceptable fraction F(eps), its floor, and shuffles of acceptable states",
    "stiffness": "stiff directions of the Fisher matrix",
    "conspiracy": "shuffle tests and mutual information",
    "sensitivity": "Barbieri-Giudice sensitivities",
    "universality": "slopes of other galaxies",
    "chains": "ln Z from the run's chains, and whether both samplers agree",
}
"""What can be asked for. Tension follows from the evidence of the three selections."""

FOR_PARTS = ("evidence", "acceptable")
"""What is made of protons alone and of B/C alone: the rest describes a whole theory."""
