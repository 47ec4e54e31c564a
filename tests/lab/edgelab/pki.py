"""Certificates: one lab PKI a run, a second one as "some other CA"."""

import atexit
import os
import shutil
import subprocess
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
# Beyond what tools/dev/pki makes by itself.
EXTRA = [
    "edge-new/external/sip.example.com/DNS:sip.example.com,"
    "DNS:sip.example.org/serverAuth",
    "wild/internal/*.internal.example/DNS:*.internal.example",
    "cn-only/internal/home02.internal.example/-",
    "user/external/alice.example.com/DNS:alice.example.com",
]


def openssl(*arguments, cwd=None, text=True, **how):
    """The openssl command; what it says."""
    done = subprocess.run(["openssl", *arguments], cwd=cwd, timeout=60,
                          capture_output=True, check=False, **how)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode() if text else done.stdout


def make(directory, *specs):
    """Run tools/dev/pki; files that are there are kept."""
    done = subprocess.run([os.path.join(TOP, "tools/dev/pki"), directory,
                           *specs], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60)
    if done.returncode:
        raise RuntimeError("tools/dev/pki: " + done.stdout.decode()[-300:])


def make_run(directory):
    """All that a run of the lab needs."""
    make(os.path.join(directory, "pki"), *EXTRA)
    make(os.path.join(directory, "other"))


class Pki:
    """Where the certificates are; made once a run (EDGELAB_PKI)."""

    def __init__(self):
        self.root = os.environ.get("EDGELAB_PKI")
        if not self.root:
            self.root = tempfile.mkdtemp(prefix="edgelab-pki-")
            atexit.register(shutil.rmtree, self.root, True)
            make_run(self.root)
        self.dir = os.path.join(self.root, "pki")

    def cert(self, name, other=False):
        """(chain, key) of a name; from the other PKI if asked."""
        base = os.path.join(self.root, "other" if other else "pki", name)
        return base + ".chain", base + ".key"

    def ca(self, leg):
        return os.path.join(self.dir, {"outside": "external-ca.crt",
                                       "inside": "internal-ca.crt"}[leg])


_one = []


def pki():
    if not _one:
        _one.append(Pki())
    return _one[0]
