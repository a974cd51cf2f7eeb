"""The syntax of an origin as browsers serialize it.

Source: `HTML, serialization of an origin
<https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin>`_.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Any, NamedTuple

from .._process_state import import_lock


class OriginParts(NamedTuple):
    """The parts of an origin."""

    scheme: str
    host: str
    port: str
    """Empty for the default port of the scheme."""
    is_address: bool
    """Whether the host is an IP address."""


_DEFAULT_PORTS = {"http": "80", "https": "443"}
_SPLIT = re.compile(
    r"(?P<scheme>[^:/?#]*)://(?P<userinfo>[^/?#]*@)?(?P<host>\[[^]/?#]*\]|[^:/?#]*)(?::(?P<port>[^/?#]*))?(?P<rest>.*)",
    re.DOTALL,
)
_GLOB = re.compile(r"([^:/?#]*://)(?:\*\.)+([^/?#]*?)(:\*)?(?:[/?#].*)?", re.DOTALL)
"""An origin with ``*.`` before its host: the scheme, the host with its port, and the glob of a port."""
_ANY_ORIGIN = re.compile(r"(?:[a-z*]*://)?[*.:/]*", re.IGNORECASE)
"""A glob that names no host."""
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def split_origin(kind: str, origin: Any) -> OriginParts:
    """Split an origin into its parts.

    :param kind: the type whose argument it is, for error messages
    :raises ValueError: no browser sends such an Origin
    :raises TypeError: it is not a str
    """
    if not isinstance(origin, str):
        raise TypeError(f"origins: {kind}({origin!r}): an origin must be a str")
    found = _SPLIT.fullmatch(origin)
    problem = _problem(origin, found)
    if problem or found is None:
        raise ValueError(f"origins: {kind}({str(origin)!r}): {problem}{_remedy(kind, origin, found)}")
    scheme, _, host, port, _ = found.groups(default="")
    return OriginParts(scheme, host, port, host.startswith("[") or _ends_in_number(host))


def origin_problem(origin: str) -> str | None:
    """Return why no browser sends an Origin, or None if browsers do."""
    return _problem(origin, _SPLIT.fullmatch(origin))


def browser_origin(origin: str) -> str | None:
    """Return the Origin that a browser sends for what somebody wrote, or None if that is not clear."""
    try:
        meant = _meant(_SPLIT.fullmatch(origin))
    except ImportError:
        return None
    return None if meant is None or origin_problem(meant) else meant


def subdomains_for(glob: str) -> str | None:
    """Return the call of Subdomains that an origin like ``https://*.app.example`` stands for, or None.

    None also stands for a call that raises, for example with a public suffix.
    """
    found = _GLOB.fullmatch(glob)
    above = found and browser_origin(found[1] + found[2])
    if found is None or above is None:
        return None
    with import_lock.current:
        from ..origins import Subdomains

    any_port = found[3] is not None
    try:
        Subdomains(above, any_port=any_port)
    except (ValueError, ImportError):
        return None
    return f"Subdomains({above!r}{', any_port=True' if any_port else ''})"


def _problem(origin: str, found: re.Match[str] | None) -> str | None:
    if origin == "null":
        return "any page that hides its origin can send null: leave it out"
    if "*" in origin:
        return "an origin cannot contain a wildcard"
    if found is None:
        return "an origin has the form scheme://host or scheme://host:port"
    scheme, userinfo, host, port, rest = found.groups(default="")
    if rest == "/":
        return "browsers send an origin without a trailing slash"
    if rest:
        return "browsers send an origin without a path, a query or a fragment"
    if userinfo:
        return "browsers send an origin without a user name"
    if not origin.isascii():
        return "browsers send an internationalized name in its ASCII form"
    if origin != origin.lower():
        return "browsers send an origin in lower case"
    if not re.fullmatch(r"[a-z][a-z0-9+.-]{0,63}", scheme):
        return f"{scheme!r} is not a valid scheme"
    if scheme == "file":
        return "browsers send null for a page from a file"
    if found["port"] is not None and not (re.fullmatch("[1-9][0-9]{0,4}", port) and int(port) <= 65535):
        return f"{port!r} is not a valid port: write a number from 1 to 65535"
    if port and port == _DEFAULT_PORTS.get(scheme):
        return f"browsers leave out the default port of {scheme}"
    return _host_problem(host)


def _host_problem(host: str) -> str | None:
    if host.startswith("["):
        try:
            address = IPv6Address(host[1:-1])
        except AddressValueError as error:
            return f"the host is not a valid IPv6 address ({error})"
        if address.ipv4_mapped or address.scope_id:
            return "browsers do not send this kind of IPv6 address"
        return None if host[1:-1] == address.compressed else f"browsers write the address as [{address.compressed}]"
    if not host:
        return "the host is missing"
    if _ends_in_number(host):
        try:
            IPv4Address(host)
        except AddressValueError as error:
            return f"the host ends in a number, but is not a valid IPv4 address ({error})"
        return None
    if len(host) > 253:
        return "the host is longer than 253 characters"
    for label in host.split("."):
        if not _LABEL.fullmatch(label):
            return f"{label!r} is not a valid label of a host name"
    return None


def _ends_in_number(host: str) -> bool:
    return re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]) is not None


def _remedy(kind: str, origin: str, found: re.Match[str] | None) -> str:
    """Return what to write instead, or an empty text if that is not clear."""
    if "*" in origin:
        if _ANY_ORIGIN.fullmatch(origin):
            return ': write "*" for any origin, or use Regex'
        call = subdomains_for(origin)
        return f": write {call}" if call else ": list the origins, or use Regex"
    try:
        meant = _meant(found)
    except ImportError as error:
        return (
            f". The package idna, which gives the ASCII form of the host, cannot be imported ({error}): install it, or"
            " include all of it in the frozen application"
        )
    return "" if meant is None or origin_problem(meant) else f": write {kind}({meant!r})"


def _meant(found: re.Match[str] | None) -> str | None:
    """Return what a browser probably sends instead, or None if that is not clear.

    :raises ImportError: idna or its data is needed and cannot be imported, as in a frozen application that lacks it
    """
    if found is None:
        return None
    scheme, _, host, port, _ = found.groups(default="")
    if not host.isascii():
        with import_lock.current:
            import idna

        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            return None
    scheme, host = scheme.lower(), host.lower()
    port = f":{port}" if port and port != _DEFAULT_PORTS.get(scheme) else ""
    return f"{scheme}://{host}{port}"
