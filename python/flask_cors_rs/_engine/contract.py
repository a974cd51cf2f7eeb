"""The contract between the extension and its two engines, for type checkers: nothing here is imported at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .decision import Decision, Reason

Environ = dict[str, Any]
"""A WSGI environ (PEP 3333)."""

HeaderList = list[tuple[str, str]]
"""The (name, value) pairs of a response."""


class Matcher(Protocol):
    """A pattern that is not a literal."""

    @property
    def is_wildcard(self) -> bool:
        """Whether it is the ``"*"`` of a user."""
        ...

    @property
    def matches_all(self) -> bool:
        """Whether every text matches."""
        ...

    @property
    def rust(self) -> str | None:
        """The pattern for Rust's ``regex``; None where only :attr:`match` can decide."""
        ...

    @property
    def match(self) -> Callable[[str], object]:
        """A function of a text that returns None where the pattern does not match at its start."""
        ...

    @property
    def answers_can_change(self) -> bool:
        """Whether :attr:`match` can answer differently about the same text, as a user's function can."""
        ...


Pattern = Union[str, Matcher]
"""A literal or a matcher.

An instance of a subclass of ``str`` has an attribute ``case_sensitive``: True for an
:class:`~flask_cors_rs.Origin`; False for an item that was converted to text, which matches as a literal does
but is never the answer to a request without an Origin.
"""


class PolicyOptions(Protocol):
    """The options of one policy that an engine decides by, parsed."""

    @property
    def origins(self) -> Sequence[Pattern]:
        """The allowed origins."""
        ...

    @property
    def origin_matchers(self) -> Sequence[Matcher]:
        """What is asked about a whole origin, after :attr:`origins`; the user's functions come last."""
        ...

    @property
    def methods(self) -> str:
        """The value of Access-Control-Allow-Methods, in upper case."""
        ...

    @property
    def allow_headers(self) -> Sequence[Pattern]:
        """The request headers that a preflight may ask for."""
        ...

    @property
    def expose_headers(self) -> str | None:
        """The value of Access-Control-Expose-Headers."""
        ...

    @property
    def supports_credentials(self) -> bool:
        """Whether Access-Control-Allow-Credentials is sent."""
        ...

    @property
    def max_age(self) -> str | None:
        """The value of Access-Control-Max-Age, in seconds."""
        ...

    @property
    def send_wildcard(self) -> bool:
        """Whether any origin is answered with ``*``."""
        ...

    @property
    def vary_header(self) -> bool | Literal["always"]:
        """Whether Vary is sent."""
        ...

    @property
    def always_send(self) -> bool:
        """Whether requests without an Origin get headers."""
        ...

    @property
    def allow_private_network(self) -> bool:
        """Whether Access-Control-Allow-Private-Network is true."""
        ...


class Policy(Protocol):
    """The compiled options of one resource or view. Safe to share between threads."""

    def apply(self, environ: Environ, headers: HeaderList, /) -> None:
        """Append the response headers for the request in a WSGI environ. Never raises, whatever the request."""

    def decide(self, environ: Environ, /) -> Decision:
        """Decide about the request in a WSGI environ."""
        ...


class Rules(Protocol):
    """Policies by path: the first rule whose pattern matches decides. Safe to share between threads.

    A path is given as Flask has decoded it. Like Flask-CORS, an engine unquotes it once more.
    """

    @property
    def first_matches_all(self) -> bool:
        """Whether the first rule matches every path."""
        ...

    def apply(self, environ: Environ, path: str, headers: HeaderList, /) -> None:
        """Append the headers of the rule for a path, unless the list has an Access-Control-Allow-Origin."""

    def apply_path_info(self, environ: Environ, path_info: object, headers: HeaderList, /) -> None:
        """Append the headers of the rule for a PATH_INFO, unless the list has an Access-Control-Allow-Origin."""

    def preflight(self, environ: Environ, headers: HeaderList, path_info: object = None, /) -> Reason:
        """Append the headers that answer an OPTIONS request, and return the reason.

        The rule is that for a PATH_INFO, by default for that of the environ.
        The reason is ``not a preflight`` where the request lacks an Origin or an Access-Control-Request-Method,
        and ``no rule for this path`` where no rule matches; no headers are added then.
        """
        ...

    def match(self, path: str, /) -> int | None:
        """Return the number of the first rule that matches a path."""
        ...


_Policy = Policy  # The members of Engine hide the names of the classes.
_Rules = Rules


class Engine(Protocol):
    """What both engines export."""

    def merge(self, layers: Sequence[Mapping[str, Any]], /) -> dict[str, Any]:
        """Merge layers of options: each name gets its value from the first layer that has it."""
        ...

    def Policy(self, options: PolicyOptions, /) -> _Policy:  # noqa: N802 - a class
        """Compile options.

        :raises ValueError: the options do not make a valid policy
        """
        ...

    def Rules(self, rules: Iterable[tuple[Pattern, _Policy]], /) -> _Rules:  # noqa: N802 - a class
        """Compile rules, in their order."""
        ...
