"""Write the linker script that places the functions of a start, and then those of requests, next to each other.

Linux maps the pages around each page of a module that is read. When the functions that an application runs at its start
are scattered over the module, importing it makes nearly all of it resident. Valgrind's callgrind reports which
functions run. Their names end in hashes, which differ between compilers, so the script has patterns.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "rust/python/first_functions.ld"
BUILT = ROOT / "target/function-order"

START = """
import gc
from flask import Flask
from flask_cors_rs import CORS
app = Flask("x")
CORS(app)
gc.collect()
"""
REQUESTS = """
from flask import Flask
from flask_cors_rs import CORS, cross_origin

app = Flask("x")
resource = {"origins": ["https://a.example", "https://b.example"], "expose_headers": ["X-A"], "allow_headers": ["X-B"]}
CORS(app, resources={"/api/*": resource}, supports_credentials=True, max_age=600)
app.add_url_rule("/api/", endpoint="api", view_func=lambda: "hello")
app.add_url_rule("/", endpoint="index", view_func=cross_origin(origins="https://a.example")(lambda: "hello"))
preflight = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-b"}
for path in ("/", "/api/", "/missing"):
    for origin in ({}, {"Origin": "https://a.example"}, {"Origin": "https://other.example"}):
        app.test_client().get(path, headers=origin)
        app.test_client().options(path, headers={**origin, **preflight})
"""

HEADER = """\
/* `make function-order` writes this file: what an application runs when it starts, and then what it runs for requests.
   A pattern that matches nothing does no harm, but more pages are read at the start. */
SECTIONS
{
  .plt : { *(.plt) }
  .text.first :
  {
    *crtbegin*.o(.text)
"""
FOOTER = """\
  }
}
INSERT BEFORE .text;
"""


def build(package: Path) -> None:
    """Copy the package to a folder, with a compiled module that has symbols."""
    environ = {**os.environ, "CARGO_PROFILE_RELEASE_STRIP": "none", "PYO3_PYTHON": sys.executable}
    command = ["cargo", "build", "--release", "--locked", "--package", "flask-cors-rs", "--target-dir", str(BUILT)]
    subprocess.run(command, env=environ, cwd=ROOT, check=True)
    shutil.copytree(ROOT / "python/flask_cors_rs", package, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    shutil.copy(BUILT / "release/lib_rust.so", package / "_rust.abi3.so")


def functions(folder: Path, code: str) -> set[str]:
    """Return the mangled names of the functions in Rust that some code runs."""
    profile = folder / "profile"
    environ = {**os.environ, "PYTHONPATH": str(folder), "FLASK_CORS_RS_BACKEND": "rust"}
    command = ["valgrind", "-q", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={profile}"]
    # What runs when the interpreter ends is not part of a start.
    subprocess.run([*command, sys.executable, "-c", f"{code}\nimport os; os._exit(0)"], env=environ, check=True)
    return set(re.findall(r"\(\d+\) ((?:_ZN|_R|PyInit__rust)[\w$.]*)", profile.read_text()))


def pattern(name: str) -> str:
    """Return a pattern of the linker for a mangled name, without what differs between compilers."""
    name = re.sub(r"17h[0-9a-f]{16}E.*", "17h", name)
    name = re.sub(r"Cs[0-9A-Za-z]+_(?=\d)", "Cs*_", name)
    name = re.sub(r"\.\d+$", "", name)
    return name.replace("$", "?") + "*"


def main() -> int:
    """Write the script."""
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder, "flask_cors_rs"))
        start, requests = (sorted(map(pattern, functions(Path(folder), code))) for code in (START, REQUESTS))
    ordered = dict.fromkeys(start + requests)
    # Functions that are marked as cold are in sections of another name.
    lines = [f"    *(.text.{each} .text.unlikely.{each})\n" for each in ordered]
    TARGET.write_text(HEADER + "".join(lines) + FOOTER, encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
