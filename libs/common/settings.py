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
_WEB: Final = {"http", "https"}


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
    """A loopback address while the built-in issuer vouches for demo people; any with a provider."""
    port: int = 8000
    """Of the API; 0 takes any that is free."""
    management_port: int | None = None
    """Of health and metrics. Absent: the one behind the API's."""
    management_host: str | None = None
    """Absent: the API's where that is a loopback address, else 127.0.0.1: it has no sign-in."""
    oidc_issuer: str | None = None
    """An OIDC provider, exactly as it names itself. Absent: the built-in issuer."""
    oidc_audience: str = "xianjie"
    """What the provider's tokens must name as their audience."""
    oidc_claim: str = "sub"
    """The claim that says who the person is; one that people cannot change by themselves."""
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
        if "oidc_issuer" not in values and (
            alone := values.keys() & {"oidc_audience", "oidc_claim"}
        ):
            name = f"{PREFIX}{min(alone).upper()}"
            raise SettingsError(f"{name} 须与 / needs XIANJIE_OIDC_ISSUER")
        otlp = environment.get(OTLP)
        found = cls(**values, urls=urls, otlp=_web_address(OTLP, otlp) if otlp else None)  # type: ignore[arg-type] # typed by _typed
        if found.oidc_issuer is None:
            _need_loopback(found.host)
        return found

    @property
    def management_address(self) -> str:
        """Where the management port listens."""
        if self.management_host is not None:
            return self.management_host
        return self.host if is_loopback(self.host) else "127.0.0.1"

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
        case "oidc_issuer":
            return _issuer(name, value)
    return value


def is_loopback(host: str) -> bool:
    """Whether what is sent to a host never leaves the machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_sheltered(address: str) -> bool:
    """Whether nobody on the way can read or change what an address answers: https, or loopback."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def _need_loopback(host: str) -> None:
    if not is_loopback(host):
        raise SettingsError(
            "XIANJIE_HOST 须为本机回环地址，或者设置 XIANJIE_OIDC_ISSUER"
            " / must be a loopback address while the built-in issuer vouches for demo people;"
            " or set XIANJIE_OIDC_ISSUER"
        )


def _issuer(name: str, value: str) -> str:
    """As it is: a slash at the end belongs to the name of an issuer."""
    _web_address(name, value)
    parts = urlsplit(value)
    if not is_sheltered(value) or parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingsError(
            f"{name} 须为 https:// 地址（本机除外）/ must be an https:// address, or on this"
            " machine, without user, query or fragment"
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
        is_address = parts.scheme in _WEB and parts.hostname and parts.port != 0
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
