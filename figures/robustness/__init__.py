"""Figures about robustness."""
