"""Hand-written networks: layers, activations, passes forward and backward, losses and optimizers."""
