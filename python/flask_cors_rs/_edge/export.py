"""The fragments of all proxies: ``flask cors export``."""

from __future__ import annotations

import hashlib
import json
import re
import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .._log import printable
from . import apache, caddy, haproxy, nginx
from .policies import edge_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from flask import Flask

    from .policies import Edge, Scope

    Lines = Callable[[Edge, str], Iterator[str]]


class Proxy(NamedTuple):
    """How to write for a proxy."""

    fragment: Lines
    include: str
    """Where to include the fragment, for people."""


PROXIES: Mapping[str, Proxy] = {
    "nginx": Proxy(
        nginx.fragment,
        "Include this file in the http block. The location that leads to the application includes the output of"
        " `flask cors export nginx --part location` as well. With --scope all, such a location inherits no add_header"
        " lines from its server: repeat those in it.",
    ),
    "haproxy": Proxy(
        haproxy.fragment,
        "Paste these lines into the backend of the application, or into a listen section: HAProxy has no include. They"
        " need HAProxy 2.5 or later.",
    ),
    "caddy": Proxy(
        caddy.fragment,
        "Import this file at the top of the Caddyfile, and write `import {name}` in the site that leads to the"
        " application. With --scope all, write `import {name}_errors` in its handle_errors too.",
    ),
    "apache": Proxy(
        apache.fragment,
        "Include this file in the VirtualHost that leads to the application. It needs Apache httpd 2.4.10 or later with"
        " mod_headers, mod_rewrite and mod_setenvif.",
    ),
}
"""The proxies, by the name in the command."""

_MARK = "Made by flask cors export "
_END = "# End of what flask cors export has made"
_SETTINGS = re.compile(rf"^[ \t]*# {_MARK}(\{{.*\}})$", re.MULTILINE)


class Settings(NamedTuple):
    """The arguments of the command, which a fragment records."""

    proxy: str
    scope: Scope
    name: str
    part: str = "http"


class Export(NamedTuple):
    """A fragment, and what is left to the application."""

    text: str
    edge: Edge


def export(app: Flask, settings: Settings) -> Export:
    """Write the fragment for a proxy.

    :raises ValueError: the name cannot be the beginning of a variable
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", settings.name):
        raise ValueError(
            f"--name {settings.name!r} is not valid: write at most 32 lower-case letters, digits and underscores,"
            " beginning with a letter, such as flask_cors"
        )
    edge = edge_of(app, settings.scope)
    proxy = PROXIES[settings.proxy]
    if settings.part == "location":
        mark = f"# {_MARK}{json.dumps(settings._asdict())}"
        lines = [mark, *nginx.location(edge, settings.name), _END]
        return Export("\n".join(lines) + "\n", edge)
    body = list(_escaped(proxy.fragment(edge, settings.name)))
    fingerprint = _fingerprint(["", *(line.strip() for line in body), _END])
    head = [
        f"# {_MARK}{json.dumps({**settings._asdict(), 'fingerprint': fingerprint})}",
        "# Do not change it: `flask cors export --check` compares it with the application.",
        *_comment(proxy.include.replace("{name}", settings.name)),
    ]
    for heading, texts in (
        ("The application decides about the following:", [*map(str, edge.left_out)]),
        ("Note:", [*edge.notes]),
    ):
        if texts:
            head += [f"# {heading}", *(line for text in texts for line in _comment(f"- {text}"))]
    return Export("\n".join([*head, "", *body, _END]) + "\n", edge)


def _comment(text: str) -> list[str]:
    lines = textwrap.wrap(printable(text), 110, break_long_words=False, break_on_hyphens=False)
    return [f"# {_ended(line)}" for line in lines]


def _escaped(lines: Iterator[str]) -> Iterator[str]:
    """Yield lines with control characters escaped in their comments."""
    for line in lines:
        indent, mark, comment = line.partition("# ")
        yield line if not mark or indent.strip() else f"{indent}# {_ended(printable(comment))}"


def _ended(line: str) -> str:
    # A backslash at the end would make the next line a part of the comment.
    return f"{line}." if line.endswith("\\") else line


def changes(app: Flask, text: str) -> list[str]:
    """Return why a deployed fragment is not what the application says, in sentences. Empty if it is.

    :raises ValueError: the text was not written by this command
    """
    found = _SETTINGS.search(text)
    try:
        recorded: Any = json.loads(found[1]) if found else None
        given = cast("dict[str, str]", recorded)
        fingerprint = given.pop("fingerprint", None)
        settings = Settings(**given)  # type: ignore[arg-type]
        made = export(app, settings)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError("it was not written by `flask cors export`, or its first line is damaged") from error
    deployed = _marked_lines(text)
    if deployed == _marked_lines(made.text):
        return []
    reasons: list[str] = []
    again = _SETTINGS.search(made.text)
    if again and fingerprint is not None and json.loads(again[1])["fingerprint"] != fingerprint:
        reasons.append("The policies or routes of the application have changed since it was exported.")
    if fingerprint is not None and _fingerprint(deployed) != fingerprint:
        reasons.append("The file has been edited.")
    return reasons or ["The file has been edited, or another release of flask-cors-rs has written it."]


def _marked_lines(text: str) -> list[str]:
    """Return the lines of a fragment in a file, without the indentation that it may have got there."""
    lines = [line.strip() for line in text.splitlines()]
    start = next((index for index, line in enumerate(lines) if line.startswith(f"# {_MARK}")), 0)
    end = next((index for index, line in enumerate(lines) if line == _END and index > start), len(lines))
    return lines[start : end + 1]


def _fingerprint(lines: list[str]) -> str:
    """Return the fingerprint of what comes after the comments at the beginning."""
    body = lines[lines.index("") + 1 :] if "" in lines else lines
    return hashlib.sha256("\n".join(body).encode()).hexdigest()
