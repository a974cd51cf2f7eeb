"""Start the example API with gunicorn and a proxy in front of it, and send requests through the proxy.

    python examples/edge/run.py nginx

The proxy is nginx, haproxy, caddy or apache, and has to be installed; gunicorn too. Everything listens on ports of
this machine only, and stops at the end.
"""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = {
    "nginx": ["nginx", "-p", "{folder}", "-c", "{folder}/nginx.conf"],
    "haproxy": ["haproxy", "-db", "-f", "{folder}/haproxy.cfg"],
    "caddy": ["caddy", "run", "--adapter", "caddyfile", "--config", "{folder}/Caddyfile"],
    "apache": ["apache2", "-D", "FOREGROUND", "-f", "{folder}/apache.conf"],
}
FILES = {"nginx": "nginx.conf", "haproxy": "haproxy.cfg", "caddy": "Caddyfile", "apache": "apache.conf"}
REQUESTS = [
    ("OPTIONS", "/account/address", "https://shop.example", {"Access-Control-Request-Method": "PUT"}),
    ("OPTIONS", "/account/address", "https://preview-17.shop.example", {"Access-Control-Request-Method": "PUT"}),
    ("OPTIONS", "/account/address", "https://evil.example", {"Access-Control-Request-Method": "PUT"}),
    ("GET", "/public/products", "https://anyone.example", {}),
    ("GET", "/account/address", "https://evil.example", {}),
]


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Wait until someone listens on a port, for at most 20 seconds."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:  # noqa: PERF203 - it is tried again
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nobody listens on port {port}")


def export(*arguments: str) -> str:
    """Run ``flask cors export`` for the example API."""
    command = [sys.executable, "-m", "flask", "--app", "api", "cors", "export", *arguments]
    return subprocess.run(command, cwd=HERE.parent, check=True, stdout=subprocess.PIPE, text=True).stdout


def configure(proxy: str, folder: Path, **ports: int) -> None:
    """Write the configuration of a proxy, with the exported policies in it."""
    text = (HERE / FILES[proxy]).read_text(encoding="utf-8")
    exported = {"CORS": export(proxy, "--scope", "all")}
    if proxy == "nginx":
        exported["CORS_LOCATION"] = export(proxy, "--scope", "all", "--part", "location")
    for name, value in {**exported, "FOLDER": folder, **ports}.items():
        text = text.replace(f"@{name}@", str(value))
    (folder / FILES[proxy]).write_text(text, encoding="utf-8")


def ask(port: int, method: str, path: str, origin: str, headers: dict[str, str]) -> str:
    """Send a request, and return the status, the allowed origin and who has answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers={"Origin": origin, **headers})
    response = connection.getresponse()
    response.read()
    connection.close()
    allowed = response.getheader("Access-Control-Allow-Origin") or "no origin allowed"
    # The status for preflights that Flask answers is 200.
    by = "the proxy" if method == "OPTIONS" and response.status == 204 else "gunicorn"
    return f"{method:7} {path:18} from {origin:32} {response.status} {allowed:32} by {by}"


def main(proxy: str) -> None:
    """Start gunicorn and a proxy, send the requests, and stop both."""
    program = PROGRAMS[proxy]
    os.environ["PATH"] += ":/usr/sbin"
    if not shutil.which(program[0]):
        sys.exit(f"{program[0]} is not installed")
    web, backend = free_port(), free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        configure(proxy, folder, WEB=web, BACKEND=backend)
        gunicorn = [
            sys.executable,
            "-m",
            "gunicorn",
            f"--bind=127.0.0.1:{backend}",
            "--log-level=error",
            "api:create_app()",
        ]
        started = [
            subprocess.Popen(gunicorn, cwd=HERE.parent),
            subprocess.Popen([part.replace("{folder}", name) for part in program], env={**os.environ, "HOME": name}),
        ]
        try:
            for port in (backend, web):
                wait_for(port)
            for request in REQUESTS:
                print(ask(web, *request))
            started[0].terminate()
            started[0].wait()
            print("gunicorn has stopped. The error of the proxy has the headers too:")
            print(ask(web, "GET", "/account/address", "https://shop.example", {}).replace("gunicorn", "the proxy"))
        finally:
            for process in started:
                process.terminate()
                process.wait()


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1] in PROGRAMS:
        main(sys.argv[1])
    else:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(PROGRAMS)}")
