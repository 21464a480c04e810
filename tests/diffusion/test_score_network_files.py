"""Checkpoints of score networks: what comes back, and what is refused."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from refimpl.diffusion import score_network
from refimpl.diffusion.score_network import ScoreNetwork, random_score_network
from refimpl.diffusion.sde import sub_vp, vp
from refimpl.files import checkpoints


def small(hidden: int = 8, seed: int = 0) -> ScoreNetwork:
    return random_score_network(vp(), (2, hidden, hidden), np.random.default_rng(seed), 1, 2)


def scattered() -> ScoreNetwork:
    h = small()
    return score_network.with_parameters(h, np.random.default_rng(1).standard_normal(len(score_network.parameters(h))))


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    h, file = scattered(), tmp_path / "network.npz"
    score_network.save(file, h)
    found = score_network.load(file, small(seed=5))
    np.testing.assert_allclose(score_network.parameters(found), score_network.parameters(h), rtol=1e-7)
    assert [one.name for one in tmp_path.iterdir()] == ["network.npz"]


def test_a_checkpoint_of_another_architecture_or_cut_short_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "network.npz"
    score_network.save(file, small())
    for other in (small(9), small()._replace(sde=sub_vp()), small()._replace(sde=vp(0.1, 10.0))):
        with pytest.raises(ValueError, match=r"path must hold a network 7-[89]-[89]-2 silu"):
            score_network.load(file, other)
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(ValueError, match="path must be a checkpoint, whole"):
        score_network.load(file, small())
    np.savez(file, something=np.zeros(3))
    with pytest.raises(ValueError, match="path must be a checkpoint, whole"):
        score_network.load(file, small())
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(ValueError, match=r"path must be a checkpoint, whole, got .*not a whole npz file"):
        score_network.load(tmp_path / "one.npy", small())
    score_network.save(file, small())
    np.savez(file, **checkpoints.read(file) | {"x": np.full_like(checkpoints.read(file)["x"], np.nan)})
    with pytest.raises(ValueError, match=r"path must be a checkpoint, whole, got .*x must be finite"):
        score_network.load(file, small())
    with pytest.raises(FileNotFoundError):
        score_network.load(tmp_path / "nowhere.npz", small())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x.astype(str), "x must be float32 of <= 1000 bytes, got <U32"),
        (lambda x: x > 0, "x must be float32 of <= 1000 bytes, got bool"),
        (lambda x: x + 1j, "x must be float32 of <= 1000 bytes, got complex"),
        (lambda x: x.astype(float) + 1e308, "x must be float32 of <= 1000 bytes, got float64"),
        (lambda x: np.zeros(10**6, np.float32), "x must be float32 of <= 1000 bytes, got float32 of 4000000"),
        (lambda x: x[:-1], "x must have 154 entries"),
        (lambda x: np.array([{}]), "x must be float32 of <= 1000 bytes, got object"),
    ],
)
def test_other_weights_than_single_precision_are_refused_before_they_are_read(
    tmp_path: Path, change: Callable, message: str
) -> None:
    file = tmp_path / "network.npz"
    score_network.save(file, small())
    stored = checkpoints.read(file)
    message = message.replace("1000", str(stored["x"].nbytes))
    np.savez_compressed(file, **stored | {"x": change(stored["x"])})
    with pytest.raises(ValueError, match=f"path must be a checkpoint, whole, got .*({message})"):
        score_network.load(file, small())


def test_headers_that_promise_more_than_the_architecture_are_refused(tmp_path: Path) -> None:
    file, header = tmp_path / "network.npz", io.BytesIO()
    score_network.save(file, small())
    words = checkpoints.read(file)["architecture"]
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (2**40,)})
    np.savez(file, architecture=words)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as members:
        members.writestr("x.npy", header.getvalue() + bytes(1000))
    with pytest.raises(ValueError, match=r"path must be a checkpoint, whole, got .*4398046511104"):
        score_network.load(file, small())
    np.savez(file, architecture=np.array("x" * 5000), x=np.zeros(3))
    with pytest.raises(ValueError, match=r"path must be a checkpoint, whole, got .*architecture must be str_"):
        score_network.load(file, small())


def test_encrypted_members_and_members_that_are_no_arrays_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "network.npz"
    score_network.save(file, small())
    content = bytearray(file.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + flags] |= 1
            at = content.find(mark, at + 4)
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"path must be a checkpoint, whole, got .*encrypted"):
        score_network.load(file, small())
    with zipfile.ZipFile(file, "w") as members:
        members.writestr("architecture.npy", b"words")
    with pytest.raises(ValueError, match="path must be a checkpoint, whole"):
        score_network.load(file, small())


def test_whatever_bit_of_a_checkpoint_is_wrong_is_refused_or_does_not_matter(tmp_path: Path) -> None:
    h, file = small(), tmp_path / "network.npz"
    score_network.save(file, h)
    whole, x = file.read_bytes(), score_network.parameters(score_network.load(file, h))
    for i in range(0, len(whole), 3):
        file.write_bytes(whole[:i] + bytes([whole[i] ^ 1 << i % 8]) + whole[i + 1 :])
        try:
            np.testing.assert_array_equal(score_network.parameters(score_network.load(file, h)), x)
        except ValueError as error:
            assert str(error).startswith("path must")  # noqa: PT017
