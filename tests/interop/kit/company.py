"""Our side of a federation: edge, lab-registrar as home, lab-ua as users.

The settings are a dictionary, so that a test can lay others over them and
have the edge read them again.
"""
import os
import sys

from .child import Child
from .phone import Phone, tool
from .place import (DESK, HOME, INSIDE, OUTSIDE, PARTNER, ROOT, THEIRS, UA,
                    Place)
from .partner import Partner
from .report import Skip
from .unbound import Unbound

sys.path.insert(0, os.path.join(ROOT, "tests", "lab"))

from edgelab.edge import Edge, merge, program  # noqa: E402
from edgelab.peers import Device, callee_dialog  # noqa: E402
from edgelab.stream import Stream, connect_tcp  # noqa: E402

PKI = [
    # Their edge's, as public authorities issue them: for servers only.
    "theirs/external/edge.partner.example/DNS:edge.partner.example/serverAuth",
    "ours/external/sip.example.com/DNS:sip.example.com,DNS:example.com",
    "ours-server/external/sip.example.com/DNS:sip.example.com/serverAuth",
    "desk/internal/desk.internal.example/DNS:desk.internal.example",
]
USERS = ("alice", "carol")


class Company:
    """example.com, and Kamailio as the edge of partner.example."""

    def __init__(self, change, workers=2):
        if not program():
            raise Skip("sip-edge is not built")
        self.place = Place()
        self.place.pki(*PKI)
        self.phones, self.users, self._count = [], [], 0
        self.names = Unbound(self.place, self._records())
        self.home = self._home()
        self.partner = Partner(self.place, "theirs")
        self.base = merge(self._settings(workers), change)
        os.makedirs(self.place.path("state"), mode=0o700)
        self.edge = Edge(self.base, self.place.folder)
        self.edge.start([(self.place.address(n), 5061)
                         for n in (OUTSIDE, INSIDE)])

    def _records(self):
        rows = ["edge.partner.example. 60 IN A "
                + self.place.address(PARTNER)]
        rows += ["_sipfederationtls._tcp.%s. 60 IN SRV 0 0 5061 "
                 "edge.partner.example." % d
                 for d in ("partner.example", "other.example")]
        return rows

    def _settings(self, workers):
        def tls(cert, ca):
            chain, key = self.place.cert(cert)
            return {"certificate": chain, "key": key,
                    "trust": self.place.ca(ca)}

        at = self.place.address
        return {
            "edge": {"state_dir": self.place.path("state"),
                     "workers": workers, "sip_domains": ["example.com"],
                     "log_level": "debug"},
            "outside": {"address": [at(OUTSIDE)], "fqdn": "sip.example.com",
                        "dns": [self.names.server],
                        "tls": tls("ours", "external")},
            "inside": {"address": [at(INSIDE)],
                       "fqdn": "edge01.internal.example",
                       "networks": [at(HOME) + "/32", at(DESK) + "/32"],
                       "trusted_servers": ["home01.internal.example"],
                       "tls": tls("edge-inside", "internal")},
            "hosts": ({"name": "home01.internal.example",
                       "address": [at(HOME)]},),
            "routing": {"home_servers": ["home01.internal.example"]},
            "federation": {"enabled": True,
                           "private_ok": [at(PARTNER) + "/32"]},
            "limits": {"target_aside_s": 1, "partner_answer_s": 3},
        }

    def _home(self):
        chain, key = self.place.cert("home01")
        words = [tool("lab-registrar"), "--name", "home01",
                 "--listen", self.place.address(HOME), "--cert", chain,
                 "--key", key, "--ca", self.place.ca("internal"),
                 "--domain", "example.com", "--record-route",
                 "--fqdn", "home01.internal.example", "--hosts",
                 "edge01.internal.example=" + self.place.address(INSIDE),
                 "--out", "sip:edge01.internal.example:5061;transport=tls;lr"]
        for user in USERS:
            words += ["--user", "%s:%s-word" % (user, user)]
        home = Child("home01", words, self.place.path("home01.log"))
        home.wait_said(r" ready$")
        return home

    def reload(self, change=None):
        """Lay change over the settings; none: as they were."""
        self.edge.write(merge(self.base, change or {}))
        mark = self.edge.mark()
        self.edge.reload()
        self.edge.wait_log(r" reloaded ", mark)

    # its people, and theirs

    def _phone(self, user, options, verbs):
        self._count += 1
        phone = Phone(self.place, "%s-%d" % (user, self._count),
                      "sip:%s@example.com" % user,
                      ["--password", user + "-word", *options], "register",
                      *verbs)
        self.phones.append(phone)
        return phone.step("register")

    def carol(self, *verbs, options=()):
        """A desk inside; her Call-IDs show her address, as in old phones."""
        chain, key = self.place.cert("desk")
        desk = self.place.address(DESK)
        return self._phone("carol", [
            "--bind", desk, "--call-id-host", desk, "--cert", chain,
            "--key", key, "--ca", self.place.ca("internal"),
            "--proxy", "home01.internal.example:5061;transport=tls",
            "--hosts", "home01.internal.example=" + self.place.address(HOME),
            *options], verbs)

    def alice(self, *verbs, options=()):
        """Somewhere outside, registered through the edge."""
        return self._phone("alice", [
            "--bind", self.place.address(UA), "--outbound",
            "--ca", self.place.ca("external"),
            "--proxy", "sip.example.com:5061;transport=tls",
            "--hosts", "sip.example.com=" + self.place.address(OUTSIDE),
            *options], verbs)

    def bob(self, domain="partner.example"):
        """A user behind Kamailio, registered there by TCP."""
        sock = connect_tcp((self.place.address(PARTNER), 5060),
                           self.place.address(THEIRS))
        bob = Device(Stream(sock, "bob"), "sip:bob@" + domain)
        self.users.append(bob)
        bob.register()
        return bob

    @staticmethod
    def _leave(user):
        """Else the next one rings beside it."""
        try:
            user.register(expires=0)
        except AssertionError:
            pass  # Kamailio is away, and has forgotten
        user.close()

    def dismiss(self):
        """The test is over: all users leave."""
        for phone in self.phones:
            phone.stop()
        for user in self.users:
            self._leave(user)
        self.phones, self.users = [], []

    def another_partner(self, cert="theirs", bare=False):
        """Kamailio starts anew, with another certificate."""
        self.partner.stop()
        self.partner = Partner(self.place, cert, bare)

    def secrets(self):
        """What nobody outside may read."""
        return ["internal", "home01", "edge01", "desk"] + [
            self.place.address(n) for n in (INSIDE, HOME, DESK)]

    def stop(self):
        """End it all; complains when the edge's end was not clean."""
        self.dismiss()
        try:
            self.edge.stop()
        finally:
            for child in (self.partner, self.home, self.names):
                child.stop()


__all__ = ["Company", "callee_dialog"]
