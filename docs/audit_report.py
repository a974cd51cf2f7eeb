"""Writes audit.md, what the audit looks for, and misconfigurations.md, what is said of those that people have met.

Run it from anywhere, with flask-cors-rs and what its tests need installed. With ``--check`` nothing is written, and the
exit status says whether the pages are current.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from flask_cors_rs import audit, explain  # noqa: E402
from flask_cors_rs._audit import CHECKS  # noqa: E402
from misconfigurations import CASES, Case, make_app  # noqa: E402

AUDIT = """\
# What the audit looks for

`flask cors audit` prints these findings, `flask_cors_rs.audit(app)` returns them, and `CORS(app)` logs those of
severity `error` that do not depend on the routes, once, when it is set up (`audit="raise"` makes an exception of them,
`audit="off"` does not look). An id keeps its meaning. What is not wanted is left out by `--ignore CORS005`, or for good
by `app.config["CORS_AUDIT_IGNORE"] = ["CORS005"]`.

The severity is that of the case: `null`, for one, matters more with credentials.
"""

MISCONFIGURATIONS = """\
# Misconfigurations that people have met

Each is a small application in [tests/misconfigurations.py](../tests/misconfigurations.py), taken from a question or a
report; the tests hold both answers to it, and `make e2e` asks headless Chromium: it blocks and allows the same, for the
same reason, in the same words. `#` numbers are issues and pull requests of
[Flask-CORS](https://github.com/corydolphin/flask-cors/issues); some stand for the subject, not for the application.
"Allowed" is what the browser does; where the developer meant otherwise, it is the audit that says so.

| misconfiguration | met in | a page asks | `flask cors check` | `flask cors audit` |
|---|---|---|---|---|
"""


def audit_page() -> str:
    """What is looked for, by id."""
    parts = [AUDIT]
    for name, check in CHECKS.items():
        anchor = f'\n<a id="{name.lower()}"></a>\n\n## {name}: {check.title}'
        parts.append(f"{anchor}\n\n{check.consequence}\n\n{check.remedy}\n")
    return "".join(parts)


def link(about: str) -> str:
    """A link to where people met it."""
    if about.startswith("#"):
        return f"[{about}](https://github.com/corydolphin/flask-cors/issues/{about[1:]})"
    if about.startswith("CVE-"):
        return f"[{about}](https://nvd.nist.gov/vuln/detail/{about})"
    return f"[{about.split('/')[2].removeprefix('www.')}]({about})"


def row(case: Case) -> str:
    """A line of the table."""
    app = make_app(case)
    asked = " and ".join(f"`{name}`" for name, _ in case.headers)
    credentials = ", with credentials" if case.credentials else ""
    page = f"{case.method} {case.path}{' with ' + asked if asked else ''}{credentials}, from `{case.origin}`"
    told = explain(app, case.origin, case.method, case.path, headers=case.headers, credentials=case.credentials)
    said = f"{told.outcome.error or 'allowed, ' + str(told.outcome.steps[-1].response.status)}"
    remedies = " ".join(told.remedies).replace("|", "\\|").replace("*", "\\*")
    found = ", ".join(f"[{name}](audit.md#{name.lower()})" for name in dict.fromkeys(f.id for f in audit(app)))
    cells = [case.title.replace("*", "\\*"), link(case.about), page, f"{said}. {remedies}".strip(), found]
    return f"| {' | '.join(cells)} |\n"


def main() -> int:
    """Write the pages, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether they are current")
    only_check = parser.parse_args().check
    logging.disable()
    pages = {"audit.md": audit_page(), "misconfigurations.md": MISCONFIGURATIONS + "".join(map(row, CASES))}
    for name, text in pages.items():
        page = HERE / name
        if not only_check:
            page.write_text(text, encoding="utf-8")
        elif not page.exists() or page.read_text(encoding="utf-8") != text:
            print(f"{name} is not current: run make docs")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
