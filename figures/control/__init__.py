"""Figures about control."""
