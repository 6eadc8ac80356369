"""Exact steady state of eq. 1 in (z, p), to know what the paper's eq. 2 costs.

Eq. 1 is kept whole: a streaming speed that varies with height, the adiabatic losses that come with
it, and diffusion that the protons set for themselves. With V the streaming speed and F the flux,

    F = V f - kappa df/dz,      dF/dz = dV/dz [f + (1/3) df/dlnp],      F(0) = Q + jump,

on one side of the symmetric disk. Eq. 2 is this without the right-hand side of the second equation.
The diffusive flux D = F - V f decides the gradient (`laws`), losses carry particles down in
momentum only, so the solution is marched from high to low rigidity (`march`), solving for all
heights at once at each rigidity.

Where V jumps, dV/dz is a delta function and eq. 1 takes V_jump [f + (1/3) df/dlnp] out of the flux
there. At the disk of a streaming halo (V = v_A sgn z) this is footnote 2: it turns f = Q / v_A
into 3 Q / (alpha v_A). In the two-phase model V is 0 in the warm layer and the jump sits at z_W.
It is counted by default, because it is real: integrated by parts, the losses in dV/dz are the work
V dP/dz that the streaming cosmic rays do on the waves above the jump. Leaving it out (`jump=False`)
isolates the losses in the smooth rise of v_A; for a constant v_A it is the paper's eq. 2.
"""

from transport.exact.stratified import stratified_halo_spectra
from transport.exact.two_phase import two_phase_spectra

__all__ = ["stratified_halo_spectra", "two_phase_spectra"]
