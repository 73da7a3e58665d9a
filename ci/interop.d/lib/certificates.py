"""Certificates for one run, made by openssl: nothing that is secret is ever in the tree."""

from pathlib import Path

from .places import run

# NAME -> (authority, names).
LEAVES = {
    "one": ("ours", ("*.one.test",)),
    "two": ("ours", ("*.two.test",)),
    "endpoint": ("ours", ("endpoint.test",)),
    "client": ("clients", ("client.test",)),
    "stranger": ("strange", ("client.test",)),
}


class Certificates:
    """Three authorities that do not know each other, and what they signed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        for authority in ("ours", "clients", "strange"):
            self._key(authority)
            run(
                ["openssl", "req", "-x509", "-key", f"{authority}.key", "-subj", f"/CN=authority {authority}"]
                + ["-days", "2", "-addext", "keyUsage=critical,keyCertSign", "-out", f"{authority}.pem"],
                folder,
            )
        for name in LEAVES:
            self.sign(name)

    def sign(self, name: str, into: str | None = None) -> None:
        """A new key and certificate in NAME.key and NAME.pem, or under another name."""
        authority, names = LEAVES[name]
        into = into or name
        self._key(into)
        listed = ",".join(f"DNS:{one}" for one in names)
        (self.folder / f"{into}.ext").write_text(
            f"subjectAltName={listed}\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
        )
        run(["openssl", "req", "-new", "-key", f"{into}.key", "-subj", f"/CN={name}", "-out", f"{into}.csr"], self.folder)
        run(
            ["openssl", "x509", "-req", "-in", f"{into}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key"]
            + ["-days", "2", "-extfile", f"{into}.ext", "-out", f"{into}.pem"],
            self.folder,
        )

    def replace(self, name: str) -> str:
        """Another certificate under the same file names, renamed over them; its serial number."""
        self.sign(name, "next")
        for end in ("key", "pem"):
            (self.folder / f"next.{end}").replace(self.folder / f"{name}.{end}")
        return self.serial(name)

    def serial(self, name: str) -> str:
        """The serial number of what lies there now, in hexadecimal."""
        out = run(["openssl", "x509", "-in", f"{name}.pem", "-noout", "-serial"], self.folder)
        return out.strip().removeprefix("serial=")

    def __getitem__(self, file: str) -> Path:
        return self.folder / file

    def _key(self, name: str) -> None:
        run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key"], self.folder)
