"""Figures about sampling."""
