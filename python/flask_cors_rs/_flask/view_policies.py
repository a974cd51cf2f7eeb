"""The policies of decorated views, one for each application."""

from __future__ import annotations

import weakref
from functools import partial
from inspect import unwrap
from sys import modules
from typing import TYPE_CHECKING, Any, Final, cast

from .. import _engine, _log
from .._headers import ENVIRON_ORIGIN
from .._options.parse import (
    CONFIG_KEYS,
    CONTAINERS,
    DEFAULT_OPTIONS,
    Options,
    config_layer,
    is_constant_or_function,
    log_error,
    parse,
    parse_own,
)
from .._options.patterns import looks_like_regex
from .._process_state import decorations, import_lock, is_observed, may_mark, register
from .state import state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flask import Flask
    from werkzeug.routing import Rule

    from .._engine.contract import Environ, Policy

POLICIES: Final = "_flask_cors_rs_policies"
"""The attribute of a decorated view that holds its policies."""

# The policy of a view does not depend on the others, and to look for these takes at least 600 instructions per request.
_NAMES = [name for name in CONFIG_KEYS if name in Options.__slots__]
_KEYS = tuple(CONFIG_KEYS[name] for name in _NAMES)
_NO_CONFIG = (None,) * len(_KEYS)
_MAX_AGE = _NAMES.index("max_age")
_COMPARED_ITEMS = 64
"""Origins in containers of fewer than twice as many items are all compared at each request."""


def policies_of(view: object) -> ViewPolicies | None:
    """Return the policies of a view, or None if it is not decorated."""
    policies: ViewPolicies | None = getattr(view, POLICIES, None)
    return policies


def has_view_policies(app: Flask) -> bool:
    """Whether an application may have decorated views or error handlers, or Blueprints with CORS of their own."""
    return (
        any(policies_of(view) is not None or is_decorated_by_flask_cors(view) for view in app.view_functions.values())
        or any(map(partial(hooks_of, app), filter(None, app.after_request_funcs)))
        or has_decorated_error_handlers(app)
        or (bool(decorations.count) and any(map(_may_hide_policy, app.url_map.iter_rules())))
    )


def is_decorated_by_flask_cors(view: Any) -> bool:
    """Whether the decorator of Flask-CORS is among those of a view. It marks the responses, as ours does."""
    if "flask_cors.decorator" not in modules:
        return False
    try:
        return _is_of_flask_cors(unwrap(view, stop=_is_of_flask_cors))
    except ValueError:  # Functions that wrap each other have no end.
        return True


def _is_of_flask_cors(function: object) -> bool:
    return getattr(function, "__globals__", {}).get("__name__") == "flask_cors.decorator"


def has_decorated_error_handlers(app: Flask) -> bool:
    """Whether a function that handles errors is decorated, and decides about the responses to paths without a route."""
    # Copies, as Flask adds to these at requests.
    handlers = [by_class for by_code in [*app.error_handler_spec.values()] for by_class in [*by_code.values()]]
    return any(policies_of(handler) is not None for by_class in handlers for handler in [*by_class.values()])


def _may_hide_policy(rule: Rule) -> bool:
    return view_answers_options(rule) or (rule.methods is not None and "OPTIONS" not in rule.methods)


def view_answers_options(rule: Rule) -> bool:
    """Whether Flask passes OPTIONS to the view of a route, which may then call a decorated one."""
    takes_options = rule.methods is None or "OPTIONS" in rule.methods
    return takes_options and not rule.redirect_to and not getattr(rule, "provide_automatic_options", False)


def blueprint_has_policy(app: Flask, endpoint: str) -> bool:
    """Whether the Blueprint that an endpoint belongs to, or one in which it is nested, has CORS of its own."""
    from .routing import blueprints_of

    return any(map(partial(hooks_of, app), blueprints_of(endpoint)))


def hooks_of(app: Flask, blueprint: str | None) -> list[object]:
    """Return the hooks of extensions, ours or that of Flask-CORS, in a Blueprint, or in the application itself."""
    # The middleware, which asks, has imported it. A decorated view alone does not need it.
    from .hook import resources_of

    hooks = app.after_request_funcs.get(blueprint, ())
    return [hook for hook in hooks if resources_of(hook) is not None or _is_hook_of_flask_cors(hook)]


def _is_hook_of_flask_cors(hook: object) -> bool:
    return getattr(hook, "__globals__", {}).get("__name__") == "flask_cors.extension"


def set_policies(view: object, policies: ViewPolicies) -> None:
    """Set the policies of a decorated view."""
    decorations.count += 1
    may_mark()
    setattr(view, POLICIES, policies)


class _Watched:
    """A container in an option, and its items when a policy was made from it."""

    def __init__(self, live: Any) -> None:
        self._live = live
        self._copy = live.copy() if hasattr(live, "copy") else live

    def has_changed(self, origin: object) -> bool:
        """Whether the items are no longer the same, as far as a request with an Origin is concerned."""
        return len(self._live) != len(self._copy) or bool(self._live != self._copy)


class _WatchedOrigins(_Watched):
    """A long list or set of origins.

    To compare all items at each request would take too long. So only those are looked at that can allow the origin of
    the request, and all of them now and then. An origin that is taken out is refused from the next request on. One that
    takes the place of another is allowed after at most as many requests as there are groups of 64 items.
    """

    def __init__(self, live: Any) -> None:
        super().__init__(live)
        self._every = len(live) // _COMPARED_ITEMS
        self._requests = 0
        self._literals: dict[str, tuple[int, Any]] = {}
        self._others: list[tuple[int, Any]] = []
        for place in enumerate(live):
            item = place[1]
            if isinstance(item, str) and not looks_like_regex(item):
                self._literals[item.casefold()] = place
            else:
                self._others.append(place)

    def has_changed(self, origin: object) -> bool:
        """Whether the items are no longer the same, as far as a request with an Origin is concerned."""
        self._requests += 1
        live: Any = self._live
        if (
            not isinstance(origin, str)
            or len(live) != len(self._copy)
            or len(self._others) > _COMPARED_ITEMS
            or self._requests % self._every == 0
        ):
            return super().has_changed(origin)
        literal = self._literals.get(origin.casefold())
        return not all(map(self._is_kept, self._others if literal is None else [literal]))

    def _is_kept(self, place: tuple[int, Any]) -> bool:
        index, item = place
        live: Any = self._live
        if not isinstance(live, list):
            return item in live
        try:
            return live[index] is item
        except IndexError:  # Another thread has made the list shorter.
            return False


def _watch(name: str, value: Any) -> _Watched:
    is_long = name == "origins" and type(value) in {list, set} and len(value) >= 2 * _COMPARED_ITEMS
    return _WatchedOrigins(value) if is_long else _Watched(value)


def _has_changed(containers: Iterable[_Watched], origin: object) -> bool:
    return any(watched.has_changed(origin) for watched in containers)


def _differ(first: tuple[Any, ...], second: tuple[Any, ...]) -> bool:
    try:
        # A max_age of 1 equals True, but is not sent like it.
        return first != second or first[_MAX_AGE] is not second[_MAX_AGE]
    except Exception:  # Not all values can be compared.
        return True


class Key:
    """What stands for a decorated view in the state of applications until its policies have to be made again."""

    __slots__ = ("__weakref__",)


class Entry:
    """A policy, and what it was made from.

    The state of the application keeps it. The view must not: a function in the configuration can lead to the
    application.
    """

    __slots__ = ("__weakref__", "app", "automatic_options", "config", "policy", "watched")

    def __init__(
        self,
        app: Callable[[], Flask | None],
        config: tuple[Any, ...],
        watched: tuple[_Watched, ...],
        policy: Policy | None,
        automatic_options: bool,
    ) -> None:
        self.app = app
        self.config = config
        self.watched = watched
        self.policy = policy
        self.automatic_options = automatic_options


def _no_entry() -> None:
    """Stand for a reference to an entry."""


class ViewPolicies:
    """The policies of a decorated view, one for each application that routes requests to it.

    :param options: the options of the decorator
    :param are_constant: whether they never change
    """

    __slots__ = ("__weakref__", "_are_constant", "_key", "_last", "_options")

    def __init__(self, options: dict[str, Any], are_constant: bool) -> None:
        self._options = options
        self._are_constant = are_constant
        self._key: Key | None = None
        self._last: Callable[[], Entry | None] = _no_entry
        """A weak reference to the entry that was made last. Most views belong to one application."""

    def forget_plan(self) -> None:
        """Make the policies again."""
        # With the key, its entries go.
        self._key, self._last = None, _no_entry

    def get(self, app: Flask, environ: Environ, *, in_view: bool = True) -> tuple[Policy | None, bool]:
        """Return the policy for a request to an application, and whether OPTIONS is answered instead of the view.

        The policy is None where the configuration of the application does not make a valid one.

        :param in_view: whether the request has reached the view. Before that, the policy is None as well where options
            have to be read at each request: an iterator can be read only once, and a proxy may need the request
        """
        entry = self._last()
        if entry is None or entry.app() is not app:
            entries = state_of(app).view_policies
            key = self._key
            entry = None if entries is None or key is None else entries.get(key)
        live: Any = app.config
        config: tuple[Any, ...] = _NO_CONFIG
        # Few applications have any of the keys, and this is the fastest way to see that.
        if not live.keys().isdisjoint(_KEYS):
            config = (*map(live.get, _KEYS),)
        if (
            entry is None
            or (entry.config is not config and _differ(entry.config, config))
            or (entry.watched and _has_changed(entry.watched, environ.get(ENVIRON_ORIGIN)))
        ):
            if not in_view and not self.is_stable(app):
                return None, False
            entry = self._make(app, config)
        return entry.policy, entry.automatic_options

    def answers_options(self, app: Flask) -> bool:
        """Whether OPTIONS is answered instead of the view.

        No other option is read: an iterator can be read only once.
        """
        name = "automatic_options"
        if name in self._options:
            return bool(self._options[name])
        live: Any = app.config
        configured = live.get(CONFIG_KEYS[name])
        return configured is None or bool(configured)

    @property
    def given(self) -> Mapping[str, Any]:
        """The options of the decorator itself."""
        return self._options

    def is_stable(self, app: Flask) -> bool:
        """Whether the options are the same at the next request, unless someone changes them."""
        named = [*self._options.values(), *config_layer(app).values()]
        return all(map(_is_stable, named))

    def options_for(self, app: Flask) -> Options:
        """Return the options for an application, as they are now.

        :raises ValueError: the configuration of the application does not make a valid policy, or a request is needed
        :raises TypeError: a value has the wrong type
        """
        try:
            return parse(self._merged(app))
        except (TypeError, ValueError):
            raise
        except Exception as error:
            raise ValueError(f"the options of a view can be read in a request only ({error})") from error

    def _merged(self, app: Flask) -> dict[str, Any]:
        defaults = cast("Mapping[str, Any]", DEFAULT_OPTIONS)
        return _engine.engine.merge([self._options, config_layer(app), defaults])

    def _make(self, app: Flask, config: tuple[Any, ...]) -> Entry:
        register(self)
        key = self._key
        if key is None:
            key = self._key = Key()
        named = [
            *self._options.items(),
            *((name, value) for name, value in zip(_NAMES, config) if value is not None),
        ]
        watched = tuple(_watch(name, value) for name, value in named if type(value) in CONTAINERS)
        policy: Policy | None = None
        if self._are_constant and all(value is None for value in config):
            # The defaults need not be parsed again.
            automatic_options = bool(self._options.get("automatic_options", True))
            make_options = partial(parse_own, self._options)
        else:
            merged = self._merged(app)
            automatic_options = bool(merged["automatic_options"])
            make_options = partial(parse, merged)
        try:
            made = make_options(report=log_error)
            policy = _engine.engine.Policy(made)
            report_only = self._options.get("report_only")
            if app.debug or is_observed(report_only):
                with import_lock.current:
                    from .._observation import ObservedPolicy
                    from .observer import observer_of

                candidate = None if report_only is None else self._report_only_policy(app, report_only)
                policy = ObservedPolicy(policy, made, observer_of(app), candidate)
        except Exception:
            # An error in the configuration that can only be seen at a request must not fail the request.
            _log.warn(
                "The options of @cross_origin and the CORS_* keys do not make a valid policy, so the view sends no CORS"
                " headers",
                level=_log.ERROR,
                exc_info=True,
            )
        entry = Entry(weakref.ref(app), config, watched, policy, automatic_options)
        if all(_is_stable(value) for _, value in named):
            state = state_of(app)
            if state.view_policies is None:
                state.view_policies = weakref.WeakKeyDictionary()
            state.view_policies[key] = entry
            self._last = weakref.ref(entry)
        return entry

    def _report_only_policy(self, app: Flask, options: Mapping[str, Any]) -> Policy:
        defaults = cast("Mapping[str, Any]", DEFAULT_OPTIONS)
        merged = _engine.engine.merge([options, config_layer(app), defaults])
        return _engine.engine.Policy(parse(merged, log_error))


def _is_stable(value: object) -> bool:
    """Whether a change of an option's value would be noticed. An iterator, for example, is empty when read again."""
    items = cast("Iterable[Any]", value) if type(value) in CONTAINERS else [value]
    return all(map(is_constant_or_function, items))
