"""Run a program on this package in the place of Flask-CORS, without touching its code.

``python -m flask_cors_rs -m some.module args...`` and ``python -m flask_cors_rs script.py args...``
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from .compat import install_as_flask_cors

USAGE = "usage: python -m flask_cors_rs (-m MODULE | SCRIPT) [ARGUMENT]..."


def main() -> None:
    """Install the stand-in, then run what the command line names, as Python would.

    :raises SystemExit: the command line names nothing, or the program ends with it
    """
    arguments = sys.argv[1:]
    if arguments[:1] in (["-h"], ["--help"]):
        print(USAGE)
        return
    is_module = arguments[:1] == ["-m"]
    if is_module:
        del arguments[0]
    if not arguments or (not is_module and arguments[0].startswith("-")):
        sys.exit(USAGE)
    install_as_flask_cors()
    sys.argv = arguments
    if is_module:
        # `python -m` has put the working directory first already.
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(arguments[0]).resolve().parent)
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main()
