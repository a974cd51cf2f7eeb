"""The scenarios: pairs of a policy and a request."""

from __future__ import annotations

from typing import Any, NamedTuple

ORIGIN = "https://app.example"
"""The Origin of every request. In a policy with several origins, patterns or rules, the last one allows it."""

REQUESTED_HEADERS = "content-type,x-csrf-token,x-request-id"


class Policy(NamedTuple):
    """The set-up of a candidate."""

    options: dict[str, Any]
    path: str = "/"
    decorated: bool = False
    observed: dict[str, Any] = {}
    """Options that only flask-cors-rs has."""
    receiver: bool = False
    """Whether flask-cors-rs has a receiver of its signals."""

    @property
    def literals(self) -> list[str] | None:
        """The allowed origins if they are a list of literals, the only kind that hand-written hooks support."""
        origins = self.options.get("origins", "")
        return origins if isinstance(origins, list) and "\\" not in origins[0] else None


def origins(count: int) -> list[str]:
    """Return a number of literal origins. The last one is the Origin of the requests."""
    return [f"https://app-{number}.example" for number in range(count - 1)] + [ORIGIN]


def rules(count: int) -> dict[str, dict[str, Any]]:
    """Return a number of resource rules with patterns, in the order in which they are tried."""
    return {f"/{number:05}/*": {"origins": [f"https://app-{number}.example", ORIGIN]} for number in range(count)}


POLICIES = {
    "defaults": Policy({}),
    "10 origins": Policy({"origins": origins(10)}),
    "10 regex origins": Policy(
        {"origins": [rf"https://app-{number}\.example$" for number in range(9)] + [r"https://app\.example$"]}
    ),
    "1,000 origins": Policy({"origins": origins(1_000)}),
    "100 rules": Policy({"resources": rules(100)}, path="/00099/item"),
    "@cross_origin": Policy({}, decorated=True),
    "2 origins": Policy({"origins": origins(2)}),
    "100,000 origins": Policy({"origins": origins(100_000)}),
    "report-only": Policy({"origins": origins(10)}, observed={"report_only": {"origins": origins(2)}}),
    "signals": Policy({"origins": origins(10)}, receiver=True),
}

REQUESTS: dict[str, dict[str, str]] = {
    "simple": {"REQUEST_METHOD": "GET", "HTTP_ORIGIN": ORIGIN},
    "preflight": {
        "REQUEST_METHOD": "OPTIONS",
        "HTTP_ORIGIN": ORIGIN,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": REQUESTED_HEADERS,
    },
    "no Origin": {"REQUEST_METHOD": "GET"},
}


class Scenario(NamedTuple):
    """A request to an application with a policy."""

    policy: str
    request: str

    def __str__(self) -> str:
        return f"{self.policy}, {self.request}"


SCENARIOS = {
    str(scenario): scenario
    for scenario in (
        *(Scenario(policy, request) for policy in list(POLICIES)[:6] for request in ("simple", "preflight")),
        Scenario("10 origins", "no Origin"),
        Scenario("2 origins", "simple"),
        Scenario("100,000 origins", "simple"),
        *(Scenario(policy, request) for policy in ("report-only", "signals") for request in ("simple", "preflight")),
    )
}
