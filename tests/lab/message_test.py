#!/usr/bin/python3
"""Messages: how they are cut, checked, marked and passed on."""

import re

from edgelab import (INSIDE_FQDN, OUTSIDE_FQDN, SDP, Closed, Group, Message,
                     build, fresh, main, uri_of, user_of)

plain = Group("plain")


def passes(lab, alice, raw):
    """Sends a request of a registered user; what the home server got."""
    m = Message(bytes(raw))
    alice.send(raw)
    return lab.home1.expect_request(m.method, call_id=m.call_id)


def answered(lab, alice, got, status=200):
    """The home server answers; what the user got."""
    lab.home1.reply(got, status)
    return alice.expect(status, got.method, call_id=got.call_id)


@plain.test
def what_the_edge_does_not_change_passes_byte_for_byte(lab):
    alice = lab.registered()
    body = bytes(range(256)) + b"\r\n\r\nINVITE sip:x SIP/2.0\r\n"
    extra = [("X-Odd", 'a;b="c, d" , <sip:x@y>;q=0.1'), ("x-empty", ""),
             ("Subject", "one  two\tthree"), ("X-Utf", "\xc3\xa4\xc3\xb6")]
    raw = alice.make("MESSAGE", "sip:bob@example.com", extra=extra, body=body)
    got = passes(lab, alice, raw)
    assert got.body == body
    sent = Message(raw)
    skip = ("via", "max-forwards", "record-route", "route",
            "x-edge-source", "p-asserted-identity")
    assert [h for h in got.headers if h[0].lower() not in skip] == \
        [h for h in sent.headers if h[0].lower() not in skip]
    assert len(answered(lab, alice, got).all("via")) == 1


@plain.test
def compact_forms_are_understood_and_kept(lab):
    alice = lab.registered()
    raw = alice.make("MESSAGE", "sip:bob@example.com", body=b"hi")
    for name, short in (("Via", "v"), ("From", "F"), ("To", "t"),
                        ("Call-ID", "i"), ("Content-Length", "l"),
                        ("Content-Type", "c")):
        raw = raw.replace(b"\r\n%s:" % name.encode(),
                          b"\r\n%s :" % short.encode())
    got = passes(lab, alice, raw)
    assert b"\r\ni :" in got.raw and got.body == b"hi"
    assert answered(lab, alice, got).status == 200


@plain.test
def folded_lines_are_understood(lab):
    alice = lab.registered()
    raw = alice.make("MESSAGE", "sip:bob@example.com",
                     extra=[("Subject", "one\r\n two\r\n\tthree")])
    raw = raw.replace(b"CSeq: 1 MESSAGE", b"CSeq:\r\n 1\r\n  MESSAGE")
    raw = raw.replace(b"From: ", b"From:\r\n ")
    got = passes(lab, alice, raw)
    assert got.get("subject") == "one two three", got.headers
    answered(lab, alice, got)


@plain.test
def three_messages_in_one_segment_are_three(lab):
    alice = lab.registered()
    raws = [alice.make("MESSAGE", "sip:bob@example.com", body=b"%d" % i)
            for i in range(3)]
    alice.send(b"".join(raws))
    for i, raw in enumerate(raws):
        got = lab.home1.expect_request("MESSAGE", call_id=Message(raw).call_id)
        assert got.body == b"%d" % i
        answered(lab, alice, got)


@plain.test
def a_message_byte_by_byte_is_one(lab):
    alice = lab.registered()
    raw = alice.make("MESSAGE", "sip:bob@example.com", body=b"slowly")
    alice.stream.send_each(raw)
    got = lab.home1.expect_request("MESSAGE")
    assert got.body == b"slowly" and len(lab.home1.got("MESSAGE")) == 1
    answered(lab, alice, got)


@plain.test
def a_message_cut_anywhere_is_one(lab):
    alice = lab.registered()
    for at in (1, 3, 14, 40, -12, -11, -10, -9, -8, -1):
        raw = alice.make("MESSAGE", "sip:bob@example.com", body=b"bodybody")
        for part in (raw[:at], raw[at:] + b"\r\n\r\n"):
            alice.send(part)
        got = lab.home1.expect_request("MESSAGE",
                                       call_id=Message(raw).call_id)
        answered(lab, alice, got)
    alice.stream.expect_pong(10)


@plain.test
def max_forwards_counts_down_and_ends_at_zero(lab):
    alice = lab.registered()
    for sent, seen in ((70, "69"), (1, "0"), (None, "70")):
        raw = alice.make("MESSAGE", "sip:bob@example.com", max_forwards=sent)
        got = passes(lab, alice, raw)
        assert got.fields("max-forwards") == [seen], \
            "%s became %s" % (sent, got.fields("max-forwards"))
        answered(lab, alice, got)
    lab.refused(alice, alice.make("MESSAGE", "sip:bob@example.com",
                                  max_forwards=0), 483)


@plain.test
def proxy_require_is_refused_by_name(lab):
    alice = lab.registered()
    raw = alice.make("MESSAGE", "sip:bob@example.com", extra=[
        ("Proxy-Require", "foo, bar"), ("Require", "baz")])
    resp = lab.refused(alice, raw, 420)
    assert resp.all("unsupported") == ["foo", "bar"], resp.headers


@plain.test
def a_request_uri_of_another_scheme_gets_416(lab):
    alice = lab.registered()
    for uri in ("http://example.com/", "tel:+4930123456", "urn:x:y",
                "nobodyKnowsThisScheme:totallyopaquecontent"):
        lab.refused(alice, alice.make("OPTIONS", "sip:bob@example.com",
                                      uri=uri), 416)


@plain.test
def another_version_gets_505(lab):
    alice = lab.registered()
    raw = alice.make("OPTIONS", "sip:bob@example.com")
    alice.send(raw.replace(b" SIP/2.0\r\n", b" SIP/3.0\r\n", 1))
    assert alice.expect((505, 400)).status == 505


def relay(server, m, uri=None, identity=None):
    """What a proxy sends on: its Via on top, one less to live, its own
    Route gone."""
    head = [("Via", server.via())]
    head += [(n, str(int(v) - 1)) if n.lower() == "max-forwards" else (n, v)
             for n, v in m.headers if n.lower() not in ("route",)]
    return build("%s %s SIP/2.0" % (m.method, uri or m.uri), head, m.body)


@plain.test
def a_spiral_by_way_of_the_home_is_no_loop(lab):
    """A user calls a device: out to the home and in again, same URI."""
    alice, room = lab.registered(), lab.device()
    invite = alice.invite("sip:room1@example.com")
    at_home = lab.home1.expect_request("INVITE")
    lab.home1.send(relay(lab.home1, at_home))
    at_room = room.expect_request("INVITE")
    room.reply(at_room, 486)
    back = lab.home1.expect(486)
    lab.home1.reply(at_home, 486)
    alice.ack_of(invite, alice.expect(486))
    assert back.call_id == invite.call_id


@plain.test
def a_request_that_comes_around_again_gets_482(lab):
    room = lab.device()
    lab.home1.call(room.aor, "OPTIONS", frm=room.aor)
    first = room.expect_request("OPTIONS")
    again = build("OPTIONS %s SIP/2.0" % room.aor,
                  [("Via", room.via())] + first.headers, first.body)
    room.send(again)
    at_home = lab.home1.expect_request("OPTIONS")
    lab.home1.send(relay(lab.home1, at_home))
    got = lab.home1.client.receive(lambda m: m.status and m.status > 199,
                                   what="482")
    assert got.status == 482, got.start


@plain.test
def received_and_rport_say_what_the_socket_says(lab):
    alice = lab.registered()
    via = ("SIP/2.0/TLS 10.9.8.7:5061;received=10.0.0.5;rport=9;branch="
           + fresh("z9hG4bKvia"))
    got = passes(lab, alice, alice.make("MESSAGE", "sip:bob@example.com",
                                        via=via))
    ours, theirs = got.all("via")[:2]
    host, port = alice.stream.local
    assert theirs.count("received=") == 1 and theirs.count("rport") == 1
    assert "received=" + host in theirs and "rport=%d" % port in theirs, theirs
    assert INSIDE_FQDN in ours and "branch=z9hG4bK" in ours, ours
    answered(lab, alice, got)


@plain.test
def each_leg_signs_with_its_own_name(lab):
    alice = lab.registered()
    lab.home1.call(alice.aor, "MESSAGE")
    got = alice.expect_request("MESSAGE")
    assert OUTSIDE_FQDN in got.get("via"), got.get("via")
    alice.reply(got, 200)
    resp = lab.home1.expect(200, "MESSAGE")
    assert len(resp.all("via")) == 1 and "home01" in resp.get("via")


def broken(lab, raw, status=None):
    """The edge answers `status` or just closes, and closes in the end;
    nothing goes inward, and other connections do not notice."""
    alice = lab.registered()
    other = lab.registered()
    before = lab.inside_counts()
    try:
        alice.send(raw(alice))
    except Closed:
        pass
    alice.stream.expect_closed()
    finals = [m.status for m in alice.stream.record
              if m.status and m.method != "REGISTER"]
    if status:
        assert finals in ([], [status]), finals
    lab.no_connection_inside(before, 0.05)
    other.register()


def spoil(old, new, body=b"", count=1):
    return lambda a: a.make("MESSAGE", "sip:bob@example.com", body=body,
                            extra=[("X-Line", "here")]).replace(old, new,
                                                                count)


@plain.test
def nul_bare_cr_and_bare_lf_in_a_head_close_the_connection(lab):
    for bad in (b"he\0re", b"he\rre", b"he\nre", b"here\n"):
        broken(lab, spoil(b"here", bad), 400)


CANARY = (b"INVITE sip:canary@example.com SIP/2.0\r\n"
          b"Via: SIP/2.0/TLS 1.2.3.4;branch=z9hG4bKcanary\r\n"
          b"From: <sip:canary@example.com>;tag=1\r\n"
          b"To: <sip:canary@example.com>\r\nCall-ID: canary\r\n"
          b"CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n")


@plain.test
def no_second_message_is_smuggled_by_content_length(lab):
    n = len(CANARY)
    lines = ["Content-Length: 0\r\nContent-Length: %d" % n,
             "Content-Length: %d\r\nContent-Length: %d" % (n, n),
             "Content-Length: %d\r\nl: 0" % n, "l: 0\r\nL: %d" % n,
             "Content-Length: +0", "Content-Length: -1", "Content-Length: 0x0",
             "Content-Length: 0,0", "Content-Length: ",
             "Content-Length: 4294967296", "Content-Length: 18446744073709551616",
             "Content-Length: 0 0", "Content-Length : 0\r\nContent-Length: 0",
             "Content-Length: 0\0", "X: y\nContent-Length: 0"]
    for line in lines:
        broken(lab, lambda a: spoil(
            b"Content-Length: %d" % n, line.encode(), CANARY)(a))
    assert not any("canary" in m.raw.decode("latin-1", "replace")
                   for s in lab.servers for m in s.messages)


@plain.test
def a_message_without_content_length_is_refused(lab):
    broken(lab, spoil(b"Content-Length: 0\r\n", b""), 400)


@plain.test
def what_is_larger_than_the_limits_is_refused(lab):
    big = b"Content-Length: 0"
    broken(lab, spoil(big, b"Content-Length: 262145"), 413)
    broken(lab, spoil(b"here", b"x" * 70000), 400)
    broken(lab, spoil(b"X-Line: here\r\n", b"X-Line: here\r\n" * 257), 400)
    broken(lab, spoil(b"sip:bob@", b"sip:" + b"b" * 9000 + b"@"))


@plain.test
def too_many_vias_and_contacts_are_refused(lab):
    alice = lab.registered()
    vias = [("Via", "SIP/2.0/TLS 10.0.0.1;branch=z9hG4bKx%d" % i)
            for i in range(70)]
    before = lab.inside_counts()
    alice.send(alice.make("OPTIONS", "sip:bob@example.com", extra=vias))
    resp = alice.stream.receive(lambda m: m.method == "OPTIONS")
    assert 400 <= resp.status < 600, resp.start
    contacts = ", ".join("<sip:a%d@x>" % i for i in range(11))
    assert alice.register(None, contact=contacts).status >= 400
    lab.no_connection_inside(before)


@plain.test
def a_large_message_within_the_limits_passes(lab):
    alice = lab.registered()
    body = b"0123456789" * 26000
    got = passes(lab, alice, alice.make("MESSAGE", "sip:bob@example.com",
                                        body=body))
    assert got.body == body
    answered(lab, alice, got)


@plain.test
def requests_that_lack_a_needed_field_get_400(lab):
    for name in ("From", "To", "Call-ID", "CSeq", "Via"):
        peer = lab.registered()
        raw = peer.make("OPTIONS", "sip:bob@example.com")
        raw = re.sub(b"\r\n%s: [^\r]*" % name.encode(), b"", raw, count=1)
        before = lab.inside_counts()
        peer.send(raw)
        try:
            m = peer.stream.receive(lambda m: m.status != 200)
            assert m.status == 400, m.start
        except AssertionError as e:
            assert "closed" in str(e), "without %s: %s" % (name, e)
        lab.no_connection_inside(before, 0.05)


@plain.test
def a_cseq_that_names_another_method_is_refused(lab):
    alice = lab.registered()
    raw = alice.make("OPTIONS", "sip:bob@example.com")
    alice.send(raw.replace(b"1 OPTIONS", b"1 INVITE"))
    resp = alice.stream.receive(lambda m: m.status != 200)
    assert resp.status == 400, resp.start


@plain.test
def an_error_answer_tells_an_outsider_nothing(lab):
    stranger = lab.user()
    resp = lab.refused(stranger, stranger.make("OPTIONS",
                                               "sip:bob@example.com"))
    text = resp.raw.decode().lower()
    for word in ("internal", "edge", lab.inside[0], "server:", "warning",
                 "user-agent", "home0", "dir0"):
        assert word not in text, resp.raw


@plain.test
def options_for_the_edge_itself_are_answered(lab):
    alice = lab.registered()
    alice.ask("OPTIONS", "sip:" + OUTSIDE_FQDN, 200)
    assert not lab.home1.got("OPTIONS")


@plain.test
def headers_that_outsiders_may_not_say_do_not_get_in(lab):
    alice = lab.registered()
    bad = [("P-Asserted-Identity", "<sip:boss@example.com>"),
           ("Remote-Party-ID", "<sip:boss@example.com>"),
           ("Path", "<sip:evil.example;lr>"),
           ("Record-Route", "<sip:evil.example;lr>"),
           ("record-route", "<sip:evil2.example;lr>"),
           ("Service-Route", "<sip:evil.example;lr>"),
           ("P-ASSERTED-IDENTITY ", "<sip:boss2@example.com>")]
    invite = alice.invite("sip:bob@example.com", extra=bad)
    got = lab.home1.expect_request("INVITE")
    assert "boss" not in got.raw.decode() and "evil" not in got.raw.decode()
    lab.home1.reply(got, 486)
    alice.ack_of(invite, alice.expect(486))


@plain.test
def sdp_is_not_touched(lab):
    alice = lab.registered()
    invite = alice.invite("sip:bob@example.com", body=SDP)
    got = lab.home1.expect_request("INVITE")
    assert got.body == SDP and got.get("content-type") == "application/sdp"
    lab.home1.reply(got, 486)
    alice.ack_of(invite, alice.expect(486))


loud = Group("debug log", {"edge": {"log_level": "debug"}})


@loud.test
def credentials_and_bodies_never_get_into_the_log(lab):
    lab.home1.challenge = True
    alice = lab.user()
    alice.register(401)
    alice.register(extra=[("Authorization", 'Digest response="s3cr3t"'),
                          ("Proxy-Authorization", 'Digest nonce="s3cr3t"')])
    alice.send(alice.make("MESSAGE", "sip:bob@example.com", body=b"s3cr3t"))
    answered(lab, alice, lab.home1.expect_request("MESSAGE"))
    lab.refused(alice, alice.make("MESSAGE", "sip:bob@elsewhere.example",
                                  body=b"s3cr3t"))
    assert "s3cr3t" not in lab.edge.log()
    assert user_of(uri_of(lab.home1.bindings[alice.aor][1][0])) \
        not in lab.edge.log()


@loud.test
def what_a_peer_says_stays_on_one_log_line(lab):
    alice = lab.registered()
    evil = "sip:\x1b[31m%0d%0aok=fake@elsewhere.example"
    raw = alice.make("MESSAGE", "sip:bob@example.com", uri="sip:b@example.com",
                     frm='sip:x=y"z@elsewhere.example',
                     extra=[("Subject", "a\x1b[31mb")])
    alice.send(raw)
    alice.stream.receive(lambda m: m.method == "MESSAGE")
    other = lab.registered()
    other.send(other.make("OPTIONS", "sip:bob@example.com", uri=evil))
    log = lab.edge.log()
    assert "\x1b" not in log
    assert all(re.match(r"\S+ \S+ \S+", line) for line in log.splitlines())


if __name__ == "__main__":
    main("message", plain, loud)
