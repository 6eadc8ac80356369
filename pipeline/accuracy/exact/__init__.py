"""What replacing eq. 1 by eq. 2 costs: exact over approximate spectra."""
