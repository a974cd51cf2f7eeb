"""Generate docs/errors.md: the errors that options raise at set-up, with an example of each.

Needs an installed flask-cors-rs. With ``--check`` nothing is written, and the exit status says whether the page is up
to date.
"""

from __future__ import annotations

import logging
import re
import sys
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask

import generated_page
from flask_cors_rs import CORS, Cached, CORSMiddleware, Origin, Regex, Subdomains, cross_origin

INTRODUCTION = """\
# Errors

These mistakes raise `ValueError` or `TypeError` where you set the option, before the first request. The message names
the option and the value, and says what to write instead. An unknown option is only logged as a warning, and the
[audit](audit.md) finds other mistakes.

Where an error can only be seen at a request, as the decorator reads the configuration at each request, the request does
not fail: what the error concerns is left out of the response, and an error with the same message is logged. A request
itself never raises an error.
"""

NAMES: dict[str, Any] = {
    "Blueprint": Blueprint,
    "CORS": CORS,
    "CORSMiddleware": CORSMiddleware,
    "Cached": Cached,
    "Origin": Origin,
    "Regex": Regex,
    "Subdomains": Subdomains,
    "cross_origin": cross_origin,
    "re": re,
    "timedelta": timedelta,
}

EXAMPLES = {
    "Patterns": [
        'CORS(app, origins="https://[a.example")',
        'CORS(app, origins=re.compile(b"https://a.example"))',
        'CORS(app, allow_headers=["x-(a"])',
        'CORS(app, resources="/api/(")',
    ],
    "Origins": [
        'Origin("https://Shop.example/")',
        'Origin("shop.example")',
        'Origin("https://shop.example:443")',
        'Origin("null")',
        'Subdomains("https://co.uk")',
        'Subdomains("https://amazonaws.com")',
        'Subdomains("https://192.0.2.1")',
        'Subdomains("https://shop.example:8443", any_port=True)',
        'Regex(r"https://(a)\\1\\.example")',
        'Regex("https://[")',
        'Subdomains("https://*.shop.example")',
        "Cached(lambda origin: True, max_age=0)",
        'Cached(lambda origin: True, max_age="60")',
        "CORS(app, origins=lambda: True)",
    ],
    "Values of headers": [
        'CORS(app, origins="https://a.example\\r\\nX-A: b")',
        'CORS(app, methods=["GET", 5])',
        'CORS(app, expose_headers=["X-A", None])',
        'CORS(app, max_age="60\\n")',
    ],
    "Options that contradict each other": [
        'CORS(app, origins="*", supports_credentials=True, send_wildcard=True)',
        'CORS(Blueprint("blue", "blue"), middleware=True)',
    ],
    "Resources and other options": [
        "CORS(app, resources=None)",
        'CORS(app, resources={"/api/*": None})',
        "CORS(app, resources={5: {}})",
        'CORS(app, resources={"/api/*": {"audit": "off"}})',
        'CORS(app, audit="on")',
        'CORS(app, report_only=["https://a.example"])',
        'CORS(app, report_only={"middleware": True})',
    ],
}


def section(title: str, examples: list[str]) -> str:
    """Return the section of some examples, with the message of each."""
    return f"\n## {title}\n" + "".join(
        f"\n```pycon\n>>> {example}\nTraceback (most recent call last):\n  ...\n{message(example)}\n```\n"
        for example in examples
    )


def message(example: str) -> str:
    """Return the error that an example raises, with its type."""
    try:
        eval(example, {**NAMES, "app": Flask("example")})
    except (TypeError, ValueError) as error:
        return re.sub(r" at 0x[0-9a-f]+", "", f"{type(error).__name__}: {error}")
    raise RuntimeError(f"{example} raises no error")


def page(_before: str) -> str:
    """Return the page."""
    logging.disable()
    return INTRODUCTION + "".join(section(title, examples) for title, examples in EXAMPLES.items())


if __name__ == "__main__":
    sys.exit(generated_page.main(__doc__, "errors.md", page))
