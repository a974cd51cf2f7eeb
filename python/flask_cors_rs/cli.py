"""The commands ``flask cors rules``, ``diff``, ``check``, ``audit``, ``report`` and ``export``."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from datetime import datetime, timezone
from http.client import HTTPException
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import click
from flask.cli import AppGroup, ScriptInfo, pass_script_info
from flask.globals import current_app

from ._diagnostics.applied import policies_for, routed_resources, sample_paths
from ._diagnostics.audit import SEVERITIES, audit
from ._diagnostics.audit_server import audit_server
from ._diagnostics.diff import diff
from ._diagnostics.explain import explain, explain_url
from ._diagnostics.snapshot import FORMAT, VERSION, policy_as_dict, read_snapshot, snapshot_of
from ._edge.export import PROXIES, Settings, changes, export
from ._log import printable
from .report_only import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Flask
    from werkzeug.routing import Rule

    from ._diagnostics.browser import Step
    from ._diagnostics.diff import Change
    from ._diagnostics.explain import Explanation
    from ._diagnostics.findings import Finding
    from ._diagnostics.snapshot import Snapshot

_WIDTH = 80

_current_app: Callable[[], Flask] = current_app._get_current_object  # type: ignore[attr-defined]

cors = AppGroup("cors", help="Show, check and audit the CORS policies of the application, and read its reports.")
"""The group of commands. Flask finds it through the entry point ``flask.commands``."""

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _print(text: str, *, indent: int = 0, hanging: int = 0, **style: Any) -> None:
    """Print a text in lines of at most 80 characters. Control characters in it are escaped.

    :param indent: the indentation of the first line
    :param hanging: the further indentation of the other lines
    """
    lines = textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines or [""]:
        click.secho(line, **style)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))


# --- rules ------------------------------------------------------------------------------------------------------------


def _route_as_dict(app: Flask, rule: Rule) -> dict[str, Any]:
    policies: list[dict[str, Any]] = []
    error = None
    try:
        for path in sample_paths(rule):
            for policy in policies_for(app, path, rule):
                as_dict = policy_as_dict(policy)
                if as_dict not in policies:
                    policies.append(as_dict)
    except (TypeError, ValueError) as invalid:
        error = str(invalid)
    return {
        "path": rule.rule,
        "endpoint": rule.endpoint,
        "methods": sorted(rule.methods or ()),
        "policies": policies,
        "error": error,
    }


def _unreached(app: Flask) -> list[str]:
    """Return the resources that decide about no route. Resources with the same name count as one."""
    reached: dict[str, bool] = {}
    for resource in routed_resources(app, decorated=False):
        name = str(resource)
        reached[name] = reached.get(name, False) or bool(resource.paths)
    return [name for name, is_reached in reached.items() if not is_reached]


@cors.command("rules")
@click.option("--sort", type=click.Choice(["path", "endpoint", "match"]), default="path", help="Order of the routes.")
@click.option("--path", "prefix", default="", help="Show only routes whose path begins with this.")
@_json_option
def rules_command(sort: str, prefix: str, as_json: bool) -> None:
    """Show which policy applies to each route, and which resources no route reaches.

    If a route has several policies, each adds its headers only if those above it add none. For a route with variables,
    the policies are those for sample values such as 1, x and x/y.
    """
    app = _current_app()
    routes = [_route_as_dict(app, rule) for rule in app.url_map.iter_rules() if rule.rule.startswith(prefix)]
    if sort != "match":
        routes.sort(key=lambda route: (route[sort], route["path"]))
    unreached = _unreached(app)
    if as_json:
        _print_json({"format": FORMAT, "version": VERSION, "routes": routes, "unreached": unreached})
        return
    for route in routes:
        _print_route(route)
    for name in unreached:
        _print(f"No route reaches {name}.", hanging=4, fg="yellow")


def _print_route(route: dict[str, Any]) -> None:
    methods = ", ".join(sorted(set(route["methods"]) - {"HEAD", "OPTIONS"})) or "OPTIONS"
    _print(f"{route['path']}  {methods}  ({route['endpoint']})", hanging=4, bold=True)
    if route["error"]:
        _print(f"no policy: {route['error']}", indent=4, hanging=4, fg="red")
    elif not route["policies"]:
        _print("no CORS", indent=4, fg="yellow")
    for policy in route["policies"]:
        resource = f"resource {policy['resource']} of " if policy["resource"] is not None else ""
        _print(f"{resource}{policy['by']}", indent=4, hanging=4, fg="green")
        _print(f"origins      {_joined(policy['origins'])}", indent=6, hanging=13)
        _print(f"methods      {_joined(policy['methods'])}", indent=6, hanging=13)
        _print(f"headers      {_joined(policy['allow_headers'])}", indent=6, hanging=13)
        if policy["expose_headers"]:
            _print(f"exposed      {policy['expose_headers']}", indent=6, hanging=13)
        age = "not set" if policy["max_age"] is None else f"{policy['max_age']} s"
        _print(f"credentials  {'yes' if policy['supports_credentials'] else 'no':<8}max-age  {age}", indent=6)


def _joined(names: list[str]) -> str:
    more = f", and {len(names) - 20} more" if len(names) > 20 else ""
    return (", ".join(names[:20]) + more) or "none"


# --- diff -------------------------------------------------------------------------------------------------------------


def _load_snapshot(source: str) -> Snapshot:
    """Read a snapshot from a file, or from a revision of git such as ``main:cors.json``.

    :raises OSError: it cannot be read
    :raises ValueError: it is not a snapshot
    """
    path = Path(source)
    if path.exists() or ":" not in source:
        return read_snapshot(path.read_bytes())
    git = which("git")
    if git is None:
        raise OSError("there is no such file, and git is not installed")
    shown = subprocess.run([git, "show", "--end-of-options", source], capture_output=True, check=False)  # noqa: S603
    if shown.returncode:
        raise OSError(shown.stderr.decode(errors="replace").strip())
    return read_snapshot(shown.stdout)


@cors.command("diff", with_appcontext=False)
@click.argument("before")
@click.argument("after", required=False)
@click.option(
    "--fail-on",
    type=click.Choice(["newly-allowed", "any", "never"]),
    default="newly-allowed",
    show_default=True,
    help="The exit status is 1 if there are such changes.",
)
@click.option("--markdown", is_flag=True, help="Print a table in Markdown, for a code review.")
@_json_option
@pass_script_info
def diff_command(info: ScriptInfo, before: str, after: str | None, fail_on: str, markdown: bool, as_json: bool) -> None:
    """Show what a change of policies allows and refuses.

    BEFORE and AFTER are outputs of `flask cors rules --json`: files, or revisions of git such as main:cors.json.
    Without AFTER, the policies of the application are compared.
    """
    sources = [source for source in (before, after) if source is not None]
    snapshots: list[Snapshot] = []
    for source in sources:
        try:
            snapshots.append(_load_snapshot(source))
        except (OSError, ValueError) as error:  # noqa: PERF203 - it ends the command
            raise click.UsageError(printable(f"{source}: {error}")) from error
    if after is None:
        app = info.load_app()
        with app.app_context():
            snapshots.append(snapshot_of([_route_as_dict(app, rule) for rule in app.url_map.iter_rules()]))
    changes, notes = diff(*snapshots)
    if as_json:
        _print_json({"changes": [change._asdict() for change in changes], "notes": notes})
    elif markdown:
        _print_changes_as_markdown(changes, notes)
    else:
        _print_changes(changes, notes)
    failing = [each for each in changes if fail_on == "any" or each.change == "newly allowed"]
    sys.exit(1 if failing and fail_on != "never" else 0)


def _print_changes(changes: Iterable[Change], notes: Iterable[str]) -> None:
    changes = list(changes)
    for each in changes:
        color = {"newly allowed": "red", "newly refused": "yellow", "differs": "blue"}[each.change]
        value = f" {each.value}" if each.value else ""
        what = each.origin if each.what == "origin" else f"{each.what}{value}, for example from {each.origin}"
        _print(f"{each.change}  {each.route}", hanging=4, bold=True, fg=color)
        _print(f"{what} ({each.rule})", indent=4, hanging=4)
    for note in notes:
        _print(f"Note: {note}.", hanging=4)
    click.echo(f"{len(changes)} change{'' if len(changes) == 1 else 's'}")


def _print_changes_as_markdown(changes: Iterable[Change], notes: Iterable[str]) -> None:
    click.echo("| change | route | what | for example from | policy |\n|---|---|---|---|---|")
    for each in changes:
        cells = (each.change, each.route, f"{each.what} {each.value}".strip(), each.origin, each.rule)
        click.echo(f"| {' | '.join(map(_code, cells))} |")
    for note in notes:
        click.echo(f"\n{_code(note)}")


def _code(text: str) -> str:
    """Return a text for a cell of a table in Markdown, in which nothing is markup."""
    text = printable(text).replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


# --- check ------------------------------------------------------------------------------------------------------------


def _split_headers(
    _context: click.Context, _parameter: click.Parameter, values: Iterable[str]
) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    for value in values:
        name, colon, text = value.partition(":")
        if not colon or not name.strip():
            raise click.BadParameter(f'{value!r} is not a header: write "Name: value".')
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
    callback=_split_headers,
    metavar='"NAME: VALUE"',
    help="A header that the script sets. Repeat it for several headers.",
)
@click.option("--credentials", is_flag=True, help='Send credentials, as fetch() does with credentials: "include".')
@click.option("--url", help="Send the requests to the server at this URL, such as http://localhost:5000.")
@_json_option
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
    """Do what a browser does when a page of ORIGIN calls fetch(PATH) with METHOD.

    The application handles real requests, in this process. The exit status is 0 if the page gets the response, of
    whatever status, 1 if the browser blocks it, and 2 if the request cannot be made.

    \b
    flask cors check https://app.example PUT /api/items -H "Content-Type: application/json"
    """  # noqa: D301 - Click keeps the line breaks after a backspace
    if not path.startswith("/"):
        raise click.UsageError(f"{path!r} is not a path: write /{path}")
    try:
        if url is not None:
            explanation = explain_url(url, origin, method, path, headers=headers, credentials=credentials)
        else:
            app = info.load_app()
            with app.app_context():
                explanation = explain(app, origin, method, path, headers=headers, credentials=credentials)
    except (OSError, TypeError, ValueError) as error:
        raise click.UsageError(printable(str(error))) from error
    if as_json:
        _print_json(_explanation_as_dict(explanation))
    else:
        _print_explanation(explanation)
    sys.exit(0 if explanation.allowed else 1)


def _explanation_as_dict(explanation: Explanation) -> dict[str, Any]:
    outcome = explanation.outcome
    return {
        "allowed": explanation.allowed,
        "error": outcome.error,
        "parameter": outcome.parameter,
        "message": outcome.message,
        "documentation": explanation.documentation,
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


_SHOWN_HEADERS = ("access-control-", "location", "vary")
"""How the names of the response headers begin that are shown."""


def _print_step(number: int, step: Step) -> None:
    _print(f"{number}. {step.name}: {step.method} {step.url}", hanging=3, bold=True)
    for name, value in step.headers:
        _print(f"> {name}: {value}", indent=3, hanging=2)
    _print(f"< {step.response.status}", indent=3)
    for name, value in step.response.headers:
        if name.lower().startswith(_SHOWN_HEADERS):
            _print(f"< {name}: {value}", indent=3, hanging=2)


def _print_explanation(explanation: Explanation) -> None:
    outcome = explanation.outcome
    for number, step in enumerate(outcome.steps, 1):
        _print_step(number, step)
    if outcome.steps and outcome.steps[0].name == "request":
        _print("No preflight is needed: the method and headers are safelisted, or the page has the server's origin.")
    for note in outcome.notes:
        _print(note)
    click.echo()
    if explanation.allowed:
        _print(f"ALLOWED, with status {outcome.steps[-1].response.status}", bold=True, fg="green")
    else:
        _print("BLOCKED", bold=True, fg="red")
        _print(str(outcome.message), indent=2, hanging=2)
    for policy in explanation.policies[:1]:
        _print(f"Decided by {policy}.")
    if not explanation.policies and not explanation.allowed:
        _print("No policy is known for this path.")
    if outcome.hidden:
        _print(f"Scripts cannot read {', '.join(outcome.hidden)}.", hanging=2)
    for remedy in explanation.remedies:
        _print(f"* {remedy}", hanging=2)
    if explanation.documentation is not None:
        _print(explanation.documentation)


# --- audit ------------------------------------------------------------------------------------------------------------


_COLORS = {"error": "red", "warning": "yellow", "info": "blue"}


@cors.command("audit")
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, "never"]),
    default="error",
    show_default=True,
    help="The exit status is 1 if there are findings of this severity or a more severe one.",
)
@click.option("--ignore", multiple=True, metavar="ID", help="Leave out these findings. Repeat it for several ids.")
@click.option("--url", help="Look for headers that the server at this URL, such as a proxy, sends twice.")
@_json_option
def audit_command(fail_on: str, ignore: tuple[str, ...], url: str | None, as_json: bool) -> None:
    """Find policies that are unsafe, and options that have no effect.

    CORS_AUDIT_IGNORE in the configuration lists the ids of findings that are always left out.
    """
    try:
        findings = audit(_current_app(), ignore=ignore)
    except ImportError as error:
        raise click.UsageError(printable(str(error))) from error
    if url is not None:
        try:
            findings[:0] = [each for each in audit_server(_current_app(), url) if each.id not in ignore]
        except (OSError, ValueError) as error:
            raise click.UsageError(printable(str(error))) from error
    if as_json:
        _print_json([{**finding._asdict(), "documentation": finding.anchor} for finding in findings])
    else:
        for finding in findings:
            _print_finding(finding)
        counts = [
            f"{sum(finding.severity == severity for finding in findings)} {severity}" for severity in SEVERITIES[::-1]
        ]
        click.echo(f"{len(findings)} finding{'' if len(findings) == 1 else 's'}: {', '.join(counts)}")
    highest = max((SEVERITIES.index(finding.severity) for finding in findings), default=-1)
    sys.exit(1 if fail_on != "never" and highest >= SEVERITIES.index(fail_on) else 0)


def _print_finding(finding: Finding) -> None:
    color = _COLORS[finding.severity]
    _print(f"{finding.id} {finding.severity}  {finding.where}", hanging=4, bold=True, fg=color)
    _print(f"{finding.detail}.", indent=4)
    if finding.example is not None:
        _print(f"For example: {finding.example}", indent=4, hanging=4)
    _print(finding.consequence, indent=4)
    _print(f"-> {finding.remedy}", indent=4, hanging=3)
    _print(finding.anchor, indent=4)


# --- report -----------------------------------------------------------------------------------------------------------


_MAX_REPORT = 16 * 2**20
"""The largest report that is read, in bytes."""


def _read_report(source: str) -> Report:
    if urlsplit(source).scheme in {"http", "https"}:
        with urlopen(source, timeout=10) as response:  # noqa: S310 - the scheme has been checked
            data = response.read(_MAX_REPORT + 1)
    else:
        with Path(source).open("rb") as file:
            data = file.read(_MAX_REPORT + 1)
    if len(data) > _MAX_REPORT:
        raise ValueError("the file is larger than 16 MiB, so it is not a report")
    return Report.from_json(data)


@cors.command("report", with_appcontext=False)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@_json_option
def report_command(sources: tuple[str, ...], as_json: bool) -> None:
    """Show what report-only policies would change.

    Each SOURCE is a file, or the URL of a view of yours that returns report().to_json(). Several are merged, such as
    those of several worker processes. The exit status is 1 if there are differences.
    """
    reports: list[Report] = []
    for source in sources:
        try:
            reports.append(_read_report(source))
        except (HTTPException, OSError, ValueError) as error:  # noqa: PERF203 - it ends the command
            raise click.UsageError(printable(f"{source}: {error}")) from error
    merged = Report.merged(reports)
    if as_json:
        click.echo(merged.to_json())
    else:
        _print_report(merged)
    sys.exit(1 if merged.differences else 0)


def _print_report(report: Report) -> None:
    for each in report.differences:
        color = "red" if each.change == "newly refused" else "yellow"
        headers = f" with {each.headers}" if each.headers else ""
        about = f" (at most {each.error} too many)" if each.error else ""
        times = f"{each.requests} time{'' if each.requests == 1 else 's'}{about}"
        _print(f"{each.change}  {each.origin}", hanging=4, bold=True, fg=color)
        _print(f"{each.kind}: {each.method} {each.route or '(no route)'}{headers}", indent=4, hanging=4)
        _print(f"{each.reason} ({each.rule})", indent=4, hanging=4)
        _print(f"{times}, {_minute(each.first)} to {_minute(each.last)}", indent=4, hanging=4)
    count, processes = len(report.differences), report.processes
    _print(
        f"{count} difference{'' if count == 1 else 's'} in {processes} process{'' if processes == 1 else 'es'},"
        f" {_minute(report.started)} to {_minute(report.taken)} (UTC)"
    )


def _minute(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M}"


# --- export -----------------------------------------------------------------------------------------------------------


@cors.command("export")
@click.argument("proxy", type=click.Choice([*PROXIES]), required=False)
@click.option(
    "--scope",
    type=click.Choice(["preflights", "all"]),
    default="preflights",
    show_default=True,
    help="What the proxy decides about: preflights, or responses without CORS headers too, such as its own errors.",
)
@click.option("--name", default="flask_cors", show_default=True, help="What the names of variables begin with.")
@click.option("--part", type=click.Choice(["http", "location"]), default="http", help="The part for nginx.")
@click.option("--strict", is_flag=True, help="The exit status is 1 if something is left to the application.")
@click.option("--check", "deployed", type=click.Path(path_type=Path), help="Compare a deployed file instead.")
@_json_option
def export_command(
    proxy: str | None, scope: str, name: str, part: str, strict: bool, deployed: Path | None, as_json: bool
) -> None:
    """Write the policies as configuration for PROXY.

    The proxy then answers preflights that a policy allows as the application would. Everything else is passed on:
    preflights that are refused, and what a proxy cannot decide. That is listed on standard error.

    \b
    flask cors export nginx > cors.conf
    flask cors export nginx --part location > cors-location.conf
    flask cors export --check cors.conf

    With --check, the exit status is 1 if the file does not say what the application says.
    """  # noqa: D301 - Click keeps the line breaks after a backspace
    app = _current_app()
    if deployed is not None:
        _check_export(app, deployed, as_json=as_json)
        return
    if proxy is None:
        raise click.UsageError(f"name a proxy: {', '.join(PROXIES)}")
    if part == "location" and proxy != "nginx":
        raise click.UsageError("--part is for nginx only")
    try:
        exported = export(app, Settings(proxy, "all" if scope == "all" else "preflights", name, part))
    except ValueError as error:
        raise click.UsageError(printable(str(error))) from error
    left_out, notes = exported.edge.left_out, exported.edge.notes
    if as_json:
        _print_json(
            {"fragment": exported.text, "left_out": [each._asdict() for each in left_out], "notes": list(notes)}
        )
    else:
        click.echo(exported.text, nl=False)
        for each in left_out:
            _print(f"Left to the application: {each}.", hanging=4, err=True, fg="yellow")
        for note in notes:
            _print(f"Note: {note}.", hanging=4, err=True)
    sys.exit(1 if strict and left_out else 0)


def _check_export(app: Flask, deployed: Path, *, as_json: bool) -> None:
    """Print whether a deployed file is what the application says, and end the command."""
    try:
        reasons = changes(app, deployed.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise click.UsageError(printable(f"{deployed}: {error}")) from error
    if as_json:
        _print_json({"up_to_date": not reasons, "reasons": reasons})
    elif reasons:
        for reason in reasons:
            _print(f"{deployed}: {reason}", hanging=4, fg="red")
    else:
        _print(f"{deployed} matches the application.")
    sys.exit(1 if reasons else 0)
