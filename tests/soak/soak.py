"""Send very many requests from several threads while the policies change: ``make soak``.

``python tests/soak/soak.py ENGINE REQUESTS`` fails if an answer is not that of the old policy or of the new one, if the
process keeps more memory afterwards than before, or if a thread or a forked process comes to a halt. The requests are
calls of the WSGI application: a server would take most of the time.
"""

from __future__ import annotations

import argparse
import gc
import logging
import multiprocessing
import os
import random
import re
import signal
import sys
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from flask import Flask

THREADS = 4
FORKS = 100
WARM_UP = 0.4
"""The part of the requests after which the memory is measured for the first time. Until then, what the allocator keeps
still grows."""
COMPARED = 0.2
"""The parts of the requests, after the warm-up and at the end, whose median memory is compared. At any one time, the
memory depends on what the policies of that time have cached."""
MOST_GROWTH = 1_000_000
"""How many bytes the resident memory may grow by after that."""
LONGEST_WAIT = 120
"""How many seconds may pass without the end of a request, or of a forked process."""
BUDGET = 16 << 20
"""How many bytes all regular expressions of a process may keep, whatever the requests are."""
ALLOWANCE = 8 << 20
"""How many bytes the allocator may keep in addition."""
ALLOWANCE_PER_THREAD = 4 << 20
"""How many bytes each thread may add: its search, and what the allocator keeps for this thread."""
RESOURCES = 200
HOSTILE_ORIGINS = 6
"""How many long origins each thread sends to each resource."""

Headers = list[tuple[str, str]]
Answer = tuple[str, frozenset[tuple[str, str]]]


def ask_table(origin: str) -> bool:
    """Allow some origins, and fail for others."""
    if "fail" in origin:
        raise LookupError(origin)
    return origin.endswith(".table.example")


def policy(number: int) -> dict[str, Any]:
    """Return the options of one of two policies, which differ in every header that they can differ in."""
    return {
        "origins": [
            "https://fixed.example",
            f"https://only-{number}.example",
            r"https://[a-z0-9]+\.tenant\.example$",
            re.compile(rf"https://.*-t{number}-.{{1,60}}\.example$"),
            ask_table,
        ],
        "allow_headers": ["X-A", f"X-{number}", r"x-p-\w+"],
        "expose_headers": f"X-Exposed-{number}",
        "max_age": 100 + number,
        "supports_credentials": number == 1,
        "resources": {r"/api/*": {}, rf"/(?:open|{number})/.*": {"origins": "*"}},
    }


REPORT_ONLY: dict[str, Any] = {
    "report_only": {"origins": ["https://fixed.example", r"https://[a-z]+\.tenant\.example$"]}
}
"""Nearly every request differs from this policy, and has an origin of its own."""


def make_app(options: dict[str, Any], *, middleware: bool) -> tuple[Flask, Any]:
    """Return an application and its extension."""
    from flask_cors_rs import CORS, cross_origin

    app = Flask("soak")
    app.add_url_rule(
        "/<any(api,open,'1','2'):area>/<path:rest>", "index", lambda area, rest: "hello", methods=["GET", "PUT"]
    )
    decorated = cross_origin(origins="https://fixed.example", max_age=7)(lambda: "decorated")
    app.add_url_rule("/api/decorated", "decorated", decorated)
    return app, CORS(app, middleware=middleware, audit="off", **options)


class Request(NamedTuple):
    """A kind of request. The name in its origin differs from request to request."""

    method: str
    path: str
    origin: str
    asked: tuple[tuple[str, str], ...]

    def send(self, app: Flask, name: str) -> Answer:
        """Send it, and return the status and the CORS headers, with a placeholder for the name."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": None,
            "wsgi.errors": sys.stderr,
            "HTTP_ORIGIN": self.origin.replace("NAME", name),
            **dict(self.asked),
        }
        started: list[Answer] = []

        def start_response(status: str, headers: Headers, exc_info: object = None) -> None:
            kept = (
                (key, value.replace(name, "NAME")) for key, value in headers if key == "Vary" or key[:7] == "Access-"
            )
            started.append((status, frozenset(kept)))

        body: Any = app.wsgi_app(environ, start_response)  # type: ignore[arg-type]
        for _ in body:
            pass
        if hasattr(body, "close"):
            body.close()
        (answer,) = started
        return answer


ORIGINS = [
    "https://fixed.example",
    "https://only-1.example",
    "https://only-2.example",
    "https://NAME.tenant.example",
    "https://NAME.table.example",
    "https://NAME.fail.example",
    "https://NAME.evil.example",
    "https://NAME-t1-a.example",
    "https://NAME\x00\r\n\xff.tenant.example",
    "https://" + "-t1-t2-" * 1_000 + "NAME.example",
]
PATHS = ["/api/items", "/api/decorated", "/open/a", "/1/a", "/2/a", "/api/%69tems", "/missing", "//api/x"]
ASKED = ["x-a", "X-1, x-a", "x-2", "x-p-one, x-p-two", "x-evil", "x-a,\x00", "x" * 5_000]


def kinds() -> list[Request]:
    """Return all kinds of requests."""
    found: list[Request] = []
    for path in PATHS:
        for origin in ORIGINS:
            found.append(Request("GET", path, origin, ()))
            for asked in ASKED:
                wanted = ("HTTP_ACCESS_CONTROL_REQUEST_METHOD", "PUT"), ("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", asked)
                found.append(Request("OPTIONS", path, origin, wanted))
    return found


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Soak:
    """The applications, the answers that are right, and how far the threads have come.

    :param total: how many requests to send
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = [0] * THREADS
        self.wrong: list[str] = []
        self.kinds = kinds()
        self.reconfigurations = self.forks = 0
        self.apps = [make_app({**policy(1), **REPORT_ONLY}, middleware=middleware) for middleware in (False, True)]
        fixed = [
            [make_app(policy(number), middleware=middleware)[0] for number in (1, 2)] for middleware in (False, True)
        ]
        self.right = [[{kind.send(app, "name") for app in pair} for kind in self.kinds] for pair in fixed]

    def ask(self, generator: random.Random) -> None:
        """Send one request, and compare the answer."""
        placement = generator.randrange(2)
        number = generator.randrange(len(self.kinds))
        kind = self.kinds[number]
        answer = kind.send(self.apps[placement][0], f"n{generator.getrandbits(60):x}")
        if answer not in self.right[placement][number] and len(self.wrong) < 10:
            self.wrong.append(f"{'middleware' if placement else 'hook'}: {kind}: {answer}")

    def work(self, thread: int) -> None:
        """Send the requests of one thread."""
        generator = random.Random(thread)
        try:
            for count in range(self.total // THREADS):
                self.ask(generator)
                self.done[thread] = count + 1
        except BaseException as error:
            self.wrong.append(repr(error))
            raise

    def reconfigure(self, stopped: threading.Event) -> None:
        """Change the policies again and again."""
        while not stopped.wait(0.002):
            self.reconfigurations += 1
            for _, extension in self.apps:
                options = policy(1 + self.reconfigurations % 2)
                extension.reconfigure(audit="off", **options, **REPORT_ONLY)

    def fork(self) -> None:
        """Send requests in a copy of this process."""
        pid = os.fork()
        if not pid:
            signal.alarm(LONGEST_WAIT)
            for _ in range(50):
                self.ask(random.Random())
            os._exit(len(self.wrong))
        status = os.waitpid(pid, 0)[1]
        if status:
            self.wrong.append(f"a forked process ended with {status}")

    def run(self) -> tuple[float, float]:
        """Send everything, and return the median memory after the warm-up and at the end."""
        stopped = threading.Event()
        threads = [threading.Thread(target=self.work, args=(number,), daemon=True) for number in range(THREADS)]
        changing = threading.Thread(target=self.reconfigure, args=(stopped,), daemon=True)
        for thread in [*threads, changing]:
            thread.start()
        last, since = 0, time.monotonic()
        measured: list[int] = []
        while any(thread.is_alive() for thread in threads) and not self.wrong:
            time.sleep(0.05)
            done = sum(self.done)
            if done >= self.total * (self.forks + 1) / FORKS:
                self.forks += 1
                self.fork()
                measured.append(resident())
            if done != last:
                last, since = done, time.monotonic()
            elif time.monotonic() - since > LONGEST_WAIT:
                self.wrong.append("the threads have come to a halt")
        stopped.set()
        changing.join(LONGEST_WAIT)
        if changing.is_alive():
            self.wrong.append("reconfigure() has come to a halt")
        first, compared = int(WARM_UP * FORKS), int(COMPARED * FORKS)
        return median(measured[first : first + compared] or [0]), median(measured[-compared:] or [0])


def application(_environ: Any, start_response: Any) -> list[bytes]:
    """Answer every request with nothing."""
    start_response("200 OK", [])
    return []


def send_different_origins(total: int) -> tuple[int, int, int]:
    """Send requests that all differ from a report-only policy, each with an origin of its own.

    :returns: the memory after the warm-up and at the end, and how many differences are on record
    """
    from flask_cors_rs import CORSMiddleware

    middleware = CORSMiddleware(application, report_only={"origins": "https://fixed.example"})
    before = 0
    for number in range(total):
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": f"https://{number}.evil.example"}
        middleware(environ, lambda *_: lambda _: None)
        if number == int(total * WARM_UP):
            before = resident()
    return before, resident(), len(middleware.report().differences)


def send_hostile_origins(threads: int) -> tuple[int, int]:
    """Send long origins to resources whose regular expressions get a new state from nearly every character.

    :returns: the memory before, and the most that was measured after each resource
    """
    from flask_cors_rs import CORSMiddleware

    measured: list[int] = []
    resources = {
        f"/{number}/": {"origins": rf"https://.*-t{number}-.{{1,60}}\.example$"} for number in range(RESOURCES)
    }
    middleware = CORSMiddleware(application, resources=resources)

    def ask(number: int, origin: str) -> None:
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/{number}/", "HTTP_ORIGIN": origin}
        middleware(environ, lambda *_: lambda _: None)

    def work(thread: int) -> None:
        generator = random.Random(thread)
        for number in range(RESOURCES):
            for _ in range(HOSTILE_ORIGINS):
                ask(number, "https://" + "".join(generator.choices((f"-t{number}-", "x"), k=8_192))[:8_192])
            measured.append(resident())

    for number in range(RESOURCES):
        ask(number, "https://first.example")
    before = resident()
    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return before, max(measured)


def main() -> int:
    """Run the soak, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=["rust", "python"])
    parser.add_argument("requests", type=int, nargs="?", default=1_000_000)
    arguments = parser.parse_args()
    os.environ["FLASK_CORS_RS_BACKEND"] = arguments.engine
    # What functions of an origin raise is logged, and is not what this is about.
    logging.getLogger("flask_cors_rs.core").addHandler(logging.NullHandler())
    logging.getLogger("flask_cors_rs.core").propagate = False
    start = time.monotonic()
    soak = Soak(arguments.requests)
    before, after = soak.run()
    grown = after - before
    if grown > MOST_GROWTH:
        soak.wrong.append(f"the memory grew by {grown:,.0f} bytes")
    print(
        f"{arguments.engine}: {sum(soak.done):,} requests in {THREADS} threads in {time.monotonic() - start:.0f} s,"
        f" {soak.reconfigurations:,} changes of the policies, {soak.forks} forks;"
        f" median resident memory {before / 1e6:.1f} MB from {WARM_UP:.0%} to {WARM_UP + COMPARED:.0%} of them,"
        f" {after / 1e6:.1f} MB in the last {COMPARED:.0%}"
    )
    before, after, recorded = send_different_origins(arguments.requests)
    if after - before > MOST_GROWTH or recorded > 1_000:
        soak.wrong.append(f"the memory grew by {after - before:,} bytes, and {recorded:,} differences are on record")
    print(
        f"{arguments.engine}: {arguments.requests:,} different origins, {recorded:,} differences on record;"
        f" resident memory {before / 1e6:.1f} MB after {WARM_UP:.0%} of them, {after / 1e6:.1f} MB at the end"
    )
    for threads in (1, THREADS):
        # A new process, in which no states are kept yet.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            before, most = pool.apply(send_hostile_origins, (threads,))
        if most - before > BUDGET + ALLOWANCE + threads * ALLOWANCE_PER_THREAD:
            soak.wrong.append(f"the memory grew by {most - before:,} bytes with hostile origins from {threads} threads")
        print(
            f"{arguments.engine}: {HOSTILE_ORIGINS} hostile origins to each of {RESOURCES} resources,"
            f" threads: {threads}; resident memory {before / 1e6:.1f} MB before, {most / 1e6:.1f} MB at most"
        )
    print(*soak.wrong, sep="\n", end="\n" if soak.wrong else "")
    return int(bool(soak.wrong))


if __name__ == "__main__":
    sys.exit(main())
