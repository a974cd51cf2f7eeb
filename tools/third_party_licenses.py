"""Collect the licences of the Rust crates in the compiled module. The wheels contain them."""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "THIRD-PARTY-LICENSES.md"


def crates() -> list[dict[str, str]]:
    """Return the crates that the compiled module links, without those of this project."""
    tree = subprocess.run(
        [
            "cargo",
            "tree",
            "--locked",
            "-p",
            "flask-cors-rs",
            "-e",
            "normal",
            "--prefix",
            "none",
            "-f",
            "{p}",
            "--target",
            "all",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    linked = {tuple(line.split(" (")[0].split(" v")) for line in tree.stdout.splitlines()}
    metadata = subprocess.run(
        ["cargo", "metadata", "--locked", "--format-version", "1"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    packages = json.loads(metadata.stdout)["packages"]
    return [package for package in packages if package["source"] and (package["name"], package["version"]) in linked]


def document() -> str:
    """Return the document. A licence text that several crates share is written once."""
    names: dict[str, list[str]] = {}
    for crate in sorted(crates(), key=lambda crate: crate["name"]):
        folder = Path(crate["manifest_path"]).parent
        files = sorted(
            path for path in folder.iterdir() if path.name.upper().startswith(("LICENSE", "COPYING", "UNLICENSE"))
        )
        if not files:
            raise SystemExit(f"{crate['name']} {crate['version']} has no licence file: look for one in its repository")
        for path in files:
            text = path.read_text(encoding="utf-8").strip()
            names.setdefault(text, []).append(f"{crate['name']} {crate['version']} ({crate['license']})")
    parts = [f"## {', '.join(users)}\n\n```text\n{text}\n```\n" for text, users in names.items()]
    return "# Licences of the Rust crates in the compiled module\n\n" + "\n".join(parts)


def main() -> None:
    """Write the document, or check that it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the document is out of date")
    text = document()
    if not parser.parse_args().check:
        TARGET.write_text(text, encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != text:
        raise SystemExit(f"{TARGET.name} is out of date: run make licenses")


if __name__ == "__main__":
    main()
