"""Revocation lists of the lab's authorities, made by the openssl command."""

import os
import tempfile
import time

from .pki import openssl

CONFIG = """[ca]
default_ca = it
[it]
database = %(db)s
crlnumber = %(number)s
default_md = sha256
crl_extensions = ext
[ext]
authorityKeyIdentifier = keyid
"""


def utc(t):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(t))


def fingerprint(path):
    """SHA-256 of the first certificate in a file, as the log writes it."""
    said = openssl("x509", "-in", path, "-noout", "-fingerprint", "-sha256")
    return said.strip().split("=")[1].replace(":", "").lower()


class Lists:
    """One list for each authority, in a folder; each has a higher number
    than the one before."""

    AUTHORITIES = {"internal-ca": "internal-ca.crt",
                   "external-ca": "external-ca.crt",
                   "external-issuing": "external-issuing.pem"}

    def __init__(self, pki):
        self.pki, self.number = pki, 4096
        self.folder = tempfile.mkdtemp(prefix="edgelab-crl-")
        for name in self.AUTHORITIES:
            self.issue(name)

    def path(self, name):
        return os.path.join(self.folder, name + ".crl")

    def _line(self, chain, until):
        serial = openssl("x509", "-in", chain, "-noout", "-serial")
        return "R\t%s\t%s\t%s\tunknown\t/CN=x\n" % (
            utc(until)[2:], utc(time.time() - 60)[2:],
            serial.strip().split("=")[1])

    def issue(self, name, revoked=(), ends_s=86400, began_s=-3600, more=0):
        """A list that revokes the certificates in these files, and so many
        that nobody has; it ends so many seconds from now. In place of the old
        one, in one step."""
        work = tempfile.mkdtemp(prefix="ca-", dir=self.folder)
        conf = os.path.join(work, "ca.cnf")
        names = {"db": os.path.join(work, "index"),
                 "number": os.path.join(work, "number")}
        self.number += 1
        now = time.time()
        with open(conf, "w") as f:
            f.write(CONFIG % names)
        with open(names["number"], "w") as f:
            f.write("%x\n" % self.number)
        with open(names["db"], "w") as f:
            f.writelines(self._line(c, time.time() + 86400) for c in revoked)
            f.writelines("R\t%s\t%s\t%032X\tunknown\t/CN=x\n" % (
                utc(now + 86400)[2:], utc(now - 60)[2:], (n + 1) << 64)
                for n in range(more))
        openssl("ca", "-gencrl", "-config", conf, "-keyfile",
                os.path.join(self.pki.dir, name + ".key"), "-cert",
                os.path.join(self.pki.dir, self.AUTHORITIES[name]),
                "-crl_lastupdate", utc(now + min(began_s, ends_s - 60)),
                "-crl_nextupdate", utc(now + ends_s),
                "-out", self.path(name) + ".new")
        os.rename(self.path(name) + ".new", self.path(name))
        return self.path(name)


def inside(lists, **more):
    return {"revocation": dict({"crl": [lists.path("internal-ca")]}, **more)}


def outside(lists, **more):
    return {"revocation": dict(
        {"crl": [lists.path("external-issuing"), lists.path("external-ca")]},
        **more)}


__all__ = ["Lists", "fingerprint", "inside", "outside"]
