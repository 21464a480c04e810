"""Files are written whole or not at all."""

import os
from pathlib import Path

import pytest

from refimpl.files.writing import write_whole


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "report.txt"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["report.txt"]


@pytest.mark.parametrize("method", ["write_bytes", "replace"])
def test_an_interruption_leaves_what_was(method, tmp_path, monkeypatch):
    path = tmp_path / "report.txt"
    write_whole(path, b"old")
    original = getattr(Path, method)

    def interrupted(path, *args):
        if method == "write_bytes":
            original(path, b"ha")
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, method, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"half-written")
    assert [p.name for p in tmp_path.iterdir()] == ["report.txt"]
    assert path.read_bytes() == b"old"


def test_a_link_keeps_pointing(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.touch()
    link.symlink_to(target)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_what_is_not_a_file_is_written_to():
    write_whole(os.devnull, b"gone")
    assert not Path(os.devnull).is_file()
