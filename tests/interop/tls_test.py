#!/usr/bin/python3
"""openssl s_client at every door: versions, ciphers, certificates, tickets.

Each refusal is asked for with a client that could do what is refused, and
must come as the server's alert, so that a client's own limit proves nothing.
"""
import sys

from kit import edge
from kit.place import INSIDE, OUTSIDE, Place
from kit.report import Report, check, need
from kit.sclient import connect

OLD = ["-cipher", "ALL:@SECLEVEL=0"]
AEAD_12 = ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
           "ECDHE-ECDSA-CHACHA20-POLY1305"]
AEAD_13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
           "TLS_CHACHA20_POLY1305_SHA256"]
NOT_AEAD = ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA",
            "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384",
            "ECDHE-ECDSA-CAMELLIA128-SHA256", "AES128-SHA", "AES128-GCM-SHA256",
            "ECDHE-ECDSA-NULL-SHA", "AECDH-AES128-SHA", "ADH-AES128-SHA"]
PING, PONG = b"\r\n\r\n", "\r\n"  # RFC 5626 section 4.4.1


class Doors:
    """The edge alone, with nobody behind it."""

    def __init__(self):
        need("openssl")
        if not edge.program():
            raise RuntimeError("sip-edge is not built")
        self.place = Place()
        self.place.pki()
        self.edge = edge.Edge(self.place)

    def outside(self, *args, port=5061, **options):
        return connect(self.place.address(OUTSIDE), port, "-CAfile",
                       self.place.ca("external"), *args, **options)

    def inside(self, *args, cert="home01", **options):
        shown = self.shown(cert) if cert else []
        return connect(self.place.address(INSIDE), 5061, "-CAfile",
                       self.place.ca("internal"), *shown, *args, **options)

    def shown(self, name):
        """Arguments that show a certificate of the lab PKI."""
        chain, key = self.place.cert(name)
        return ["-cert", chain, "-cert_chain", chain, "-key", key]

    def each(self, *args):
        """The same at the outside doors and the inside one."""
        yield "5061 outside", self.outside(*args)
        yield "users' port", self.outside(*args, port=edge.USERS_PORT)
        yield "5061 inside", self.inside(*args)


def old_versions_are_refused(doors):
    for version in ("-tls1", "-tls1_1"):
        for door, s in doors.each(version, *OLD):
            check(not s.up, "%s took %s" % (door, version))
            check(s.has("alert protocol version"), "%s: %s: %s"
                  % (door, version, s.why()))


def new_versions_work(doors):
    for version, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        for door, s in doors.each(version):
            check(s.up and s.has("New, " + name), "%s: %s: %s"
                  % (door, version, s.why()))


def aead_ciphers_work(doors):
    for cipher in AEAD_12:
        for door, s in doors.each("-tls1_2", "-cipher", cipher):
            check(s.has("Cipher is " + cipher), "%s: %s: %s"
                  % (door, cipher, s.why()))
    for cipher in AEAD_13:
        for door, s in doors.each("-tls1_3", "-ciphersuites", cipher):
            check(s.has("Cipher is " + cipher), "%s: %s: %s"
                  % (door, cipher, s.why()))


def other_ciphers_are_refused(doors):
    for cipher in NOT_AEAD:
        for door, s in doors.each("-tls1_2", "-cipher",
                                  cipher + ":@SECLEVEL=0"):
            check(not s.up, "%s took %s" % (door, cipher))
            check(s.has("alert handshake failure"), "%s: %s: %s"
                  % (door, cipher, s.why()))


def chain_is_served_and_fits(doors):
    for port in (5061, edge.USERS_PORT):
        s = doors.outside("-showcerts", "-verify_return_error",
                          "-verify_hostname", "sip.example.com",
                          "-x509_strict", "-servername", "sip.example.com",
                          port=port)
        check(s.has("Verify return code: 0 (ok)"), "%d: %s" % (port, s.why()))
        check(s.certificates() == 2, "%d: %d certificates served, not leaf "
              "and intermediate" % (port, s.certificates()))
        check("sip-edge lab internal" not in s.text,
              "the internal authority is shown outside")


def inside_name_fits(doors):
    s = doors.inside("-verify_return_error", "-verify_hostname",
                     "edge01.internal.example")
    check(s.has("Verify return code: 0 (ok)"), s.why())


def outside_asks_but_needs_none(doors):
    for version in ("-tls1_2", "-tls1_3"):
        s = doors.outside(version, send=PING, until=PONG)
        check(s.up and not s.closed, "without a certificate: " + s.why())
        for name in ("partner", "home01", "unlisted"):
            s = doors.outside(version, *doors.shown(name), send=PING,
                              until=PONG)
            check(s.up and not s.closed, "%s: %s" % (name, s.why()))


def inside_needs_one(doors):
    for version in ("-tls1_2", "-tls1_3"):
        s = doors.inside(version, cert=None, send=PING, until="alert")
        check(s.has("alert handshake failure", "alert certificate required"),
              version + ": " + s.why())


def inside_refuses_another_authority(doors):
    for version in ("-tls1_2", "-tls1_3"):
        s = doors.inside(version, cert="partner", send=PING, until="alert")
        check(s.has("alert unknown ca", "alert bad certificate"),
              version + ": " + s.why())


def inside_knows_the_listed(doors):
    s = doors.inside(send=PING, until=PONG, seconds=2)
    check(s.up and not s.closed, s.why())


OPTIONS = ("OPTIONS sip:room1@example.com SIP/2.0\n"
           "Via: SIP/2.0/TLS unlisted.internal.example;branch=z9hG4bKx\n"
           "Max-Forwards: 70\nFrom: <sip:a@example.com>;tag=1\n"
           "To: <sip:room1@example.com>\nCall-ID: tls-test\n"
           "CSeq: 1 OPTIONS\nContent-Length: 0\n\n")


def inside_serves_no_unlisted_name(doors):
    """A good certificate of the right authority is not enough."""
    s = doors.inside("-crlf", cert="unlisted", send=OPTIONS.encode(),
                     until="SIP/2.0 ", seconds=5)
    check(s.closed or s.has("SIP/2.0 403"), "neither closed nor 403: "
          + s.text[-80:])


def renegotiation_is_refused(doors):
    for door, connected in (("outside", doors.outside),
                            ("inside", doors.inside)):
        s = connected("-tls1_2", send=b"R\n", until="rror:", seconds=5)
        check(s.has("RENEGOTIATING"), "%s: s_client did not ask" % door)
        check(s.has("no renegotiation") or s.closed,
              "%s: renegotiated: %s" % (door, s.why()))


def early_data_is_refused(doors):
    ticket = doors.place.path("early.session")
    data = doors.place.write("early.data", OPTIONS)
    doors.outside("-tls1_3", "-sess_out", ticket, send=PING,
                  until="Max Early Data", seconds=3)
    s = doors.outside("-tls1_3", "-sess_in", ticket, "-early_data", data)
    check(not s.has("Early data was accepted"), "early data was taken")
    check(s.has("Early data was not sent", "Early data was rejected"),
          s.why())


def _ticket(doors, version, port):
    path = doors.place.path("door-%s-%d.session" % (version, port))
    until = "TLS session ticket" if version == "-tls1_3" else "Verify return"
    doors.outside(version, "-sess_out", path, port=port, send=PING,
                  until=until, seconds=3)
    return path


def ticket_stays_at_its_door(doors):
    users = edge.USERS_PORT
    for version in ("-tls1_2", "-tls1_3"):
        ticket = _ticket(doors, version, users)
        own = doors.outside(version, "-sess_in", ticket, port=users)
        check(own.has("Reused, "), "%s: no resumption at its own door, so "
              "the others prove nothing: %s" % (version, own.why()))
        other = doors.outside(version, "-sess_in", ticket)
        check(not other.has("Reused, "), version + ": taken at 5061 outside")
        inner = doors.inside(version, "-sess_in", ticket)
        check(not inner.has("Reused, "), version + ": taken inside")
        bare = doors.inside(version, "-sess_in", ticket, cert=None,
                            send=PING, until="alert")
        check(bare.has("alert"), version + ": a ticket stood for a "
              "certificate inside")


def plain_sip_is_closed(doors):
    """Plain SIP at a TLS door gets no SIP back, and the next one is fine."""
    import socket
    with socket.create_connection((doors.place.address(OUTSIDE), 5061),
                                  5) as s:
        s.sendall(OPTIONS.replace("\n", "\r\n").encode())
        got = b""
        while True:
            more = s.recv(4096)
            if not more:
                break
            got += more
    check(b"SIP/2.0" not in got, "answered in plain SIP")
    check(doors.outside().up, "the next connection failed")


TESTS = [
    ("TLS 1.0 and 1.1 are refused at each door", old_versions_are_refused),
    ("TLS 1.2 and 1.3 work at each door", new_versions_work),
    ("each AEAD cipher works at each door", aead_ciphers_work),
    ("other ciphers are refused at each door", other_ciphers_are_refused),
    ("the full chain is served and fits the name", chain_is_served_and_fits),
    ("the inside certificate fits its name", inside_name_fits),
    ("outside takes any or no client certificate",
     outside_asks_but_needs_none),
    ("inside takes nobody without a certificate", inside_needs_one),
    ("inside takes no certificate of another authority",
     inside_refuses_another_authority),
    ("inside takes a listed server", inside_knows_the_listed),
    ("inside serves no name that is not listed",
     inside_serves_no_unlisted_name),
    ("renegotiation is refused", renegotiation_is_refused),
    ("early data is refused", early_data_is_refused),
    ("a session ticket stays at its door", ticket_stays_at_its_door),
    ("plain SIP at a TLS door is closed", plain_sip_is_closed),
]


def main():
    report = Report("tls")
    try:
        doors = Doors()
    except Exception as why:
        report.all_fail([name for name, _ in TESTS], why)
        report.finish()
    for name, test in TESTS:
        report.run(name, test, doors)
    report.run("the edge ends cleanly", doors.edge.stop)
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
