"""What the playground page asks: which requests a policy allows, and why not. It runs in the browser of a reader.

The arguments of ``CORS`` are data. They are read with :mod:`ast`, and never run as code.
"""

from __future__ import annotations

import ast
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask

from flask_cors_rs import CORS, Origin, Regex, Subdomains, audit, explain

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMES: dict[str, Callable[..., Any]] = {
    "Origin": Origin,
    "Regex": Regex,
    "Subdomains": Subdomains,
    "re.compile": re.compile,
    "timedelta": timedelta,
}


def check(question: str) -> str:
    """Answer a question of the page.

    :param question: an object in JSON with the strings ``arguments``, ``origin``, ``method``, ``path`` and ``headers``,
        one header in a line, and the boolean ``credentials``
    :returns: an object in JSON, with ``error`` if the question or the policy is not valid
    """
    asked = json.loads(question)
    try:
        options = read_arguments(asked["arguments"])
        app = make_app(asked["path"].strip().partition("?")[0])
        CORS(app, **options)
        headers = read_headers(asked["headers"])
        explanation = explain(
            app,
            asked["origin"].strip(),
            asked["method"].strip(),
            asked["path"].strip(),
            headers=headers,
            credentials=asked["credentials"],
        )
    except (TypeError, ValueError) as error:
        return json.dumps({"error": f"{type(error).__name__}: {error}"})
    outcome = explanation.outcome
    return json.dumps(
        {
            "allowed": explanation.allowed,
            "message": outcome.message,
            "section": (outcome.error or "").removeprefix("Preflight").lower() if explanation.documentation else None,
            "notes": outcome.notes,
            "remedies": explanation.remedies,
            "steps": [
                {
                    "name": step.name,
                    "request": [f"{step.method} {asked['path'].strip()}", *map(": ".join, step.headers)],
                    "response": [str(step.response.status), *map(": ".join, step.response.headers)],
                }
                for step in outcome.steps
            ],
            "findings": [finding._asdict() for finding in audit(app)],
        }
    )


def make_app(path: str) -> Flask:
    """Return an application with a view for every path, and one for the path of the request."""
    app = Flask("playground", static_folder=None)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    for known in {"/", *([path] if re.fullmatch(r"/[\w./-]*", path) else [])}:
        app.add_url_rule(known, known.replace(".", "_"), lambda: {"ok": True}, methods=methods)
    app.add_url_rule("/<path:path>", "any", lambda path: {"ok": True}, methods=methods)
    return app


def read_headers(text: str) -> list[tuple[str, str]]:
    """Read headers, one in a line.

    :raises ValueError: a line is not a header
    """
    headers: list[tuple[str, str]] = []
    for line in filter(str.strip, text.splitlines()):
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise ValueError(f'{line!r} is not a header: write "Name: value"')
        headers.append((name.strip(), value.strip()))
    return headers


def read_arguments(text: str) -> dict[str, Any]:
    """Read the arguments of ``CORS``, or a whole call of it.

    :raises ValueError: they are not keywords with values that the playground knows
    """
    call = text.strip().removesuffix(",")
    if not re.match(r"CORS\s*\(", call):
        call = f"CORS({call}\n)"
    try:
        tree = ast.parse(call, mode="eval").body
    except (MemoryError, RecursionError, SyntaxError, ValueError) as error:
        raise ValueError(f"this is not valid Python: {getattr(error, 'msg', error)}") from None
    arguments = [*map(_name, tree.args)] if isinstance(tree, ast.Call) else []
    if not isinstance(tree, ast.Call) or _name(tree.func) != "CORS" or arguments not in ([], ["app"]):
        raise ValueError('write the arguments of CORS, such as origins="https://app.example", max_age=600')
    return {_keyword(keyword): _value(keyword.value) for keyword in tree.keywords}


def _keyword(keyword: ast.keyword) -> str:
    if keyword.arg is None:
        raise ValueError("write each option by its name instead of **")
    return keyword.arg


def _name(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, (ast.Attribute, ast.Name)) else ""


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Dict) and None not in node.keys:
        return {_value(key): _value(value) for key, value in zip(node.keys, node.values) if key is not None}
    if isinstance(node, ast.List):
        return [*map(_value, node.elts)]
    if isinstance(node, ast.Tuple):
        return (*map(_value, node.elts),)
    if isinstance(node, ast.Set):
        return {*map(_value, node.elts)}
    if isinstance(node, ast.Call) and _name(node.func) in _NAMES:
        keywords = {_keyword(keyword): _value(keyword.value) for keyword in node.keywords}
        return _NAMES[_name(node.func)](*map(_value, node.args), **keywords)
    if _name(node) in {"re.I", "re.IGNORECASE"}:
        return re.IGNORECASE
    try:
        return ast.literal_eval(node)
    except ValueError:
        known = ", ".join(_NAMES)
        raise ValueError(f"{ast.unparse(node)} is not known here: use literals, {known}") from None
