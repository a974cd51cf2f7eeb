"""The terminal sessions of a page: its files are written, its commands run, and their output is compared.

A block of code whose first line is a comment with a path is a file. A block ``console`` has commands, each after ``$``,
with their output. Where a page shows none, the command has to succeed. Commands that serve run until the end, on free
ports; those that install something or need a proxy are not run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from support.servers import started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"(?:# |<!-- )([\w./-]+\.\w+)(?: -->)?\n")
_SERVES = re.compile(r"(--port |http\.server )(\d+)")


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a session, with their output."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def replayed(page: str, folder: Path) -> str:
    """Run the sessions of a page in an empty folder, and return the page with the output that they have."""
    with ExitStack() as servers:

        def replay(found: re.Match[str]) -> str:
            language, text = found.groups()
            file = _FILE.match(text)
            if file:
                path = folder / file[1]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            if language != "console":
                return found[0]
            done: list[str] = []
            for command, shown in commands(text):
                output = run(command, folder, servers)
                done.append(f"$ {command}\n{output if shown else ''}")
            return f"```console\n{''.join(done)}```"

        return _BLOCK.sub(replay, page)


def run(command: str, folder: Path, servers: ExitStack) -> str:
    """Run a command, and return its output."""
    if re.match(r"pip install|python examples/edge", command):
        return ""
    command, redirected, file = command.partition(" > ")
    words = [sys.executable if word == "python" else word for word in shlex.split(command)]
    if words[0] == "flask":
        words[:1] = [sys.executable, "-m", "flask"]
    if _SERVES.search(command):
        words = ["{port}" if re.fullmatch(r"\d{4}", word) else word for word in words]
        servers.enter_context(started(*words, cwd=folder))
        return ""
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "FLASK_APP": "api"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    # The status 1 is an answer: a request is blocked, or there are findings.
    assert done.returncode < 2, f"{command}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    if redirected:
        (folder / file).write_text(done.stdout, encoding="utf-8")
    return done.stdout
