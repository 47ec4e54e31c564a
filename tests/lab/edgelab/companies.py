"""Other companies: their certificates, their DNS, their edges, and what our
settings say of them."""

import hashlib
import os
import subprocess

from .dns import Dns
from .peers import Party
from .pki import make
from .servers import FakeServer, server_context
from .sip import answer, fresh

# name: domain that it is an edge of, host, address, certificate names
EDGES = {
    "partner": ("partner.example", "sip.partner.example", 80,
                "DNS:sip.partner.example,DNS:partner.example"),
    "srv": ("srv.example", "edge.srv.example", 81, "DNS:edge.srv.example"),
    "uri": ("uri.example", "edge.uri.example", 82, "URI:sip:uri.example"),
    "away": ("away.example", "edge.hoster.example", 83,
             "DNS:edge.hoster.example"),
    "provider": ("one.example", "edge.provider.example", 84,
                 "DNS:edge.provider.example"),
    "direct": ("direct.example", "edge.direct.example", 85,
               "DNS:edge.direct.example"),
    "always": ("always.example", "sip.always.example", 86,
               "DNS:always.example"),
    "never": ("never.example", "sip.never.example", 87, "DNS:never.example"),
    "evil": ("evil.example", "sip.evil.example", 88, "DNS:evil.example"),
    "unknown": ("unknown.example", "sip.unknown.example", 89,
                "DNS:unknown.example"),
    "server-only": ("server.example", "sip.server.example", 90,
                    "DNS:server.example"),
    "ours": ("example.com", "sip.fake.example", 91,
             "DNS:example.com,DNS:partner.example"),
    "blocked-edge": ("behind.example", "edge.bad.example", 92,
                     "DNS:edge.bad.example,DNS:partner.example"),
}
_dns = []  # one a process: the labs of a file come one after the other
PRIVATE = ("own", "pinned", "wrong")  # signed by another authority


def _spec(name, ca="external"):
    domain, host, _, sans = EDGES.get(name, (
        name + ".example", "sip.%s.example" % name, 0,
        "DNS:%s.example" % name))
    uses = "serverAuth" if name == "server-only" else "serverAuth,clientAuth"
    return "co-%s/%s/%s/%s/%s" % (name, ca, host, sans, uses)


def _expired(directory):
    """A certificate of partner.example that ended yesterday."""
    base = os.path.join(directory, "co-expired")
    if os.path.exists(base + ".chain"):
        return
    for command in (
            "openssl ecparam -name prime256v1 -genkey -noout -out %s.key",
            "openssl req -new -key %s.key -subj /CN=partner.example"
            " -addext subjectAltName=DNS:partner.example -out %s.csr",
            "openssl x509 -req -in %s.csr -CA external-issuing.pem -CAkey"
            " external-issuing.key -set_serial 77 -days -1"
            " -copy_extensions copy -out %s.pem",
            "cat %s.pem external-issuing.pem > %s.chain"):
        done = subprocess.run(command.replace("%s", base), shell=True,
                              cwd=directory, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, done.stdout.decode()


def certificates(pki):
    """All that these companies show."""
    make(pki.dir, *[_spec(n) for n in EDGES])
    make(os.path.join(pki.root, "other"), *[_spec(n) for n in PRIVATE])
    _expired(pki.dir)


def key_print(path):
    """SHA-256 of a certificate's public key, as `pin` wants it."""
    key = subprocess.run("openssl x509 -in %s -pubkey -noout | openssl pkey"
                         " -pubin -outform der" % path, shell=True,
                         stdout=subprocess.PIPE, check=True).stdout
    return hashlib.sha256(key).hexdigest()


def settings(lab):
    """What our edge knows of them."""
    b, other = lab.block, os.path.join(lab.pki.root, "other")
    certificates(lab.pki)
    partners = [
        {"domain": d + ".example"}
        for d in ("partner", "srv", "uri", "away", "server", "wrong", "dead",
                  "loop", "inward", "mute", "slow", "nosrv", "behind",
                  "liar")]
    partners += [
        {"domain": "always.example", "verify": "always"},
        {"domain": "never.example", "verify": "never"},
        {"domain": ["one.example", "two.example"], "kind": "provider",
         "proxy": "edge.provider.example"},
        {"domain": "direct.example", "kind": "direct",
         "proxy": "edge.direct.example:5071"},
        {"domain": "own.example",
         "trust": os.path.join(other, "external-ca.crt")},
        {"domain": "pinned.example",
         "pin": [key_print(os.path.join(other, "co-pinned.pem"))]},
    ]
    return {
        "outside": {"dns": ["%s@5353" % b(53)]},
        "inside": {"networks": [b(0) + "/27"]},
        "federation": {"enabled": True, "partners": tuple(partners),
                       "blocked": ["evil.example", "edge.bad.example"],
                       "private_ok": [b(64) + "/26"]},
        "limits": {"partner_answer_s": 3},
    }


def serve_dns(lab):
    """The DNS that our edge asks about others; kept as lab.dns."""
    if not _dns:
        _dns.append(Dns(lab.block(53)))
    lab.dns = _dns[0]
    lab.dns.zone, lab.dns.asked = {}, []
    for domain, host, number, _ in EDGES.values():
        if domain not in ("example.com", "direct.example", "one.example"):
            lab.dns.edge(domain, host, lab.block(number))
    for name in ("edge.provider.example", "edge.direct.example"):
        number = next(e[2] for e in EDGES.values() if e[1] == name)
        lab.dns.add(name, "A", lab.block(number))
    for name, number in (("own", 93), ("pinned", 94), ("wrong", 95),
                         ("dead", 96), ("liar", 80)):
        lab.dns.edge(name + ".example", "sip.%s.example" % name,
                     lab.block(number))


def shown(lab, name):
    """(chain, key) of a company."""
    return lab.pki.cert("co-" + name, other=name in PRIVATE)


def company(lab, name, user="zoe", domain=None):
    """A company's edge, connected to ours; speaks for a user of its domain."""
    domain = domain or (EDGES[name][0] if name in EDGES
                        else name + ".example")
    stream = lab.tls(cert=shown(lab, name))
    return Party(stream, "sip:%s@%s" % (user, domain),
                 "sip:%s@%s;transport=tls" % (user, stream.local[0]))


class Company(FakeServer):
    """A company's edge that listens for ours; shows a certificate."""

    def __init__(self, lab, name, cert=None, number=None, port=5061):
        self.domain, self.host, at, _ = EDGES.get(name, (
            name + ".example", "sip.%s.example" % name, number, None))
        self.tag = fresh("co")
        super().__init__(name, lab.block(number or at), port, server_context(
            shown(lab, cert or name), lab.pki.ca("outside")))
        # Ours shows a certificate for servers, as public ones are.
        self.context.verify_mode = 0
        lab.keep(self.start())

    def reply(self, req, status, extra=(), route=None, **how):
        """Answer; `route` is a proxy of theirs that stays in the way."""
        raw = answer(req, status, extra=extra, to_tag=self.tag, **how)
        if route:
            raw = raw.replace(b"\r\nRecord-Route:", b"\r\nRecord-Route: %s"
                              b"\r\nRecord-Route:" % route.encode(), 1)
        req.stream.send(raw)
        return raw


__all__ = ["Company", "company", "settings", "serve_dns", "shown", "EDGES"]
