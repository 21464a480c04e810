"""Loops over steps: formulas that numba compiles, trajectories, and many chains at once."""
