"""Figures of the tuning study: all scenarios against each other, the ranges side by side."""
