"""Applications on a port of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask


@contextmanager
def serving(app: Flask, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve an application on a free port, and return its address without a slash at the end."""
    server = make_server(host, 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def started(
    *command: str,
    cwd: Path | None = None,
    variables: dict[str, str] | None = None,
    configuration: tuple[Path, str] | None = None,
) -> Iterator[int]:
    """Run a program that serves on a free port of this machine, and return the port as soon as it accepts connections.

    :param command: the program and its arguments, in which ``{port}`` stands for the port
    :param variables: environment variables to set
    :param configuration: a file to write first and its text, in which ``{port}`` stands for the port too
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    if configuration is not None:
        file, text = configuration
        file.write_text(text.replace("{port}", str(port)), encoding="utf-8")
    with tempfile.TemporaryFile("w+") as output:

        def log() -> str:
            output.seek(0)
            return output.read()

        process = subprocess.Popen(
            [part.replace("{port}", str(port)) for part in command],
            cwd=cwd,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            deadline = time.monotonic() + 30
            while True:
                assert process.poll() is None, log()
                assert time.monotonic() < deadline, log()
                with suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait()


@contextmanager
def answering(*parts: bytes, seconds: float = 0, connections: int = 1) -> Iterator[str]:
    """Answer connections, one after the other, with bytes, whatever they are, and return the address.

    :param seconds: how long to wait after each of the parts
    :param connections: how many connections to answer at most
    """
    stopped = threading.Event()

    def answer() -> None:
        for _ in range(connections):
            connection, _ = listener.accept()
            # A client that no longer waits may have closed the connection.
            with connection, suppress(OSError):
                connection.recv(65_536)
                for part in parts:
                    if stopped.is_set():
                        return
                    connection.sendall(part)
                    stopped.wait(seconds)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stopped.set()
            # The thread may still wait for a connection.
            socket.create_connection(listener.getsockname()).close()
            thread.join()
