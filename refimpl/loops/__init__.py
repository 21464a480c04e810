"""Loops over steps: formulas that numba compiles, trajectories, and many chains at once.

- `compiling`: formulas as arguments of compiled loops
- `formula_type`: numba's type of a formula
- `point_type`: numba's type of a planar point
- `iteration`: a step run many times
- `generators`: generators for parts of a computation
- `chains`: many chains at once
"""
