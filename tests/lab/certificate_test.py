#!/usr/bin/python3
"""What the log says of handshakes that fail: the peer, its certificate, the
rule; and that a flood of them costs few lines."""

import os
import socket
import ssl
import struct
import time

from edgelab import (INSIDE_FQDN, Closed, Group, Timeout, companies,
                     connect_tcp, main, merge, until)
from edgelab.crls import fingerprint
from edgelab.ctl import ask

ADVERSE = (ssl.SSLError, OSError, Closed, Timeout)
LIM = {"unauth_rate": 1000, "handshake_s": 3, "target_aside_s": 0}


def change(lab):
    return merge(companies.settings(lab), {
        "limits": LIM, "edge": {"control": lab.folder + "/control",
                                "log_level": "notice"}})


shakes = Group("handshakes", change, setup=companies.serve_dns)
flooded = Group("flood", {"limits": LIM}, fresh_lab=True)


def line(lab, mark, rule, *words, verb="handshake"):
    """The line of a failure: with the rule and everything else."""
    found = lab.edge.wait_log(" %s .*rule=%s " % (verb, rule), mark)
    for w in words:
        assert w in found, "no %s in %s" % (w, found)
    return found


def try_tls(lab, to=None, source=None, **how):
    """A handshake that is meant to fail."""
    try:
        lab.tls(source, to or lab.outside, **how).expect_closed()
    except ADVERSE:
        pass


def source_of(lab):
    return lab.block.client()


@shakes.test
def no_certificate_inside(lab):
    mark = lab.edge.mark()
    try_tls(lab, lab.inside, lab.block(60), name=INSIDE_FQDN,
            trust=lab.pki.ca("inside"))
    line(lab, mark, "certificate-required", "leg=inside", "by=peer",
         "peer=%s:" % lab.block(60), "names=-", 'reason="')


@shakes.test
def a_certificate_of_an_unknown_authority_inside(lab):
    mark, cert = lab.edge.mark(), lab.pki.cert("home01", other=True)
    try_tls(lab, lab.inside, lab.block(61), name=INSIDE_FQDN,
            trust=lab.pki.ca("inside"), cert=cert)
    line(lab, mark, "certificate-authority", "leg=inside",
         "names=home01.internal.example",
         "sha256=" + fingerprint(cert[0]), "peer=%s:" % lab.block(61))


@shakes.test
def a_good_certificate_of_a_name_that_is_not_listed(lab):
    mark = lab.edge.mark()
    stream = lab.to_inside(cert=lab.pki.cert("unlisted"))
    stream.send(b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TLS h;branch=z9hG4bKn"
                b"\r\nMax-Forwards: 70\r\nFrom: <sip:a@x>;tag=1\r\n"
                b"To: <sip:b@x>\r\nCall-ID: nl\r\nCSeq: 1 OPTIONS\r\n"
                b"Content-Length: 0\r\n\r\n")
    lab.edge.wait_log("rule=not-a-trusted-server", mark)


@shakes.test
def an_expired_certificate_of_a_partner_proves_nothing(lab):
    mark = lab.edge.mark()
    base = os.path.join(lab.pki.dir, "co-expired")
    stream = lab.tls(cert=(base + ".chain", base + ".key"))
    assert stream.is_open()
    line(lab, mark, "certificate-expired", "leg=outside",
         "names=partner.example", "sha256=" + fingerprint(base + ".pem"),
         verb="certificate")


@shakes.test
def an_old_version_and_an_old_cipher(lab):
    mark = lab.edge.mark()
    try_tls(lab, low=ssl.TLSVersion.TLSv1_1, high=ssl.TLSVersion.TLSv1_1)
    line(lab, mark, "handshake-version", "leg=outside")
    mark = lab.edge.mark()
    try_tls(lab, high=ssl.TLSVersion.TLSv1_2, ciphers="AES128-SHA")
    line(lab, mark, "handshake-cipher", "leg=outside")


def say(lab, text, to=None):
    sock = connect_tcp(to or lab.outside, source_of(lab))
    sock.sendall(text)
    return sock


@shakes.test
def what_is_not_tls_at_all(lab):
    for text in (b"OPTIONS sip:example.com SIP/2.0\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"):
        mark = lab.edge.mark()
        sock = say(lab, text)
        line(lab, mark, "not-tls", "peer=%s:%d" % sock.getsockname()[:2])
        sock.close()


@shakes.test
def a_client_that_does_not_believe_us(lab):
    mark = lab.edge.mark()
    try_tls(lab, trust=lab.pki.ca("inside"))
    line(lab, mark, "peer-refused-certificate", 'alert="unknown CA"',
         "leg=outside", "by=peer")


@shakes.test
def a_client_that_hangs_up_resets_or_says_nothing(lab):
    mark = lab.edge.mark()
    say(lab, b"\x16\x03\x01").close()
    line(lab, mark, "peer-closed")
    mark = lab.edge.mark()
    sock = say(lab, b"\x16\x03\x01")
    time.sleep(0.1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()
    line(lab, mark, "peer-closed")
    mark = lab.edge.mark()
    sock = say(lab, b"\x16\x03\x01")
    line(lab, mark, "handshake-deadline")
    sock.close()


@shakes.test
def a_server_of_ours_that_we_do_not_believe(lab):
    other = lab.pki.cert("home01", other=True)
    mark = lab.edge.mark()
    lab.director.homes = [("home01", "1.0")]
    lab.home1.context.load_cert_chain(*other)
    lab.home1.drop()
    try:
        lab.user().register(status=None)
        line(lab, mark, "certificate-authority", "leg=inside", "by=us",
             "peer=%s:5061" % lab.block(4), "names=home01.internal.example",
             "sha256=" + fingerprint(other[0]))
    finally:
        lab.home1.context.load_cert_chain(*lab.home1.cert)


@shakes.test
def failures_are_counted(lab):
    before = ask(lab, "counters")[1]["counters"]["handshakes_failed"]
    for _ in range(5):
        say(lab, b"garbage\r\n\r\n").close()
    until("they are counted", lambda: ask(lab, "counters")[1]["counters"]
          ["handshakes_failed"] >= before + 5)


@flooded.test
def a_flood_of_one_peer_is_three_lines_and_a_sum(lab):
    source = source_of(lab)
    for _ in range(60):
        sock = connect_tcp(lab.outside, source)
        sock.sendall(b"garbage\r\n\r\n")
        try:
            sock.recv(100)
        except OSError:
            pass
        sock.close()
    other = source_of(lab)
    connect_tcp(lab.outside, other).sendall(b"garbage\r\n\r\n")
    lab.edge.wait_log("handshake peer=%s:" % other)
    assert lab.edge.log().count("handshake peer=%s:" % source) == 3
    lab.edge.stop()
    assert "handshakes peer=%s:" % source in lab.edge.log()
    found = lab.edge.wait_log("handshakes peer=%s:" % source)
    assert "suppressed=57 within_s=60 last=not-tls" in found, found
    lab.edge.start(lab.ports())  # for the runner, that stops it


if __name__ == "__main__":
    main("certificate", shakes, flooded)
