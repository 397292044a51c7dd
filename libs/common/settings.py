"""How this installation is set up: one frozen value, built once at the edge from a mapping."""

import difflib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

PREFIX: Final = "XIANJIE_"
URL_PREFIX: Final = "XIANJIE_URL_"
TEST_PREFIX: Final = "XIANJIE_TEST_"
OTLP: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
PORT_MAX: Final = 65_535


class SettingsError(ValueError):
    """A setting is unknown or cannot be read; the message names it in one line."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting. An absent address selects the built-in part; there is no mode flag."""

    var: Path = Path("var")
    """Where the embedded parts keep their data."""
    profile: Path = Path("profiles/liaoyuan.toml")
    """The city as data."""
    host: str = "127.0.0.1"
    """A loopback address: the built-in issuer, the only one so far, vouches for demo people."""
    port: int = 8000
    """Of the API; 0 takes any that is free."""
    management_port: int | None = None
    """Of health and metrics. Absent: the one behind the API's."""
    database_url: str | None = None
    """PostgreSQL for the services' role; may contain `{service}`. Absent: embedded."""
    database_owner_url: str | None = None
    """PostgreSQL for the owner's role, used by `migrate` only."""
    kafka: str | None = None
    """Bootstrap servers. Absent: the log itself is the bus."""
    otlp: str | None = None
    """`OTEL_EXPORTER_OTLP_ENDPOINT`; absent: telemetry is kept in the process."""
    urls: Mapping[str, str] = field(default_factory=dict)
    """Base URL of each service that runs elsewhere."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """Build the settings from a mapping such as `os.environ`.

        Args:
            environment: names as documented in docs/operating.md; others without our prefix are
                left alone, and an empty value is none.

        Returns:
            The settings.

        Raises:
            SettingsError: a name with our prefix is unknown, or a value cannot be read.
        """
        urls: dict[str, str] = {}
        values: dict[str, object] = {}
        known = [f.name for f in fields(cls) if f.name not in {"urls", "otlp"}]
        for name, value in environment.items():
            # XIANJIE_TEST_* belongs to the test suite.
            if not name.startswith(PREFIX) or name.startswith(TEST_PREFIX) or not value:
                continue
            key = name.removeprefix(PREFIX).lower()
            if name.startswith(URL_PREFIX):
                urls[name.removeprefix(URL_PREFIX).lower()] = _web_address(name, value)
            elif key in known:
                values[key] = _typed(name, key, value)
            else:
                raise SettingsError(f"没有该设置项 / unknown setting {name}{_near(key, known)}")
        if "database_owner_url" in values and "database_url" not in values:
            raise SettingsError("XIANJIE_DATABASE_OWNER_URL 须与 / needs XIANJIE_DATABASE_URL")
        otlp = environment.get(OTLP)
        return cls(**values, urls=urls, otlp=_web_address(OTLP, otlp) if otlp else None)  # type: ignore[arg-type] # typed by _typed

    def management(self, port: int) -> int:
        """The management port beside a port of the API; 0 takes any that is free."""
        if self.management_port is not None:
            return self.management_port
        if port == 0:
            return 0
        return port + 1 if port < PORT_MAX else port - 1


def _near(key: str, known: list[str]) -> str:
    found = difflib.get_close_matches(key, known, n=1)
    return f" ({PREFIX}{found[0].upper()} ?)" if found else ""


def _typed(name: str, key: str, value: str) -> object:
    match key:
        case "var" | "profile":
            return Path(value)
        case "port" | "management_port":
            return _port(name, value)
        case "database_url" | "database_owner_url":
            return _database_address(name, value)
        case "kafka":
            return _brokers(name, value)
        case "host":
            return _loopback(name, value)
    return value


def _loopback(name: str, value: str) -> str:
    try:
        is_loopback = value == "localhost" or ipaddress.ip_address(value).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise SettingsError(
            f"{name} must be a loopback address while the built-in issuer vouches for demo people"
        )
    return value


def _port(name: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal()) or int(value) > PORT_MAX:
        raise SettingsError(f"{name} 须为端口号 / must be a port, not {value!r}")
    return int(value)


# What stands in an address may be a password: it is never repeated.


def _database_address(name: str, value: str) -> str:
    try:
        scheme = urlsplit(value.format(service="service")).scheme
    except (ValueError, LookupError) as error:
        raise SettingsError(f"{name} 只能含 / may only contain {{service}}") from error
    if scheme not in {"postgresql", "postgres"}:
        raise SettingsError(f"{name} 须以 postgresql:// 开头 / must begin with postgresql://")
    return value


def _web_address(name: str, value: str) -> str:
    try:
        parts = urlsplit(value)
        is_address = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise SettingsError(f"{name} 须为 http(s):// 地址 / must be an http(s):// address")
    return value.rstrip("/")


def _brokers(name: str, value: str) -> str:
    for broker in value.split(","):
        host, _, port = broker.strip().rpartition(":")
        if not host:
            raise SettingsError(f"{name} 须为 host:port / must be host:port[,host:port]")
        _port(name, port)
    return value
