"""Diagnostics: LMC on a Gaussian is an autoregression, whose effective sample size is known."""

import numpy as np
import pytest

from refimpl.sampling.diagnostics import effective_sample_size, split_rhat
from refimpl.sampling.langevin import lmc_trace
from refimpl.sampling.targets import gaussian


@pytest.mark.parametrize("eta", [0.1, 0.5, 1.5])
def test_effective_sample_size_of_lmc_on_a_gaussian(eta):
    rng = np.random.default_rng(0)
    a = lmc_trace(gaussian([0.0, 0.0], np.eye(2)).grad_f, rng.standard_normal((8, 2)), eta, 20_000, rng)
    rho = 1 - eta
    np.testing.assert_allclose(effective_sample_size(a) / (a.shape[0] * 8), (1 - rho) / (1 + rho), rtol=0.15)
    np.testing.assert_allclose(split_rhat(a), 1, atol=0.01)


def test_chains_that_disagree_or_drift_are_found():
    noise = np.random.default_rng(0).standard_normal((1000, 4, 1))
    apart = noise + np.array([0, 0, 0, 3])[:, None]
    drifting = noise + np.linspace(0, 3, 1000)[:, None, None]
    assert split_rhat(apart)[0] > 1.3
    assert split_rhat(drifting)[0] > 1.2
    assert effective_sample_size(apart)[0] < 40


def test_chains_that_swing_count_as_n_log_n():
    """The report of pymc 1770; chains of long steps; autocorrelations near −1."""
    swing = np.array([0.0, 1.0] * 4)[:, None, None]
    np.testing.assert_allclose(effective_sample_size(swing), 8 * np.log10(8))
    rng = np.random.default_rng(0)
    a = lmc_trace(gaussian([0.0, 0.0], np.eye(2)).grad_f, rng.standard_normal((4, 2)), 1.5, 99, rng)
    assert ((effective_sample_size(a) > 0) & (effective_sample_size(a) <= 400 * np.log10(400))).all()


def test_what_constant_chains_give():
    same, apart = np.full((9, 3, 1), 0.1), np.full((9, 3, 1), 0.1) * np.array([1, 2, 3])[:, None]
    assert np.isnan([split_rhat(same), effective_sample_size(same)]).all()
    assert np.isposinf(split_rhat(apart)).all()
    assert 0 < effective_sample_size(apart)[0] < 4


def test_bad_input():
    with pytest.raises(ValueError, match="a must hold at least 4 states of each chain, got 3"):
        split_rhat(np.zeros((3, 2, 1)))
    with pytest.raises(ValueError, match="a must have shape"):
        effective_sample_size(np.zeros((30, 2)))
