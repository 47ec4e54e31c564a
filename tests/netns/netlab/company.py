"""One company: an edge with two legs, and behind it director, home, DNS."""

import os
import subprocess

from edgelab.edge import Edge, libconfig, merge, program
from edgelab.place import until

from .child import Child
from .names import NameServer, federation_srv
from .phone import Phone
from .space import listens


class NetEdge(Edge):
    """sip-edge in a namespace."""

    def start(self, ports):
        with open(self.log_path, "ab") as log:
            self.proc = subprocess.Popen(
                self.prefix + [program(), self.config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def up():
            assert self.proc.poll() is None, "sip-edge ended: " + self.tail(3)
            return all(listens(self.pid, p) for p in ports)
        until("sip-edge listens on %s" % ports, up, 30)


class Company:
    """`name` is its letter: a.example outside, a.internal inside."""

    def __init__(self, world, name, number, change=None, more=()):
        self.world, self.name = world, name
        self.domain, self.inner = name + ".example", name + ".internal"
        self.fqdn, self.domains = "sip." + self.domain, [self.domain, *more]
        self.space, self.inside = name + "-edge", name + "-in"
        self.outside = "198.51.100.%d" % (number * 10)
        self.net = "10.%d.0." % number
        self.folder = os.path.join(world.folder, name)
        os.mkdir(self.folder)
        self.change, self.phones = change or {}, 0
        self.dns = NameServer(world, name + "-dns", "net",
                              "198.51.100.%d" % (number * 10 + 3))
        self.inner_dns = NameServer(world, name + "-inner-dns", self.inside,
                                    self.net + "53")
        self.edge = self.director = self.home = None

    # its networks and names

    def wire(self):
        spaces = self.world.spaces
        spaces.add(self.space)
        spaces.add(self.inside)
        spaces.wire((self.space, "out"), ("net", self.name + "-out"))
        spaces.ip("net", "link", "set", self.name + "-out", "master", "br0")
        spaces.wire((self.space, "in"), (self.inside, "eth0"))
        spaces.address(self.space, "out", self.outside)
        spaces.address(self.space, "in", self.net + "10")
        spaces.address(self.inside, "eth0", *[
            self.net + h for h in ("20", "21", "40", "41", "53", "66")])
        spaces.address("net", "br0", self.dns.address)
        for host, last in (("edge01", "10"), ("dir01", "20"),
                           ("home01", "21")):
            self.inner_dns.record("%s.%s. 60 IN A %s%s" % (
                host, self.inner, self.net, last))

    def zone(self, signed=False, more=()):
        self.dns.zone(self.domain, [federation_srv(self.fqdn),
                                    "sip A " + self.outside, *more], signed)

    # its certificates

    def inner_specs(self):
        """For tools/dev/pki, in the company's own folder."""
        names = ["edge01", "dir01", "home01", "phone"]
        return ["%s-%s/internal/%s.%s/DNS:%s.%s" % (
            self.name, n, n, self.inner, n, self.inner) for n in names]

    def outer_spec(self):
        return "%s-edge/external/%s/DNS:%s,DNS:%s/serverAuth" % (
            self.name, self.fqdn, self.fqdn, self.domain)

    def own_cert(self, host):
        return self.world.cert(self.name, "%s-%s" % (self.name, host))

    # its edge

    def config(self):
        w, inner = self.world, self.inner
        chain, key = w.cert("pub", self.name + "-edge")
        in_chain, in_key = self.own_cert("edge01")
        servers = ["dir01." + inner, "home01." + inner]
        return {
            "edge": {"state_dir": os.path.join(self.folder, "state"),
                     "workers": 2, "sip_domains": self.domains,
                     "log_level": "info"},
            "outside": {"address": [self.outside], "fqdn": self.fqdn,
                        "dns": [self.dns.address],
                        "trust_anchor": w.anchor_file, "tls": {
                            "certificate": chain, "key": key,
                            "trust": w.ca("pub", "external")}},
            "inside": {"address": [self.net + "10"],
                       "fqdn": "edge01." + inner,
                       "dns": [self.inner_dns.address],
                       "networks": [self.net + "0/24"],
                       "trusted_servers": servers, "tls": {
                           "certificate": in_chain, "key": in_key,
                           "trust": w.ca(self.name, "internal")}},
            "routing": {"directors": servers[:1], "home_servers": servers[1:]},
            "federation": {"enabled": True},
        }

    def reload(self, change):
        """Lay `change` over the settings of the start, and SIGHUP."""
        config = merge(merge(self.config(), self.change), change)
        with open(self.edge.config, "w") as f:
            f.write(libconfig(config))
        mark = self.edge.mark()
        self.edge.reload()
        self.edge.wait_log(r" reload(ed|-refused) ", mark)

    def start(self):
        os.makedirs(os.path.join(self.folder, "state"), 0o700, True)
        self.inner_dns.start()
        self.director = self._server("dir01", "lab-director", "20", [
            "--home", "sip:home01.%s:5061;transport=tls" % self.inner])
        self.home = self._server("home01", "lab-registrar", "21", [
            "--fqdn", "home01." + self.inner, "--record-route",
            "--hosts", "edge01.%s=%s10" % (self.inner, self.net),
            "--out", "sip:edge01.%s:5061;transport=tls" % self.inner,
            "--route", "sip:room1@%s=sip:edge01.%s:5061;transport=tls;lr"
            % (self.domain, self.inner)])
        self.edge = NetEdge(merge(self.config(), self.change), self.folder,
                            self.world.spaces.prefix_of(self.space))
        doors = [5061]
        if (self.change.get("devices") or {}).get("enabled"):
            doors.append(5060)
        self.edge.start(doors)

    def _server(self, host, tool, last, more):
        chain, key = self.own_cert(host)
        words = self.world.spaces.prefix_of(self.inside) + [
            self.world.tool(tool), "--name", self.name + "-" + host,
            "--listen", self.net + last, "--cert", chain, "--key", key,
            "--ca", self.world.ca(self.name, "internal"),
            "--dump", os.path.join(self.folder, host + ".dump")]
        for domain in self.domains:
            words += ["--domain", domain]
        for user in self.world.users:
            secret = ":%s-word" % user if tool == "lab-registrar" else ""
            words += ["--user", user + secret]
        child = Child(self.name + "-" + host, self.world.folder, words + more)
        self.world.servers.append(child)
        child.wait_for("is ready", lambda: " ready\n" in child.log())
        return child

    # its people

    def outer_phone(self, user, address, *verbs, options=(), by=None):
        """A remote user, on the internet, by TLS; `by` a load balancer."""
        return self._phone(user, "net", address, [
            "--ca", self.world.ca("pub", "external"), "--outbound",
            "--proxy", self.fqdn + ":5061;transport=tls",
            "--hosts", "%s=%s" % (self.fqdn, by or self.outside),
            "--aor", "sip:%s@%s" % (user, self.domain), *options], verbs)

    def inner_phone(self, user, last, *verbs, options=(), domain=None):
        """A user at a desk, on the home itself; it shows its address in
        Call-ID, as old phones do."""
        chain, key = self.own_cert("phone")
        return self._phone(user, self.inside, self.net + last, [
            "--ca", self.world.ca(self.name, "internal"),
            "--cert", chain, "--key", key, "--call-id-host", self.net + last,
            "--proxy", "home01.%s:5061;transport=tls" % self.inner,
            "--hosts", "home01.%s=%s21" % (self.inner, self.net),
            "--aor", "sip:%s@%s" % (user, domain or self.domain), *options],
            verbs)

    def room(self, address, *verbs, options=()):
        """The video-conferencing system: TCP 5060, no registration."""
        return Phone(self.world, self.name + "-room1", "net", [
            "--aor", "sip:room1@" + self.domain, "--bind", address + ":5060",
            "--proxy", self.outside + ":5060;transport=tcp",
            "--answer-after", "50", *options], *verbs)

    def _phone(self, user, space, address, options, verbs):
        self.phones += 1
        return Phone(self.world, "%s-%s-%d" % (self.name, user, self.phones),
                     space, ["--password", user + "-word", "--bind", address,
                             "--answer-after", "50", *options], *verbs)

    def stop(self):
        """Raises when the edge did not end well."""
        self.inner_dns.stop()
        self.dns.stop()
        if self.edge and self.edge.proc:
            self.edge.stop()
