"""Network namespaces: made, wired, entered, and taken away again."""

import contextlib
import ctypes
import os
import shutil
import subprocess

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def ip(*words):
    """Run ip(8); what it says is the complaint."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode:
        raise OSError("ip %s: %s" % (" ".join(words), done.stderr.strip()))
    return done.stdout


def why_not():
    """Why no namespace can be made here, or None."""
    if not shutil.which("ip"):
        return "iproute2 is not installed"
    for tool in ("unbound", "ldns-keygen", "ldns-signzone"):
        if not shutil.which(tool, path="/usr/sbin:/usr/bin"):
            return "%s is not installed" % tool
    name = "se%d-probe" % os.getpid()
    try:
        ip("netns", "add", name)
        try:
            ip("-n", name, "link", "add", "probe", "type", "bridge")
        finally:
            ip("netns", "del", name)
    except OSError as e:
        return "no network namespace can be made (%s)" % e
    return None


class Spaces:
    """The namespaces of one run; their names carry our process id."""

    def __init__(self):
        self.prefix, self.names = "se%d-" % os.getpid(), []

    def add(self, name):
        """A new namespace with its loopback up."""
        ip("netns", "add", self.prefix + name)
        self.names.append(name)
        ip("-n", self.prefix + name, "link", "set", "lo", "up")

    def bridge(self, space, name):
        self.ip(space, "link", "add", name, "type", "bridge")
        self.ip(space, "link", "set", name, "up")

    def wire(self, one, two):
        """A cable between two (space, interface); both ends up."""
        ip("-n", self.prefix + one[0], "link", "add", one[1], "type", "veth",
           "peer", "name", two[1], "netns", self.prefix + two[0])
        for space, interface in (one, two):
            self.ip(space, "link", "set", interface, "up")

    def ip(self, space, *words):
        return ip("-n", self.prefix + space, *words)

    def run(self, space, *words):
        """What a command says in there."""
        return ip("netns", "exec", self.prefix + space, *words)

    def address(self, space, interface, *addresses):
        for a in addresses:
            self.ip(space, "address", "add", a + "/24", "dev", interface)

    def prefix_of(self, space):
        """Words before a command that shall run in there."""
        return ["ip", "netns", "exec", self.prefix + space]

    @contextlib.contextmanager
    def entered(self, space):
        """Sockets that this thread makes meanwhile belong to the space."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        there = os.open("/run/netns/" + self.prefix + space,
                        os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(there)
            yield
        finally:
            _enter(home)
            os.close(there)
            os.close(home)

    def remove(self):
        """Take our namespaces away, and no other."""
        names, self.names = self.names, []
        for name in names:
            try:
                ip("netns", "del", self.prefix + name)
            except OSError as e:
                print("# %s" % e)


def _enter(fd):
    if _libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def listens(pid, port):
    """Does anybody listen on the TCP port in a process's namespace?"""
    with open("/proc/%d/net/tcp" % pid) as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return any(r[1].endswith(":%04X" % port) and r[3] == "0A" for r in rows)
