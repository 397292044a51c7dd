"""The handbook of the law: `docs/procedure/`, derived from the tables, Chinese beside English.

Nothing here decides anything; `tools.golden` writes the pages and says which are stale.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from services.cases.procedures import PROCEDURES
from tools.handbook import coverage, index, page, permissions, register

DOCUMENTS: Final[Mapping[str, Callable[[], str]]] = {
    "docs/procedure/README.md": index.text,
    **{
        f"docs/procedure/{procedure.name}.md": partial(page.text, procedure)
        for procedure in PROCEDURES.values()
    },
    "docs/procedure/documents.md": register.text,
    "docs/procedure/permissions.md": permissions.text,
    "docs/procedure/coverage.md": coverage.text,
}
"""Path to what it has to hold."""
