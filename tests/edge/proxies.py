"""The proxies, each with a configuration for several applications on one port of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from flask_cors_rs._edge.export import Settings, export
from support.servers import started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from flask import Flask

    from flask_cors_rs._edge.policies import Scope

APACHE_MODULES = ("authz_core", "headers", "mpm_event", "proxy", "proxy_http", "rewrite", "setenvif")


class Site(NamedTuple):
    """An application behind a proxy, which finds it by the Host of a request."""

    host: str
    app: Flask
    scope: Scope


def indented(text: str, spaces: int = 4) -> str:
    return "".join(f"{' ' * spaces}{line}\n" if line else "\n" for line in text.splitlines())


def fragment(proxy: str, site: Site, part: str = "http") -> str:
    return export(site.app, Settings(proxy, site.scope, site.host.replace("-", "_"), part)).text


def nginx(sites: Sequence[Site], backend: int) -> str:
    text = (
        "pid {folder}/pid; error_log {folder}/log; daemon off; worker_processes 1;\nevents {}\n"
        "http {\naccess_log off;\n"
        "map_hash_max_size 65536; map_hash_bucket_size 128; variables_hash_max_size 65536; client_max_body_size 1k;\n"
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    text += "".join(f"{kind}_temp_path {{folder}}/{kind};\n" for kind in kinds)
    for site in sites:
        text += fragment("nginx", site) + (
            f"server {{\n    listen 127.0.0.1:{{port}};\n    server_name {site.host};\n    location / {{\n"
            + indented(fragment("nginx", site, "location"), 8)
            + f"        proxy_pass http://127.0.0.1:{backend};\n        proxy_set_header Host $http_host;\n    }}\n}}\n"
        )
    return text + "}\n"


def haproxy(sites: Sequence[Site], backend: int) -> str:
    text = (
        "defaults\n    mode http\n    timeout connect 5s\n    timeout client 30s\n    timeout server 30s\n"
        "frontend web\n    bind 127.0.0.1:{port}\n"
    )
    text += "".join(f"    use_backend {site.host} if {{ hdr(host) {site.host} }}\n" for site in sites)
    for site in sites:
        lines = indented(fragment("haproxy", site))
        text += f"backend {site.host}\n{lines}    server application 127.0.0.1:{backend}\n"
    return text


def caddy(sites: Sequence[Site], backend: int) -> str:
    text = "{\n    admin off\n    auto_https off\n}\n"
    for site in sites:
        name = site.host.replace("-", "_")
        errors = f"    handle_errors {{\n        import {name}_errors\n    }}\n" if site.scope == "all" else ""
        text += fragment("caddy", site) + (
            f"http://{site.host}:{{port}} {{\n    bind 127.0.0.1\n    import {name}\n{errors}"
            f"    reverse_proxy 127.0.0.1:{backend}\n}}\n"
        )
    return text


def apache(sites: Sequence[Site], backend: int) -> str:
    text = (
        "ServerRoot {root}\nServerName localhost\nPidFile {folder}/pid\nErrorLog {folder}/log\n"
        "DefaultRuntimeDir {folder}\nListen 127.0.0.1:{port}\n"
    )
    text += "".join(f"LoadModule {module}_module modules/mod_{module}.so\n" for module in APACHE_MODULES)
    for site in sites:
        text += (
            f"<VirtualHost 127.0.0.1:{{port}}>\n    ServerName {site.host}\n    ProxyPreserveHost On\n"
            "    AllowEncodedSlashes NoDecode\n"
            + indented(fragment("apache", site))
            + f"    ProxyPass / http://127.0.0.1:{backend}/ nocanon\n</VirtualHost>\n"
        )
    return text


class Proxy(NamedTuple):
    """A proxy: its program, its configuration, the command that starts it and the one that checks the configuration."""

    program: str
    configuration: Callable[[Sequence[Site], int], str]
    start: tuple[str, ...]
    check: tuple[str, ...]


PROXIES = {
    "nginx": Proxy("nginx", nginx, ("-c", "{file}", "-p", "{folder}"), ("-t", "-q", "-c", "{file}", "-p", "{folder}")),
    "haproxy": Proxy("haproxy", haproxy, ("-db", "-f", "{file}"), ("-c", "-q", "-f", "{file}")),
    "caddy": Proxy(
        "caddy",
        caddy,
        ("run", "--adapter", "caddyfile", "--config", "{file}"),
        ("validate", "--adapter", "caddyfile", "--config", "{file}"),
    ),
    "apache": Proxy("apache2", apache, ("-D", "FOREGROUND", "-f", "{file}"), ("-t", "-f", "{file}")),
}


def program(name: str) -> str | None:
    """Return the path of a proxy, None if it is not installed."""
    return shutil.which(PROXIES[name].program, path=f"{os.environ['PATH']}:/usr/sbin")


@contextmanager
def behind(name: str, sites: Sequence[Site], backend: int, folder: Path) -> Iterator[int]:
    """Start a proxy in front of a server, and return its port.

    :param backend: the port of the server
    """
    proxy = PROXIES[name]
    folder.chmod(0o777)
    file = folder / "configuration"
    root = "/usr/lib/apache2"
    written = proxy.configuration(sites, backend).replace("{folder}", str(folder)).replace("{root}", root)
    found = program(name)
    assert found is not None

    def command(arguments: Sequence[str]) -> list[str]:
        return [found, *(part.replace("{file}", str(file)).replace("{folder}", str(folder)) for part in arguments)]

    file.write_text(written.replace("{port}", "65000"), encoding="utf-8")
    checked = subprocess.run(command(proxy.check), capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    variables = {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with started(*command(proxy.start), variables=variables, configuration=(file, written)) as port:
        yield port
