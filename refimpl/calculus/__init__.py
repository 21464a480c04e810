"""Derivatives, projections and Gaussian mixtures: what several chapters compute with.

- `differentiation`: Jacobians of a user's field
- `projections`: projections onto convex sets, and the proximal step of ‖·‖₁
- `mixtures`: log-densities and scores of mixtures of Gaussians
"""
