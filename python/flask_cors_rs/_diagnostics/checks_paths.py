"""Checks of ``resources`` against the routes of the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._options.patterns import pattern_text
from .audited import route_checks
from .findings import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .applied import RoutedResource
    from .findings import Finding

UNREACHED = Check(
    "CORS015",
    "A resource that no route reaches",
    "The policy has no effect, and the pages that it is meant for are blocked.",
    "Write the path as it is routed, with the Blueprint's prefix and the leading slash. /api/* matches every path that"
    " begins with /api.",
    "never",
)


@route_checks.add
def unreached_resource(resource: RoutedResource) -> Iterator[Finding]:
    """Find resources that match no route."""
    if not resource.paths and resource.hidden_path is None:
        yield UNREACHED.finding(
            "warning", "resources", str(resource), f"{resource.text} matches no route", remedy=_path_remedy(resource)
        )


def _path_remedy(resource: RoutedResource) -> str:
    text, paths = resource.text, resource.route_paths
    parent = text.rstrip("/")
    if not text.startswith(("/", "^", ".", "(", "\\", "*")):
        return f"Write '/{text}': paths begin with a slash."
    if isinstance(resource.pattern, str) and any(path.startswith(f"{parent}/") for path in paths):
        return f"Write '{parent}/*': a string without * matches only that path."
    if any(path.lower().startswith(text.rstrip("/*.").lower()) for path in paths):
        return "Write it in the case of the route: paths are case-sensitive."
    prefixed = next((path for path in paths if path.endswith(text)), None)
    return f"Write {prefixed!r}: the prefix of a Blueprint is part of the path." if prefixed else ""


HIDDEN = Check(
    "CORS016",
    "A resource that another resource hides",
    "The policy has no effect: the first resource that matches decides, and resources are not merged.",
    "Remove one of the two, or make the other one narrower.",
    "never",
)


@route_checks.add
def hidden_resource(resource: RoutedResource) -> Iterator[Finding]:
    """Find resources that match routes for which an earlier resource always decides."""
    path = resource.hidden_path
    if path is not None:
        resources = resource.source.resources
        other = pattern_text(resources.patterns[resources.rules.match(path) or 0][0])
        detail = f"{other} comes first for {path}"
        yield HIDDEN.finding("warning", "resources", str(resource), detail)


TOO_WIDE = Check(
    "CORS017",
    "A resource that matches more paths than intended",
    "Other paths get CORS headers too, because * repeats the character before it.",
    "Write /.* for the paths below a path.",
    "never",
)


@route_checks.add
def too_wide_resource(resource: RoutedResource) -> Iterator[Finding]:
    """Find ``/path/*`` that also matches a route like ``/path2``."""
    base, found, rest = resource.text.rpartition("/*")
    if not found or rest or not base.startswith("/"):
        return
    for path in resource.paths:
        if path.startswith(base) and path[len(base) :][:1] not in {"", "/"}:
            detail = f"{resource.text} also matches {path}"
            remedy = f"Write {base}/.* for the paths below {base}."
            yield TOO_WIDE.finding("warning", "resources", str(resource), detail, example=path, remedy=remedy)
            return
