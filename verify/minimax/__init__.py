"""Claims on GAN training as a game."""
