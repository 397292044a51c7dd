"""History import: a published case, taken step by step through the tables of the law. Pure."""

from services.cases.importing.planning import History, Missed, Tally
from services.cases.importing.records import PublishedCase
from services.cases.importing.report import ImportReport, report_of

__all__ = ["History", "ImportReport", "Missed", "PublishedCase", "Tally", "report_of"]
