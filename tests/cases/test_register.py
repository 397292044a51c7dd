"""The register of documents is that of the domain reference (f), W1 to W30."""

from pathlib import Path
from typing import Final

import pytest

from libs.common.agencies import OrganKind, load_profile
from libs.common.documents import DOCUMENTS
from libs.common.law import Confidence
from services.cases.procedures import PROCEDURES
from tools.handbook import register

PROFILE: Final = load_profile(Path(__file__).parents[2] / "profiles" / "liaoyuan.toml")
KINDS: Final = {
    "E": OrganKind.ENFORCEMENT_AGENCY,
    "P": OrganKind.POLICE,
    "J": OrganKind.PROCURATORATE,
    "C": OrganKind.COURT,
    "G": OrganKind.GOVERNMENT,
    "S": OrganKind.SUPERVISION_COMMISSION,
    "A": OrganKind.JUSTICE_ADMINISTRATION,
}
GENERATED, RECEIVED = True, False
EXPECTED: Final = {
    "w1": ("E", "", None, GENERATED, 8),
    "w2": ("E", "PJ", "transfer_letter", GENERATED, 6),
    "w3": ("EP", "PE", None, GENERATED, 9),
    "w4": ("E", "P", None, GENERATED, 6),
    "w5": ("E", "P", None, RECEIVED, 1),
    "w6": ("E", "P", None, GENERATED, 5),
    "w7": ("E", "P", None, RECEIVED, 4),
    "w8": ("EP", "PJ", None, RECEIVED, 2),
    "w9": ("E", "P", "penalty_decision", RECEIVED, 7),
    "w10": ("P", "E", "acceptance_receipt", GENERATED, 3),
    "w11": ("P", "E", None, GENERATED, 2),
    "w12": ("P", "PEJ", None, GENERATED, 1),
    "w13": ("P", "EJ", "filing_decision", GENERATED, 3),
    "w14": ("P", "EJ", "refusal_to_file", GENERATED, 2),
    "w15": ("P", "EJ", "withdrawal_decision", GENERATED, 2),
    "w16": ("EP", "PE", None, GENERATED, 3),
    "w17": ("E", "J", None, GENERATED, 4),
    "w18": ("J", "P", "notice_to_explain", GENERATED, 3),
    "w19": ("P", "J", None, RECEIVED, 4),
    "w20": ("J", "P", "order_to_file", GENERATED, 4),
    "w21": ("J", "P", None, GENERATED, 1),
    "w22": ("J", "EGA", "opinion_to_transfer", GENERATED, 4),
    "w23": ("J", "EA", "non_prosecution_decision", RECEIVED, 4),
    "w24": ("E", "JC", None, GENERATED, 3),
    "w25": ("J", "", None, RECEIVED, 0),
    "w26": ("PJC", "PJCE", "judgment", RECEIVED, 0),
    "w27": ("E", "", "detention_letter", GENERATED, 14),
    "w28": ("E", "P", None, GENERATED, 14),
    "w29": ("EPJCGS", "EPJCGS", None, RECEIVED, 1),
    "w30": ("EP", "PE", None, GENERATED, 2),
}
"""Issuers, receivers, key of the number pattern, origin, how many mandatory fields."""


def kinds(letters: str) -> tuple[OrganKind, ...]:
    return tuple(KINDS[letter] for letter in letters)


def test_every_document_of_the_domain_reference_stands_in_the_register() -> None:
    assert list(DOCUMENTS) == [f"w{number}" for number in range(1, 31)] == list(EXPECTED)


@pytest.mark.parametrize("code", EXPECTED)
def test_a_document_is_issued_received_and_numbered_as_the_reference_says(code: str) -> None:
    row = DOCUMENTS[code]
    issuers, receivers, pattern, generated, mandatory = EXPECTED[code]
    assert row.issuers == kinds(issuers)
    assert row.receivers == kinds(receivers)
    assert row.pattern == pattern
    assert row.generated is generated
    assert len(row.mandatory) == len(set(row.mandatory)) == mandatory
    assert row.title
    assert row.title_en


def test_what_is_not_read_in_full_is_doubted() -> None:
    doubted = {code for code, row in DOCUMENTS.items() if row.confidence is not Confidence.FULL}
    assert doubted == {"w9", "w19", "w23", "w25", "w29"}


def test_every_number_pattern_of_the_register_is_in_the_profile_and_the_reverse() -> None:
    patterns = {row.pattern for row in DOCUMENTS.values() if row.pattern}
    assert patterns == {pattern.document for pattern in PROFILE.number_patterns}


def test_the_page_names_every_document_and_the_steps_that_want_it() -> None:
    text = register.text()
    for code, row in DOCUMENTS.items():
        assert f'<a id="{code}"></a>{code.upper()} ' in text
        assert row.title in text
        assert all(field in text for field in row.mandatory)
    for table in PROCEDURES.values():
        for step in table.steps:
            for code in step.documents:
                assert any(f"`{step.name}`" in link for link in register.wanted_by(code))
