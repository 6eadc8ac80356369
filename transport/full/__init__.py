"""Transport without the paper's shortcuts: losses, destruction, all parents of boron (eq. 1).

What is solved at each rigidity R, per area on one side of the symmetric disk, f at equal rigidity
and N = h n the column of hydrogen nuclei:

    F(0+) = Q - N v sigma f(0) + N (1/p^2) d/dp [p^2 |dp/dt| f(0)]    the thin gas disk
    F - F(0+) = V [f + (1/3) df/dlnp]                                 a jump V of the speed
    f = rho(F) F                                                      the scenario's residence

Losses only carry particles downwards in momentum, so one march from high to low rigidity solves it;
`transport.full.march` has the numerics, `transport.full.nuclear_data` the constants.
"""
