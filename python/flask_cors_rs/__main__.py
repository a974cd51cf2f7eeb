"""Run a program with this package instead of Flask-CORS, without changing its code.

Use ``python -m flask_cors_rs -m some.module args...`` or ``python -m flask_cors_rs script.py args...``.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from .compat import install_as_flask_cors

USAGE = "usage: python -m flask_cors_rs (-m MODULE | SCRIPT) [ARGUMENT]..."


def main() -> None:
    """Replace Flask-CORS, then run the module or script that the command line names, as Python would.

    :raises SystemExit: the command line names neither, or the program exits
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
        # `python -m` has already put the working directory first.
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(arguments[0]).resolve().parent)
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main()
