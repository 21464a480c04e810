"""GAN training as a game: minimax algorithms and where they go."""
