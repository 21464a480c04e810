"""Calculus that several chapters need.

- `differentiation`: Jacobians of a user's field, exact to rounding
- `mixtures`: mixtures of Gaussians: log-density, score and its Jacobian
- `projections`: projections onto boxes and balls
"""
