"""Hand-written networks: layers, activations, passes forward and backward, losses and optimizers.

- `activations`: activation functions with two derivatives
- `layers`: networks as layers, and as one vector
- `mlp_passes`: what all derivatives of a perceptron are made of
- `mlp`: multilayer perceptrons: forward, backward, products with the Jacobian
- `mlp_tangents`: forward mode, and the backward pass of it
- `cross_entropy`: the cross-entropy of classes
- `optimizers`: first-order optimizers as pure steps
"""
