"""The SDEs, on numbers, arrays and other libraries."""

import numpy as np
import pytest

from refimpl.diffusion.sde import SDE, sub_vp, ve, ve_sigma, vp

ALL = (vp(), sub_vp(), ve())


@pytest.mark.parametrize("sde", ALL, ids=lambda sde: sde.name)
def test_many_times_at_once(sde: SDE) -> None:
    t, a = np.linspace(0, 1, 5)[:, None], np.arange(10.0).reshape(5, 2)
    for i, s in enumerate(t[:, 0]):
        np.testing.assert_array_equal(sde.drift(a, t)[i], sde.drift(a[i], s))
        np.testing.assert_allclose(sde.diffusion(t)[i, 0], sde.diffusion(s), rtol=1e-15)
        for many, one in zip(sde.kernel(t), sde.kernel(s), strict=True):
            np.testing.assert_allclose(many[i, 0], one, rtol=1e-15)


@pytest.mark.parametrize("sde", ALL, ids=lambda sde: sde.name)
def test_data_start_without_noise_and_noise_only_grows(sde: SDE) -> None:
    scale, std = sde.kernel(np.linspace(0, 1, 100))
    assert (scale[0], std[0]) == (1, 0)
    assert (np.diff(std / scale) > 0).all()


def test_small_times_keep_their_digits() -> None:
    """std² ≈ g(0)²t, for times at which 1 − e^{−B} cancels."""
    for sde in (vp(), ve()):
        assert sde.kernel(1e-20)[1] == pytest.approx(sde.diffusion(0.0) * 1e-10, rel=1e-12)
    assert sub_vp().kernel(1e-20)[1] == pytest.approx(0.1 * 1e-20, rel=1e-12)


def test_constant_beta_is_allowed() -> None:
    assert vp(2.0, 2.0).kernel(0.5)[0] == pytest.approx(np.exp(-0.5))


def test_torch_points_pass_through() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    a = torch.ones(3, 2, dtype=torch.float64)
    for sde in ALL:
        np.testing.assert_allclose(sde.drift(a, 0.3), sde.drift(np.ones((3, 2)), 0.3), rtol=1e-15)


def test_the_common_sigma_differs_from_the_std_by_sigma_min() -> None:
    t = np.linspace(0, 1, 7)
    np.testing.assert_allclose(ve_sigma(t, 0.5, 3.0) ** 2 - ve(0.5, 3.0).kernel(t)[1] ** 2, 0.25, rtol=1e-13)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: vp(0.0, 1.0), "beta_min must be > 0, got 0"),
        (lambda: vp(2.0, 1.0), "beta_max must be >= beta_min = 2, got 1"),
        (lambda: sub_vp(2.0, 1.0), "beta_max must be >= beta_min = 2, got 1"),
        (lambda: vp(beta_max=np.nan), "beta_max must be finite"),
        (lambda: ve(0.0, 1.0), "sigma_min must be > 0"),
        (lambda: ve(1.0, 1.0), "sigma_max must be > sigma_min = 1, got 1"),
        (lambda: ve_sigma(2.0), "t must be >= 0 and <= 1, got 2"),
        (lambda: ve_sigma(0.5, 2.0, 1.0), "sigma_max must be > sigma_min"),
    ],
)
def test_bad_input_is_refused(call, message) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()


@pytest.mark.parametrize("sde", ALL, ids=lambda sde: sde.name)
def test_times_of_points_are_not_times_of_coordinates(sde: SDE) -> None:
    with pytest.raises(ValueError, match="t must be one number or of shape"):
        sde.drift(np.ones((2, 2)), [0.1, 0.2])
    assert sde.drift(np.ones((2, 2)), [[0.1], [0.2]]).shape == (2, 2)


@pytest.mark.parametrize("sde", ALL, ids=lambda sde: sde.name)
@pytest.mark.parametrize("t", [-0.1, 1.1, np.nan, np.inf, "0.5", None, [0.2, -0.1], []])
def test_times_outside_the_run_are_refused(sde: SDE, t) -> None:
    for call in (sde.kernel, sde.diffusion, lambda t: sde.drift(np.ones(2), t)):
        with pytest.raises((TypeError, ValueError), match="t must"):
            call(t)
