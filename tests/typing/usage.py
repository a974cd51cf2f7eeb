"""Usage in which strict type checkers must not find errors. It is checked, not run."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from flask import Blueprint, Flask

from flask_cors_rs import (
    BACKEND,
    CORS,
    AuditError,
    Cached,
    Decision,
    Explanation,
    Finding,
    Origin,
    Regex,
    Subdomains,
    __version__,
    audit,
    cross_origin,
    explain,
    install_as_flask_cors,
)

if TYPE_CHECKING:
    from flask_cors_rs.options import CORSOptions, CrossOriginOptions

app = Flask(__name__)
blueprint = Blueprint("blueprint", __name__)

CORS()
CORS(app)
CORS(blueprint, origins=["https://a.example", re.compile("b")])
CORS(app, resources="/api/*", methods={"GET"}, max_age=timedelta(minutes=1))
CORS(app, resources=["/a", re.compile("/b")], supports_credentials=True)
CORS(app, resources={"/a": {"origins": "*", "max_age": 5}, re.compile("/b"): {}})
CORS(origins="*").init_app(app, expose_headers=None, intercept_exceptions=False)

CORS(app, origins=Origin("https://a.example"), vary_header="always")
CORS(app, origins=[Subdomains("https://a.example", apex=True), Regex(re.compile("x")), "https://b.example"])
CORS(app, origins=lambda origin: origin.endswith(".example"))


async def is_tenant(origin: str) -> bool:
    """Check an origin with an async function."""
    return origin != ""


CORS(
    app, origins=[Cached(is_tenant, max_age=timedelta(minutes=1)), is_tenant], resources={"/a": {"origins": is_tenant}}
)

options: CrossOriginOptions = {"origins": ("a", "b"), "allow_headers": re.compile("x-.*"), "vary_header": True}
everything: CORSOptions = {"resources": {"/a": options}, "send_wildcard": False, "always_send": False}
CORS(app, **everything)


@app.route("/")
@cross_origin(**options)
def view(number: int, *, name: str = "") -> tuple[str, Literal[201]]:
    """Return a text. The decorator must keep the type of this view."""
    return name * number, 201


status: Literal[201] = view(1, name="x")[1]


@cross_origin(intercept_exceptions=True)
async def asynchronous() -> str:
    """Return a text. The decorator must keep the type of this async view."""
    return "x"


async def use() -> str:
    """Await the decorated view."""
    return await asynchronous()


findings: list[Finding] = audit(app, ignore=["CORS005"])
explanation: Explanation = explain(app, "https://a.example", "PUT", "/a")
allowed: bool = explanation.allowed


def reason(decision: Decision) -> str:
    """Return the reason of a decision."""
    return decision.reason


def first_finding(error: AuditError) -> str:
    """Return the id of the first finding of an error."""
    return error.findings[0].id


install_as_flask_cors()
texts: list[str] = [BACKEND, __version__]
