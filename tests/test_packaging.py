"""The build backend, and the wheels and sdist that it builds."""

from __future__ import annotations

import re
import shutil
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

import build_backend
from support import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the source tree, with a compiled module that an editable build has left there."""
    ignored = shutil.ignore_patterns(".*", "target", "dist", "__pycache__", "*.so", "*.pyd")
    copy = tmp_path / "tree"
    shutil.copytree(ROOT, copy, ignore=ignored)
    (copy / "python/flask_cors_rs/_rust.abi3.so").write_bytes(b"left behind")
    monkeypatch.chdir(copy)
    return copy


@pytest.mark.parametrize(
    ("wanted", "cargo", "expected"),
    [("auto", None, "pure"), ("auto", "cargo", "rust"), ("pure", "cargo", "pure"), ("rust", None, "rust")],
)
def test_the_engine_that_is_built(
    monkeypatch: pytest.MonkeyPatch, wanted: str, cargo: str | None, expected: str
) -> None:
    monkeypatch.setenv("FLASK_CORS_RS_BUILD", wanted)
    monkeypatch.setattr(shutil, "which", lambda name: cargo)
    if wanted == "auto" and sys.version_info < (3, 10):
        expected = "pure"  # The compiled module uses the stable ABI of CPython 3.10.
    assert build_backend.engine() == expected
    names = {requirement.split(">")[0] for requirement in build_backend.get_requires_for_build_wheel()}
    assert ("maturin" in names) is (expected == "rust")
    assert ("hatchling" in names) is (expected == "pure" or wanted == "auto")


def test_an_unknown_wish_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_CORS_RS_BUILD", "Rust")
    with pytest.raises(SystemExit, match="set it to auto, rust or pure"):
        build_backend.get_requires_for_build_wheel()


def test_a_pure_wheel_holds_no_compiled_file(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_CORS_RS_BUILD", "pure")
    name = build_backend.build_wheel(str(tmp_path))
    assert name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(tmp_path / name) as wheel:
        files = wheel.namelist()
    expected = {
        path.relative_to(ROOT / "python").as_posix()
        for path in (ROOT / "python/flask_cors_rs").rglob("*")
        if path.suffix in {".py", ".pyi", ".typed"}
    }
    assert {file for file in files if "dist-info" not in file} == expected
    assert any(file.endswith("licenses/LICENSE") for file in files)


def test_a_pure_editable_wheel_is_a_path_file(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is built with only the requirements that the backend returns."""
    monkeypatch.setenv("FLASK_CORS_RS_BUILD", "pure")
    monkeypatch.setitem(sys.modules, "editables", None)  # Hatchling's own way to build an editable wheel imports it.
    name = build_backend.build_editable(str(tmp_path))
    with zipfile.ZipFile(tmp_path / name) as wheel:
        paths = [wheel.read(file).decode().strip() for file in wheel.namelist() if file.endswith(".pth")]
    assert paths == [str(tree / "python")]
    assert not list(tree.glob("python/flask_cors_rs/_rust*.so")), "it would be imported from the source tree"


def test_the_sdist_holds_all_that_builds_both_engines(tree: Path, tmp_path: Path) -> None:
    name = build_backend.build_sdist(str(tmp_path))
    with tarfile.open(tmp_path / name) as archive:
        files = {member.split("/", 1)[1] for member in archive.getnames()}
    for needed in (
        "build_backend/build_backend.py",
        "pyproject.toml",
        "Cargo.toml",
        "Cargo.lock",
        "README.md",
        "LICENSE",
    ):
        assert needed in files
    rust = {str(path.relative_to(tree)) for path in tree.glob("rust/**/*") if path.suffix in {".rs", ".toml"}}
    assert rust <= files
    assert not any(file.endswith((".so", ".pyd")) for file in files)


def test_a_failed_rust_build_falls_back_under_auto_alone(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: object) -> str:
        raise SystemExit(101)

    maturin = type(sys)("maturin")
    maturin.build_wheel = fail  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "maturin", maturin)
    monkeypatch.setattr(build_backend, "engine", lambda: "rust")
    monkeypatch.setenv("FLASK_CORS_RS_BUILD", "auto")
    assert build_backend.build_wheel(str(tmp_path)).endswith("-py3-none-any.whl")
    assert "the Rust build failed (SystemExit(101)): building the pure Python wheel" in capsys.readouterr().err
    monkeypatch.setenv("FLASK_CORS_RS_BUILD", "rust")
    with pytest.raises(SystemExit):
        build_backend.build_wheel(str(tmp_path))


def test_pyproject_and_cargo_have_the_same_version() -> None:
    versions = [
        re.findall(r'^version = "(.+)"$', (ROOT / name).read_text(), re.MULTILINE)
        for name in ("pyproject.toml", "Cargo.toml")
    ]
    assert versions[0] == versions[1]
    assert len(versions[0]) == 1
