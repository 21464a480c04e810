"""Robustness: adversarial training, sharpness-aware minimization and Lipschitz constants."""
