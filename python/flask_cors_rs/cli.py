"""``flask cors``: which policy governs a route, why a request is blocked, and what is unsafe."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import click
from flask.cli import AppGroup, ScriptInfo, pass_script_info
from flask.globals import current_app

from ._audit import SEVERITIES, audit
from ._explain import explain, explain_url
from ._log import escaped
from .options import CompiledRegex
from .policies import governing, sample_paths, sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Flask
    from werkzeug.routing import Rule

    from ._explain import Explanation
    from .fetch import Step
    from .options import Options
    from .policies import Governing

WIDTH = 80

_current_app: Callable[[], Flask] = current_app._get_current_object  # type: ignore[attr-defined]

cors = AppGroup("cors", help="Show, check and audit the CORS policies of the application.")
"""Found by Flask through its entry point, ``flask.commands``."""


def _print(text: str, *, indent: int = 0, hanging: int = 0, **style: Any) -> None:
    """Print a text, wrapped."""
    first = " " * indent
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines or [""]:
        click.secho(line, **style)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))


# --- rules ------------------------------------------------------------------------------------------------------------


def _text(pattern: object) -> str:
    if isinstance(pattern, CompiledRegex):
        return "any" if pattern.matches_all else pattern.pattern.pattern
    return str(pattern) if isinstance(pattern, str) else repr(pattern)


def _policy(options: Options) -> dict[str, Any]:
    return {
        "origins": [_text(origin) for origin in (*options.origins, *options.origin_matchers)],
        "methods": [name.strip() for name in options.methods.split(",") if name.strip()],
        "allow_headers": [_text(name) for name in options.allow_headers],
        "expose_headers": options.expose_headers,
        "supports_credentials": options.supports_credentials,
        "max_age": options.max_age,
    }


def _route(app: Flask, rule: Rule) -> dict[str, Any]:
    """A route, and the policies that govern it."""
    governed: dict[str, dict[str, Any]] = {}
    error = None
    for path in sample_paths(rule):
        policies, error = _governing(app, path, rule)
        for policy in policies:
            shown = {"by": policy.name, "resource": policy.pattern, **_policy(policy.options)}
            governed.setdefault(str(policy), shown)
    return {
        "path": rule.rule,
        "endpoint": rule.endpoint,
        "methods": sorted(rule.methods or ()),
        "policies": list(governed.values()),
        "error": error,
    }


def _unreached(app: Flask) -> list[str]:
    """The resources that no route can reach."""
    routes = [(rule, path) for rule in app.url_map.iter_rules() for path in sample_paths(rule)]
    reached = {str(policy) for rule, path in routes for policy in _governing(app, path, rule)[0]}
    found = [f"{pattern} of {source.name}" for source in sources(app) for pattern, _ in source.resources]
    return [name for name in dict.fromkeys(found) if name not in reached]


def _governing(app: Flask, path: str, rule: Rule) -> tuple[list[Governing], str | None]:
    """The policies for a path, or why the configuration makes none."""
    try:
        return governing(app, path, rule), None
    except (TypeError, ValueError) as error:
        return [], str(error)


@cors.command("rules")
@click.option("--sort", type=click.Choice(["path", "endpoint", "match"]), default="path", help="Order of the routes.")
@click.option("--path", "prefix", default="", help="Only routes whose path begins with this.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def rules_command(sort: str, prefix: str, as_json: bool) -> None:
    """Show for each route which policy governs it, and the resources that no route reaches.

    Of several policies for a route, the next one adds its headers only where the one before adds none. For a route
    with variables, what is shown is for values like 1, x and x/y.
    """
    app = _current_app()
    routes = [_route(app, rule) for rule in app.url_map.iter_rules() if rule.rule.startswith(prefix)]
    if sort != "match":
        routes.sort(key=lambda route: (route[sort], route["path"]))
    unreached = _unreached(app)
    if as_json:
        _print_json({"routes": routes, "unreached": unreached})
        return
    for route in routes:
        methods = ", ".join(sorted(set(route["methods"]) - {"HEAD", "OPTIONS"})) or "OPTIONS"
        _print(f"{route['path']}  {methods}  ({route['endpoint']})", hanging=4, bold=True)
        if route["error"]:
            _print(f"no policy: {route['error']}", indent=4, hanging=4, fg="red")
        elif not route["policies"]:
            _print("no CORS", indent=4, fg="yellow")
        for policy in route["policies"]:
            resource = f"resource {policy['resource']} of " if policy["resource"] is not None else ""
            _print(f"{resource}{policy['by']}", indent=4, hanging=4, fg="green")
            _print(f"origins      {_listed(policy['origins'])}", indent=6, hanging=13)
            _print(f"methods      {_listed(policy['methods'])}", indent=6, hanging=13)
            _print(f"headers      {_listed(policy['allow_headers'])}", indent=6, hanging=13)
            if policy["expose_headers"]:
                _print(f"exposed      {policy['expose_headers']}", indent=6, hanging=13)
            age = "not set" if policy["max_age"] is None else f"{policy['max_age']} s"
            _print(f"credentials  {'yes' if policy['supports_credentials'] else 'no':<8}max-age  {age}", indent=6)
    for name in unreached:
        _print(f"No route reaches {name}.", hanging=4, fg="yellow")


def _listed(names: list[str]) -> str:
    more = f", and {len(names) - 20} more" if len(names) > 20 else ""
    return (", ".join(names[:20]) + more) or "none"


# --- check ------------------------------------------------------------------------------------------------------------


def _header(_context: click.Context, _parameter: click.Parameter, values: Iterable[str]) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    for value in values:
        name, colon, text = value.partition(":")
        if not colon or not name.strip():
            raise click.BadParameter(f'{value!r}: write "Name: value".')
        headers.append((name.strip(), text.strip()))
    return headers


@cors.command("check", with_appcontext=False)
@click.argument("origin")
@click.argument("method")
@click.argument("path")
@click.option(
    "-H",
    "headers",
    multiple=True,
    callback=_header,
    metavar='"NAME: VALUE"',
    help="A header that the script sets; may come several times.",
)
@click.option("--credentials", is_flag=True, help='As fetch() with credentials: "include".')
@click.option("--url", help="Ask the server that runs there, in place of the application: http://localhost:5000")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@pass_script_info
def check_command(
    info: ScriptInfo,
    origin: str,
    method: str,
    path: str,
    headers: list[tuple[str, str]],
    credentials: bool,
    url: str | None,
    as_json: bool,
) -> None:
    r"""Do what a browser does for a page of ORIGIN that calls fetch(PATH) with METHOD.

    It is a real request: the application handles it, in this process. The exit status is 0 if the page gets its
    response, of whatever status, 1 if it is blocked, and 2 if the request cannot be made.

    \b
    flask cors check https://app.example PUT /api/items -H "Content-Type: application/json"
    """
    if not path.startswith("/"):
        raise click.UsageError(f"{path!r} is no path: write /{path}")
    try:
        if url is not None:
            explanation = explain_url(url, origin, method, path, headers=headers, credentials=credentials)
        else:
            app = info.load_app()
            with app.app_context():
                explanation = explain(app, origin, method, path, headers=headers, credentials=credentials)
    except (OSError, TypeError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        _print_json(_as_json(explanation))
    else:
        _print_explanation(explanation)
    sys.exit(0 if explanation.allowed else 1)


def _as_json(explanation: Explanation) -> dict[str, Any]:
    outcome = explanation.outcome
    return {
        "allowed": explanation.allowed,
        "error": outcome.error,
        "parameter": outcome.parameter,
        "message": outcome.message,
        "status": outcome.steps[-1].response.status if outcome.steps else None,
        "policies": [str(policy) for policy in explanation.policies],
        "remedies": list(explanation.remedies),
        "hidden_headers": list(outcome.hidden),
        "notes": list(outcome.notes),
        "steps": [
            {
                "name": step.name,
                "method": step.method,
                "url": step.url,
                "headers": step.headers,
                "status": step.response.status,
                "response_headers": step.response.headers,
            }
            for step in outcome.steps
        ],
    }


_SHOWN = ("access-control-", "location", "vary")


def _print_step(number: int, step: Step) -> None:
    _print(f"{number}. {step.name}: {step.method} {escaped(step.url)}", hanging=3, bold=True)
    for name, value in step.headers:
        _print(f"> {name}: {escaped(value)}", indent=3, hanging=2)
    _print(f"< {step.response.status}", indent=3)
    for name, value in step.response.headers:
        if name.lower().startswith(_SHOWN):
            _print(f"< {name}: {escaped(value)}", indent=3, hanging=2)


def _print_explanation(explanation: Explanation) -> None:
    outcome = explanation.outcome
    for number, step in enumerate(outcome.steps, 1):
        _print_step(number, step)
    if outcome.steps and outcome.steps[0].name == "request":
        _print("No preflight is needed: the method and the headers are safelisted, or the origin is the server's own.")
    for note in outcome.notes:
        _print(note)
    click.echo()
    if explanation.allowed:
        _print(f"ALLOWED, with status {outcome.steps[-1].response.status}", bold=True, fg="green")
    else:
        _print("BLOCKED", bold=True, fg="red")
        _print(escaped(outcome.message), indent=2, hanging=2)
    for policy in explanation.policies[:1]:
        _print(f"Decided by {policy}.")
    if not explanation.policies and not explanation.allowed:
        _print("No policy is known for this path.")
    if outcome.hidden:
        _print(f"Scripts cannot read: {', '.join(map(escaped, outcome.hidden))}.", hanging=2)
    for remedy in explanation.remedies:
        _print(f"* {remedy}", hanging=2)


# --- audit ------------------------------------------------------------------------------------------------------------


@cors.command("audit")
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, "never"]),
    default="error",
    show_default=True,
    help="The mildest severity that makes the exit status 1.",
)
@click.option("--ignore", multiple=True, metavar="ID", help="A finding that is not wanted; may come several times.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def audit_command(fail_on: str, ignore: tuple[str, ...], as_json: bool) -> None:
    """Look for weak spots in the policies of the application.

    What is not wanted is left out by --ignore, or for good by CORS_AUDIT_IGNORE in the configuration.
    """
    app = _current_app()
    findings = audit(app, ignore=ignore)
    if as_json:
        _print_json(
            [
                {**finding._asdict(), "consequence": finding.consequence, "documentation": finding.anchor}
                for finding in findings
            ]
        )
    else:
        colors = {"error": "red", "warning": "yellow", "info": "blue"}
        for finding in findings:
            _print(
                f"{finding.id} {finding.severity}  {finding.where}", hanging=4, bold=True, fg=colors[finding.severity]
            )
            _print(escaped(finding.detail) + ".", indent=4)
            if finding.example is not None:
                _print(f"For one: {escaped(finding.example)}", indent=4, hanging=4)
            _print(finding.consequence, indent=4)
            _print(f"-> {finding.remedy}", indent=4, hanging=3)
            _print(finding.anchor, indent=4)
        counts = [
            f"{sum(finding.severity == severity for finding in findings)} {severity}" for severity in SEVERITIES[::-1]
        ]
        click.echo(f"{len(findings)} findings: {', '.join(counts)}")
    worst = max((SEVERITIES.index(finding.severity) for finding in findings), default=-1)
    sys.exit(1 if fail_on != "never" and worst >= SEVERITIES.index(fail_on) else 0)
