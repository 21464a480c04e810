"""Networks: initialisation, perturbation stability, lazy training, the phase diagram and μP."""
