"""Put Python and the packages that the playground needs into docs/_static/playground.

Pyodide comes from the npm registry, in the version that docs/playground/package-lock.json pins. The packages are those
that are installed, without compiled modules: MarkupSafe works without its one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "docs" / "playground"
TARGET = ROOT / "docs" / "_static" / "playground"
PYODIDE = ("pyodide.asm.js", "pyodide.asm.wasm", "pyodide.js", "pyodide-lock.json", "python_stdlib.zip")
PACKAGES = ("blinker", "click", "flask", "flask_cors_rs", "idna", "itsdangerous", "jinja2", "markupsafe", "werkzeug")
MODULES = ("typing_extensions",)


def main() -> None:
    """Install Pyodide, and write the archive of the packages."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is not on the PATH: install Node.js, which builds the playground")
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=SOURCE, check=True)
    (TARGET / "pyodide").mkdir(exist_ok=True)
    for name in PYODIDE:
        shutil.copyfile(SOURCE / "node_modules" / "pyodide" / name, TARGET / "pyodide" / name)
    with zipfile.ZipFile(TARGET / "packages.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(SOURCE / "playground.py", "playground.py")
        for name in PACKAGES:
            spec = find_spec(name)
            folder = Path(str(spec.origin)).parent if spec else None
            if folder is None:
                sys.exit(f"{name} is not installed")
            for path in sorted(folder.rglob("*.py")):
                archive.write(path, path.relative_to(folder.parent).as_posix())
        for name in MODULES:
            spec = find_spec(name)
            if spec:
                archive.write(str(spec.origin), f"{name}.py")


if __name__ == "__main__":
    main()
