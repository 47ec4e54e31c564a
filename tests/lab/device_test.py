#!/usr/bin/python3
"""Enrolled devices: calls in both directions with all that an old system may
do in one, what an entry allows, digests, and half an hour of silence."""

import base64
import glob
import hashlib
import os
import re
import time

from edgelab import (SDP, Device, Group, Message, Skip, answer, callee_dialog,
                     fresh, host_of, main, until, uri_of)

os.umask(0o027)  # settings with a digest may not be read by all
HELD = SDP + b"a=sendonly\r\n"
DAY = 86400
DIGEST, SLOW, OLD, PAST, SOON, KIOSK = 52, 53, 54, 55, 56, 57
SITE = 192  # and seven more
LONG = "X-Long: " + "x" * 600


def md5(*words):
    return hashlib.md5(":".join(words).encode()).hexdigest()


def day(seconds):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + seconds))


def devices(lab):
    """room1 and room2 as ever, and one for each thing that an entry says."""
    def entry(name, host, **more):
        return dict({"name": name, "address": [lab.block(host)],
                     "identities": ["sip:%s@example.com" % name],
                     "calls_per_s": 1000}, **more)
    usual = lab.config["devices"]["device"]
    return {"limits": {"unauth_rate": 1000}, "devices": {"device": (
        *usual,
        entry("secret", DIGEST, register=True,
              digest=md5("secret", "example.com", "pass")),
        entry("slow", SLOW, calls_per_s=2),
        entry("old", OLD, line_bytes=512, unsent=["X-New", "Session-Expires"],
              contact="sip:old@%s:5060;transport=tcp" % lab.block(OLD)),
        entry("past", PAST, expires=day(-2 * DAY),
              contact="sip:past@%s:5060;transport=tcp" % lab.block(PAST)),
        entry("soon", SOON, expires=day(10 * DAY)),
        entry("kiosk", KIOSK, register=True),
        entry("site", SITE, address=[lab.block(SITE) + "/29"],
              identities=["sip:*@example.org"]))}}


plain = Group("devices", devices)
short = Group("short deadlines", lambda lab: {"limits": {
    "header_s": 1, "body_s": 1, "first_request_s": 2, "handshake_s": 2,
    "server_idle_s": 1, "flow_timer_s": 1, "out_stall_s": 1,
    "target_aside_s": 1}})


class Listening(Device):
    """A device that is called at its contact, and speaks there."""

    def __init__(self, lab, host, name):
        self.door = lab.device_listener(host)
        self.home_of = lab
        self.aor = "sip:%s@example.com" % name
        self.tag = fresh("tag")
        self.sent_by = "%s:5060" % lab.block(host)
        self.contact = "sip:%s@%s;transport=tcp" % (name, self.sent_by)

    def send(self, data):
        self.door.streams[-1].send(data)

    def expect_request(self, method, **how):
        return self.door.expect_request(method, **how)

    def expect(self, status, method=None, call_id=None):
        return self.door.receive(
            lambda m: m.status == status and m.method == method
            and m.call_id == call_id, what="answer %d" % status)


class Call:
    """A call that is up, of a device and somebody inside."""

    def __init__(self, far, near, home, room):
        self.far, self.near, self.home, self.room = far, near, home, room

    def ends(self, outward):
        if outward:
            return self.near, self.home, self.room
        return self.far, self.room, self.home

    def ask(self, outward, method, extra=(), body=b"", back=(), status=200):
        """A request in the call, answered; (as it came, its answer)."""
        dialog, one, other = self.ends(outward)
        dialog.send(method, extra=extra, body=body)
        got = other.expect_request(method, call_id=dialog.call_id)
        assert got.body == body, got.raw
        has(got, extra)
        other.reply(got, status, extra=back,
                    body=body if status < 300 else b"")
        resp = one.expect(status, method, call_id=dialog.call_id)
        has(resp, back)
        if method == "INVITE" and status < 300:
            dialog.ack()
            other.expect_request("ACK", call_id=dialog.call_id)
        return got, resp

    def goes_on(self):
        """Either end is heard by the other."""
        for outward in (False, True):
            self.ask(outward, "UPDATE", body=SDP)

    def ends_well(self, outward=False):
        self.ask(outward, "BYE")


def has(m, headers):
    for name, value in headers:
        assert m.get(name) == value, "%s is not %r: %r" % (name, value, m.raw)


def reliable(call_id, one, other, invite, dialog):
    """183, PRACK and its answer, before the call is up (RFC 3262)."""
    resp = one.expect(183, "INVITE", call_id=call_id)
    has(resp, [("Require", "100rel"), ("RSeq", "77")])
    early = dialog(resp)
    rack = "77 %d INVITE" % invite.cseq
    early.send("PRACK", extra=[("RAck", rack)])
    got = other.expect_request("PRACK", call_id=call_id)
    has(got, [("RAck", rack)])
    other.reply(got, 200)
    one.expect(200, "PRACK", call_id=call_id)
    return early


PROGRESS = [("Require", "100rel"), ("RSeq", "77")]
TIMED = [("Supported", "timer, 100rel"),
         ("Session-Expires", "90;refresher=uac"), ("Min-SE", "90")]
TIMER = [("Session-Expires", "90;refresher=uac"), ("Require", "timer")]


def with_contact(party, headers):
    return [("Contact", "<%s>" % party.contact), *headers]


def device_calls(lab, room, extra=TIMED, back=TIMER):
    home = lab.home1
    invite = room.invite("sip:bob@example.com", extra=extra)
    got = home.expect_request("INVITE", call_id=invite.call_id)
    has(got, [h for h in extra if h[0] != "Supported"])
    assert uri_of(got.get("contact")) == room.contact, got.raw
    home.reply(got, 183, extra=with_contact(home, PROGRESS))
    early = reliable(invite.call_id, room, home, invite,
                     lambda resp: room.dialog(invite, resp))
    ok = home.reply(got, 200, extra=back, body=SDP)
    resp = room.expect(200, "INVITE", call_id=invite.call_id)
    has(resp, back)
    far = room.dialog(invite, resp)
    far.cseq = early.cseq
    far.ack(invite.cseq)
    home.expect_request("ACK", call_id=invite.call_id)
    return Call(far, home.dialog(got, Message(ok)), home, room), got, resp


def device_is_called(lab, room, extra=TIMED, back=TIMER):
    home = lab.home1
    invite = home.call(room.aor, body=SDP, extra=extra)
    got = room.expect_request("INVITE", call_id=invite.call_id)
    has(got, [h for h in extra if h[0] != "Supported"])
    room.reply(got, 183, extra=with_contact(room, PROGRESS))
    early = reliable(invite.call_id, home, room, invite,
                     lambda resp: home.caller_dialog(invite, resp))
    ok = room.reply(got, 200, extra=back, body=SDP)
    resp = home.expect(200, "INVITE", call_id=invite.call_id)
    has(resp, back)
    near = home.caller_dialog(invite, resp)
    near.cseq = early.cseq
    near.ack(invite.cseq)
    room.expect_request("ACK", call_id=invite.call_id)
    return Call(callee_dialog(room, got, ok), near, home, room), got, resp


def all_of_a_call(call):
    """re-INVITE, hold and back, session timers by either means, either way."""
    refresh = [("Session-Expires", "90;refresher=uac"), ("Supported", "timer")]
    for outward in (False, True):
        call.ask(outward, "INVITE", body=HELD)
        call.ask(outward, "INVITE", body=SDP)
        call.ask(outward, "UPDATE", refresh, b"", TIMER)
        call.ask(outward, "INVITE", refresh, SDP, TIMER)
        # RFC 4028 §6: too short for the one who is asked.
        call.ask(outward, "UPDATE", refresh, b"", [("Min-SE", "180")], 422)
        call.ask(outward, "INFO")


# calls


@plain.test
def a_device_calls_holds_refreshes_and_hangs_up(lab):
    for outward in (False, True):
        call, _, _ = device_calls(lab, lab.device())
        all_of_a_call(call)
        call.ends_well(outward)


@plain.test
def a_device_is_called_on_its_connection_and_does_the_same(lab):
    for outward in (False, True):
        call, _, _ = device_is_called(lab, lab.device())
        all_of_a_call(call)
        call.ends_well(outward)


@plain.test
def a_device_is_called_at_its_contact_and_does_the_same(lab):
    room = Listening(lab, 51, "room2")
    for outward in (False, True):
        call, _, _ = device_is_called(lab, room)
        all_of_a_call(call)
        call.ends_well(outward)
    assert len(room.door.accepted) == 1, room.door.accepted


@plain.test
def a_refusal_and_a_cancel_cross_in_both_directions(lab):
    home, room = lab.home1, lab.device()
    invite = room.invite("sip:bob@example.com")
    home.reply(home.expect_request("INVITE"), 486)
    room.ack_of(invite, room.expect(486))
    home.expect_request("ACK")
    invite = room.invite("sip:bob@example.com")
    got = home.expect_request("INVITE")
    home.reply(got, 180)
    room.expect(180)
    room.cancel_of(invite)
    room.expect(200, "CANCEL")
    home.reply(home.expect_request("CANCEL"), 200)
    home.reply(got, 487)
    room.ack_of(invite, room.expect(487, "INVITE"))


def by_tcp(lab, room, m):
    """What a device sees: sip, its own transport, our address."""
    door = lab.device_door[0]
    routes = [uri_of(r) for r in m.all("record-route")]
    assert [host_of(u) for u in routes] == [door], routes
    for uri in routes + [uri_of(m.get("contact"))]:
        assert uri.startswith("sip:") and "transport=tcp" in uri, uri
        assert host_of(uri) in (door, lab.block(50)), uri
    via = m.get("via")
    assert via.startswith("SIP/2.0/TCP") or m.status, via
    assert m.status or m.uri.startswith("sip:room1@"), m.start
    assert b"sips:" not in m.raw, m.raw


def by_tls(lab, m):
    """What a server sees of the same."""
    assert m.status or m.get("via").startswith("SIP/2.0/TLS "), m.raw
    inner = [uri_of(r) for r in m.all("record-route")
             if host_of(uri_of(r)) == lab.inside_fqdn]
    assert len(inner) == 1 and "transport=tls" in inner[0], m.raw


@plain.test
def it_is_sip_and_tcp_on_its_side_and_tls_inward(lab):
    room = lab.device()
    _, got, resp = device_calls(lab, room)
    by_tls(lab, got)
    by_tcp(lab, room, resp)
    _, got, resp = device_is_called(lab, room)
    by_tcp(lab, room, got)
    by_tls(lab, resp)


# what an entry allows


@plain.test
def it_registers_only_where_its_entry_says_so(lab):
    room, kiosk = lab.device(), lab.device(KIOSK, "kiosk")
    lab.refused(room, room.register_bytes(), 403, "device-may-not-register")
    lab.refused(kiosk, kiosk.register_bytes(aor="sip:room1@example.com"), 403,
                "device-identity")
    kiosk.register()
    stored, path, m = lab.home1.bindings["sip:kiosk@example.com"]
    assert stored == kiosk.contact and len(path) == 1, m.raw
    assert m.get("via").startswith("SIP/2.0/TLS "), m.raw
    lab.home1.call("sip:kiosk@example.com", body=SDP)
    kiosk.reply(kiosk.expect_request("INVITE"), 486)
    lab.home1.expect(486)
    kiosk.register(expires=0)
    assert "sip:kiosk@example.com" not in lab.home1.bindings


@plain.test
def it_is_one_of_its_identities_and_calls_our_domains(lab):
    room = lab.device()
    for frm in ("sip:room2@example.com", "sip:alice@example.com",
                "sip:room1@example.org", "sip:room1@elsewhere.example"):
        lab.refused(room, room.make("INVITE", "sip:bob@example.com", frm=frm),
                    403, "device-identity")
    for to in ("sip:bob@elsewhere.example", "sip:bob@" + lab.block(4),
               "sip:bob@home01.internal.example"):
        lab.refused(room, room.make("INVITE", to), 403, "not-our-domain")
    for method in ("MESSAGE", "SUBSCRIBE", "REFER", "PUBLISH", "FROB"):
        lab.refused(room, room.make(method, "sip:bob@example.com"), 403,
                    "device-method")


@plain.test
def a_prefix_enrols_each_address_in_it_and_no_other(lab):
    for host in (SITE, SITE + 7):
        one = lab.device(host, "desk%d" % host)
        one.aor = "sip:desk%d@example.org" % host
        one.ask("OPTIONS", "sip:" + lab.outside[0])
        invite = one.invite("sip:bob@example.com")
        lab.home1.reply(lab.home1.expect_request("INVITE"), 486)
        one.ack_of(invite, one.expect(486))
        lab.home1.expect_request("ACK")
        lab.refused(one, one.make("INVITE", "sip:bob@example.com",
                                  frm="sip:desk@example.com"), 403,
                    "device-identity")
    for host in (SITE - 1, SITE + 8):
        stranger = lab.tcp(lab.device_door, lab.block(host))
        stranger.expect_closed()


@plain.test
def past_its_day_it_neither_calls_nor_is_called(lab):
    door, past = lab.device_listener(PAST), lab.device(PAST, "past")
    lab.refused(past, past.make("INVITE", "sip:bob@example.com"), 403,
                "device-expired")
    lab.home1.call(past.aor, body=SDP)
    lab.home1.expect(403)
    past.stream.expect_nothing()
    assert not door.accepted
    lab.edge.wait_log(r" device-expired .*device=past\b")


@plain.test
def a_month_before_its_day_the_log_tells_and_it_works(lab):
    lab.edge.wait_log(r" device-expires .*device=soon\b")
    assert not re.search(r"(?m) device-expire.*device=room1\b",
                         lab.edge.log())
    soon = lab.device(SOON, "soon")
    invite = soon.invite("sip:bob@example.com")
    lab.home1.reply(lab.home1.expect_request("INVITE"), 486)
    soon.ack_of(invite, soon.expect(486))


@plain.test
def too_many_a_second_are_put_off(lab):
    slow, room = lab.device(SLOW, "slow"), lab.device()
    calls = [slow.invite("sip:bob@example.com") for _ in range(6)]
    said = [slow.stream.receive(lambda m: m.status == 503 and m)
            for _ in range(4)]
    assert all(m.get("retry-after") == "1" for m in said), said
    assert len(lab.home1.wait_got("INVITE", 2)) == 2
    assert "rule=device-too-fast" in lab.edge.log()
    # Nobody else pays for it, and calls that are up are not counted.
    call, _, _ = device_calls(lab, room)
    for _ in range(6):
        call.goes_on()
    lab.home1.inbox.clear()
    time.sleep(1.1)
    call, _, _ = device_calls(lab, slow)
    for _ in range(6):
        call.goes_on()
    assert len(calls) == 6


# old systems


def lines_of(m):
    return m.raw.split(b"\r\n\r\n")[0].split(b"\r\n")


def spared(m, most=512):
    """What the entry of `old` says that it cannot bear."""
    longest = max(lines_of(m), key=len)
    assert len(longest) <= most, "%d bytes: %r" % (len(longest), longest)
    names = [n.lower() for n, _ in m.headers]
    assert not {"x-new", "session-expires", "x", "x-long"} & set(names), names
    assert "x-old" in names, names
    assert len(m.all("record-route") + m.all("route")) <= 4, m.raw


@plain.test
def an_old_system_is_spared_long_lines_and_named_fields(lab):
    more = [("X-New", "1"), ("x", "90"), ("Session-Expires", "90"),
            ("X-Old", "1"), tuple(LONG.split(": "))]
    old, home = lab.device(OLD, "old"), lab.home1
    invite = home.call(old.aor, body=SDP, extra=more)
    got = old.expect_request("INVITE")
    spared(got)
    ok = old.reply(got, 200, body=SDP)
    near = home.caller_dialog(invite, home.expect(200, "INVITE"))
    near.ack()
    old.expect_request("ACK")
    near.send("UPDATE", extra=more)
    got = old.expect_request("UPDATE")
    spared(got)
    old.reply(got, 200)
    home.expect(200, "UPDATE")
    far = callee_dialog(old, Message(bytes(invite)), ok)
    assert far.call_id == near.call_id
    invite = old.invite("sip:bob@example.com", extra=more)
    got = home.expect_request("INVITE")
    has(got, more[2:])
    home.reply(got, 200, extra=more, body=SDP)
    spared(old.expect(200, "INVITE"))


def answered_from_afar(lab, dev):
    """A call that six proxies inside stay in; (INVITE, answer, the six)."""
    home = lab.home1
    inner = ["<sip:p%d.internal.example:5061;transport=tls;lr>" % n
             for n in range(5)] + [home.route]
    invite = dev.invite("sip:bob@example.com")
    got = home.expect_request("INVITE")
    raw = answer(got, 200, extra=[("Contact", "<%s>" % home.contact),
                                  ("X-Old", "1")], body=SDP)
    got.stream.send(raw.replace(
        b"\r\nRecord-Route:", "".join(
            "\r\nRecord-Route: " + r for r in inner).encode()
        + b"\r\nRecord-Route:", 1))
    return invite, dev.expect(200, "INVITE"), inner


@plain.test
def a_long_way_inside_is_one_route_outside(lab):
    room = lab.device()
    invite, resp, inner = answered_from_afar(lab, room)
    spared(resp, 1024)
    assert len(resp.all("record-route")) == 1, resp.raw
    room.dialog(invite, resp).ack()
    got = lab.home1.expect_request("ACK")
    assert [uri_of(r) for r in got.all("route")] == \
        [uri_of(r) for r in reversed(inner)], got.all("route")


@plain.test
def a_route_that_it_cannot_read_is_not_sent(lab):
    mark = lab.edge.mark()
    _, resp, _ = answered_from_afar(lab, lab.device(OLD, "old"))
    spared(resp)
    lab.edge.wait_log(" no-record-route rule=route-set-too-long", mark)


# a secret of its own


def params(challenge):
    return dict(re.findall(r'(\w+)="?([^",]*)"?', challenge))


def proof(challenge, method, uri, password="pass", user="secret"):
    """Proxy-Authorization for a challenge."""
    p = params(challenge)
    ha1, ha2 = md5(user, p["realm"], password), md5(method, uri)
    resp = md5(ha1, p["nonce"], "00000001", "c1", "auth", ha2)
    return ("Proxy-Authorization",
            'Digest username="%s", realm="%s", nonce="%s", uri="%s", '
            'response="%s", algorithm=MD5, cnonce="c1", qop=auth, nc=00000001'
            % (user, p["realm"], p["nonce"], uri, resp))


def asked(lab, party, raw, rule="device-digest"):
    """A request is answered with a question; the question."""
    resp = lab.refused(party, raw, 407, rule)
    p = params(resp.get("proxy-authenticate"))
    assert p["realm"] == "example.com" and p["qop"] == "auth" and \
        p["algorithm"] == "MD5" and p["nonce"], resp.raw
    return resp.get("proxy-authenticate")


@plain.test
def a_digest_is_asked_for_and_goes_no_further(lab):
    dev, to = lab.device(DIGEST, "secret"), "sip:bob@example.com"
    question = asked(lab, dev, dev.make("INVITE", to, body=SDP))
    with_proof = [proof(question, "INVITE", to)]
    invite = dev.invite(to, extra=with_proof)
    got = lab.home1.expect_request("INVITE")
    assert not got.get("proxy-authorization"), got.raw
    lab.home1.reply(got, 200, body=SDP)
    call = dev.dialog(invite, dev.expect(200, "INVITE"))
    call.send("ACK", cseq=1, extra=with_proof)
    got = lab.home1.expect_request("ACK")
    assert not got.get("proxy-authorization"), got.raw
    # In the call nothing is asked.
    call.send("BYE")
    lab.home1.reply(lab.home1.expect_request("BYE"), 200)
    dev.expect(200, "BYE")
    # RFC 3261 §22.3: a registration as well, and the registrar's own after it.
    lab.home1.challenge = True
    question = asked(lab, dev, dev.register_bytes())
    mine = proof(question, "REGISTER", "sip:example.com")
    resp = dev.register(401, extra=[mine])
    assert resp.get("www-authenticate"), resp.raw
    dev.register(200, extra=[mine, ("Authorization", "Digest a=b")])
    assert lab.home1.bindings["sip:secret@example.com"][2].get(
        "authorization") == "Digest a=b"


@plain.test
def a_question_is_good_on_one_connection(lab):
    dev, to = lab.device(DIGEST, "secret"), "sip:bob@example.com"
    other = lab.device(DIGEST, "secret")
    question = asked(lab, dev, dev.make("INVITE", to))
    again = asked(lab, other, other.make(
        "INVITE", to, extra=[proof(question, "INVITE", to)]),
        "device-digest-stale")
    assert "stale=true" in again
    other.invite(to, extra=[proof(again, "INVITE", to)])
    lab.home1.reply(lab.home1.expect_request("INVITE"), 486)
    other.expect(486)


@plain.test
def credentials_that_cannot_be_read_are_none(lab):
    dev, to = lab.device(DIGEST, "secret"), "sip:bob@example.com"
    question = asked(lab, dev, dev.make("INVITE", to))
    good = proof(question, "INVITE", to)[1]
    for bad in ("", "Digest", "Basic c2VjcmV0OnBhc3M=", good[:-20],
                good + ",", good + ', realm="example.com"',
                good.replace("MD5", "SHA-256"), good.replace("qop=auth", ""),
                good.replace('realm="example.com"', 'realm="x"'),
                base64.b64encode(good.encode()).decode(), "Digest " * 40,
                good.replace(params(question)["nonce"], "a" * 40)):
        asked(lab, dev, dev.make("INVITE", to, extra=[
            ("Proxy-Authorization", bad)]))
    dev.invite(to, extra=[("Proxy-Authorization", good)])
    lab.home1.reply(lab.home1.expect_request("INVITE"), 486)
    dev.expect(486)


@plain.test
def who_guesses_is_shut_out_and_the_log_tells(lab):
    """The last of this group: the device is shut out for a minute."""
    dev, to = lab.device(DIGEST, "secret"), "sip:bob@example.com"
    question = asked(lab, dev, dev.make("INVITE", to))
    mark = lab.edge.mark()
    for n in range(4):
        question = asked(lab, dev, dev.make("INVITE", to, extra=[
            proof(question, "INVITE", to, "guess%d" % n)]),
            "device-digest-wrong")
    for password in ("guess5", "pass"):
        lab.refused(dev, dev.make("INVITE", to, extra=[
            proof(question, "INVITE", to, password)]), 403, "device-shut")
    lab.edge.wait_log(r" device-shut device=secret wrong=5 ", mark)
    room = lab.device()
    room.invite(to)
    lab.home1.reply(lab.home1.expect_request("INVITE"), 486)
    room.expect(486)


# silence


@short.test
def silence_ends_no_connection_of_a_device(lab):
    """Every deadline is two seconds at most; four without a word."""
    room, listening = lab.device(), Listening(lab, 51, "room2")
    calls = [device_calls(lab, room)[0], device_is_called(lab, listening)[0]]
    time.sleep(4.5)
    assert room.stream.is_open(), lab.edge.tail()
    for call in calls:
        call.goes_on()
        call.ends_well()
    assert len(listening.door.accepted) == 1, listening.door.accepted


def faked(lab):
    """The time that an edge sees: half an hour later with each call."""
    stamp = os.path.join(lab.folder, "faketime")
    lab.hours = getattr(lab, "hours", 0)
    with open(stamp + ".new", "w") as f:
        f.write("+%dm\n" % (31 * lab.hours))
    os.rename(stamp + ".new", stamp)
    lab.hours += 1
    return stamp


def under_faketime(lab):
    """Before the edge starts."""
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not found:
        raise Skip("libfaketime is not installed")
    asan = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    lab.prefix = ["env", "LD_PRELOAD=" + found[0], "FAKETIME_NO_CACHE=1",
                  "FAKETIME_TIMESTAMP_FILE=" + faked(lab),
                  "ASAN_OPTIONS=" + asan.lstrip(":")]


later = Group("half an hour", fresh_lab=True, edge_up=False,
              setup=under_faketime)


@later.test
def half_an_hour_of_silence_ends_no_call(lab):
    lab.edge.prefix = lab.prefix
    lab.edge.start(lab.ports())
    room, listening = lab.device(), Listening(lab, 51, "room2")
    calls = [device_calls(lab, room)[0], device_is_called(lab, listening)[0]]
    faked(lab)
    mark = lab.edge.mark()
    lab.registered()  # something that happens, so that time passes
    lab.edge.wait_log(" register ", mark)
    assert room.stream.is_open(1.0), lab.edge.tail()
    for call in calls:
        call.goes_on()
        call.ends_well(True)
    assert len(listening.door.accepted) == 1, listening.door.accepted


if __name__ == "__main__":
    main("device", plain, short, later)
