"""Which services there are; a service is imported only where it runs."""

from importlib import import_module
from typing import Final

from libs.common.service import Service

NAMES: Final = ("cases", "notifications", "audit")


def service(name: str) -> Service:
    """The service of a name.

    Raises:
        KeyError: there is none.
    """
    if name not in NAMES:
        raise KeyError(name)
    found = import_module(f"services.{name}.service").SERVICE
    assert isinstance(found, Service)
    return found


def every() -> list[Service]:
    """All services, in the order of the table in the architecture."""
    return [service(name) for name in NAMES]
