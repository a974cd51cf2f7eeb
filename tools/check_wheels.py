"""Check a folder of wheels: their size, their contents, and which one pip selects on each platform."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

LARGEST = 1_500_000
"""The largest size in bytes that a wheel may have."""

PLACES = {
    "CPython 3.9": ["--python-version", "3.9", "--implementation", "cp", "--platform", "manylinux2014_x86_64"],
    "CPython 3.10": ["--python-version", "3.10", "--implementation", "cp", "--platform", "manylinux2014_x86_64"],
    "CPython 3.14": ["--python-version", "3.14", "--implementation", "cp", "--platform", "manylinux2014_x86_64"],
    "CPython 3.12 on musl": [
        "--python-version",
        "3.12",
        "--implementation",
        "cp",
        "--platform",
        "musllinux_1_2_x86_64",
    ],
    "CPython 3.12 on an unknown platform": [
        "--python-version",
        "3.12",
        "--implementation",
        "cp",
        "--platform",
        "haiku",
    ],
    "PyPy 3.10": ["--python-version", "3.10", "--implementation", "pp", "--platform", "manylinux2014_x86_64"],
}


def selected(folder: Path, where: list[str]) -> str:
    """Return the name of the wheel that pip selects from a folder on a platform."""
    with tempfile.TemporaryDirectory() as target:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-index",
            "--no-deps",
            "--only-binary",
            ":all:",
        ]
        command += ["--find-links", str(folder), "--dest", target, *where, "flask-cors-rs"]
        subprocess.run(command, check=True)
        (taken,) = Path(target).iterdir()
        return taken.name


def main() -> None:
    """Check the wheels, and print which one is selected on each platform. Exit with the problems found."""
    folder = Path(sys.argv[1])
    wheels = {wheel.name: zipfile.ZipFile(wheel) for wheel in folder.glob("*.whl")}
    wrong = []
    for name, wheel in wheels.items():
        compiled = [file for file in wheel.namelist() if file.endswith((".so", ".pyd", ".dylib"))]
        if len(compiled) != (0 if name.endswith("-none-any.whl") else 1):
            wrong.append(f"{name} contains these compiled files: {compiled}")
        if not any(file.endswith("licenses/THIRD-PARTY-LICENSES.md") for file in wheel.namelist()):
            wrong.append(f"{name} does not contain the licences of the Rust crates")
        size = (folder / name).stat().st_size
        if size > LARGEST:
            wrong.append(f"{name} has {size:,} bytes, more than the limit of {LARGEST:,}")
        print(f"{size:>9,} bytes  {name}")
    print()
    has_rust = any("manylinux2014_x86_64" in name for name in wheels)
    for place, where in PLACES.items():
        taken = selected(folder, where)
        expected = "abi3" if has_rust and place in {"CPython 3.10", "CPython 3.14"} else "none-any"
        print(f"{place:<36} {taken}")
        if expected not in taken:
            wrong.append(f"on {place} pip selects {taken} instead of an {expected} wheel")
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
