#!/usr/bin/python3
"""Behind a load balancer: the PROXY header says who is there."""

import ipaddress
import os
import re
import socket
import struct
import time

from edgelab import (OUTSIDE_FQDN, Closed, Group, Party, Stream,
                     client_context, connect_tcp, main, until)

SIGN = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL = SIGN + b"\x20\0\0\0"
ALICE, BOB = "198.51.100.7", "198.51.100.8"
SIX = "2001:db8::7"


def balancer(lab):
    return lab.block(70)


def settings(limits=None):
    def change(lab):
        return {"outside": {"proxy_from": [balancer(lab) + "/32",
                                           "203.0.113.0/28"]},
                "inside": {"networks": ["10.0.0.0/8"]},
                "limits": dict({"unauth_rate": 1000}, **(limits or {}))}
    return change


def text(source, port=4711):
    six = ":" in source
    return ("PROXY %s %s %s %d 5061\r\n"
            % ("TCP6" if six else "TCP4", source,
               "2001:db8::a" if six else "192.0.2.10", port)).encode()


def binary(source, port=4711, tlvs=b""):
    a = ipaddress.ip_address(source)
    to = ipaddress.ip_address("2001:db8::a" if a.version == 6
                              else "192.0.2.10")
    body = a.packed + to.packed + struct.pack("!HH", port, 5061) + tlvs
    return (SIGN + (b"\x21\x21" if a.version == 6 else b"\x21\x11")
            + struct.pack("!H", len(body)) + body)


def plain(lab, header=b"", to=None, source=None):
    """A connection of the balancer's, and what it says first."""
    sock = connect_tcp(to or lab.outside, source or balancer(lab))
    stream = lab.keep(Stream(sock, "balancer"))
    if header:
        stream.send(header)
    return stream


def shake(lab, sock):
    sock.settimeout(8)
    ctx = client_context(lab.pki.ca("outside"))
    return lab.keep(Stream(ctx.wrap_socket(sock, server_hostname=OUTSIDE_FQDN),
                           "user"))


def behind(lab, header, to=None):
    """A user's TLS connection by way of the balancer."""
    sock = connect_tcp(to or lab.outside, balancer(lab))
    sock.sendall(header)
    return shake(lab, sock)


def is_let_in(lab, header):
    try:
        return behind(lab, header).is_open(0.2)
    except (OSError, Closed):
        return False


usual = Group("usual", settings())


def party(lab, header, seen, to=None):
    """A registered user behind it, whose Contact is where it thinks it is."""
    name = lab.name()
    user = Party(behind(lab, header, to), "sip:%s@example.com" % name,
                 "sip:%s@%s;transport=tls" % (name, seen))
    user.register()
    return user


def user_behind(lab, header, seen, to=None):
    mark = lab.edge.mark()
    user = party(lab, header, seen, to)
    lab.edge.wait_log(r" open peer=%s .*version=TLS" % re.escape(seen), mark)
    lab.home1.call(user.aor, "MESSAGE", body=b"hello")
    user.reply(user.expect_request("MESSAGE"), 200)
    lab.home1.expect(200, "MESSAGE")


@usual.test
def a_user_behind_it_is_served_and_logged_by_its_own_address(lab):
    tlvs = b"\x04\x00\x03abc" + b"\x20\x00\x05\x07" + bytes(4)
    for header, seen in ((text(ALICE), ALICE + ":4711"),
                         (binary(ALICE), ALICE + ":4711"),
                         (binary(BOB, 40000, tlvs), BOB + ":40000"),
                         (text(SIX), "[%s]:4711" % SIX),
                         (binary(SIX), "[%s]:4711" % SIX)):
        user_behind(lab, header, seen)
    user_behind(lab, binary(ALICE, 9), ALICE + ":9", lab.users)


@usual.test
def header_and_handshake_may_come_in_one_piece_and_in_many(lab):
    stream = plain(lab)
    for b in text(ALICE):
        stream.send(bytes([b]))
        time.sleep(0.005)
    assert shake(lab, stream.sock).is_open(0.1)
    sock = connect_tcp(lab.outside, balancer(lab))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    sock.sendall(binary(ALICE))  # waits for the first flight of TLS
    assert shake(lab, sock).is_open(0.1)


@usual.test
def its_health_checks_keep_its_own_address_and_are_no_failures(lab):
    mark = lab.edge.mark()
    for header in (LOCAL, b"PROXY UNKNOWN\r\n"):
        stream = behind(lab, header)
        lab.edge.wait_log(r" open peer=%s:%d "
                          % (re.escape(balancer(lab)), stream.local[1]), mark)
    for _ in range(10):
        plain(lab).close()
    behind(lab, text(ALICE))
    assert "rule=" not in lab.edge.log(mark), lab.edge.log(mark)


@usual.test
def tls_without_a_header_is_closed(lab):
    mark = lab.edge.mark()
    try:
        shake(lab, connect_tcp(lab.outside, balancer(lab)))
        assert False, "it was let in"
    except (OSError, Closed):
        pass
    line = lab.edge.wait_log(r" handshake .*rule=proxy-header", mark)
    assert "peer=" + balancer(lab) + ":" in line, line
    assert "does not begin with a PROXY header" in line, line


@usual.test
def an_address_inside_cannot_be_named(lab):
    for source in ("10.0.0.21", "127.0.0.1", lab.home1.address,
                   "::ffff:10.0.0.21", "::1", "169.254.1.1"):
        for form in (text, binary):
            stream = plain(lab, form(source))
            stream.expect_closed()
    assert not re.search(r"peer=10\.0\.0\.21", lab.edge.log())
    user_behind(lab, text(ALICE), ALICE + ":4711")


@usual.test
def nobody_else_can_say_who_he_is(lab):
    mark = lab.edge.mark()
    source = lab.block.client()
    stream = plain(lab, text("198.51.100.99"), source=source)
    stream.expect_closed()
    line = lab.edge.wait_log(r" handshake peer=%s:.*rule=not-tls"
                             % re.escape(source), mark)
    assert "198.51.100.99" not in lab.edge.log(mark), line
    lab.registered()


@usual.test
def inside_and_at_the_device_door_nothing_is_waited_for(lab):
    cert = lab.pki.cert("home01")
    assert lab.to_inside(cert=cert, source=balancer(lab)).is_open(0.2)
    stream = plain(lab, text(lab.block(50)), lab.inside)
    stream.expect_closed()
    stream = lab.tcp(lab.device_door, balancer(lab))
    try:
        stream.send(text(lab.block(50)))
    except Closed:
        pass
    stream.expect_closed()
    lab.device()


bad = Group("bad headers", settings())


@bad.test
def bad_headers_are_closed_and_told_a_few_times_a_minute(lab):
    junk = [b"GET / HTTP/1.1\r\n\r\n", b"PROXY TCP4 a b c d\r\n",
            b"PROXY UNKNOWN" + b" " * 100, SIGN + b"\x31\x11\0\x0c",
            SIGN + b"\x21\x11\xff\xff", SIGN + b"\x21\x12\0\x0c",
            SIGN + b"\x21\x11\0\x04" + bytes(4), b"PROXY TCP4 1.2.3.4\n"]
    for bytes_ in junk:
        stream = plain(lab, bytes_)
        stream.expect_closed()
        assert not stream.record
    lines = re.findall(r" handshake .*rule=proxy-header", lab.edge.log())
    assert len(lines) == 3, lines
    user_behind(lab, text(ALICE), ALICE + ":4711")


rate = Group("rate", settings({"unauth_rate": 5}))


@rate.test
def the_rate_is_that_of_the_address_that_is_named(lab):
    mark = lab.edge.mark()
    streams = [plain(lab, text(ALICE, 1000 + i)) for i in range(20)]
    until("some are closed", lambda: sum(
        not s.is_open() for s in streams) >= 10, 3)
    assert sum(s.is_open() for s in streams) >= 5
    lab.edge.wait_log(r" refuse peer=%s:1\d+ door=tls "
                      r"rule=too-many-new-connections" % re.escape(ALICE),
                      mark)
    assert is_let_in(lab, binary(BOB))
    for _ in range(10):
        assert is_let_in(lab, LOCAL)


crowd = Group("crowd", settings({"unauth_connections": 4, "half_open": 24}))


@crowd.test
def unproven_connections_are_those_of_the_address_that_is_named(lab):
    held = [plain(lab, binary(ALICE, i)) for i in range(1, 6)]
    until("one is closed", lambda: not all(s.is_open() for s in held))
    assert sum(s.is_open(0.01) for s in held) == 4
    assert is_let_in(lab, text(BOB))
    for s in held:
        s.close()
    until("it is let in again", lambda: is_let_in(lab, text(ALICE)))


@crowd.test
def those_who_wait_for_their_header_are_bounded_over_all(lab):
    mark = lab.edge.mark()
    held = [plain(lab) for _ in range(30)]
    lab.edge.wait_log(r" refuse peer=%s:.*rule=too-many-handshakes"
                      % re.escape(balancer(lab)), mark)
    until("some are closed", lambda: sum(
        not s.is_open() for s in held) == 6)
    for s in held:
        s.close()
    until("others are let in", lambda: is_let_in(lab, text(BOB)))


hasty = Group("short deadline", settings({"handshake_s": 2}))


def cpu_s(pid):
    with open("/proc/%d/stat" % pid) as f:
        words = f.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@hasty.test
def a_header_has_no_time_of_its_own_and_a_part_of_one_costs_nothing(lab):
    mark, before = lab.edge.mark(), cpu_s(lab.edge.pid)
    part, silent = plain(lab, text(ALICE)[:20]), plain(lab)
    took = max(part.expect_closed(not_before=1.5), silent.expect_closed())
    assert took < 6, took
    assert cpu_s(lab.edge.pid) - before < 0.5, "it spins"
    line = lab.edge.wait_log(r" handshake .*rule=proxy-header", mark)
    assert "in time" in line, line


@hasty.test
def a_header_that_drips_does_not_stretch_the_handshake(lab):
    stream, began = plain(lab), time.monotonic()
    for b in text(ALICE) + bytes.fromhex("16030100ff010000fb0303") + bytes(60):
        try:
            stream.send(bytes([b]))
        except Closed:
            break
        if not stream.is_open(0.04):
            break
    took = time.monotonic() - began
    assert stream.closed and 1.5 < took < 6, took


turned = Group("reload", settings())


@turned.test
def a_reload_changes_who_balances(lab):
    config = dict(lab.edge.settings)
    config["outside"] = dict(config["outside"],
                             proxy_from=["203.0.113.0/28"])
    mark = lab.edge.mark()
    alice = party(lab, text(ALICE), ALICE + ":4711")
    lab.edge.write(config)
    lab.edge.reload()
    until("it needs no header", lambda: is_let_in(lab, b""))
    plain(lab, text(ALICE)).expect_closed()
    alice.register()
    assert "rule=needs-a-restart" not in lab.edge.log(mark)


if __name__ == "__main__":
    main("balancer", usual, bad, rate, crowd, hasty, turned)
