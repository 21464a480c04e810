"""Hand-written networks.

- `activations`: activation functions with two derivatives
- `layers`: networks as layers, and their parameters as one vector
- `mlp`: multilayer perceptrons, forward and backward
- `losses`: losses with their gradients
- `optimizers`: steps of first-order optimizers
"""
