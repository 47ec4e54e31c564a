#!/usr/bin/python3
"""certbot, an ACME test server (pebble) and the deploy hook of config/.

certbot asks for a certificate, proves the name by http, and runs the hook; the
edge that runs shows the new certificate on its next handshake and keeps the
connection that it had. A certificate that is not the edge's is not installed.
"""
import json
import os
import re
import ssl
import socket
import subprocess
import sys
import urllib.request

from kit import edge
from kit.child import Child, wait_until
from kit.place import OUTSIDE, ROOT, Place
from kit.report import Report, check, need

ACME, MANAGE, HTTP, TLS_ALPN, DNS, DNS_MANAGE = (14000, 15000, 5002, 5001,
                                                 8053, 8055)
AUTHORITY, CHALLENGES, NAMES_AT = 70, 71, 72
NAME = "sip.example.com"
# Authorities sort names; this one comes first then, and must not matter.
SECOND = "sip.another.example"
PING, PONG = b"\r\n\r\n", b"\r\n"  # RFC 5626 section 4.4.1


def tool():
    """edgectl beside the edge that is tested."""
    build = os.path.dirname(os.path.dirname(edge.program()))
    return os.path.join(build, "tools", "edgectl")


class Acme:
    """pebble, its names, and an edge with the certificate of the lab."""

    def __init__(self):
        need("pebble", "pebble-challtestsrv", "certbot", "openssl")
        if not edge.program():
            raise RuntimeError("sip-edge is not built")
        self.place = Place()
        at = self.place.address
        self.place.pki("pebble/external/localhost/IP:%s/serverAuth"
                       % at(AUTHORITY))
        self.names = self._names()
        self.authority = self._authority()
        self._trust_it()
        self.config = self._settings()
        self.edge = Child("sip-edge", [edge.program(), self.config],
                          self.place.path("edge.log"))
        self.edge.wait_port(at(OUTSIDE), 5061)

    def _names(self):
        """All names lie at the address where certbot answers."""
        at = self.place.address
        names = Child("pebble-challtestsrv", [
            "pebble-challtestsrv", "-defaultIPv6", "",
            "-defaultIPv4", at(CHALLENGES), "-http01", "", "-https01", "",
            "-tlsalpn01", "", "-dns01", "%s:%d" % (at(NAMES_AT), DNS),
            "-management", "%s:%d" % (at(NAMES_AT), DNS_MANAGE)],
            self.place.path("names.log"))
        names.wait_port(at(NAMES_AT), DNS)
        return names

    def _authority(self):
        at = self.place.address
        chain, key = self.place.cert("pebble")
        config = self.place.write("pebble.json", json.dumps({"pebble": {
            "listenAddress": "%s:%d" % (at(AUTHORITY), ACME),
            "managementListenAddress": "%s:%d" % (at(AUTHORITY), MANAGE),
            "certificate": chain, "privateKey": key,
            "httpPort": HTTP, "tlsPort": TLS_ALPN}}))
        pebble = Child("pebble", [
            "pebble", "-config", config, "-strict=false", "-dnsserver",
            "%s:%d" % (at(NAMES_AT), DNS)], self.place.path("pebble.log"),
            {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"})
        pebble.wait_port(at(AUTHORITY), ACME)
        return pebble

    def _trust_it(self):
        """Its root is another one at each start; clients outside have it."""
        context = ssl.create_default_context(cafile=self.place.ca("external"))
        with urllib.request.urlopen("https://%s:%d/roots/0" % (
                self.place.address(AUTHORITY), MANAGE),
                context=context, timeout=30) as answer:
            self.root = self.place.write("root.pem", answer.read().decode())
        with open(self.place.ca("external"), encoding="utf-8") as f, \
                open(self.root, encoding="utf-8") as g:
            self.trust = self.place.write("trust.pem", f.read() + g.read())

    def _settings(self):
        """The certificate lies where an operator would have put it."""
        os.makedirs(self.place.path("state"), mode=0o700, exist_ok=True)
        chain, key = self.place.cert("edge-outside")
        for source, name, mode in ((chain, "outside.chain", 0o644),
                                   (key, "outside.key", 0o600)):
            with open(source, encoding="utf-8") as f:
                os.chmod(self.place.write("etc/" + name, f.read()), mode)
        text = edge.config(self.place)
        for old, new in (
                ("pki/edge-outside.chain", "etc/outside.chain"),
                ("pki/edge-outside.key", "etc/outside.key"),
                ("pki/external-ca.crt", "trust.pem"),
                ('"example.org"', '"another.example"'),
                ('log_level   = "debug";', 'log_level   = "debug";\n'
                 '  control     = "%s";' % self.place.path("control"))):
            check(old in text, "the settings have no " + old)
            text = text.replace(old, new)
        path = self.place.write("etc/edge.cfg", text)
        os.chmod(path, 0o640)
        return path

    def certbot(self, *words):
        """Run it in folders of its own; (status, all that it said)."""
        folder = self.place.path("certbot")
        env = dict(os.environ, REQUESTS_CA_BUNDLE=self.place.ca("external"),
                   SIP_EDGE_CONFIG=self.config, EDGECTL=tool())
        done = subprocess.run([
            "certbot", *words, "--non-interactive", "--config-dir",
            folder + "/etc", "--work-dir", folder + "/work", "--logs-dir",
            folder + "/logs", "--server", "https://%s:%d/dir" % (
                self.place.address(AUTHORITY), ACME)],
            env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=120, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def order(self, *names):
        """A certificate for names, by http-01, with the hook."""
        words = [w for n in names for w in ("-d", n)]
        return self.certbot(
            "certonly", "--standalone", "--http-01-address",
            self.place.address(CHALLENGES), "--http-01-port", str(HTTP),
            "--agree-tos", "--register-unsafely-without-email",
            "--deploy-hook", os.path.join(ROOT, "config/deploy-hook"),
            *words)

    def hook(self, lineage, **more):
        """Run the hook as certbot does; (status, all that it said)."""
        env = dict(os.environ, SIP_EDGE_CONFIG=self.config, EDGECTL=tool(),
                   RENEWED_LINEAGE=lineage, **more)
        done = subprocess.run([os.path.join(ROOT, "config/deploy-hook")],
                              env=env, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60,
                              check=False)
        return done.returncode, done.stdout

    def lineage(self, name=NAME):
        return self.place.path("certbot/etc/live", name)

    def connect(self):
        """A TLS connection to the edge, its certificate believed."""
        context = ssl.create_default_context(cafile=self.trust)
        raw = socket.create_connection((self.place.address(OUTSIDE), 5061), 5)
        return context.wrap_socket(raw, server_hostname=NAME)

    def shown(self):
        """What a new handshake is shown, in DER."""
        with self.connect() as s:
            return s.getpeercert(True)

    def on_disk(self, path):
        with open(path, encoding="utf-8") as f:
            pem = f.read()
        return ssl.PEM_cert_to_DER_cert(
            re.search("-----BEGIN.*?-----END CERTIFICATE-----", pem,
                      re.S).group(0))


def answers(s):
    """Does the connection still live?"""
    s.settimeout(20)
    s.sendall(PING)
    return s.recv(2) == PONG


def first_certificate(acme):
    before = acme.shown()
    old = acme.connect()
    status, said = acme.order(NAME, SECOND)
    check(status == 0, said)
    check("error" not in said.lower() and "installed" in said, said)
    now = acme.on_disk(acme.lineage() + "/cert.pem")
    check(now != before, "no new certificate")
    check(acme.on_disk(acme.place.path("etc/outside.chain")) == now,
          "it is not where the settings look: " + said)
    check(acme.shown() == now, "the next handshake shows another one")
    check(old.getpeercert(True) == before and answers(old),
          "the old connection did not stay")
    old.close()


def renewal(acme):
    before = acme.shown()
    status, said = acme.certbot("renew", "--force-renewal",
                                "--no-random-sleep-on-renew")
    check(status == 0 and "error" not in said.lower(), said)
    check(acme.shown() != before, "still the old one: " + said)
    check(acme.shown() == acme.on_disk(acme.lineage() + "/cert.pem"), said)
    pairs = acme.place.path("etc/outside.key.pairs")
    check(len(os.listdir(pairs)) == 4, "kept: %s" % os.listdir(pairs))


def again_changes_nothing(acme):
    pairs = acme.place.path("etc/outside.key.pairs")
    before = sorted(os.listdir(pairs)), os.readlink(pairs + "/current")
    status, said = acme.hook(acme.lineage())
    check(status == 0 and "has it already" in said, said)
    check((sorted(os.listdir(pairs)), os.readlink(pairs + "/current"))
          == before, "the second run changed something")


def another_lineage_is_passed_over(acme):
    status, said = acme.hook("/nowhere/www.example.com",
                             SIP_EDGE_LINEAGE=NAME)
    check(status == 0 and not said, said)
    status, said = acme.hook("/nowhere/" + NAME, SIP_EDGE_LINEAGE=NAME)
    check(status != 0 and "/nowhere" in said, said)


def wrong_name_is_refused(acme):
    before = acme.shown()
    chain = acme.place.path("etc/outside.chain")
    there = acme.on_disk(chain)
    for names in (["www.example.com"], [SECOND]):
        status, said = acme.order(*names)
        check("refused" in said and "error" in said, said)
        status, said = acme.hook(acme.lineage(names[0]))
        check(status == 1, "status %d: %s" % (status, said))
    check(acme.on_disk(chain) == there, "it was installed")
    check(acme.shown() == before, "it is shown")


def fails_loudly_without_an_edge(acme):
    check(acme.edge.stop(40) == 0, "the edge: " + acme.edge.tail())
    status, said = acme.hook(acme.lineage())
    check(status == 2 and "is the edge running" in said, said)


TESTS = [
    ("a running edge shows the new certificate, its connections stay",
     first_certificate),
    ("a renewal is taken as well, the old pairs are kept", renewal),
    ("the hook run again changes nothing", again_changes_nothing),
    ("the hook passes over other certificates of this machine",
     another_lineage_is_passed_over),
    ("a certificate for another name is refused, the old one stays",
     wrong_name_is_refused),
    ("the hook fails loudly when no edge runs",
     fails_loudly_without_an_edge),
]


def main():
    report = Report("acme")
    try:
        acme = Acme()
    except Exception as why:
        report.all_fail([name for name, _ in TESTS], why)
        report.finish()
    for name, test in TESTS:
        report.run(name, test, acme)
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
