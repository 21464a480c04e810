"""Calculus that several chapters need."""
