"""What procedures may owe: the kinds of notices, and the items of the shared platform.

These lists are what the services agree on. Tables owe nothing else (`xianjie procedure check`), the
templates of `notifications` cover every kind, `sharing` takes every item.
"""

from typing import Final

NOTICE_KINDS: Final[tuple[str, ...]] = (
    "act_annulled",
    "act_corrected",
    "extra_investigation_asked",
    "extra_investigation_reported",
    "filing_notified",
    "non_filing_notified",
    "papers_asked",
    "papers_supplied",
    "receipt_overdue",
    "transfer_called_back",
    "transfer_copied",
    "transfer_delivered",
    "transfer_received",
    "transfer_rerouted",
    "transfer_rerouted_told",
    "transfer_returned",
)

ENTRY_ITEMS: Final[tuple[str, ...]] = (
    # M17 34(1), by the enforcement agency
    "violation",
    "penalty",
    "case_transfer",
    "reconsideration_request",
    "filing_supervision_suggestion",
    # M17 34(2), by the police
    "filing",
    "non_filing",
    "withdrawal",
    "reconsideration",
    "filing_supervision_handling",
    "arrest_request",
    "prosecution_transfer",
    # M17 34(3), by the procuratorate
    "transfer_supervision",
    "filing_supervision",
    "arrest_approval",
    "prosecution",
    "judgment",
)
"""PROC (d)-1."""
