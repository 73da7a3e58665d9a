"""TLS by openssl, curl and the clients of gRPC: towards clients, and towards endpoints."""

import json
import re
import socket
import ssl

from .checks import Checks, holds, same, until
from .curl import ask
from .processes import Ran
from .world import World

REQUEST = "GET /bytes?n=10 HTTP/1.1\r\nHost: web.one.test\r\nConnection: close\r\n\r\n"
# The codes of curl where a server refuses its certificate. In TLS 1.3 the client is done before the server has looked at
# it, so the refusal shows in what is sent or received next.
REFUSED = (16, 35, 52, 55, 56, 92, 98)
# The word of the fault of an endpoint that does not prove who it is.
UNTRUSTED = "unreachable"


def shake(world: World, *options: object, listener: str = "tls", name: str = "web.one.test", asked: str = "") -> Ran:
    """A handshake by openssl; with a request, until the answer has ended."""
    named = ["-servername", name] if name else ["-noservername"]
    wait = ["-ign_eof"] if asked else []
    connect = ["openssl", "s_client", "-connect", world.listeners[listener], "-CAfile", world.file("ours.pem"), *named]
    return world.run([*connect, *wait, *options], asked)


def subject(ran: Ran) -> str:
    """The common name of the certificate that was shown."""
    found = re.search(r"subject=.*CN ?= ?(\S+)", ran.out)
    return found[1] if found else f"none ({ran.error.strip()[-200:]})"


def check(world: World, checks: Checks) -> None:
    """All of it."""
    handshakes(world, checks)
    resumption(world, checks)
    client_certificates(world, checks)
    upstream(world, checks)
    replacement(world, checks)


def handshakes(world: World, checks: Checks) -> None:
    """Names, versions, protocols."""
    with checks("the name that is asked for chooses the certificate"):
        for name, wanted in {"web.one.test": "one", "web.two.test": "two", "go.two.test": "two"}.items():
            ran = shake(world, name=name)
            same(name, (subject(ran), "Verify return code: 0 (ok)" in ran.out), (wanted, True))
    with checks("without a name, and with one that nobody has, it is the first"):
        for name in ("", "else.three.test"):
            same(name, subject(shake(world, name=name)), "one")
    with checks("both names reach their service"):
        for domain in ("one", "two"):
            got = ask(world, "web", "/mirror", listener="tls", domain=domain)
            same(domain, json.loads(got.body)["host"].split(":")[0], f"web.{domain}.test")
    for version in ("tls1_2", "tls1_3"):
        with checks(f"{version} is spoken"):
            out = shake(world, f"-{version}").out
            holds("version", f"New, TLSv{version[3:].replace('_', '.')}" in out, out[-300:])
    for version in ("tls1", "tls1_1"):
        with checks(f"{version} is refused"):
            ran = shake(world, f"-{version}", "-cipher", "ALL:@SECLEVEL=0")
            # rustls says handshake_failure where it has no code for such old versions at all.
            told = "alert protocol version" in ran.error or "alert handshake failure" in ran.error
            holds("refused by an alert", ran.code != 0 and told, ran.all[-300:])
    with checks("ALPN: h2 first, HTTP/1.1 where only that is offered, none where none is, an unknown one refused"):
        same("both", alpn(shake(world, "-alpn", "http/1.1,h2")), "h2")
        same("one", alpn(shake(world, "-alpn", "http/1.1")), "http/1.1")
        same("none", alpn(shake(world)), None)
        ran = shake(world, "-alpn", "imap")
        holds("unknown", ran.code != 0 and "no application protocol" in ran.error, ran.all[-300:])
    with checks("cleartext on a port of TLS is refused, and nothing hangs"):
        address = world.listeners["tls"]
        ran = world.run(["curl", "--silent", "--noproxy", "*", "--max-time", "5", f"http://{address}/"])
        holds("refused", ran.code in (1, 52, 56), ran.code)


def alpn(ran: Ran) -> str | None:
    """What was agreed upon."""
    found = re.search(r"ALPN protocol: (\S+)", ran.out)
    return found[1] if found else None


def resumption(world: World, checks: Checks) -> None:
    """Sessions go on, whichever worker takes the connection."""
    with checks("TLS 1.3: a session is resumed"):
        kept = world.processes.folder / "session"
        first = shake(world, "-tls1_3", "-sess_out", kept, asked=REQUEST)
        holds("a first one is new", "New, TLSv1.3" in first.out, first.out[-300:])
        for _ in range(6):
            # Each gives a new ticket: one of TLS 1.3 may be good for one connection only.
            again = shake(world, "-tls1_3", "-sess_in", kept, "-sess_out", kept, asked=REQUEST)
            holds("resumed", "Reused, TLSv1.3" in again.out and "200 OK" in again.out, again.out[-300:])
    with checks("TLS 1.2: five connections resume the first one's session"):
        out = shake(world, "-tls1_2", "-reconnect").out
        same("new, resumed", (out.count("New, TLSv1.2"), out.count("Reused, TLSv1.2")), (1, 5))


def client_certificates(world: World, checks: Checks) -> None:
    """Optional and required."""

    def shown(name: str) -> list[object]:
        return ["--cert", world.file(f"{name}.pem"), "--key", world.file(f"{name}.key")]

    for version in ("--tlsv1.3", "--tls-max"):
        more = ["--tlsv1.3"] if version == "--tlsv1.3" else ["--tls-max", "1.2"]
        label = "TLS 1.3" if version == "--tlsv1.3" else "TLS 1.2"
        with checks(f"{label}: a client certificate that is optional"):
            same("none", ask(world, "web", "/mirror", *more, listener="optional").status, 200)
            same("ours", ask(world, "web", "/mirror", *more, *shown("client"), listener="optional").status, 200)
        with checks(f"{label}: a client certificate that is required"):
            same("ours", ask(world, "web", "/mirror", *more, *shown("client"), listener="required").status, 200)
        for listener, names in {"optional": ["stranger"], "required": [None, "stranger"]}.items():
            for name in names:
                with checks(f"{label}, {listener}: a client with {name or 'no'} certificate is refused"):
                    ask(world, "web", "/mirror", *more, *(shown(name) if name else []), listener=listener, ends=REFUSED)
    for language in ("go", "python"):
        with checks(f"gRPC by {language} with and without a certificate"):
            order = [{"method": "Echo", "message": "known", "timeout": 5}]
            where = world.at("go", "required")
            same("with", world.calls(language, [*where, *shown("client")], order)[0]["answer"], "known")
            holds("without", world.calls(language, where, order)[0]["code"] != 0)


def upstream(world: World, checks: Checks) -> None:
    """Endpoints behind TLS."""
    for service, protocol in {"secure": "HTTP/1.1", "secure2": "HTTP/2.0", "unverified": "HTTP/1.1"}.items():
        with checks(f"an endpoint behind TLS is asked over {protocol} ({service})"):
            seen = json.loads(ask(world, service, "/mirror").body)
            same("protocol, TLS", (seen["protocol"], seen["tls"]), (protocol, True))
    for service in ("strange-ca", "strange-name"):
        with checks(f"an endpoint that does not prove who it is gets nothing ({service})"):
            for listener in ("plain", "tls"):
                got = ask(world, service, "/mirror", listener=listener)
                same("status, fault", (got.status, got.fields.get("x-graylane-fault")), (502, [UNTRUSTED]))


def replacement(world: World, checks: Checks) -> None:
    """Certificates change while connections go on."""
    host, port = world.listeners["tls"].rsplit(":", 1)
    context = ssl.create_default_context(cafile=world.file("ours.pem"))
    load = world.processes.start(
        "load",
        ["h2load", "-D", "4", "-c", "4", "-m", "4", "--connect-to", world.listeners["tls"], "https://web.one.test/bytes?n=1000"],
    )
    with socket.create_connection((host, int(port))) as plain, context.wrap_socket(plain, server_hostname="web.one.test") as kept:
        with checks("a new certificate comes into use without a restart, and connections go on"):
            same("before", get(kept), 200)
            before = serial(shake(world))
            wanted = world.certificates.replace("one")
            holds("it is another one", wanted != before)
            until("the new certificate", lambda: serial(shake(world)) == wanted)
            same("the other name's", serial(shake(world, name="web.two.test")), world.certificates.serial("two"))
            same("after, over the old connection", get(kept), 200)
        with checks("a certificate that cannot be read changes nothing, and shows"):
            file = world.file("one.pem")
            good = file.read_bytes()
            file.with_suffix(".broken").write_text("no certificate\n")
            file.with_suffix(".broken").replace(file)
            until("it shows", lambda: world.metric("graylane_config_rejected") == 1)
            same("in use", serial(shake(world)), wanted)
            file.with_suffix(".good").write_bytes(good)
            file.with_suffix(".good").replace(file)
            until("it is over", lambda: world.metric("graylane_config_rejected") == 0)
            same("over the old connection", get(kept), 200)
    with checks("and no request of the load beside it failed"):
        out = load.wait().out
        done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", out)
        holds("some were answered", bool(done) and int(done[1]) > 0, out[-300:])
        same("failed, errored, late", done.groups()[1:], ("0", "0", "0"))


def serial(ran: Ran) -> str:
    """The serial number of the certificate that was shown."""
    begin, end = (f"-----{word} CERTIFICATE-----" for word in ("BEGIN", "END"))
    holds("a certificate", begin in ran.out, ran.all[-300:])
    pem = begin + ran.out.split(begin)[1].split(end)[0] + end
    der = ssl.PEM_cert_to_DER_cert(pem)
    # SEQUENCE { SEQUENCE { [0] version, INTEGER serial ...
    at = der.index(b"\xa0\x03\x02\x01\x02\x02") + 6
    return der[at + 1 : at + 1 + der[at]].hex().upper().removeprefix("00")


def get(kept: ssl.SSLSocket) -> int:
    """Asks once more over a kept connection."""
    kept.sendall(b"GET /bytes?n=10 HTTP/1.1\r\nHost: web.one.test\r\n\r\n")
    answer = b""
    while b"\r\n\r\n" not in answer or len(answer.split(b"\r\n\r\n", 1)[1]) < 10:
        piece = kept.recv(4096)
        holds("it is open", piece != b"", answer)
        answer += piece
    return int(answer.split()[1])
