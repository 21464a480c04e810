"""Loops over steps: formulas that numba compiles, trajectories, and many chains at once.

- `compiling`: formulas as arguments of compiled loops
- `numba_types`: numba's types of formulas and planar points
- `iteration`: a step run many times
- `generators`: generators for parts of a computation
- `chains`: many chains at once
"""
