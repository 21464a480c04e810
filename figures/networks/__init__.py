"""Figures about networks."""
