"""Signals about decisions, as Flask has them.

>>> from flask_cors_rs import cors_refused
>>> @cors_refused.connect
... def count(sender, decision, rule, request, **extra):
...     print(f"{request.method} {request.path} refused by {rule}: {decision.reason}")

The sender is the application, or the middleware around one that is not made with Flask. Receivers get these keywords:

- ``decision``: a :class:`~flask_cors_rs.Decision`
- ``rule``: the policy that decided, such as ``/api/* of CORS(app)``, ``/* of CORS(name of a Blueprint)`` or
  ``@cross_origin``
- ``request``: the request

They cost nothing while no receiver is connected. A receiver that raises an exception is logged, and stops
neither the request nor the other receivers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._process_state import forget_plans

if TYPE_CHECKING:
    from ._engine.decision import Decision

try:
    from blinker import Namespace
except ImportError as error:
    raise ImportError("The signals of flask-cors-rs need blinker: install it with `pip install blinker`") from error

__all__ = ["cors_decided", "cors_refused"]

_signals = Namespace()

cors_decided = _signals.signal("cors-decided")
"""Sent when a policy has decided about a request that has an Origin."""

cors_refused = _signals.signal("cors-refused")
"""Sent after :data:`cors_decided` if a browser will not let the page have what it asks for."""


def have_receivers() -> bool:
    """Whether anybody listens."""
    return bool(cors_decided.receivers or cors_refused.receivers)


def send(sender: object, decision: Decision, rule: str, request: object) -> list[Exception]:
    """Send the signals for a decision, and return what the receivers raised."""
    errors: list[Exception] = []
    for signal in (cors_decided, cors_refused) if not decision.allowed else (cors_decided,):
        for receiver in list(signal.receivers_for(sender)):
            try:
                receiver(sender, decision=decision, rule=rule, request=request)
            except Exception as error:  # noqa: PERF203 - the other receivers are called all the same
                errors.append(error)
    return errors


def _observe(*_: Any, **__: Any) -> None:
    forget_plans()


# Whoever has decided without receivers so far is told that there is one now.
cors_decided.receiver_connected.connect(_observe)
cors_refused.receiver_connected.connect(_observe)
