"""Published-convention values of kappa, found by two methods that agree to 3e-4."""

from transport.constants import MICROGAUSS, PC

RIGIDITIES = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
HARD_RIGIDITIES = (1, 3, 10, 30, 100, 300, 1000, 3000)


def _state(B, n, T, Ma, L, mean_free_path):
    return (B * MICROGAUSS, n, T, Ma, L * PC, mean_free_path)


# name: ((B, n, T, Ma, L, l_mfp) in CGS, rigidities in GV, kappa in cm^2/s)
STATES = {
    "fig2_warm": (
        _state(6, 0.1, 2e4, 1, 100, 3.430e13),
        RIGIDITIES,
        [
            1e28 * k
            for k in (
                1.1378,
                1.7639,
                2.1883,
                2.3728,
                2.4528,
                2.6630,
                2.9925,
                2.7416,
                2.3037,
                1.9048,
                1.8595,
                2.1496,
                3.1795,
            )
        ],
    ),
    "fig2_halo": (
        _state(6, 0.001, 2e6, 1, 100, 2.506e19),
        RIGIDITIES,
        [
            1e28 * k
            for k in (
                2.5340,
                3.9305,
                4.8770,
                5.2865,
                5.3455,
                5.3490,
                5.3254,
                5.2935,
                5.2473,
                5.1642,
                5.1227,
                5.2310,
                5.8663,
            )
        ],
    ),
    "sec5_warm": (
        _state(6, 0.2, 1e4, 0.6, 50, 4.540e12),
        RIGIDITIES,
        [
            1e28 * k
            for k in (
                2.2445,
                3.4847,
                4.6168,
                6.0339,
                6.2930,
                4.8977,
                3.5064,
                2.8116,
                2.3801,
                2.3142,
                2.8024,
                3.8149,
                5.9859,
            )
        ],
    ),
    "hard_strong_turbulence": (
        _state(5.938442578, 0.6763266510, 15198.0099, 1.0996446, 30.730030, 2.4238e12),
        HARD_RIGIDITIES,
        (1.6037e28, 1.7381e28, 6.1584e27, 4.6233e27, 3.6343e27, 3.9955e27, 6.6112e27, 1.1400e28),
    ),
    "hard_high_beta": (
        _state(1.729152083, 0.1071404375, 17386.1215, 1.0295730, 39.164479, 2.0023e13),
        HARD_RIGIDITIES,
        (6.2354e28, 8.1613e28, 2.7996e28, 1.7448e28, 1.2842e28, 1.1508e28, 1.5965e28, 2.7053e28),
    ),
    "hard_weak_turbulence": (
        _state(2.962551470, 0.1201350918, 17459.6111, 0.3353076, 54.807577, 1.8009e13),
        HARD_RIGIDITIES,
        (7.3428e30, 9.6115e30, 1.0009e31, 1.2761e30, 6.4178e29, 3.7956e29, 2.5253e29, 2.5650e29),
    ),
}

# Where searches from random states found the largest errors of fast kernels: a gyroradius just
# below the mean free path, Ma at its lower end, isolated surviving angles at very high beta. The
# values are by `kappa_with_error` at 1e-6 and agree with nested scipy quadrature to 3e-5.
# (B in uG, n, T, Ma, L in pc, rigidity in GV, kappa in cm^2/s); default mean free path
HARDEST = [
    (5.86125, 0.0998979, 6944.89, 0.256102, 30.8321, 6.39635, 9.956846e29),
    (7.1099, 0.341899, 7598.69, 0.2, 58.3857, 2.9104, 7.123213e30),
    (8.24462, 0.249344, 13931.1, 0.2, 199.47, 14.9173, 2.600407e31),
    (5.6987, 0.0888055, 13677.4, 0.2, 114.324, 27.1539, 1.485420e31),
    (4.2292, 0.1372, 18988.0, 0.36721, 172.09, 26.785, 5.165412e30),
    (5.2249, 0.24455, 17034.0, 0.51258, 84.35, 14.164, 6.340167e29),
    (5.3007, 0.0016036, 1.4027e6, 0.92612, 15.163, 1838.2, 2.149039e28),
    (0.66457, 0.0040358, 4.6164e6, 0.35262, 26.869, 0.38031, 4.747904e32),
    (5.5163, 0.22243, 18368.0, 0.081911, 10.326, 0.3, 2.324417e32),
]

# Large v_A: modes nearly across the field stay in resonance (A2), which an expansion in v_A/v
# misses by up to a factor 3 at the first state; at the last, of low beta, the wavenumber at which
# the cascade ends rises by 1e10 within five degrees. Values by `kappa_with_error` at 1e-6; nested
# scipy quadrature gives 5.273845e28 at the second.
FAST_WAVES = [
    (24.866, 1.1e-4, 1.1024e7, 0.20123, 9.3677, 0.05, 1.3528867e28),
    (24.866, 1.1e-4, 1.1024e7, 0.20123, 9.3677, 1.0, 5.2738426e28),
    (24.866, 1.1e-4, 1.1024e7, 0.20123, 9.3677, 10.0, 1.3964366e29),
    (25.22, 5.61e-4, 5.285e6, 0.882, 98.23, 0.464, 4.6951036e27),
    (3.87, 0.06884, 1.958e4, 0.2022, 29.92, 0.05, 5.9611235e29),
    (26.05, 2.056e-4, 2.3393e6, 0.35161, 196.91, 0.1, 4.0978667e27),
    (26.05, 2.056e-4, 2.3393e6, 0.35161, 196.91, 0.338, 1.8373902e28),
    (26.05, 2.056e-4, 2.3393e6, 0.35161, 196.91, 1.0, 6.5057165e28),
]
