"""The weak spots of policies: what :func:`audit`, ``flask cors audit`` and ``CORS(app, audit=...)`` find."""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from . import _backend, _log, _samples
from .fetch import (
    FORBIDDEN_METHODS,
    FORBIDDEN_RESPONSE_HEADERS,
    TOKEN,
    is_forbidden_request_header,
)
from .options import CONFIG_KEYS, DEFAULT_OPTIONS, CompiledRegex, Options, config_layer
from .origins import Regex, Subdomains, browser_origin, origin_problem, registrable_domain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flask import Flask

    from .resources import Resources

Severity = Literal["info", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")
"""The mildest first."""

DOCUMENTATION = "https://github.com/flask-cors-rs/flask-cors-rs/blob/main/docs/audit.md"


class Check(NamedTuple):
    """What is looked for."""

    title: str
    consequence: str
    """What could happen, in one sentence."""
    remedy: str


CHECKS: dict[str, Check] = {
    "CORS001": Check(
        "Any origin, with credentials",
        "Any page that a user visits can read what this user may read, and act in the user's name.",
        'Name the origins; "*" is the default of origins.',
    ),
    "CORS002": Check(
        "A regular expression that need not match the end of an origin",
        "An attacker registers a domain that begins with a name that is allowed.",
        "End it with $, or use Regex or Subdomains, which match whole origins.",
    ),
    "CORS003": Check(
        "A dot that matches any character",
        "An attacker registers a domain that differs from an allowed one in that character.",
        r"Write \. for a dot, or use Subdomains.",
    ),
    "CORS004": Check(
        "null is allowed",
        "Any page can send Origin: null, from a sandboxed frame or by a redirect.",
        "Leave it out, and serve the page over HTTP instead of from a file.",
    ),
    "CORS005": Check(
        "An http origin with credentials",
        "Who can change the traffic of one user can put a script into that page, and act in the user's name.",
        "Allow https origins only.",
    ),
    "CORS006": Check(
        "Any name under a public suffix",
        "An attacker registers a name there, as anyone can.",
        "Name the domains that are yours.",
    ),
    "CORS007": Check(
        "An origin that no browser sends",
        "It never matches, and the page that was meant is blocked.",
        "Write the origin as browsers send it: scheme, host and, unless it is the scheme's own, port.",
    ),
    "CORS008": Check(
        "A regular expression that no origin was found to match",
        "It never matches, and the pages that were meant are blocked.",
        "Match the whole origin, from its scheme on; Subdomains stands for the names under a host.",
    ),
    "CORS009": Check(
        "A method that no preflight asks for",
        "It has no effect, or preflights that were meant to pass are refused.",
        "List the methods of your routes; to allow all that Flask-CORS does, leave methods out.",
    ),
    "CORS010": Check(
        "A request header that no preflight asks for",
        "It has no effect, or preflights that were meant to pass are refused.",
        "List the names of the request headers that scripts set, each as an item of its own.",
    ),
    "CORS011": Check(
        "A response header that cannot be exposed",
        "Scripts cannot read it.",
        "List the names of the response headers that scripts read, except Set-Cookie.",
    ),
    "CORS012": Check(
        '"*" in expose_headers, with credentials',
        'In a request with credentials "*" is a name like others, so scripts can read none of the headers.',
        "Name the headers.",
    ),
    "CORS013": Check(
        "A max_age that browsers do not honour",
        "They keep the answer to a preflight for a shorter time, or not at all.",
        "Give whole seconds: 7200 is the most for Chromium, 86400 for Firefox.",
    ),
    "CORS014": Check(
        "A private network is open to any origin",
        "Any public page that a user in this network visits can reach this server.",
        "Name the origins.",
    ),
    "CORS015": Check(
        "A resource that no route reaches",
        "The policy has no effect, and the pages that it was meant for are blocked.",
        "Write the path as it is routed, prefix and slash included; /api/* stands for all that begins with /api.",
    ),
    "CORS016": Check(
        "A resource that another one hides",
        "The policy has no effect: the first resource that matches decides, and rules are not merged.",
        "Remove one, or make the other narrower.",
    ),
    "CORS017": Check(
        "A resource that reaches further than it seems",
        "Paths that were not meant have CORS: * repeats the character before it.",
        "Write /.* for what is under a path.",
    ),
    "CORS018": Check(
        "A regular expression that can take exponential time",
        "One request with a certain header or path keeps a worker busy for minutes.",
        "Write it without repeats in repeats, or without what keeps it from the linear-time engine.",
    ),
    "CORS019": Check(
        "An option that does not exist",
        "It has no effect, and the default holds: for origins that is any.",
        "Correct the name.",
    ),
    "CORS020": Check(
        "A text where a truth value is meant",
        "Every text that is not empty counts as true.",
        "Give True or False.",
    ),
    "CORS021": Check(
        "A key of the configuration that was set too late",
        "It has no effect: CORS(app) has read the configuration before.",
        "Set it before CORS(app), or call init_app later.",
    ),
    "CORS022": Check(
        "No Vary, though answers differ by origin",
        "A cache gives the answer for one origin to another, which is then blocked.",
        'Leave vary_header on, or set it to "always".',
    ),
    "CORS023": Check(
        "A configuration that makes no policy",
        "The view gets no CORS headers, or every request fails.",
        "Correct it as the error says.",
    ),
}
"""The checks, by id. An id never changes its meaning."""


class Finding(NamedTuple):
    """A weak spot."""

    id: str
    severity: Severity
    option: str
    """The option that it is about."""
    where: str
    """The policy: its resource, or its view."""
    detail: str
    """What was found, the value included."""
    example: str | None = None
    """An origin that is let in, or an input that shows it."""
    remedy: str = ""
    """What to do: that of the check, if nothing more can be said."""

    @property
    def consequence(self) -> str:
        """What could happen, in one sentence."""
        return CHECKS[self.id].consequence

    @property
    def anchor(self) -> str:
        """Where it is documented."""
        return f"{DOCUMENTATION}#{self.id.lower()}"

    def __str__(self) -> str:
        example = f" (for one: {self.example!a})" if self.example else ""
        return f"{self.id} {self.severity}: {self.where}: {self.detail}{example}. {self.consequence} {self.remedy}"


class AuditError(ValueError):
    """The findings of severity ``error``, at set-up with ``audit="raise"``."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(["the policies are unsafe or have no effect:", *map(str, self.findings)]))


def audit(app: Flask, *, ignore: Iterable[str] = ()) -> list[Finding]:
    """Look for weak spots in all policies of an application: extensions, middleware and decorated views.

    :param app: the application, with its routes
    :param ignore: ids of findings that are not wanted, besides those in ``app.config["CORS_AUDIT_IGNORE"]``
    :returns: the findings, the gravest first
    """
    from .policies import decorated, sources

    found: list[Finding] = []
    for source in sources(app):
        found += audit_resources(source.resources, source.name)
        found += _unreached(app, source.resources, source.name, source.blueprint)
        found += _late(app, source.resources)
    for endpoint, policies in decorated(app):
        where = f"@cross_origin of {endpoint}"
        found += _layers([policies.given], where)
        try:
            found += audit_options(policies.parsed(app), where)
        except (TypeError, ValueError) as error:
            found.append(_finding("CORS023", "error", "config", where, str(error)))
    found += _layers([config_layer(app)], "app.config")
    found += _unknown_keys(app)
    ignored = {*ignore, *ignored_ids(app.config)}
    unique = dict.fromkeys(finding for finding in found if finding.id not in ignored)
    return sorted(unique, key=lambda finding: (-SEVERITIES.index(finding.severity), finding.id))


def ignored_ids(config: Mapping[str, Any]) -> list[str]:
    """The ids in ``CORS_AUDIT_IGNORE``: a list, or a text with commas."""
    value = config.get("CORS_AUDIT_IGNORE") or ()
    return [item.strip() for item in (value.split(",") if isinstance(value, str) else value)]


def audit_at_setup(resources: Resources, name: str, mode: str, ignored: Iterable[str] = ()) -> None:
    """What ``audit`` asks for where policies are made: ``log``, ``raise`` or ``off``.

    :raises AuditError: the mode is ``raise``, and there are findings of severity ``error``
    """
    if mode == "off":
        return
    ignored = frozenset(ignored)
    found = audit_resources(resources, name)
    if resources.config is not None:
        found += _layers([resources.config], "app.config")
    errors = [finding for finding in dict.fromkeys(found) if finding.severity == "error" and finding.id not in ignored]
    if errors and mode == "raise":
        raise AuditError(errors)
    for finding in errors:
        if finding.id != "CORS019":  # There has been a warning of every unknown option.
            _log.warn("%s See %s", _log.escaped(finding), finding.anchor)


def audit_resources(resources: Resources, name: str) -> list[Finding]:
    """Look at the policies of one extension or middleware, without the routes."""
    found: list[Finding] = []
    seen: set[object] = set()
    for text, options in resources:
        # There may be thousands that differ in nothing but ordinary origins.
        kind = len(options.origins) > 1, options[1:_FIRST_LITERAL], options[_FIRST_LITERAL + 1 :]
        if kind not in seen or not all(map(_is_ordinary, options.origins)):
            seen.add(kind)
            found += audit_options(options, f"{text} of {name}")
    found += _layers(resources.layers, name)
    for pattern, _ in resources.patterns:
        # Without a group no repeat is in another.
        if isinstance(pattern, CompiledRegex) and ")" in pattern.pattern.pattern:
            found += _explosive("resources", pattern, name)
    return found


def audit_options(options: Options, where: str) -> Iterator[Finding]:
    """Look at one policy."""
    any_origin = options.any_origin or any(
        isinstance(origin, CompiledRegex) and origin.matches_all for origin in options.origins
    )
    if any_origin and options.supports_credentials:
        yield _finding(
            "CORS001", "error", "origins", where, "every origin is reflected, and supports_credentials is on"
        )
    for origin in options.origins:
        if isinstance(origin, str):
            yield from _literal(origin, options, where)
        elif not origin.matches_all:
            yield from _regex(origin, options, where)
    for matcher in options.origin_matchers:
        if options.supports_credentials and isinstance(matcher, Subdomains) and _is_insecure(matcher.origin):
            yield _finding("CORS005", "warning", "origins", where, f"{matcher!r} is http")
        if isinstance(matcher, Regex) and matcher.match("null") is not None:
            yield _finding("CORS004", "warning", "origins", where, f"{matcher!r} matches null")
    yield from _methods(options, where)
    yield from _request_headers(options, where)
    yield from _response_headers(options, where)
    yield from _max_age(options, where)
    if options.allow_private_network and any_origin:
        yield _finding("CORS014", "error", "allow_private_network", where, "allow_private_network is on for any origin")
    dynamic = any_origin or len(options.origins) + len(options.origin_matchers) > 1
    if not options.vary_header and dynamic and not (options.any_origin and options.send_wildcard):
        yield _finding("CORS022", "warning", "vary_header", where, "vary_header is off, and the origin is reflected")


def _finding(
    id: str,  # noqa: A002 - its name
    severity: Severity,
    option: str,
    where: str,
    detail: str,
    example: str | None = None,
    remedy: str = "",
) -> Finding:
    return Finding(id, severity, option, where, detail, example, remedy or CHECKS[id].remedy)


# --- origins ----------------------------------------------------------------------------------------------------------


def _is_insecure(origin: str) -> bool:
    """Whether an origin is http, and not of this machine."""
    loopback = r"(?:.*\.)?localhost|127\.[0-9.]+|\[::1\]"
    found = re.fullmatch(r"http://(.*?)(?::[0-9]+)?", origin)
    return found is not None and not re.fullmatch(loopback, found[1])


_FIRST_LITERAL = Options._fields.index("first_literal_origin")
_ORDINARY = re.compile(r"https://(?:[a-z0-9]+(?:-+[a-z0-9]+)*\.)+[a-z]+")
"""There may be many of them, and each is looked at when an application starts."""


def _is_ordinary(origin: object) -> bool:
    """Whether there is nothing to say of an origin."""
    return isinstance(origin, str) and len(origin) <= 70 and _ORDINARY.fullmatch(origin) is not None


def _literal(origin: str, options: Options, where: str) -> Iterator[Finding]:
    if _is_ordinary(origin):
        return
    if origin == "null":
        severity: Severity = "error" if options.supports_credentials else "warning"
        yield _finding("CORS004", severity, "origins", where, "origins has 'null'")
        return
    # Case is disregarded.
    problem = origin_problem(origin.lower())
    if problem:
        meant = browser_origin(origin)
        remedy = f"Write {meant!r}." if meant else ""
        if re.search(r"[,;\s]\s*\w+:", origin):
            remedy = "Give a list: a text is one origin."
        elif "://" not in origin:
            remedy = f"Write 'https://{origin}': an origin has a scheme."
        elif re.search(r"\.[+*]|\\|\{", origin):
            remedy = r"Compile it with re.compile, or use Regex: without one of * \ ] ? $ ^ [ ( ) a text is no pattern."
        yield _finding("CORS007", "error", "origins", where, f"{origin!r}: {problem}", remedy=remedy)
    elif origin != origin.lower():
        yield _finding(
            "CORS007",
            "info",
            "origins",
            where,
            f"{origin!r} has upper case: it matches, but is what requests without an Origin are told",
            remedy=f"Write {origin.lower()!r}.",
        )
    elif options.supports_credentials and _is_insecure(origin):
        yield _finding("CORS005", "warning", "origins", where, f"{origin!r} is http, and supports_credentials is on")


def _regex(regex: CompiledRegex, options: Options, where: str) -> Iterator[Finding]:
    pattern = regex.pattern
    text = repr(pattern.pattern)
    if re.search(r"(?:^|//)\*\.", pattern.pattern):
        host = pattern.pattern.rpartition("*.")[2]
        yield _finding(
            "CORS008",
            "error",
            "origins",
            where,
            f"{text} is a regular expression, in which * repeats the character before it",
            remedy=f"Use Subdomains('https://{host}').",
        )
        return
    yield from _explosive("origins", regex, where)
    folded = bool(pattern.flags & re.IGNORECASE)
    samples = [sample.lower() if folded else sample for sample in _samples.matching(pattern)]
    origins = [sample for sample in samples if pattern.match(sample) and not origin_problem(sample)]
    longer = [f"{sample}{end}" for sample in samples for end in ("evil.example", ".evil.example")]
    let_in = [origin for origin in longer if pattern.match(origin) and not origin_problem(origin)]
    if not origins and not let_in:
        if samples and not any(map(pattern.match, ("null", "https://a.example", "http://localhost:3000"))):
            yield _finding("CORS008", "warning", "origins", where, f"{text} matched none of the origins tried")
    elif let_in:
        yield _finding("CORS002", "error", "origins", where, f"{text} need not match to the end", let_in[0])
    for sample in _samples.with_dots_replaced(pattern):
        example = sample.lower() if folded else sample
        if pattern.match(example) and not origin_problem(example) and registrable_domain(example, listed=False):
            yield _finding(
                "CORS003", "error", "origins", where, f"{text} has a dot that matches any character", example
            )
            break
    for origin in [] if let_in else origins:
        domain = registrable_domain(origin)
        if domain is not None:
            example = f"{origin.partition('://')[0]}://evil-{domain}"
            if pattern.match(example):
                yield _finding("CORS006", "error", "origins", where, f"{text} lets in any name under a suffix", example)
                break
    if options.supports_credentials:
        insecure = [f"http://{origin.partition('://')[2]}" for origin in origins or let_in]
        for origin in insecure:
            if pattern.match(origin) and _is_insecure(origin):
                yield _finding("CORS005", "warning", "origins", where, f"{text} lets in http origins", origin)
                break
    if pattern.match("null"):
        yield _finding("CORS004", "warning", "origins", where, f"{text} matches null", "null")


def _explosive(option: str, pattern: object, where: str) -> Iterator[Finding]:
    if isinstance(pattern, CompiledRegex) and (_backend.BACKEND == "python" or pattern.rust is None):
        example = _samples.explosive(pattern.pattern)
        if example is not None:
            detail = f"{pattern.pattern.pattern!r} is matched by Python's re"
            yield _finding("CORS018", "error", option, where, detail, example)


# --- the other options ------------------------------------------------------------------------------------------------


def _methods(options: Options, where: str) -> Iterator[Finding]:
    for severity, detail in _wrong_methods(options.methods):
        yield _finding("CORS009", severity, "methods", where, detail)


@lru_cache(maxsize=64)
def _wrong_methods(methods: str) -> list[tuple[Severity, str]]:
    """What is wrong with a list of methods, which many policies share."""
    found: list[tuple[Severity, str]] = []
    for name in (name.strip() for name in methods.split(",") if name.strip()):
        if name == "*":
            found.append(("error", "methods has '*', which is no wildcard here: it allows the method of that name"))
        elif not TOKEN.fullmatch(name):
            found.append(("error", f"{name!r} is no method"))
        elif name in FORBIDDEN_METHODS:
            found.append(("warning", f"browsers do not let scripts use {name}"))
    return found


_RESPONSE_HEADERS = frozenset(
    f"access-control-{name}"
    for name in ("allow-credentials", "allow-headers", "allow-methods", "allow-origin", "expose-headers", "max-age")
)


def _request_headers(options: Options, where: str) -> Iterator[Finding]:
    for name in options.allow_headers:
        if not isinstance(name, str):
            yield from _explosive("allow_headers", name, where)
        elif not TOKEN.fullmatch(name):
            remedy = "Give a list: a text is one name." if "," in name else ""
            yield _finding(
                "CORS010", "error", "allow_headers", where, f"{name!r} is no name of a header", remedy=remedy
            )
        elif name.lower() in _RESPONSE_HEADERS:
            yield _finding("CORS010", "warning", "allow_headers", where, f"{name} is a header of responses")
        elif is_forbidden_request_header(name) and name.lower() != "origin":
            yield _finding("CORS010", "info", "allow_headers", where, f"browsers do not let scripts set {name}")
        elif "_" in name:
            remedy = f"Write {name.replace('_', '-')!r}."
            yield _finding("CORS010", "warning", "allow_headers", where, f"{name!r} has an underscore", remedy=remedy)


def _response_headers(options: Options, where: str) -> Iterator[Finding]:
    for name in (name.strip() for name in (options.expose_headers or "").split(",") if name.strip()):
        if name == "*":
            if options.supports_credentials:
                detail = "expose_headers has '*', and supports_credentials is on"
                yield _finding("CORS012", "error", "expose_headers", where, detail)
        elif not TOKEN.fullmatch(name):
            yield _finding("CORS011", "error", "expose_headers", where, f"{name!r} is no name of a header")
        elif name.lower() in FORBIDDEN_RESPONSE_HEADERS:
            yield _finding("CORS011", "warning", "expose_headers", where, f"no script can read {name}")


def _max_age(options: Options, where: str) -> Iterator[Finding]:
    if options.max_age is None:
        return
    if not re.fullmatch("-?[0-9]+", options.max_age.strip()):
        yield _finding("CORS013", "error", "max_age", where, f"{options.max_age!r} is no number of seconds")
    elif int(options.max_age) > 86400:
        yield _finding("CORS013", "warning", "max_age", where, f"{options.max_age} seconds are more than a day")
    elif int(options.max_age) > 7200:
        yield _finding("CORS013", "info", "max_age", where, f"{options.max_age} seconds are 7200 to Chromium")


_FLAGS = frozenset(name for name, value in DEFAULT_OPTIONS.items() if isinstance(value, bool))


def _layers(layers: Iterable[Mapping[str, Any]], where: str) -> Iterator[Finding]:
    """Look at options as they were given."""
    for layer in layers:
        for name, value in layer.items():
            if name not in DEFAULT_OPTIONS:
                yield _unknown(name, list(DEFAULT_OPTIONS), where)
            elif isinstance(value, str) and name in _FLAGS and value.lower() in {"false", "0", "no", "off", "none"}:
                severity: Severity = "error" if name == "supports_credentials" else "warning"
                yield _finding("CORS020", severity, name, where, f"{name}={value!r} counts as true")


def _unknown(name: str, names: list[str], where: str) -> Finding:
    lower = {other.lower(): other for other in names}
    aliases = {"headers": "allow_headers", "allowed_origins": "origins", "credentials": "supports_credentials"}
    near = aliases.get(name.lower()) or next(iter(difflib.get_close_matches(name.lower(), lower, 1, 0.6)), None)
    remedy = f"Write {lower.get(near, near)}." if near else ""
    return _finding("CORS019", "error", name, where, f"{name} is no option", remedy=remedy)


def _unknown_keys(app: Flask) -> Iterator[Finding]:
    known = {*CONFIG_KEYS.values(), "CORS_AUDIT_IGNORE"}
    keys: Iterable[str] = map(str, app.config)
    for key in keys:
        if key.startswith("CORS_") and key not in known:
            yield _unknown(key, sorted(known), "app.config")


def _late(app: Flask, resources: Resources) -> Iterator[Finding]:
    """Keys of the configuration that are others than when they were read."""
    if resources.config is None:
        return
    now = config_layer(app)
    for name in sorted(now.keys() | resources.config.keys()):
        if name not in resources.overridden and now.get(name) != resources.config.get(name):
            key = CONFIG_KEYS[name]
            yield _finding("CORS021", "error", name, "app.config", f"{key}={now.get(name)!r} came after CORS(app)")


# --- resources --------------------------------------------------------------------------------------------------------


def _unreached(app: Flask, resources: Resources, name: str, blueprint: str | None) -> Iterator[Finding]:
    """Rules that no route reaches, or that reach more than they seem to."""
    from .policies import belongs, sample_paths
    from .resources import pattern_text

    routes = [rule for rule in app.url_map.iter_rules() if blueprint is None or belongs(rule, blueprint)]
    paths = [path for rule in routes for path in sample_paths(rule)]
    reached = {resources.rules.match(path) for path in paths}
    patterns = resources.patterns
    for number, (pattern, _) in enumerate(patterns):
        text = pattern_text(pattern)
        where = f"{text} of {name}"
        base, found, rest = text.rpartition("/*")
        if found and not rest and base.startswith("/"):
            more = [path for path in paths if path.startswith(base) and path[len(base) :][:1] not in {"", "/"}]
            if more and any(resources.rules.match(path) == number for path in more):
                detail = f"{text} matches {more[0]} too"
                yield _finding("CORS017", "warning", "resources", where, detail, more[0], f"Write {base}/.* for it.")
        if number in reached:
            continue
        alone = [path for path in paths if _matches(pattern, path)]
        if alone:
            other = pattern_text(patterns[resources.rules.match(alone[0]) or 0][0])
            yield _finding("CORS016", "warning", "resources", where, f"{other} comes first for {alone[0]}")
            continue
        remedy = ""
        if not text.startswith(("/", "^", ".", "(", "\\", "*")):
            remedy = f"Write '/{text}': paths begin with a slash."
        elif isinstance(pattern, str) and any(path.startswith(f"{text.rstrip('/')}/") for path in paths):
            remedy = f"Write '{text.rstrip('/')}/*': a text without * matches only the path itself."
        elif any(path.lower().startswith(text.rstrip("/*.").lower()) for path in paths):
            remedy = "Write it in the case of the route: paths are compared with case."
        elif prefix := next((path for path in paths if path.endswith(text)), None):
            remedy = f"Write {prefix!r}: the prefix of a Blueprint is part of the path."
        yield _finding("CORS015", "warning", "resources", where, f"{text} matches no route", remedy=remedy)


def _matches(pattern: object, path: str) -> bool:
    if isinstance(pattern, CompiledRegex):
        return pattern.match(path) is not None
    return path == pattern
