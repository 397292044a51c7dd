"""The receipt of a letter, whatever procedure it stands in."""

from libs.common.contracts.cases.forms import SignedFor
from libs.common.contracts.procedure import taken

LetterReceived = taken(
    "letter_received", SignedFor, "The desk of an organ signed for a letter; times run from here."
)
