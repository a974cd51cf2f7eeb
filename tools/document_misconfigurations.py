"""Generate docs/misconfigurations.md: what ``check`` and ``audit`` say about misconfigurations from real questions.

Needs an installed flask-cors-rs and the dependencies of its tests. With ``--check`` nothing is written, and the exit
status says whether the page is up to date.
"""

from __future__ import annotations

import logging
import sys

import generated_page

sys.path.insert(0, str(generated_page.ROOT / "tests"))

from flask_cors_rs import audit, explain
from support.misconfigurations import CASES, Case, make_app

INTRODUCTION = """\
# Misconfigurations and their diagnosis

Each row is a small application from
[tests/support/misconfigurations.py](../tests/support/misconfigurations.py), based on a question or a bug report.
Numbers with `#` are issues and pull requests of [Flask-CORS](https://github.com/corydolphin/flask-cors/issues). Some
references describe the same mistake in a different application.

The tests run `flask cors check` and `flask cors audit` on every application. `make e2e` sends each request from
headless Chromium, which allows or blocks the same requests, for the same reason and with the same message. "Allowed"
is what the browser does. If that is unlikely to be intended, `audit` reports it.

| misconfiguration | reported in | request | `flask cors check` | `flask cors audit` |
|---|---|---|---|---|
"""


def escaped(text: str) -> str:
    """Return a text for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("*", "\\*")


def reference(about: str) -> str:
    """Return a link to the question or report that a misconfiguration comes from."""
    if about.startswith("#"):
        return f"[{about}](https://github.com/corydolphin/flask-cors/issues/{about[1:]})"
    if about.startswith("CVE-"):
        return f"[{about}](https://nvd.nist.gov/vuln/detail/{about})"
    return f"[{about.split('/')[2].removeprefix('www.')}]({about})"


def row(case: Case) -> str:
    """Return the row of a misconfiguration."""
    app = make_app(case)
    names = " and ".join(f"`{name}`" for name, _ in case.headers)
    credentials = ", with credentials" if case.credentials else ""
    request = f"{case.method} {case.path}{' with ' + names if names else ''}{credentials}, from `{case.origin}`"
    explanation = explain(app, case.origin, case.method, case.path, headers=case.headers, credentials=case.credentials)
    outcome = explanation.outcome
    result = outcome.error or f"allowed, {outcome.steps[-1].response.status}"
    check = escaped(f"{result}. {' '.join(explanation.remedies)}".strip())
    ids = ", ".join(f"[{name}](audit.md#{name.lower()})" for name in dict.fromkeys(found.id for found in audit(app)))
    return f"| {' | '.join([escaped(case.title), reference(case.about), request, check, ids])} |\n"


def page(_before: str) -> str:
    """Return the page."""
    logging.disable()
    return INTRODUCTION + "".join(map(row, CASES))


if __name__ == "__main__":
    sys.exit(generated_page.main(__doc__, "misconfigurations.md", page))
