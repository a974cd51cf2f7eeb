"""What a middleware learns from the application: which request has reached it, and whether a policy has decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._headers import EVALUATED

if TYPE_CHECKING:
    from ._engine.contract import Environ


class Evaluation:
    """What a middleware knows about a request after passing it on.

    :param app: the application that the middleware belongs to, if it is known
    :param outer: that of a middleware around this one
    """

    __slots__ = ("app", "done", "environ", "is_handled", "outer", "path_info")

    def __init__(self, app: object, outer: Evaluation | None) -> None:
        self.app = app
        self.outer = outer
        self.is_handled = False
        """Whether the application is handling the request, if another middleware can change it."""
        self.done = False
        """Whether a policy has decided."""
        self.environ: Environ | None = None
        """The environ that has reached the application, if another middleware can change it."""
        self.path_info: str | None = None
        """The PATH_INFO in that environ."""


def note_evaluation(environ: Environ) -> None:
    """Note for all middlewares around a view that the view's own policy has decided."""
    evaluation: Evaluation | None = environ.get(EVALUATED)
    while evaluation is not None:
        evaluation.done = True
        evaluation = evaluation.outer


def note_request(environ: Environ, app: object) -> list[Evaluation]:
    """Note for the middleware of an application which request has reached the application.

    The request that a view is handling stays the same if the view makes another one.

    :returns: the evaluations in which the request is noted
    """
    noted: list[Evaluation] = []
    evaluation: Evaluation | None = environ.get(EVALUATED)
    while evaluation is not None:
        if evaluation.app is app and not evaluation.is_handled:
            evaluation.environ, evaluation.path_info = environ, environ.get("PATH_INFO") or ""
            # An application that was asked before may have decided, and what is in between dropped its response.
            evaluation.done = False
            evaluation.is_handled = True
            noted.append(evaluation)
        evaluation = evaluation.outer
    return noted


def note_outer_evaluation(environ: Environ, app: object) -> None:
    """Note for the middleware of another application, in which this one is mounted, that a policy has decided."""
    evaluation = outer_evaluation(environ, app)
    if evaluation is not None:
        evaluation.done = True


def outer_evaluation(environ: Environ, app: object) -> Evaluation | None:
    """Return the evaluation of the application in which another one is mounted, whose policy decides then."""
    evaluation: Evaluation | None = None if app is None else environ.get(EVALUATED)
    while evaluation is not None and (evaluation.app is None or evaluation.app is app):
        evaluation = evaluation.outer
    return evaluation
