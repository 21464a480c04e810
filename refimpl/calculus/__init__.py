"""Calculus that several chapters need: Jacobians, mixtures of Gaussians with their scores, projections."""
