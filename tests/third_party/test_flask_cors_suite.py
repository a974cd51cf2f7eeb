"""The test suite of Flask-CORS, from its source distribution, passes on this package."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

from flask_cors_rs.compat import REFERENCE_VERSION
from support.engines import ENGINES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tests of Flask-CORS without its package, which they would otherwise import."""
    folder = tmp_path_factory.mktemp("flask_cors_suite")
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*download, f"flask-cors=={REFERENCE_VERSION}", "-d", str(folder)], check=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        root = source.getnames()[0].split("/")[0]
        for member in source.getmembers():
            file = source.extractfile(member)
            if file is not None and member.name.startswith(f"{root}/tests/"):
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read())
    (folder / root / "conftest.py").write_text(
        "import flask_cors, flask_cors.core\n"
        "assert flask_cors.__flask_cors_rs__\n"
        "assert flask_cors.CORS.__module__ == 'flask_cors_rs.extension'\n"
    )
    return folder / root


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_every_test_passes(suite: Path, name: str) -> None:
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "flask_cors_rs",
            "-m",
            "pytest",
            "-q",
            "-c",
            os.devnull,
            "--rootdir",
            str(suite),
            "tests",
        ],
        cwd=suite,
        env={**os.environ, "FLASK_CORS_RS_BACKEND": name},
        capture_output=True,
        text=True,
        check=False,
    )
    # One of the tests skips itself on every Flask since 1.1.
    passed = re.search(r"(\d+) passed, 1 skipped", result.stdout)
    assert result.returncode == 0, result.stdout
    assert passed, result.stdout
    assert int(passed[1]) == 98, result.stdout
