"""HTTP for every service: identity, purpose, recorded reads, problems, limits of size.

Endpoints translate; what every endpoint owes is done here once. A route that neither reads through
`Reading` nor acts through `Acting` fails a test.
"""

from libs.common.http.acting import Acting, acting
from libs.common.http.answers import JSON, json_bytes, json_response
from libs.common.http.app import build_app
from libs.common.http.asking import (
    HANDLING_PURPOSE,
    Purpose,
    identify,
    need_confirmation,
    person_of,
    read_purpose,
)
from libs.common.http.logs import LogPage, LogQuery, fetch_log
from libs.common.http.problems import (
    PROBLEM,
    RESPONSES,
    TRACED,
    ProblemBody,
    invalid_body,
    problem_response,
)
from libs.common.http.reading import (
    APPLIED_LOOK_SECONDS,
    APPLIED_SECONDS,
    Reading,
    is_applied,
    reader,
)
from libs.common.http.routes import Routes, asked_for, route_of
from libs.common.http.watch import BODY_BYTES_MAX, Watch

__all__ = [
    "APPLIED_LOOK_SECONDS",
    "APPLIED_SECONDS",
    "BODY_BYTES_MAX",
    "HANDLING_PURPOSE",
    "JSON",
    "PROBLEM",
    "RESPONSES",
    "TRACED",
    "Acting",
    "LogPage",
    "LogQuery",
    "ProblemBody",
    "Purpose",
    "Reading",
    "Routes",
    "Watch",
    "acting",
    "asked_for",
    "build_app",
    "fetch_log",
    "identify",
    "invalid_body",
    "is_applied",
    "json_bytes",
    "json_response",
    "need_confirmation",
    "person_of",
    "problem_response",
    "read_purpose",
    "reader",
    "route_of",
]
