"""Robustness: adversarial training, sharpness, and Lipschitz constants of networks."""
