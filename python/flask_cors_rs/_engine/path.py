"""The path of a request, as rules see it."""

from __future__ import annotations

from contextlib import suppress


def decoded(path_info: object) -> str:
    """Return a PATH_INFO as Werkzeug reads it: UTF-8 in Latin-1 (PEP 3333), with exactly one leading slash.

    What is not a str counts as empty.
    """
    if not isinstance(path_info, str):
        return "/"
    if path_info.isascii():
        if path_info[:1] == "/" and path_info[:2] != "//":
            return path_info
    else:
        with suppress(UnicodeEncodeError):  # The server is at fault: no character is lost.
            path_info = path_info.encode("latin-1").decode(errors="replace")
    return "/" + path_info.lstrip("/")
