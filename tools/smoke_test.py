"""Check that an installed wheel answers a preflight. Set ``FLASK_CORS_RS_BACKEND=rust`` to require the Rust engine."""

from __future__ import annotations

from flask import Flask

from flask_cors_rs import BACKEND, CORS, __version__

if __name__ == "__main__":
    app = Flask(__name__)
    CORS(app, origins=[r"https://\w+\.example$"], max_age=600)
    ask = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
    headers = app.test_client().options("/", headers=ask).headers
    if (headers.get("Access-Control-Allow-Origin"), headers.get("Access-Control-Max-Age")) != (ask["Origin"], "600"):
        raise SystemExit(f"the preflight was answered with the wrong headers: {headers}")
    print(f"flask-cors-rs {__version__}, {BACKEND} engine: the preflight was answered")
