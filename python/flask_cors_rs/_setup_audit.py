"""The audit of new policies at set-up. This is the only serving module that loads the diagnostics.

In production it does not load them for policies in which it sees nothing wrong. What it can see at once is decided by
the functions below, which the checks of the audit call too.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

from . import _log
from ._options.patterns import WILDCARD, RegexPattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._options.parse import Options
    from ._options.resources import Resources


def audit_at_setup(
    resources: Resources, name: str, config: Mapping[str, Any] | None = None, *, debug: bool = False
) -> None:
    """Do what the option ``audit`` asks for: ``log``, ``raise`` or ``off``.

    :param resources: the new rules
    :param name: what they belong to, ``CORS(app)`` or ``CORSMiddleware``
    :param config: the configuration of the application, which may have ``CORS_AUDIT_IGNORE``
    :param debug: whether the application is in debug mode, in which ``log`` runs all checks
    :raises AuditError: the option is ``raise``, and there are findings of severity ``error``
    """
    if resources.audit == "off":
        return
    failure: Exception | None = None
    try:
        if debug or resources.audit == "raise":
            from ._diagnostics.audit import audit_at_setup, ignored_ids

            failure = audit_at_setup(resources, name, resources.audit, ignored_ids(config or {}))
        else:
            _log_visible(resources, name, config or {})
    except Exception:
        # An application must start even if the audit does not understand its policies.
        _log.warn("The audit of %s at set-up failed. Run `flask cors audit` instead.", name, exc_info=True)
    if failure is not None:
        raise failure


def _log_visible(resources: Resources, name: str, config: Mapping[str, Any]) -> None:
    """Log what can be seen at once."""
    # Thousands of resources can have the same options.
    unsafe = {options for options in {options for _, options in resources.patterns} if _is_unsafe(options)}
    layers = [(layer, name) for layer in resources.layers if turns_on_credentials(layer)]
    if resources.config is not None and turns_on_credentials(resources.config):
        layers.append((resources.config, "app.config"))
    if unsafe or layers:
        from ._diagnostics.audit import ignored_ids, log_visible

        policies = [(f"{text} of {name}", options) for text, options in resources if options in unsafe]
        log_visible(policies, layers, ignored_ids(config))


_ANY_ORIGIN = type(WILDCARD)


def _is_unsafe(options: Options) -> bool:
    """Whether a policy certainly has a finding of severity ``error``."""
    # The types of 100,000 literals take 2 ms.
    kinds = {*map(type, options.origins)}
    any_origin = _ANY_ORIGIN in kinds
    return (
        exposes_users(options, any_origin)
        or opens_private_network(options, any_origin)
        or (options.supports_credentials and allows_null(options))
        or (
            RegexPattern in kinds
            and any(_is_unsafe_regex(origin) for origin in options.origins if type(origin) is RegexPattern)
        )
    )


def _is_unsafe_regex(regex: RegexPattern) -> bool:
    if not is_glob(regex.text) and (_is_anchored(regex.text) or longer_origin(regex) is None):
        return False
    return not regex.matches_all


# --- what can be seen at once -----------------------------------------------------------------------------------------


def exposes_users(options: Options, any_origin: bool) -> bool:
    """Whether a policy allows credentials from any origin."""
    return any_origin and options.supports_credentials


def opens_private_network(options: Options, any_origin: bool) -> bool:
    """Whether a policy allows private network access from any origin."""
    return any_origin and options.allow_private_network


def allows_null(options: Options) -> bool:
    """Whether the literal ``null`` is among the origins."""
    return "null" in options.origins


def is_glob(text: str) -> bool:
    """Whether a regular expression is meant as a glob: it has ``*.`` at the beginning of the host."""
    return text.startswith("*.") or "//*." in text


def is_false_text(value: object) -> bool:
    """Whether the value of an option is a text like ``"false"``, which turns the option on."""
    return isinstance(value, str) and value.lower() in {"false", "0", "no", "off", "none"}


def turns_on_credentials(layer: Mapping[str, Any]) -> bool:
    """Whether options as they were given turn ``supports_credentials`` on by a text like ``"false"``."""
    return is_false_text(layer.get("supports_credentials"))


# --- the end of a regular expression ----------------------------------------------------------------------------------

ENDS = ("evil.example", ".evil.example")
"""What is added to a text to see whether an expression has to match to the end."""

_MAX_TEXTS = 24
"""The largest number of texts that are followed through an expression."""

_MAX_LENGTH = 300
"""The length of the longest text that is followed: no origin is much longer."""


def _is_anchored(text: str) -> bool:
    r"""Whether an expression ends with ``$`` or ``\Z``, and has alternatives only in groups before it."""
    # Without a look at what is escaped: no origin has a $ or a backslash.
    if not text.endswith(("$", r"\Z")):
        return False
    depth = 0
    for part in text.split("|")[:-1]:
        depth += part.count("(") - part.count(")")
        if depth <= 0:
            return False
    return True


def longer_origin(regex: RegexPattern) -> str | None:
    """Return an origin that an expression allows only because it does not have to match to the end.

    The origin is found in the parse tree: nothing is matched. A construct that can depend on what follows, such as an
    assertion, a back-reference or a possessive repeat, is not followed, so None proves nothing.
    """
    from ._origins.syntax import origin_problem
    from ._regex.translation import parser

    flags = regex.flags & ~re.DEBUG  # That flag would print the tree.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # They were shown when the expression was compiled.
            texts = _sequence(parser.parse(regex.text, flags), [""], flags)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, re.error):
        return None  # The parser is private to Python, and may change.
    for text in texts:
        # Not a Kelvin sign, for example, whose lower case is ASCII.
        folded = text.lower() if flags & re.IGNORECASE and text.isascii() else text
        for end in ENDS:
            if origin_problem(folded + end) is None:
                return folded + end
    return None


def _sequence(nodes: Iterable[Any], texts: list[str], flags: int, dot: str = ".") -> list[str]:
    """Return some of the texts that nodes match after one of some texts, whatever follows.

    :param dot: the character that an unescaped dot stands for: a letter where it is repeated, as a host name has no two
        dots in a row
    """
    for node in nodes:
        longer = _node(str(node[0]), node[1], texts, flags, dot)
        texts = list(dict.fromkeys(text for text in longer if len(text) <= _MAX_LENGTH))[:_MAX_TEXTS]
    return texts


def _node(op: str, argument: Any, texts: list[str], flags: int, dot: str) -> list[str]:
    if op == "LITERAL":
        return [text + chr(argument) for text in texts]
    if op == "ANY":
        return [text + dot for text in texts]
    if op in {"IN", "NOT_LITERAL"}:
        members = argument if op == "IN" else [("NEGATE", None), ("LITERAL", argument)]
        character = _member(members, flags)
        return [text + character for text in texts if character]
    if op == "AT":
        return [text for text in texts if not text and str(argument) in {"AT_BEGINNING", "AT_BEGINNING_STRING"}]
    if op == "SUBPATTERN":
        _group, add, remove, nodes = argument
        return [] if add or remove else _sequence(nodes, texts, flags, dot)
    if op == "BRANCH":
        found: list[str] = []
        for nodes in argument[1]:
            if len(found) < _MAX_TEXTS:
                found += _sequence(nodes, texts, flags, dot)
        return found
    if op in {"MAX_REPEAT", "MIN_REPEAT"}:
        low, high, nodes = int(argument[0]), int(argument[1]), argument[2]
        repeated = texts
        for _ in range(min(max(low, 1), high)):
            before, repeated = repeated, _sequence(nodes, repeated, flags, dot="a")
            if repeated == before:
                break
        return repeated if low else [*repeated, *texts]
    return []


def _member(members: Iterable[Any], flags: int) -> str:
    """Return an ASCII character that a class certainly matches, or an empty text."""
    kinds = [(str(kind), argument) for kind, argument in members]
    negated = kinds[0][0] == "NEGATE"
    # Without `k` and `s`, which are also the lower case of characters outside ASCII.
    characters = ["a", "1", "-"]
    for kind, argument in [] if negated else kinds:
        if kind in {"LITERAL", "RANGE"}:
            characters.append(chr(argument if kind == "LITERAL" else argument[0]))
    for character in characters:
        cases = {character, character.swapcase()} if flags & re.IGNORECASE else {character}
        if character.isascii() and any(_has(kind, argument, cases) for kind, argument in kinds) is not negated:
            return character
    return ""


def _has(kind: str, argument: Any, cases: set[str]) -> bool:
    """Whether a member of a class matches one of the cases of an ASCII character."""
    if kind == "LITERAL":
        return chr(argument) in cases
    if kind == "RANGE":
        return any(argument[0] <= ord(case) <= argument[1] for case in cases)
    if kind != "CATEGORY":
        return False
    category, character = str(argument), min(cases)
    if category.endswith("DIGIT"):
        has = character.isdigit()
    elif category.endswith("SPACE"):
        has = character.isspace()
    else:
        has = character.isalnum() or character == "_"
    return has is not ("_NOT_" in category)
