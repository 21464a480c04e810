"""Complexities of networks: degenerate layers and bad input; what they say is claimed in `verify`."""

import numpy as np
import pytest

from refimpl.backpropagation.activations import relu
from refimpl.backpropagation.layers import Layer, Network
from refimpl.robustness.margin_bounds import spectral_complexity


def test_a_layer_without_weights_has_no_complexity():
    layers = (Layer(np.ones((2, 3)), np.ones(2)), Layer(np.zeros((1, 2)), np.ones(1)))
    assert spectral_complexity(Network(layers, relu)) == 0


def test_what_is_no_network_is_refused():
    with pytest.raises((TypeError, ValueError), match="h must"):
        spectral_complexity([np.ones((2, 3))])
