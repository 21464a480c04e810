"""Executable mathematics of one lecture: Mathematics of Data, Lecture 12, Diffusion Models and Robustness (EPFL).

Chapters, in the lecture's order, each with its modules in that order:

- `minimax`: GAN training as a game, its algorithms, and where they go
- `sampling`: Langevin Monte Carlo, its exact laws, variants and rates
- `diffusion`: scores, denoising and diffusion models
- `networks`: initialisation, perturbation stability, lazy training and μP
- `robustness`: adversarial training, sharpness and Lipschitz constants
- `control`: reinforcement learning, exactly, and against an adversary

Foundations, which all chapters share:

- `arguments`: what arguments are and must be, and the errors that say what is wrong
- `loops`: formulas that numba compiles, trajectories, many chains at once
- `backpropagation`: hand-written networks and optimizers
- `calculus`: Jacobians, mixtures of Gaussians, projections
- `parallel`: many jobs on processes, and threads within one
- `files`: files written whole, and partial results
- `data`: digits, a trained network, and the table of contents
"""

__version__ = "0.2.0"

CHAPTERS = ("minimax", "sampling", "diffusion", "networks", "robustness", "control")
"""The lecture's chapters, in its order."""
