"""A real Keycloak on a loopback port, from its official distribution; not for production.

It comes through Maven once, is built once, and is cached outside the checkout.
"""

import base64
import fcntl
import hashlib
import html
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from tests.support.kafka import LAUNCHER, find_java
from tests.support.maven import fetch
from tests.support.oidc_provider import free_port

POM: Final = Path(__file__).parents[2] / "tools" / "keycloak" / "pom.xml"
BUILD_SECONDS_MAX: Final = 600
START_SECONDS_MAX: Final = 300
STOP_SECONDS_MAX: Final = 30
ANSWER_SECONDS_MAX: Final = 60
REALM: Final = "liaoyuan"
CLIENT: Final = "portal"
BACK: Final = "http://127.0.0.1/back"
JAVA_FLAGS: Final = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
BUILT: Final = ("--db=dev-mem", "--cache=local")


class KeycloakUnavailable(Exception):  # noqa: N818 - a condition on which the fixture may skip
    """No Keycloak can be started here; the message says what to install."""


@dataclass
class Keycloak:
    """A running Keycloak with one realm, whose people have their names as passwords."""

    base: str
    process: subprocess.Popen[bytes]
    client: httpx.Client
    _admin: dict[str, str] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """The issuer of the realm's tokens."""
        return f"{self.base}/realms/{REALM}"

    def admin(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        """What the admin API answers."""
        grant = {"grant_type": "password", "client_id": "admin-cli"}
        token = self._tokens("master", {**grant, "username": "admin", "password": "admin"})
        answer = self.client.request(
            method,
            f"{self.base}/admin/realms{path}",
            json=body,
            headers={"Authorization": f"Bearer {token['access_token']}"},
        )
        assert answer.is_success, f"{path} {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def by_password(self, person: str) -> dict[str, str]:
        """The tokens that a person gets for the password alone."""
        grant = {"grant_type": "password", "client_id": CLIENT, "scope": "openid"}
        return self._tokens(REALM, {**grant, "username": person, "password": person})

    def refreshed(self, tokens: Mapping[str, str]) -> dict[str, str]:
        """New tokens for the refresh token."""
        grant = {"grant_type": "refresh_token", "client_id": CLIENT}
        return self._tokens(REALM, {**grant, "refresh_token": tokens["refresh_token"]})

    def by_browser(self, person: str) -> dict[str, str]:
        """The tokens that a person gets who signs in in a browser: code grant with PKCE."""
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        page = self.client.get(
            f"{self.issuer}/protocol/openid-connect/auth",
            params={
                "client_id": CLIENT,
                "response_type": "code",
                "scope": "openid",
                "redirect_uri": BACK,
                "code_challenge": challenge.rstrip(b"=").decode(),
                "code_challenge_method": "S256",
            },
        )
        form = re.search(r'action="([^"]+)"', page.text)
        assert form is not None, page.text
        # Its cookies are for https; a browser makes an exception of loopback, our client does not.
        cookies = (each.split(";")[0] for each in page.headers.get_list("set-cookie"))
        answer = self.client.post(
            html.unescape(form[1]),
            headers={"Cookie": "; ".join(cookies)},
            data={"username": person, "password": person},
        )
        assert answer.status_code == httpx.codes.FOUND, answer.text
        grant = {"grant_type": "authorization_code", "client_id": CLIENT, "redirect_uri": BACK}
        code = httpx.URL(answer.headers["location"]).params["code"]
        return self._tokens(REALM, {**grant, "code": code, "code_verifier": verifier})

    def add_key(self, provider: str, algorithm: str, *, priority: int) -> None:
        """Make a key that signs from now on where its algorithm is wanted."""
        config = {"priority": [str(priority)], "enabled": ["true"], "active": ["true"]}
        if provider == "rsa-generated":
            config["algorithm"] = [algorithm]
        self.admin(
            "POST",
            f"/{REALM}/components",
            {
                "name": f"{algorithm} {priority}",
                "providerId": provider,
                "providerType": "org.keycloak.keys.KeyProvider",
                "config": config,
            },
        )

    def remove_keys(self, *, below: int) -> None:
        """Withdraw the keys that sign RS256 with a lower priority."""
        kept = "org.keycloak.keys.KeyProvider"
        for each in self.admin("GET", f"/{REALM}/components?type={kept}"):
            priority = int(each["config"].get("priority", ["0"])[0])
            if each["providerId"] == "rsa-generated" and priority < below:
                self.admin("DELETE", f"/{REALM}/components/{each['id']}")

    def sign_by(self, algorithm: str) -> None:
        """Let access tokens be signed by an algorithm."""
        (client,) = self.admin("GET", f"/{REALM}/clients?clientId={CLIENT}")
        client["attributes"]["access.token.signed.response.alg"] = algorithm
        self.admin("PUT", f"/{REALM}/clients/{client['id']}", client)

    def _tokens(self, realm: str, grant: Mapping[str, str]) -> dict[str, str]:
        answer = self.client.post(
            f"{self.base}/realms/{realm}/protocol/openid-connect/token", data=dict(grant)
        )
        assert answer.is_success, answer.text
        found: dict[str, str] = answer.json()
        return found


@contextmanager
def running_keycloak(people: tuple[str, ...]) -> Iterator[Keycloak]:
    """A Keycloak with these people; it ends with the block.

    Raises:
        KeycloakUnavailable: Java or Maven is missing, or Maven reaches no repository.
    """
    home, port = ensure_keycloak(), free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {"KC_BOOTSTRAP_ADMIN_USERNAME": "admin", "KC_BOOTSTRAP_ADMIN_PASSWORD": "admin"}
    options = (f"--http-port={port}", "--http-host=127.0.0.1", "--http-enabled=true")
    log = home / f"{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            [
                *(sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid())),
                *_command(home, "start", "--optimized", f"--hostname={base}", *options),
            ],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        with httpx.Client(trust_env=False, timeout=ANSWER_SECONDS_MAX) as client:
            found = Keycloak(base, process, client)
            _await_answer(found, log)
            found.admin("POST", "", _realm(people))
            yield found
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS_MAX)
        log.unlink()


def ensure_keycloak() -> Path:
    """The directory of the pinned Keycloak, fetched through Maven and built when missing."""
    find_java()
    pom = POM.read_text(encoding="utf-8")
    stated = re.search(r"<keycloak\.version>(.+?)</keycloak\.version>", pom)
    assert stated is not None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xianjie"
    directory = cache / f"keycloak-{stated[1]}"
    home = directory / f"keycloak-{stated[1]}"
    cache.mkdir(parents=True, exist_ok=True)
    fingerprint = hashlib.sha256(f"{pom}{BUILT}".encode()).hexdigest()
    with directory.with_name(f"{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        marker = directory / ".complete"
        if marker.exists() and marker.read_text(encoding="utf-8") == fingerprint:
            return home
        shutil.rmtree(directory, ignore_errors=True)
        _fetch_into(directory)
        subprocess.run(  # noqa: S603 - our own arguments
            _command(home, "build", *BUILT),
            check=True,
            capture_output=True,
            timeout=BUILD_SECONDS_MAX,
        )
        marker.write_text(fingerprint, encoding="utf-8")
    return home


def _command(home: Path, *arguments: str) -> list[str]:
    """As its `kc.sh` begins it, without a shell between: what we end is the server itself."""
    opened = ("java.util", "java.util.concurrent", "java.security", "java.lang")
    threads = "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory"
    return [
        find_java(),
        *JAVA_FLAGS,
        *(f"--add-opens=java.base/{each}=ALL-UNNAMED" for each in opened),
        f"-Djava.util.concurrent.ForkJoinPool.common.threadFactory={threads}",
        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
        f"-Dkc.home.dir={home}",
        f"-Djboss.server.config.dir={home / 'conf'}",
        *("-cp", str(home / "lib" / "quarkus-run.jar")),
        "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
        *arguments,
    ]


def _fetch_into(directory: Path) -> None:
    goal = ("dependency:unpack", f"-Dkeycloak.directory={directory}")
    fetch(POM, *goal, unavailable=KeycloakUnavailable)


def _await_answer(found: Keycloak, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and found.process.poll() is None:
        try:
            if found.client.get(f"{found.base}/realms/master").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"Keycloak did not answer:\n{log.read_text(errors='replace')[-4000:]}")


def _realm(people: tuple[str, ...]) -> dict[str, Any]:
    """A realm as an operator would set it up: an audience for the API, people by their ids."""
    audience = {"included.custom.audience": "xianjie", "access.token.claim": "true"}
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "external",
        "accessTokenLifespan": 600,
        "users": [
            {
                "id": person,
                "username": person,
                "enabled": True,
                "email": f"{person}@example.test",
                "emailVerified": True,
                "firstName": "Demo",
                "lastName": person,
                "credentials": [{"type": "password", "value": person, "temporary": False}],
            }
            for person in people
        ],
        "clients": [
            {
                "clientId": CLIENT,
                "enabled": True,
                "publicClient": True,
                "standardFlowEnabled": True,
                "directAccessGrantsEnabled": True,
                "redirectUris": [BACK],
                "attributes": {"pkce.code.challenge.method": "S256"},
                "protocolMappers": [
                    {
                        "name": "xianjie",
                        "protocol": "openid-connect",
                        "protocolMapper": "oidc-audience-mapper",
                        "config": audience,
                    }
                ],
            }
        ],
    }
