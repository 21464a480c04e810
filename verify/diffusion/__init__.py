"""Claims on scores, denoising and diffusion models."""
