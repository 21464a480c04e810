"""Scores, denoising and diffusion models."""
