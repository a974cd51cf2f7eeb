"""Run the cases of ``cold_start.py`` in an interpreter that has imported Flask and nothing else of weight.

This is a script, not a module of the package: it must import nothing that an extension imports as well, or the
extension would seem cheaper than it is. Cases come as lines of JSON on standard input. Each one is the value of
``FLASK_CORS_RS_BACKEND``, code that is not measured, and code that is.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask

if TYPE_CHECKING:
    from types import CodeType


def prepare(line: str) -> tuple[CodeType, dict[str, Any]]:
    """Run the code that is not measured. Return the code that is, and its variables."""
    engine, before, measured = json.loads(line)
    os.environ["FLASK_CORS_RS_BACKEND"] = engine
    variables: dict[str, Any] = {"app": Flask("x"), "Flask": Flask}
    exec(compile(before, "<before>", "exec"), variables)
    code = compile(measured, "<measured>", "exec")
    # A collection that is due now would otherwise be part of whatever comes next.
    gc.collect()
    return code, variables


def count() -> None:
    """Run each case in a fork of this process, and print the process ids.

    The instrument starts to count at the call of ``getppid``, which nothing else here calls.
    """
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            code, variables = prepare(line)
            os.getppid()
            exec(code, variables)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0, line
        print(pid, flush=True)


def seconds() -> float:
    """Return the seconds that a case takes."""
    code, variables = prepare(sys.stdin.readline())
    start = time.perf_counter()
    exec(code, variables)
    return time.perf_counter() - start


def _memory() -> tuple[int, int]:
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    sizes = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines[1:]}
    return sizes["Anonymous:"], sizes["Rss:"]


def memory() -> list[int]:
    """Return the bytes by which a case increases the anonymous and the resident memory, and the number of modules."""
    code, variables = prepare(sys.stdin.readline())
    modules, (anonymous, resident) = len(sys.modules), _memory()
    exec(code, variables)
    gc.collect()
    return [after - before for after, before in zip((*_memory(), len(sys.modules)), (anonymous, resident, modules))]


def traced() -> int:
    """Return the bytes of the Python objects that a case leaves behind."""
    import tracemalloc

    code, variables = prepare(sys.stdin.readline())
    tracemalloc.start()
    exec(code, variables)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def diagnostics() -> list[str]:
    """Return the modules of the diagnostics that a case imports."""
    code, variables = prepare(sys.stdin.readline())
    exec(code, variables)
    return [name for name in sys.modules if name.startswith("flask_cors_rs._diagnostics")]


if __name__ == "__main__":
    # An interpreter with more objects places those that follow elsewhere.
    before = [str(number) for number in range(int(sys.argv[2]))]
    if sys.argv[1] == "count":
        count()
    else:
        measures = {"seconds": seconds, "memory": memory, "traced": traced, "diagnostics": diagnostics}
        print(json.dumps(measures[sys.argv[1]]()))
