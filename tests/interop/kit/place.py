"""A place of one's own: a loopback block and a scratch folder a process.

Two runs side by side never meet: the block 127.x.y.0 starts from the pid and
is held by a bound port for as long as the process lives.
"""
import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
HOLD_PORT = 64999

OUTSIDE, INSIDE, DIRECTOR, HOME, HOME2 = 1, 2, 3, 4, 5
PARTNER, THEIRS, DESK = 20, 21, 40
DEVICE, DEVICE2, NAMES, DEVICE3 = 50, 51, 53, 54
UA = 60


class Place:
    """Addresses 127.x.y.N, a folder, a lab PKI."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sip-edge-interop-")
        atexit.register(self._leave)
        self._hold = None
        self.prefix = self._take_block()

    def _take_block(self):
        for step in range(2000):
            n = (os.getpid() * 7 + step) % (120 * 250)
            prefix = "127.%d.%d" % (130 + n // 250, 1 + n % 250)
            s = socket.socket()
            try:
                s.bind((prefix + ".254", HOLD_PORT))
            except OSError:
                s.close()
                continue
            self._hold = s
            return prefix
        raise RuntimeError("no free loopback block")

    def _leave(self):
        if os.environ.get("KEEP"):
            print("# kept: " + self.folder, file=sys.stderr)
            return
        shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, n):
        """The block's nth address."""
        return "%s.%d" % (self.prefix, n)

    def path(self, *parts):
        """A path in the scratch folder."""
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        """Write a file into the scratch folder; returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def pki(self, *specs):
        """Make the lab PKI, with more certificates when specs say so."""
        made = subprocess.run(
            [os.path.join(ROOT, "tools/dev/pki"), self.path("pki"), *specs],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False)
        if made.returncode:
            raise RuntimeError("tools/dev/pki: " + made.stdout.strip())

    def cert(self, name):
        """(chain file, key file) of a certificate of the lab PKI."""
        return (self.path("pki", name + ".chain"),
                self.path("pki", name + ".key"))

    def ca(self, name):
        """The file of an authority: "external" or "internal"."""
        return self.path("pki", name + "-ca.crt")
