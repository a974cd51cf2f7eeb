"""The same requests to every server: ``make servers``. Each runs in processes of its own, on a port of this machine."""

from __future__ import annotations

import io
import os
import shutil
import socket
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from support.engines import ENGINES
from support.servers import started

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
PYTHON = [sys.executable, "-m"]


def script(name: str) -> str:
    """Return the path of a program that is installed in this environment."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or name


GUNICORN = [*PYTHON, "gunicorn", "--bind=127.0.0.1:{port}", "--workers=2", "--log-level=critical", "application:{app}"]
MOD_WSGI = [
    script("mod_wsgi-express"),
    "start-server",
    "--host=127.0.0.1",
    "--port={port}",
    "--server-root={folder}",
    "--application-type=module",
    "--callable-object={app}",
    "--log-to-terminal",
    "--locale=C.UTF-8",
    "--chunked-request",
    # Apache does not serve as root.
    *(["--user=www-data", "--group=www-data"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    "application",
]

SERVERS: dict[str, list[str]] = {
    "gunicorn sync": GUNICORN,
    "gunicorn sync, preload": [*GUNICORN, "--preload"],
    "gunicorn gthread": [*GUNICORN, "--threads=4"],
    "gunicorn gthread, preload": [*GUNICORN, "--threads=4", "--preload"],
    "gunicorn gevent": [*GUNICORN, "--worker-class=gevent"],
    "gunicorn gevent, preload": [*GUNICORN, "--worker-class=gevent", "--preload"],
    "waitress": [*PYTHON, "waitress", "--listen=127.0.0.1:{port}", "application:{app}"],
    "uWSGI": [
        script("uwsgi"),
        "--http-socket=127.0.0.1:{port}",
        "--module=application:{app}",
        "--master",
        "--processes=2",
        "--enable-threads",
        "--die-on-term",
        f"--virtualenv={sys.prefix}",
    ],
    "Granian": [*PYTHON, "granian", "--interface=wsgi", "--host=127.0.0.1", "--port={port}", "application:{app}"],
    "Werkzeug": [*PYTHON, "flask", "--app=application:{app}", "run", "--port={port}"],
    "Werkzeug, reloader": [*PYTHON, "flask", "--app=application:{app}", "run", "--port={port}", "--reload"],
    "cheroot": [*PYTHON, "cheroot", "--bind=127.0.0.1:{port}", "application:{app}"],
    "mod_wsgi": MOD_WSGI,
    "mod_wsgi, embedded": [*MOD_WSGI, "--embedded-mode"],
    "mod_wsgi, named interpreter": [*MOD_WSGI, "--application-group=named"],
    "uvicorn, a2wsgi": [*PYTHON, "uvicorn", "--port={port}", "--log-level=critical", "application:{app}_asgi"],
}

_RUN_SIMPLE = """
import sys
from werkzeug.serving import run_simple
from application import validated
def application(environ, start_response):
    # Against PEP 3333, it is a number.
    return validated({**environ, "REMOTE_PORT": str(environ["REMOTE_PORT"])}, start_response)
run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True, use_reloader=sys.argv[2:] == ["reload"])
"""
VALIDATED = {
    "Werkzeug": [sys.executable, "-c", _RUN_SIMPLE, "{port}"],
    "Werkzeug, reloader": [sys.executable, "-c", _RUN_SIMPLE, "{port}", "reload"],
}
"""Other commands for applications that are not Flask's, which ``flask run`` does not serve."""

DROP_CHUNKED_BODIES = {"uWSGI", "uvicorn, a2wsgi"}
"""Servers that do not mark a chunked body as one that ends, so that Flask does not read it."""
KEEP_STARTED = {"uvicorn, a2wsgi"}
"""Servers that ignore that a response is started again."""
SEND_BOTH = {name for name in SERVERS if name.startswith("gunicorn")} | {"cheroot"}
"""Servers that send the headers of the first start as well, whatever these are."""
WITHOUT_WRITE = {"Granian"}
"""Servers whose ``start_response`` returns no function ``write``."""

A, B, EVIL = "https://a.example", "https://www.b.example", "https://evil.example"


class Answer(NamedTuple):
    """A response, with all values of each header."""

    status: int
    headers: dict[str, list[str]]
    body: bytes

    @property
    def allowed(self) -> list[str]:
        return self.headers.get("access-control-allow-origin", [])


class _Unclosed(io.BufferedReader):
    """What a connection receives, for several responses, each of which closes it."""

    def close(self) -> None:
        pass


class _Reader:
    def __init__(self, connection: socket.socket) -> None:
        self._file = _Unclosed(socket.SocketIO(connection, "r"))

    def makefile(self, *_: Any) -> io.BufferedReader:
        return self._file


class Connection:
    """A connection to a server, on which anything can be sent."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._reader: Any = _Reader(self.socket)

    def send(self, method: str, path: str, *headers: str, body: bytes = b"", origin: str | bytes = A) -> None:
        value = origin.encode() if isinstance(origin, str) else origin
        lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: localhost", b"Origin: " + value]
        lines += [header.encode() for header in headers]
        self.socket.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)

    def receive(self, method: str = "GET") -> Answer:
        response = HTTPResponse(self._reader, method=method)
        response.begin()
        headers: dict[str, list[str]] = {}
        for name, value in response.getheaders():
            headers.setdefault(name.lower(), []).append(value)
        return Answer(response.status, headers, response.read())


class Server(NamedTuple):
    """A server that runs, the application, and the engine."""

    name: str
    app: str
    engine: str
    port: int

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        connection = Connection(self.port)
        with connection.socket:
            yield connection

    def ask(self, method: str, path: str, *headers: str, body: bytes = b"", origin: str | bytes = A) -> Answer:
        with self.connect() as connection:
            connection.send(method, path, *headers, body=body, origin=origin)
            return connection.receive(method)


@contextmanager
def running(name: str, app: str, engine: str, options: Sequence[str] = ()) -> Iterator[Server]:
    command = VALIDATED.get(name, SERVERS[name]) if app == "validated" else SERVERS[name]
    if not shutil.which(command[0]):
        pytest.skip(f"{name} is not installed: it needs a compiler for C, and mod_wsgi Apache's headers")
    variables = {"PYTHONPATH": str(HERE), "FLASK_CORS_RS_BACKEND": engine, "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # Apache reads it as another user.
        parts = [part.replace("{app}", app).replace("{folder}", folder) for part in (*command, *options)]
        with started(*parts, cwd=HERE, variables=variables) as port:
            yield Server(name, app, engine, port)


@pytest.fixture(scope="module", params=SERVERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=["hook", "middleware"])
def server(request: pytest.FixtureRequest, name: str, engine: str) -> Iterator[Server]:
    with running(name, request.param, engine) as server:
        yield server


@pytest.fixture(scope="module")
def validating(name: str, engine: str) -> Iterator[Server]:
    with running(name, "validated", engine) as server:
        yield server


def test_requests_and_refusals(server: Server) -> None:
    answer = server.ask("GET", "/")
    assert (answer.status, answer.body.decode()) == (200, server.engine)
    assert answer.allowed == [A]
    assert answer.headers["access-control-allow-credentials"] == ["true"]
    assert answer.headers["vary"] == ["Origin"]
    assert server.ask("GET", "/", origin=B).allowed == [B]
    assert server.ask("GET", "/", origin=EVIL).allowed == []
    assert (server.ask("GET", "/missing").status, server.ask("GET", "/missing").allowed) == (404, [A])
    error = server.ask("GET", "/error")
    assert (error.status, error.allowed) == (500, [A])


def test_preflights(server: Server) -> None:
    asked = "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-a"
    answer = server.ask("OPTIONS", "/", *asked)
    assert answer.status == (204 if server.app == "middleware" else 200)
    assert answer.body == b""
    assert answer.allowed == [A]
    assert answer.headers["access-control-max-age"] == ["600"]
    assert answer.headers["access-control-allow-headers"] == ["x-a"]
    refused = server.ask("OPTIONS", "/", *asked, origin=EVIL)
    assert (refused.status, refused.allowed) == (403 if server.app == "middleware" else 200, [])


def test_head(server: Server) -> None:
    answer = server.ask("HEAD", "/")
    assert (answer.status, answer.allowed, answer.body) == (200, [A], b"")


def test_pipelined_requests_get_their_own_headers(server: Server) -> None:
    # A server that closes the connection with requests unread can make the system drop the response, too.
    assert any(_pipelined(server) for _ in range(5))


def _pipelined(server: Server) -> int:
    """Send several requests at once, and return how many are answered."""
    origins = [A, EVIL, B, A]
    answered = 0
    with server.connect() as connection:
        for origin in origins:
            with suppress(ConnectionError):
                connection.send("GET", "/", origin=origin)
        for origin in origins:
            try:
                answer = connection.receive()
            except (HTTPException, OSError):
                break  # A server may close the connection after a response, or leave the others unanswered.
            assert answer.allowed == ([] if origin == EVIL else [origin])
            answered += 1
    return answered


def test_a_body_that_is_announced(server: Server) -> None:
    with server.connect() as connection:
        connection.send("POST", "/length", "Expect: 100-continue", "Content-Length: 5")
        time.sleep(0.1)
        connection.socket.sendall(b"hello")
        answer = connection.receive("POST")
    assert (answer.status, answer.body, answer.allowed) == (200, b"5", [A])


def test_a_chunked_body(server: Server) -> None:
    answer = server.ask("POST", "/length", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n")
    assert (answer.status, answer.body) == (200, b"0" if server.name in DROP_CHUNKED_BODIES else b"8")
    assert answer.allowed == [A]


def test_a_client_that_leaves(server: Server) -> None:
    for _ in range(2):  # Waitress keeps one of its four threads for each of these clients for a while.
        with server.connect() as connection:
            connection.send("GET", "/large")
            connection.socket.recv(100)
        with server.connect() as connection:
            connection.socket.sendall(b"POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhel")
    assert server.ask("GET", "/").allowed == [A]


def test_a_generator_that_raises_midway(server: Server) -> None:
    with suppress(HTTPException, ConnectionError):
        answer = server.ask("GET", "/broken")
        # A server that has not sent anything yet may answer with an error of its own.
        assert answer.allowed == [A] or answer.status == 500
    assert server.ask("GET", "/").allowed == [A]


def test_a_file(server: Server) -> None:
    answer = server.ask("GET", "/file")
    assert (answer.status, answer.body, answer.allowed) == (200, b"contents", [A])


@pytest.mark.parametrize(
    "origin", [b"\xff\xfe", b"https://a.example\x01", "https://é.example".encode(), b"a" * 4000, b""]
)
def test_a_hostile_origin_is_not_an_error(server: Server, origin: bytes) -> None:
    for method, headers in (("GET", ()), ("OPTIONS", ("Access-Control-Request-Method: PUT",))):
        try:
            answer = server.ask(method, "/", *headers, origin=origin)
        except (HTTPException, ConnectionError):
            continue  # The server does not accept the request.
        # Where the server drops the header, or it is empty, the answer is that to a request without an Origin.
        assert answer.allowed in ([], [A])
        assert answer.status < 500
    assert server.ask("GET", "/").allowed == [A]


def test_the_protocol_is_kept_inside_and_outside(validating: Server) -> None:
    answer = validating.ask("GET", "/")
    assert (answer.status, answer.body, answer.allowed) == (200, b"plain", [A])
    answer = validating.ask("OPTIONS", "/", "Access-Control-Request-Method: PUT")
    assert (answer.status, answer.allowed) == (204, [A])
    assert validating.ask("HEAD", "/").allowed == [A]


def test_the_function_write(validating: Server) -> None:
    answer = validating.ask("GET", "/write")
    if validating.name in WITHOUT_WRITE:
        assert (answer.status, answer.allowed) == (500, [])  # The server's own answer to the exception.
        return
    assert (answer.status, answer.body, answer.allowed) == (200, b"written text", [A])


def test_a_response_that_is_started_again_with_exc_info(validating: Server) -> None:
    answer = validating.ask("GET", "/exc_info")
    assert answer.status == (200 if validating.name in KEEP_STARTED else 500)
    assert answer.allowed == ([A, A] if validating.name in SEND_BOTH else [A])


@pytest.mark.skipif("rust" not in ENGINES, reason="there is no Rust engine to be given up")
def test_two_interpreters_of_one_process() -> None:
    """PyO3 modules can be loaded only once in a process, so the second interpreter gets the Python engine."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # Apache reads it as another user.
        application, configuration = folder / "second.wsgi", folder / "second.conf"
        application.write_text("from application import hook\n", encoding="utf-8")
        alias = f"WSGIScriptAlias /second {application} process-group=both application-group=second"
        access = f"<Directory {folder}>\nRequire all granted\n</Directory>\n"
        configuration.write_text(f"{alias}\n{access}", encoding="utf-8")
        options = ["--process-group=both", f"--include-file={configuration}"]
        with running("mod_wsgi", "hook", "auto", options) as server:
            first, second = server.ask("GET", "/"), server.ask("GET", "/second/")
            assert (first.body, second.body) == (b"rust", b"python")
            for origin, allowed in ((A, [A]), (B, [B]), (EVIL, [])):
                for path in ("/", "/second/"):
                    assert server.ask("GET", path, origin=origin).allowed == allowed
