"""Generate docs/blocked.md: each sentence of the browser's console, with its causes and how to fix them.

Needs an installed flask-cors-rs and the dependencies of its tests. With ``--check`` nothing is written, and the exit
status says whether the page is up to date.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import generated_page

sys.path.insert(0, str(generated_page.ROOT / "tests"))

from flask_cors_rs import Explanation, explain
from support.misconfigurations import CASES, Case, make_app

if TYPE_CHECKING:
    from collections.abc import Iterable

INTRODUCTION = """\
# Blocked by CORS policy

Your browser's console says that a request "has been blocked by CORS policy". The sentence after that tells you what is
missing. Each section below has one of these sentences as Chrome and Edge show it, its causes in a Flask application,
and the fix.

Two things to know first:

- The browser blocks the response because of what the *server* sends or leaves out. The fix is nearly always on the
  server, not in the script.
- An error response, such as 404 or 500, may lack CORS headers too. Look at the status in the network tab
  first, and at the log of the server.

To find the cause without a browser, ask the application:

```console
$ flask --app api cors check http://localhost:3000 PUT /api/items -H "Content-Type: application/json"
```

[Diagnostics](diagnostics.md#check) explains the command, and in the [playground](playground.md) you can try settings
without installing anything. Firefox and Safari block the same requests, with other words.
"""

PREFIX = "has been blocked by CORS policy: "
PREFLIGHT = "Response to preflight request doesn't pass access control check: "


def question(case: Case) -> Explanation:
    """Ask about the request of a misconfiguration."""
    return explain(
        make_app(case), case.origin, case.method, case.path, headers=case.headers, credentials=case.credentials
    )


def sentence(message: str) -> str:
    """Return the part of a message of the console that does not depend on the URL."""
    return message.partition(PREFIX)[2].removeprefix(PREFLIGHT) or message


def section(error: str, found: Iterable[tuple[Case, Explanation]]) -> str:
    """Return the section of an error."""
    found = list(found)
    first = sentence(str(found[0][1].outcome.message))
    lines = [f'\n<a id="{error.lower()}"></a>', f"\n## {escaped(first)}\n"]
    if any(explanation.outcome.error != error for _, explanation in found):
        lines.append(f"If it is about the preflight, it begins with: *{PREFLIGHT.strip()}*\n")
    seen: dict[str, list[str]] = {}
    for case, explanation in found:
        seen.setdefault(" ".join(explanation.remedies), []).append(case.title)
    for remedy, titles in seen.items():
        causes = "; ".join(f"*{escaped(title)}*" for title in dict.fromkeys(titles))
        lines.append(f"- {causes}: {escaped(remedy)}")
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return a text in which nothing is markup."""
    return text.replace("*", "\\*").replace("_", "\\_").replace("<", "\\<")


def page(_before: str) -> str:
    """Return the page."""
    logging.disable()
    by_error: dict[str, list[tuple[Case, Explanation]]] = {}
    for case in CASES:
        explanation = question(case)
        if explanation.outcome.error is not None:
            by_error.setdefault(explanation.outcome.error.removeprefix("Preflight"), []).append((case, explanation))
    sections = "".join(section(error, found) for error, found in by_error.items())
    return f"{INTRODUCTION}{sections}"


if __name__ == "__main__":
    sys.exit(generated_page.main(__doc__, "blocked.md", page))
