"""DNS: real unbounds, serving zones with SRV records, one zone signed."""

import os
import shutil
import subprocess

from .child import Child
from .space import listens

UNBOUND = shutil.which("unbound", path="/usr/sbin:/usr/bin")
SOA = ("$ORIGIN %s.\n$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 60\n"
       "@ NS ns\nns A %s\n")


def federation_srv(target, port=5061):
    return "_sipfederationtls._tcp SRV 0 0 %d %s." % (port, target)


def _tool(folder, *words):
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise OSError("%s: %s" % (words[0], done.stderr[-300:]))
    return done.stdout.strip()


class NameServer:
    """One unbound: authority for its zones, resolver for its company."""

    def __init__(self, world, name, space, address):
        self.world, self.name = world, name
        self.space, self.address = space, address
        self.folder = os.path.join(world.folder, name)
        os.mkdir(self.folder)
        self.zones, self.anchors, self.records = [], [], []
        self.child = None

    def zone(self, name, rows, signed=False):
        """Serve a zone; a signed one leaves its DS in anchors."""
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(SOA % (name, self.address) + "\n".join(rows) + "\n")
        if signed:
            key = _tool(self.folder, "ldns-keygen", "-a", "ECDSAP256SHA256",
                        "-k", name + ".")
            _tool(self.folder, "ldns-signzone", "-f", name + ".signed", name,
                  key)
            os.replace(path + ".signed", path)
            with open(os.path.join(self.folder, key + ".ds")) as f:
                self.anchors.append(f.read())
        self.zones.append(name)

    def record(self, text):
        """A record of a zone that has no file."""
        self.records.append(text)

    def _config(self, others):
        lines = ["server:", "  interface: " + self.address, "  chroot: \"\"",
                 "  username: \"\"", "  pidfile: \"\"",
                 "  directory: \"%s\"" % self.folder, "  use-syslog: no",
                 "  do-daemonize: no", "  access-control: 0.0.0.0/0 allow",
                 "  num-threads: 1", "  do-ip6: no",
                 "  module-config: \"iterator\""]
        lines += ["  local-zone: \"internal.\" static"]
        lines += ["  local-data: '%s'" % r for r in self.records]
        for z in self.zones:
            lines += ["auth-zone:", "  name: \"%s.\"" % z,
                      "  zonefile: \"%s\"" % z, "  for-downstream: yes",
                      "  for-upstream: yes"]
        for o in others:
            for z in o.zones:
                lines += ["stub-zone:", "  name: \"%s.\"" % z,
                          "  stub-addr: " + o.address]
        return lines + ["remote-control:", "  control-enable: no", ""]

    def start(self, others=()):
        path = os.path.join(self.folder, "unbound.conf")
        with open(path, "w") as f:
            f.write("\n".join(self._config(
                [o for o in others if o is not self])))
        self.child = Child(self.name, self.world.folder,
                           self.world.spaces.prefix_of(self.space)
                           + [UNBOUND, "-d", "-c", path])
        self.child.wait_for("serves names", lambda: listens(
            self.child.proc.pid, 53))

    def stop(self):
        if self.child:
            self.child.stop()
