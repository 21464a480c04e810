"""Implementations in other libraries, held to the claims as a user would hold them."""

import sys
import types

import numpy as np
import pytest

import verify


def against(monkeypatch, patterns, **functions):
    """Verdicts of the claims on functions given under their dotted names, with __ for the dots."""
    module = types.ModuleType("foreign")
    for name, function in functions.items():
        place = module
        *folders, last = name.split("__")
        for folder in folders:
            place = place.__dict__.setdefault(folder, types.SimpleNamespace())
        setattr(place, last, function)
    monkeypatch.setitem(sys.modules, "foreign", module)
    return {r.claim.rpartition(".")[2]: r.verdict for r in verify.run(patterns, against="foreign")}


def through(convert):
    """Turn a field on NumPy arrays into one on a library's arrays."""
    return lambda V: lambda z: convert(V(np.asarray(z)))


def test_torch_steps(monkeypatch):
    torch = pytest.importorskip("torch")
    field = through(torch.as_tensor)

    def eg_step(V, z, alpha):
        V, z = field(V), torch.as_tensor(z)
        return (z - alpha * V(z - alpha * V(z))).numpy()

    verdicts = against(monkeypatch, ["M09"], minimax__algorithms__eg_step=eg_step)
    assert verdicts["extragradient_contracts_on_xy"] == "PASS"
    assert verdicts["proximal_point_contracts_on_xy"] == "NOT PROVIDED"


def test_torch_denoiser(monkeypatch):
    torch = pytest.importorskip("torch")

    def empirical_denoiser(x, data, sigma):
        x, data = torch.as_tensor(x), torch.as_tensor(data)
        distance = ((x[..., None, :] - data) ** 2).sum(-1)
        return (torch.softmax(-distance / (2 * sigma**2), dim=-1) @ data).numpy()

    verdicts = against(
        monkeypatch,
        ["empirical_denoiser_is_a_softmax_average"],
        diffusion__tweedie__empirical_denoiser=empirical_denoiser,
    )
    assert set(verdicts.values()) == {"PASS"}


def test_jax_steps(monkeypatch):
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def steps():
        field = through(jnp.asarray)
        return {
            "minimax__algorithms__ogda_step": lambda V, z, z_prev, alpha: (
                z - alpha * (2 * field(V)(z) - field(V)(z_prev))
            ),
            "minimax__algorithms__rfbs_step": lambda V, z, z_prev, alpha: z - alpha * field(V)(2 * z - z_prev),
        }

    with jax.enable_x64(True):
        verdicts = against(monkeypatch, ["M10"], **steps())
    assert set(verdicts.values()) == {"PASS"}


def test_jax_in_single_precision_is_told_apart(monkeypatch):
    jax = pytest.importorskip("jax")

    def gda_step(V, z, alpha):
        return jax.numpy.asarray(z, "float32") - alpha * jax.numpy.asarray(V(z), "float32")

    verdicts = against(monkeypatch, ["M09"], minimax__algorithms__gda_step=gda_step)
    assert verdicts["gradient_descent_ascent_expands_on_xy"] == "FAIL"


def test_autograd_differentiates_our_formulas():
    from autograd import jacobian

    from refimpl.minimax.algorithms import eg_step
    from refimpl.minimax.games import bilinear

    J = jacobian(lambda z: eg_step(bilinear().operator, z, 0.5))(np.array([1.0, 2.0]))
    np.testing.assert_allclose(J, [[0.75, -0.5], [0.5, 0.75]])
