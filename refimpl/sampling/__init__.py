"""Sampling: Langevin Monte Carlo, its exact laws, its variants and its rates."""
