"""What `xianjie verify-signature` reads, whom it asks for keys, and what it says."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import httpx

from libs.common.holding import DataDirectory
from libs.common.public_keys import PLATFORM, PublicKey, by_id, read_key_set
from libs.common.settings import Settings
from libs.common.signatures import Fault
from libs.common.verifying import Finding, Kind, findings, read_json
from xianjie import registry

BYTES_MAX: Final = 64 * 1024 * 1024
SECONDS_MAX: Final = 30.0
STANDARD_INPUT: Final = Path("-")

KINDS: Final[Mapping[Kind, str]] = {
    Kind.SIGNATURE: "签名 signature",
    Kind.RECEIPT: "平台回执 receipt",
    Kind.EVENT: "事件 event",
}
FAULTS: Final[Mapping[Fault, str]] = {
    Fault.UNKNOWN_KEY: "没有该密钥 / no such key among those given",
    Fault.OTHER_OWNER: "密钥不属于该机关 / the key is not of who is said to have signed",
    Fault.OTHER_ALGORITHM: "密钥算法不同 / the key is of another algorithm",
    Fault.KEY_NOT_VALID: "签名时密钥不在有效期内 / the key was not valid at that time",
    Fault.CONTENT_DIFFERS: "内容与签名时不同 / the content is not what was signed",
    Fault.VALUE_WRONG: "签名值不符 / the value is not the signature of what stands here",
    Fault.UNSIGNED: "机关人员办理的环节没有签名 / a person's step without a signature",
    Fault.NOT_WHO_ACTED: "没有办理人当时的有效签名 / no signature that holds is of who acted, then",
}
SAID: Final = (
    *("organ", "person", "duty", "at", "stream", "version", "recorded_at", "algorithm", "key_id"),
)


DIGEST_ALONE: Final = "未附内容，只就摘要有效 / for its digest alone, no content was given"


class NothingToJudgeError(ValueError):
    """A file or a key set cannot be read; the message is one line for whoever asked."""


def judged(file: Path, places: Sequence[str]) -> tuple[Finding, ...]:
    """Everything in a file that can be judged.

    Args:
        file: JSON; `-` is standard input.
        places: files or URLs of published keys; none: those of the program that runs on `var/`.

    Raises:
        ValueError: the file, a key set or a setting cannot be read, or nothing can be judged.
    """
    published = by_id([key for place in places or _running() for key in _keys(place)])
    return findings(read_json(_bytes(file)), published)


def lines(found: Sequence[Finding]) -> Iterator[str]:
    """What was found, a line each, and a summary."""
    for finding in found:
        said = " ".join(_shown(finding.said[name]) for name in SAID if name in finding.said)
        reason = f"：{FAULTS[finding.fault]}" if finding.fault else ""
        limit = "" if finding.fault or finding.has_content else f"：{DIGEST_ALONE}"
        mark = "✗" if finding.fault else "✓"
        yield f"{mark} {KINDS[finding.kind]} {finding.place} {said}{reason}{limit}"
    wrong = sum(each.fault is not None for each in found)
    yield f"{len(found) - wrong} 有效 hold, {wrong} 无效 do not hold"
    if any(each.kind is Kind.SIGNATURE and each.kept_by == PLATFORM for each in found):
        yield "机关私钥由平台保管 / the platform keeps the keys with which organs signed these"


def _shown(value: object) -> str:
    """A value of anybody in one line: nothing in it moves the cursor or begins another line."""
    return "".join(each if each.isprintable() else "�" for each in str(value))


def rows(found: Sequence[Finding]) -> list[dict[str, Any]]:  # any JSON
    """The same as JSON."""
    return [
        {
            "kind": each.kind,
            "place": each.place,
            "holds": each.fault is None,
            "fault": each.fault,
            "kept_by": each.kept_by,
            "has_content": each.has_content,
            "said": each.said,
        }
        for each in found
    ]


def _bytes(file: Path) -> bytes:
    try:
        if file == STANDARD_INPUT:
            data = sys.stdin.buffer.read(BYTES_MAX + 1)
        else:
            with file.open("rb") as opened:
                data = opened.read(BYTES_MAX + 1)
    except OSError as error:
        raise NothingToJudgeError(f"{file}: {error.strerror}") from error
    if len(data) > BYTES_MAX:
        raise NothingToJudgeError(f"{file}: 超过 / more than {BYTES_MAX // 2**20} MiB")
    return data


# --- the keys


def _keys(place: str) -> Sequence[PublicKey]:
    """The keys in a file or at a URL."""
    data = _fetched(place) if place.startswith(("http://", "https://")) else _bytes(Path(place))
    try:
        return read_key_set(read_json(data))
    except ValueError as error:
        raise NothingToJudgeError(f"{place}: {error}") from error


def _fetched(url: str) -> bytes:
    try:
        answer = httpx.get(url, timeout=SECONDS_MAX, trust_env=False)
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = f"无应答 / does not answer: {type(error).__name__}"
        raise NothingToJudgeError(f"{url} {why}") from error
    return answer.content


def _running() -> list[str]:
    """Where the program that runs on this data directory publishes the keys of its services."""
    var = Settings.read(os.environ).var
    said = DataDirectory(var).said()
    if said is None:
        raise NothingToJudgeError(
            f"没有运行中的程序，须用 --keys / nothing runs on {var}; say --keys"
        )
    return [f"{said.api}/api/{name}/v1/keys" for name in registry.NAMES]
