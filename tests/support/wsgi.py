"""Requests to an application through WSGI, as a server makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from flask import Flask


class Answer(NamedTuple):
    """A response."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


def ask(app: Flask, environ: dict[str, Any]) -> Answer:
    """Make a request with some variables in its environ, and return the response."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
        started.append((status, headers))

    server = {"SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input": None}
    body: Any = app.wsgi_app({**server, **environ}, start_response)
    answer = Answer(*started[-1], b"".join(body))
    getattr(body, "close", lambda: None)()
    return answer
