"""The two companies, the internet between them, and who else is there."""

import atexit
import os
import shutil
import tempfile

from edgelab import Group
from edgelab.edge import program
from edgelab.pki import make

from .company import Company
from .names import NameServer, federation_srv
from .space import Spaces

USERS = ("alice", "carol", "bob", "dave", "erin", "room1")
DOUBLES = ("c", "d", "e", "f")


class Edges:
    """Both edges, as the test runner looks at one."""

    def __init__(self, world):
        self.all = [c.edge for c in world.companies if c.edge]

    def alive(self):
        return all(e.alive() for e in self.all)

    def sick(self):
        return next((e.sick() for e in self.all if e.sick()), None)

    def tail(self, lines=2):
        return " || ".join(e.tail(lines) for e in self.all)

    def log(self):
        return "\n".join(e.log() for e in self.all)


class World:
    """`changes` maps a company's letter to settings laid over its own."""

    users = USERS

    def __init__(self, changes=None):
        self.folder = tempfile.mkdtemp(prefix="netlab-")
        self.spaces, self.servers, self.open = Spaces(), [], []
        self.companies, self.edge = [], None
        self.anchor_file = os.path.join(self.folder, "anchors")
        atexit.register(self.close, False)
        try:
            self._build(changes or {})
        except BaseException:
            self.close(False)
            raise

    def _build(self, changes):
        self.a = Company(self, "a", 1, changes.get("a"))
        self.b = Company(self, "b", 2, changes.get("b"),
                         ["shop.example", "stall.example"])
        self.companies = [self.a, self.b]
        self._internet()
        self._certificates()
        for c in self.companies:
            c.start()
        self.edge = Edges(self)

    def _internet(self):
        self.spaces.add("net")
        self.spaces.bridge("net", "br0")
        self.spaces.address("net", "br0", *[
            "198.51.100.%d" % n for n in (33, 40, 41, 50, 60, 61, 70, 71, 72,
                                          73, 74, 75)])
        for c in self.companies:
            c.wire()
        self.a.zone()
        self.b.zone(signed=True)
        # Not in b's certificate: only DNSSEC shows that b's edge serves it.
        self.b.dns.zone("shop.example", [federation_srv(self.b.fqdn)], True)
        self.b.dns.zone("stall.example", [federation_srv(self.b.fqdn)])
        others = NameServer(self, "others-dns", "net", "198.51.100.33")
        for i, name in enumerate(DOUBLES):
            others.zone(name + ".example", [
                federation_srv("sip.%s.example" % name),
                "sip A 198.51.100.%d" % (70 + i)])
        for name, address in (("dead", "198.51.100.99"),
                              ("stuck", "198.51.100.74"),
                              ("wrong", "198.51.100.75"),
                              ("loop", "127.0.0.1"),
                              ("lost", self.a.net + "66"),
                              ("home", self.a.net + "21"),
                              ("mirror", self.a.outside)):
            others.zone(name + ".example", [
                federation_srv("sip.%s.example" % name),
                "sip A " + address])
        others.zone("silent.example", [])
        self.names = [self.a.dns, self.b.dns, others]
        with open(self.anchor_file, "w") as f:
            f.write("".join(self.b.dns.anchors))
        for server in self.names:
            server.start(self.names)

    def _certificates(self):
        specs = [c.outer_spec() for c in self.companies]
        specs += ["%s-edge/external/sip.%s.example/DNS:sip.%s.example,"
                  "DNS:%s.example/serverAuth" % (n, n, n, n) for n in DOUBLES]
        make(os.path.join(self.folder, "pki-pub"), *specs)
        for c in self.companies:
            make(os.path.join(self.folder, "pki-" + c.name), *c.inner_specs())

    def cert(self, which, name):
        base = os.path.join(self.folder, "pki-" + which, name)
        return base + ".chain", base + ".key"

    def ca(self, which, kind):
        return os.path.join(self.folder, "pki-" + which, kind + "-ca.crt")

    def tool(self, name):
        """A program of tools/lab, of the same build."""
        top = os.path.dirname(os.path.dirname(program()))
        return os.path.join(top, "tools", name)

    def keep(self, thing):
        self.open.append(thing)
        return thing

    def tidy(self):
        """Ready for the next test: phones and doubles gone."""
        things, self.open = self.open, []
        for thing in things:
            thing.stop() if hasattr(thing, "stop") else thing.close()

    def _stop(self):
        self.tidy()
        for s in self.servers:
            s.stop()
        for n in getattr(self, "names", []):
            n.stop()
        complaints = []
        for c in self.companies:
            try:
                c.stop()
            except AssertionError as e:
                complaints.append("%s: %s" % (c.name, e))
        assert not complaints, "; ".join(complaints)

    def close(self, loud=True):
        """Stop all of it; raises when an edge did not end well."""
        atexit.unregister(self.close)
        try:
            self._stop()
        except AssertionError:
            if loud:
                raise
        finally:
            for c in self.companies:
                if c.edge and c.edge.proc:
                    c.edge.kill()
            self.spaces.remove()
            if os.environ.get("NETLAB_KEEP"):
                print("# kept " + self.folder)
            else:
                shutil.rmtree(self.folder, True)


class WorldGroup(Group):
    """Tests that share one world."""

    def make(self):
        return World(self.change)
