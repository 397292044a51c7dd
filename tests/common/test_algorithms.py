"""Both algorithms against published vectors, and against OpenSSL in both directions."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import gmalg
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.algorithms import SCHEMES, SM2_ORDER, SM2_USER, VALUE_BYTES, Algorithm

ED25519: Final = SCHEMES[Algorithm.ED25519]
SM2: Final = SCHEMES[Algorithm.SM2_SM3]
EVERY: Final = pytest.mark.parametrize("algorithm", Algorithm)
MESSAGE: Final = "移送涉嫌犯罪案件 transfer".encode()
OPENSSL: Final = shutil.which("openssl")
with_openssl: Final = pytest.mark.skipif(OPENSSL is None, reason="no openssl on this machine")


# --- published vectors


@pytest.mark.parametrize(
    ("secret", "public", "message", "value"),
    [
        (  # RFC 8032, 7.1, TEST 2
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            (
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ),
        (  # TEST 3
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            (
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            ),
        ),
    ],
)
def test_ed25519_is_that_of_the_rfc(secret: str, public: str, message: str, value: str) -> None:
    key = bytes.fromhex(public)
    assert ED25519.public(bytes.fromhex(secret)) == key
    assert ED25519.sign(bytes.fromhex(secret), key, bytes.fromhex(message)) == bytes.fromhex(value)
    assert ED25519.verifies(key, bytes.fromhex(message), bytes.fromhex(value))


# GB/T 32918.5-2017, annex A: the key, the nonce and the signature of "message digest".
GB_SECRET: Final = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
GB_PUBLIC: Final = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
GB_NONCE: Final = 0x59276E27_D506861A_16680F3A_D9C02DCC_EF3CC1FA_3CDBE4CE_6D54B80D_EAC1BC21
GB_VALUE: Final = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)


def test_sm2_is_that_of_the_standard() -> None:
    assert SM2.public(GB_SECRET) == GB_PUBLIC
    assert SM2.verifies(GB_PUBLIC, b"message digest", GB_VALUE)
    assert not SM2.verifies(GB_PUBLIC, b"message digesU", GB_VALUE)
    with_nonce = gmalg.SM2(GB_SECRET, SM2_USER, b"\x04" + GB_PUBLIC, rnd_fn=lambda _: GB_NONCE)
    assert b"".join(with_nonce.sign(b"message digest")) == GB_VALUE


def test_sm3_is_that_of_the_standard() -> None:
    # GB/T 32905-2016, annex A.
    sm3 = gmalg.SM3()
    sm3.update(b"abc")
    assert sm3.value().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


# --- against OpenSSL

SPKI_ED25519: Final = bytes.fromhex("302a300506032b6570032100")
PKCS8_ED25519: Final = bytes.fromhex("302e020100300506032b657004220420")
SPKI_SM2: Final = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
PKCS8_SM2: Final = bytes.fromhex(
    "308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420"
)
PUBLIC_OF_SM2: Final = bytes.fromhex("a14403420004")
OPTIONS: Final = {
    Algorithm.ED25519: (),
    Algorithm.SM2_SM3: ("-digest", "sm3", "-pkeyopt", f"distid:{SM2_USER.decode()}"),
}


def key_files(algorithm: Algorithm, secret: bytes, public: bytes, tmp_path: Path) -> None:
    """The key as OpenSSL reads it."""
    if algorithm is Algorithm.ED25519:
        private_der, public_der = PKCS8_ED25519 + secret, SPKI_ED25519 + public
    else:
        private_der = PKCS8_SM2 + secret + PUBLIC_OF_SM2 + public
        public_der = SPKI_SM2 + public
    (tmp_path / "private.der").write_bytes(private_der)
    (tmp_path / "public.der").write_bytes(public_der)
    (tmp_path / "message").write_bytes(MESSAGE)


def openssl(algorithm: Algorithm, tmp_path: Path, *arguments: str) -> bool:
    command = ["openssl", "pkeyutl", *arguments, "-keyform", "DER", "-rawin", "-in", "message"]
    done = subprocess.run(  # noqa: S603 - our own arguments
        [*command, *OPTIONS[algorithm]], cwd=tmp_path, capture_output=True, check=False
    )
    return done.returncode == 0


def as_der(algorithm: Algorithm, value: bytes) -> bytes:
    """The value as OpenSSL writes it: of SM2 a sequence of two numbers."""
    if algorithm is Algorithm.ED25519:
        return value
    return encode_dss_signature(int.from_bytes(value[:32]), int.from_bytes(value[32:]))


def as_raw(algorithm: Algorithm, value: bytes) -> bytes:
    if algorithm is Algorithm.ED25519:
        return value
    return b"".join(each.to_bytes(32) for each in decode_dss_signature(value))


@with_openssl
@EVERY
def test_openssl_verifies_what_is_signed_here(algorithm: Algorithm, tmp_path: Path) -> None:
    scheme = SCHEMES[algorithm]
    secret = scheme.make()
    public = scheme.public(secret)
    key_files(algorithm, secret, public, tmp_path)
    verify = ("-verify", "-pubin", "-inkey", "public.der", "-sigfile", "value")
    for _ in range(8):
        value = as_der(algorithm, scheme.sign(secret, public, MESSAGE))
        (tmp_path / "value").write_bytes(value)
        assert openssl(algorithm, tmp_path, *verify)
    (tmp_path / "message").write_bytes(MESSAGE + b".")
    assert not openssl(algorithm, tmp_path, *verify)


@with_openssl
@EVERY
def test_what_openssl_signs_is_verified_here(algorithm: Algorithm, tmp_path: Path) -> None:
    scheme = SCHEMES[algorithm]
    secret = scheme.make()
    public = scheme.public(secret)
    key_files(algorithm, secret, public, tmp_path)
    for _ in range(8):
        assert openssl(algorithm, tmp_path, "-sign", "-inkey", "private.der", "-out", "value")
        value = as_raw(algorithm, (tmp_path / "value").read_bytes())
        assert scheme.verifies(public, MESSAGE, value)
        assert not scheme.verifies(public, MESSAGE + b".", value)


@with_openssl
def test_a_key_that_openssl_made_is_one_here(tmp_path: Path) -> None:
    make = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"]
    subprocess.run([*make, "-outform", "DER", "-out", "key"], cwd=tmp_path, check=True)  # noqa: S603
    made = (tmp_path / "key").read_bytes()
    place = made.index(bytes.fromhex("0201010420")) + 5
    secret, public = made[place : place + 32], made[-64:]
    assert SM2.public(secret) == public
    assert SM2.is_public(public)


# --- what both promise


@EVERY
def test_every_value_has_one_length(algorithm: Algorithm) -> None:
    scheme = SCHEMES[algorithm]
    secret = scheme.make()
    public = scheme.public(secret)
    assert {len(scheme.sign(secret, public, bytes([n]))) for n in range(20)} == {VALUE_BYTES}


def test_a_number_with_leading_zeros_keeps_its_place() -> None:
    # The library gives r and s without leading zeros; one in 128 signatures is shorter there.
    secret = GB_SECRET
    for n in range(2_000):
        value = gmalg.SM2(
            secret, SM2_USER, b"\x04" + GB_PUBLIC, rnd_fn=lambda _, n=n: GB_NONCE + n
        ).sign(b"message digest")
        if min(map(len, value)) < 32:
            break
    else:
        pytest.fail("no short number among them")
    whole = b"".join(each.rjust(32, b"\0") for each in value)
    assert SM2.verifies(GB_PUBLIC, b"message digest", whole)
    assert not SM2.verifies(GB_PUBLIC, b"message digest", b"".join(value))


@EVERY
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_no_other_key_message_or_value_verifies(algorithm: Algorithm, data: st.DataObject) -> None:
    scheme = SCHEMES[algorithm]
    secret, other = scheme.make(), scheme.make()
    public = scheme.public(secret)
    message = data.draw(st.binary(max_size=64))
    value = scheme.sign(secret, public, message)
    assert scheme.verifies(public, message, value)
    assert not scheme.verifies(scheme.public(other), message, value)
    assert not scheme.verifies(public, message + b"\0", value)
    place, bit = data.draw(st.integers(0, VALUE_BYTES - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(value)
    changed[place] ^= 1 << bit
    assert not scheme.verifies(public, message, bytes(changed))


@EVERY
@pytest.mark.parametrize("value", [b"", bytes(64), b"\xff" * 64, bytes(63), bytes(65)])
def test_what_is_no_value_never_verifies(algorithm: Algorithm, value: bytes) -> None:
    scheme = SCHEMES[algorithm]
    assert not scheme.verifies(scheme.public(scheme.make()), MESSAGE, value)


@EVERY
@pytest.mark.parametrize("public", [b"", bytes(31), bytes(33), bytes(63), bytes(65), b"\1" * 65])
def test_what_has_the_wrong_length_is_no_key(algorithm: Algorithm, public: bytes) -> None:
    assert not SCHEMES[algorithm].is_public(public)


@pytest.mark.parametrize("public", [bytes(64), b"\1" * 64, GB_PUBLIC[:-1] + b"\x14"])
def test_what_lies_beside_the_curve_is_no_key(public: bytes) -> None:
    assert not SM2.is_public(public)


def test_a_secret_of_sm2_is_in_its_range() -> None:
    assert all(0 < int.from_bytes(SM2.make()) < SM2_ORDER - 1 for _ in range(50))
