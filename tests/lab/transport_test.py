#!/usr/bin/python3
"""Doors, TLS, legs and what a broken or greedy peer meets there."""

import ssl
import time

from edgelab import (INSIDE_FQDN, Closed, Group, Timeout, answer, free_port,
                     listens, main, server_context, until)

V11, V12, V13 = (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2,
                 ssl.TLSVersion.TLSv1_3)
plain = Group("plain")
ADVERSE = (ssl.SSLError, OSError, Closed)


def tls_fails(connect, **how):
    """The handshake fails, at the latest when the first byte is read: a
    TLS 1.3 client is done before the server has seen its certificate."""
    try:
        stream = connect(**how)
    except (ssl.SSLError, ConnectionError):
        return True
    return stream.expect_closed() >= 0


def doors(lab):
    """(name, connect) of the TLS doors."""
    home = lab.pki.cert("home01")
    return [("outside", lambda **how: lab.tls(**how)),
            ("users", lambda **how: lab.tls(to=lab.users, **how)),
            ("inside", lambda **how: lab.to_inside(cert=home, **how))]


@plain.test
def each_door_is_open_and_serves(lab):
    for to in (lab.outside, lab.users):
        user = lab.user(to=to)
        user.register()
    resp = ask_edge(lab.to_inside(cert=lab.pki.cert("home01")))
    assert resp.status == 200, resp.start
    room = lab.device()
    room.ask("OPTIONS", "sip:sip.example.com", 200)


def ask_edge(stream):
    """OPTIONS for the edge itself; the answer."""
    stream.send(options(stream.local))
    return stream.receive(lambda m: m.method == "OPTIONS", what="OPTIONS")


def options(local, uri="sip:" + INSIDE_FQDN, branch="z9hG4bKdoor",
            via="TLS"):
    return ("OPTIONS %s SIP/2.0\r\nVia: SIP/2.0/%s %s:%d;branch=%s\r\n"
            "Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=1\r\n"
            "To: <%s>\r\nCall-ID: door%s\r\nCSeq: 1 OPTIONS\r\n"
            "Content-Length: 0\r\n\r\n"
            % (uri, via, *local, branch, uri, branch)).encode()


@plain.test
def tls_1_2_and_1_3_are_spoken_at_each_door(lab):
    for name, connect in doors(lab):
        for version, word in ((V12, "TLSv1.2"), (V13, "TLSv1.3")):
            stream = connect(low=version, high=version)
            assert stream.sock.version() == word, name
            assert stream.is_open(), name


@plain.test
def tls_1_1_is_refused_at_each_door(lab):
    for name, connect in doors(lab):
        assert tls_fails(connect, low=ssl.TLSVersion.TLSv1, high=V11,
                         ciphers="ALL:@SECLEVEL=0"), name


@plain.test
def a_suite_without_aead_is_refused_at_each_door(lab):
    for name, connect in doors(lab):
        for suite in ("ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA",
                      "AES256-SHA256", "AES128-GCM-SHA256"):
            assert tls_fails(connect, low=V12, high=V12, ciphers=suite), \
                "%s took %s" % (name, suite)


@plain.test
def each_aead_suite_is_taken(lab):
    for suite in ("ECDHE-ECDSA-AES128-GCM-SHA256",
                  "ECDHE-ECDSA-AES256-GCM-SHA384",
                  "ECDHE-ECDSA-CHACHA20-POLY1305"):
        stream = lab.tls(low=V12, high=V12, ciphers=suite)
        assert stream.sock.cipher()[0] == suite


@plain.test
def the_full_chain_is_served(lab):
    """The client trusts the root alone, and the leaf hangs on another."""
    stream = lab.tls(trust=lab.pki.ca("outside"))
    issuer = dict(x[0] for x in stream.sock.getpeercert()["issuer"])
    assert "issuing" in issuer["commonName"], issuer


@plain.test
def outside_works_with_and_without_a_client_certificate(lab):
    for cert in (None, lab.pki.cert("partner"), lab.pki.cert("user"),
                 lab.pki.cert("partner", other=True),
                 lab.pki.cert("home01")):
        lab.registered(cert=cert)


@plain.test
def a_certificate_of_ours_shown_outside_makes_no_server_of_its_owner(lab):
    user = lab.user(cert=lab.pki.cert("home01"))
    lab.refused(user, user.make("OPTIONS", "sip:bob@example.com"))


@plain.test
def inside_refuses_who_shows_no_certificate(lab):
    assert tls_fails(lab.to_inside)
    assert tls_fails(lab.to_inside, low=V12, high=V12)


@plain.test
def inside_refuses_a_certificate_of_another_authority(lab):
    for cert in (lab.pki.cert("home01", other=True),
                 lab.pki.cert("partner")):
        assert tls_fails(lab.to_inside, cert=cert)


@plain.test
def inside_refuses_a_name_that_is_not_listed(lab):
    for name in ("unlisted", "wild"):
        before = lab.inside_counts()
        try:
            stream = lab.to_inside(cert=lab.pki.cert(name))
            stream.send(options(stream.local, "sip:x@example.com"))
            resp = stream.receive(lambda m: m.status, what="403")
            assert resp.status == 403, resp.start
        except ADVERSE:
            pass
        lab.no_connection_inside(before)
    lab.edge.wait_log("unlisted|not-a-trusted-server")


@plain.test
def inside_takes_a_certificate_that_has_only_a_common_name(lab):
    resp = ask_edge(lab.to_inside(cert=lab.pki.cert("cn-only")))
    assert resp.status == 200, resp.start


@plain.test
def no_inside_name_is_shown_to_a_client_that_asks_for_one(lab):
    ctx_name = "home01.internal.example"
    try:
        lab.tls(name=ctx_name)
        assert False, "the outside door proved an inside name"
    except ssl.SSLCertVerificationError as e:
        assert "mismatch" in str(e), e


@plain.test
def connections_leave_by_their_own_legs_address(lab):
    listener = lab.device_listener()
    lab.registered()
    sources = {a[0] for s in lab.servers for a in s.accepted}
    assert sources <= {lab.inside[0]}, sources
    lab.home1.call("sip:room1@example.com")
    invite = listener.expect_request("INVITE")
    assert {a[0] for a in listener.accepted} == {lab.outside[0]}
    listener.auto["ACK"] = lambda m: None
    invite.stream.send(answer(invite, 486))
    lab.home1.expect(486)


@plain.test
def plain_sip_on_a_tls_port_gets_a_close_and_nobody_else_notices(lab):
    alice = lab.registered()
    for to in (lab.outside, lab.users, lab.inside):
        stream = lab.tcp(to, source=lab.block(61))
        stream.send(options(stream.local, via="TCP"))
        stream.expect_closed()
        assert not stream.record, stream.record
    alice.register()


@plain.test
def garbage_inside_tls_is_closed(lab):
    alice = lab.registered()
    stun = bytes.fromhex("000100002112a442") + b"0123456789ab"
    for junk in (stun, b"\0" * 64, b"\x16\x03\x01\x02\x00" + b"x" * 90,
                 b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"):
        stream = lab.tls()
        stream.send(junk)
        stream.expect_closed()
    alice.register()


@plain.test
def a_double_crlf_is_answered_by_one_on_tls_and_on_tcp(lab):
    for stream in (lab.tls(), lab.registered().stream, lab.device().stream):
        stream.send(b"\r\n\r\n")
        stream.expect_pong(1)
        stream.send(b"\r\n")
        stream.send(b"\r\n")
        stream.expect_pong(2)


@plain.test
def a_ping_between_messages_disturbs_none(lab):
    alice = lab.user()
    alice.send(b"\r\n\r\n" + alice.register_bytes() + b"\r\n\r\n")
    alice.expect(200, "REGISTER")
    alice.stream.expect_pong(2)


@plain.test
def the_device_door_closes_on_an_unenrolled_address_unread(lab):
    mark = lab.edge.mark()
    stream = lab.tcp(lab.device_door, lab.block(77))
    try:
        stream.send(options(stream.local, via="TCP"))
    except Closed:
        pass
    stream.expect_closed()
    assert not stream.record, "it was answered: %r" % stream.record
    lab.edge.wait_log(lab.block(77).replace(".", r"\."), mark)


@plain.test
def a_server_that_proves_another_name_is_passed_over(lab):
    chain = lab.pki.cert("unlisted")
    right = lab.home1.context
    lab.home1.stop()
    lab.home1.context = server_context(chain, lab.pki.ca("inside"))
    lab.home1.start()
    mark = lab.edge.mark()
    try:
        alice = lab.user()
        alice.register()
        assert lab.home2.got("REGISTER") and not lab.home1.got("REGISTER")
        lab.edge.wait_log("home01.*name|name.*home01|unlisted", mark)
    finally:
        lab.home1.stop()
        lab.home1.context = right
        lab.home1.start()


@plain.test
def a_server_of_another_authority_is_never_spoken_to(lab):
    saved = [s.context for s in (lab.home1, lab.home2)]
    bad = server_context(lab.pki.cert("home01", other=True),
                         lab.pki.ca("inside"))
    for s in (lab.home1, lab.home2):
        s.stop()
        s.context = bad
        s.start()
    try:
        alice = lab.user()
        resp = alice.register(None)
        assert resp.status >= 500, resp.start
        assert not lab.home1.messages and not lab.home2.messages
    finally:
        for s, ctx in zip((lab.home1, lab.home2), saved):
            s.stop()
            s.context = ctx
            s.start()


hasty = Group("short deadlines", {"limits": {
    "handshake_s": 2, "header_s": 1, "body_s": 1, "first_request_s": 3,
    "unauth_rate": 1000}})


@hasty.test
def a_silent_handshake_ends_at_its_deadline(lab):
    for to in (lab.outside, lab.users, lab.inside):
        lab.tcp(to, lab.block(61)).expect_closed(6, 1.6)


@hasty.test
def bytes_do_not_stretch_the_handshake_deadline(lab):
    stream = lab.tcp(lab.outside)
    hello = bytes.fromhex("16030100ff010000fb0303") + b"r" * 60
    took = drip(stream, hello, 0.15)
    assert 1.6 < took < 6, took


def drip(stream, data, step):
    """A byte each step until the edge closes; the seconds it took."""
    began = time.monotonic()
    for b in data:
        try:
            stream.send(bytes([b]))
        except Closed:
            break
        if not stream.is_open(step):
            break
        assert time.monotonic() - began < 8, "still open"
    assert stream.closed, "still open after all bytes"
    return time.monotonic() - began


@hasty.test
def a_header_that_drips_ends_at_its_deadline(lab):
    alice = lab.registered()
    took = drip(alice.stream, alice.make("MESSAGE", "sip:b@example.com"), 0.1)
    assert 0.8 < took < 6, took


@hasty.test
def a_body_that_drips_ends_at_its_deadline(lab):
    alice = lab.registered()
    raw = alice.make("MESSAGE", "sip:b@example.com", body=b"x" * 200)
    alice.send(raw[:-190])
    took = drip(alice.stream, raw[-190:], 0.1)
    assert 0.8 < took < 6, took
    assert not lab.home1.got("MESSAGE")


@hasty.test
def who_asks_nothing_valid_is_closed_and_pings_do_not_help(lab):
    silent, pinging = lab.tls(), lab.tls()
    alice = lab.registered()
    took = drip(pinging, b"\r\n\r\n" * 30, 0.2)
    assert 2.5 < took < 6, took
    silent.expect_closed()
    assert alice.stream.is_open(), "a registered flow was closed"
    alice.register()


crowd = Group("crowd", {"limits": {"unauth_rate": 1000}})


@crowd.test
def the_65th_unproven_connection_of_an_address_is_refused(lab):
    source = lab.block.client()
    alice = lab.registered(source=source)
    held = [lab.tcp(lab.outside, source) for _ in range(65)]
    # Two workers accept side by side, so any of them may be the one.
    until("one is closed", lambda: not all(s.is_open() for s in held))
    assert sum(s.is_open(0.01) for s in held) == 64
    lab.registered()  # another address
    alice.register()
    for s in held:
        s.close()
    until("the address is let in again", lambda: try_register(lab, source))


def try_register(lab, source):
    try:
        lab.registered(source=source)
        return True
    except ADVERSE:
        return False


@crowd.test
def registered_flows_do_not_count_as_unproven(lab):
    source = lab.block.client()
    users = [lab.registered(source=source) for _ in range(70)]
    assert all(u.stream.is_open() for u in users)
    lab.registered(source=source)


rate = Group("rate", {"limits": {"unauth_rate": 5}})


@rate.test
def new_connections_above_the_rate_are_refused_for_that_address_only(lab):
    source = lab.block.client()
    streams = [lab.tcp(lab.outside, source) for _ in range(20)]
    until("some are closed", lambda: sum(
        not s.is_open() for s in streams) >= 10)
    assert sum(s.is_open() for s in streams) >= 5
    lab.registered()


slow = Group("slow reader", {"limits": {
    "message_bytes": 65536, "out_queue_bytes": 65536, "out_stall_s": 2,
    "unauth_rate": 1000}})


@slow.test
def who_does_not_read_is_closed_and_others_are_served(lab):
    deaf = lab.registered(rcvbuf=4096)
    bob = lab.registered()
    mark, body = lab.edge.mark(), b"z" * 60000
    for i in range(400):
        try:
            lab.home1.call(deaf.aor, "MESSAGE", body=body)
        except Timeout:
            break
        lab.home1.client.is_open()
        if lab.edge.log(mark).count("close"):
            break
        if i % 50 == 0:
            bob.register()
    lab.edge.wait_log("close.*(overflow|stall)|(overflow|stall).*close", mark)
    bob.register()
    sent = lab.home1.call(bob.aor, "MESSAGE", body=b"hello")
    bob.reply(bob.expect_request("MESSAGE"), 200)
    lab.home1.expect(200, "MESSAGE", call_id=sent.call_id)


few = Group("few descriptors", {"edge": {"workers": 1},
                                "limits": {"unauth_rate": 1000}},
            prefix=["prlimit", "--nofile=64:64"])


def cpu_s(pid):
    with open("/proc/%d/stat" % pid) as f:
        words = f.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / 100


@few.test
def no_more_descriptors_is_survived_without_spinning(lab):
    alice = lab.registered()
    held = [lab.tcp(lab.users) for _ in range(90)]
    until("some were turned away",
          lambda: any(not s.is_open() for s in held))
    before = cpu_s(lab.edge.pid)
    time.sleep(0.5)
    assert cpu_s(lab.edge.pid) - before < 0.25, "it spins"
    alice.register()
    for s in held:
        s.close()
    until("new connections are served",
          lambda: try_register(lab, lab.block.client()))


bare = Group("no devices", {"devices": None, "outside": {"users_port": None}})


@bare.test
def without_devices_nothing_listens_on_5060(lab):
    for address in (lab.outside[0], lab.inside[0]):
        assert not listens(address, 5060)
    assert not listens(lab.outside[0], 4443)
    assert not listens("127.0.0.1", 5060)


@bare.test
def users_are_served_without_devices(lab):
    lab.registered()


def v6_outside(lab):
    return {"outside": {"address": ["::1", lab.block(1)], "users_port": None,
                        "tls": {"port": free_port("::1")}},
            "devices": None}


def v6_inside(lab):
    lab.v6_home = free_port("::1")
    hosts = ({"name": "home01.internal.example", "address": ["::1"]},)
    return {"inside": {"address": ["::1"], "tls": {"port": free_port("::1")}},
            "hosts": hosts, "devices": None, "routing": {
                "directors": None, "home_servers":
                ["home01.internal.example:%d" % lab.v6_home]}}


def home_on_v6(lab):
    lab.home1.address, lab.home1.port = "::1", lab.v6_home


six_out = Group("IPv6 outside", v6_outside)
six_in = Group("IPv6 inside", v6_inside, setup=home_on_v6)


def call_to(lab, user):
    lab.home1.call(user.aor, "MESSAGE", body=b"six")
    user.reply(user.expect_request("MESSAGE"), 200)
    lab.home1.expect(200, "MESSAGE")


@six_out.test
def a_user_registers_and_is_reached_over_ipv6(lab):
    assert lab.outside[0] == "::1"
    alice = lab.registered()
    call_to(lab, alice)


@six_out.test
def the_same_leg_serves_ipv4_as_well(lab):
    port = lab.outside[1]
    call_to(lab, lab.registered(to=(lab.block(1), port)))


@six_in.test
def a_home_on_ipv6_is_reached_and_reaches_users(lab):
    alice = lab.registered()
    assert {a[0] for a in lab.home1.accepted} == {"::1"}
    call_to(lab, alice)


if __name__ == "__main__":
    main("transport", plain, hasty, crowd, rate, slow, few, bare, six_out,
         six_in)
