"""What a scenario says of the adiabatic losses of its terms."""

RISING_SPEED = "rises with height"
"""Cooling of a topmost term whose speed rises all the way: f = F rho(F) becomes
-(1/3) df/dlnp = F rho(F), F being the flux at its base (the closed form of a stratified halo)."""
