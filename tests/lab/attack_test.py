#!/usr/bin/python3
"""Attacks from outside: Routes, Request-URIs, tokens, branches, other people's
calls, redirects that lead astray. Nothing of them is seen inside."""

import base64
import time

from dialog_test import from_outside, ladder, user_calls
from edgelab import (INSIDE_FQDN, OUTSIDE_FQDN, SDP, Closed, FakeServer, Group,
                     Message, Party, answer, build, fresh, main,
                     uri_of, user_of)

FEDERATION = {"federation": {"enabled": True, "partners": (
    {"domain": "partner.example"},)}}
attack = Group("attack", FEDERATION)
REFUSED = (400, 403, 404, 405, 416, 480, 481, 482, 484)


class Traps:
    """Listeners where nobody has any business; counts who comes."""

    def __init__(self, lab, *places):
        self.servers = []
        for host, port in places:
            try:
                self.servers.append(lab.keep(
                    FakeServer("trap", host, port).start()))
            except OSError:
                pass  # something of this machine listens there

    def untouched(self):
        seen = [(s.address, s.port, s.counts()) for s in self.servers
                if s.counts() != (0, 0)]
        assert not seen, "went to %r" % seen


def inside_traps(lab):
    """Ports beside those that our servers listen on."""
    hosts = [lab.block(n) for n in (2, 3, 4, 5)]
    return Traps(lab, *[(h, p) for h in hosts for p in (22, 80, 5060, 5080)],
                 (lab.block(70), 5061), (lab.block(70), 5060))


def partner(lab, cert="partner"):
    """partner.example's edge, connected."""
    stream = lab.tls(cert=lab.pki.cert(cert))
    return Party(stream, "sip:zoe@partner.example",
                 "sip:zoe@sip.partner.example;transport=tls")


PEERS = {"a user": lambda lab: lab.registered(),
         "a stranger": lambda lab: lab.user(),
         "a device": lambda lab: lab.device(),
         "a partner": partner}


class Speaker:
    """Somebody who asks one thing after the other; comes back when the edge
    hangs up."""

    def __init__(self, lab, peer):
        self.lab, self.make = lab, PEERS[peer]
        self.party = self.make(lab)

    def ask(self, raw):
        """The status of the final answer; 0 when the edge hung up."""
        call = Message(raw).call_id
        try:
            self.party.send(raw)
            return self.party.stream.receive(
                lambda m: m.status and m.status > 199 and m.call_id == call,
                what="answer").status
        except Closed:
            self.party.close()
            self.party = self.make(self.lab)
            return 0


def nothing_inside(lab, before, traps, what):
    """Neither a connection nor a message came to any server inside."""
    time.sleep(0.1)
    after = lab.inside_counts()
    assert after == before, "%s went inside: %r" % (
        what, [m.start for s in lab.servers for m in s.messages[-2:]])
    traps.untouched()


# Route

def climb(lab, peer):
    """Every Route of the ladder, outside of dialogs and as if within one."""
    call, _, _ = user_calls(lab, lab.registered())
    rungs = ladder(lab, user_of(uri_of(call.out.routes[0])))
    assert len(rungs) >= 20
    traps, speaker = inside_traps(lab), Speaker(lab, peer)
    before = lab.inside_counts()
    for route in rungs:
        for tag in (None, "x1"):
            raw = speaker.party.make(
                "INVITE", "sip:bob@example.com", to_tag=tag,
                extra=[("Route", r) for r in route.split(", ")])
            status = speaker.ask(raw)
            assert status in (*REFUSED, 0), "%s: %s" % (route, status)
            if lab.inside_counts() != before:
                nothing_inside(lab, before, traps, "Route " + route)
    nothing_inside(lab, before, traps, "a Route")
    from_outside(call, "BYE")


@attack.test
def no_route_leads_a_user_inside(lab):
    climb(lab, "a user")


@attack.test
def no_route_leads_a_stranger_inside(lab):
    climb(lab, "a stranger")


@attack.test
def no_route_leads_a_device_inside(lab):
    climb(lab, "a device")


@attack.test
def no_route_leads_a_partner_inside(lab):
    climb(lab, "a partner")


# Request-URI

def request_uris(lab):
    """Where no request from outside may go, however it is spelt."""
    home, director = "home01.internal.example", lab.block(3)
    return [
        "sip:bob@10.0.0.5", "sip:10.0.0.5", "sip:bob@" + lab.block(4),
        "sip:bob@%s:5061;transport=tls" % lab.block(4), "sip:" + director,
        "sip:bob@127.0.0.1", "sip:bob@127.0.0.1:22", "sip:bob@localhost",
        "sip:bob@169.254.169.254", "sip:bob@[::1]",
        "sip:bob@[::ffff:127.0.0.1]", "sip:bob@[fe80::1%25eth0]",
        "sip:bob@" + home, "sip:bob@" + home.upper(), "sip:bob@%s." % home,
        "sip:bob@%s:5061;transport=tls" % home, "sips:bob@" + home,
        "sip:dir01.internal.example", "sip:bob@" + INSIDE_FQDN,
        "sip:bob@" + lab.inside[0], "sip:bob@example.com;maddr=10.0.0.5",
        "sip:example.com;maddr=" + lab.block(4),
        "sip:bob@example.com;%6daddr=10.0.0.5",
        "sip:bob@example.com;MADDR=" + home,
        "sip:bob@example.com?Route=%%3Csip:%s;lr%%3E" % home,
        "sip:bob:secret@example.com", "sip:bob@example.com:0",
        "sip:bob@example.com:99999", "sip:bob@example.com:5061x",
        "sip:bob@2130706433", "sip:bob@0x7f000001", "sip:bob@127.1",
        "sip:bob@0177.0.0.1", "sip:bob@example.com@10.0.0.5",
        "sip:bob@home01%2einternal.example", "sip:bob@exa%6dple.com",
        "sip:bob@example.com.evil.test", "sip:bob@notexample.com",
        "sip:bob@evil.test", "sip:bob@sub.example.com",
        "sip:bob@example.com..", "tel:+4930123456", "mailto:bob@example.com",
        "http://10.0.0.5/", "sip:", "sip:@example.com", "sip:bob@",
        "<sip:bob@example.com>", "sip:~@%s:5061;transport=tls" % OUTSIDE_FQDN,
        "sip:bob@%s:5061" % OUTSIDE_FQDN, "sip:%7e@" + lab.outside[0],
    ]


def knock(lab, peer, method):
    """Every Request-URI of the table, with one method."""
    uris = request_uris(lab)
    assert len(uris) >= 40
    traps, speaker = inside_traps(lab), Speaker(lab, peer)
    before = lab.inside_counts()
    for uri in uris:
        party = speaker.party
        if method == "REGISTER":
            raw = party.register_bytes(uri=uri)
        else:
            raw = party.make(method, "sip:bob@example.com", uri=uri)
        status = speaker.ask(raw)
        assert status in (*REFUSED, 0), "%s: %s" % (uri, status)
        if lab.inside_counts() != before:
            if not status:  # it had to register anew
                before = lab.inside_counts()
                continue
            nothing_inside(lab, before, traps, uri)
    traps.untouched()


@attack.test
def no_request_uri_leads_an_invite_inside(lab):
    knock(lab, "a user", "INVITE")


@attack.test
def no_request_uri_leads_a_register_inside(lab):
    knock(lab, "a user", "REGISTER")
    knock(lab, "a stranger", "REGISTER")


@attack.test
def no_request_uri_leads_a_partner_or_device_inside(lab):
    knock(lab, "a partner", "INVITE")
    knock(lab, "a device", "INVITE")


# tokens

def decoded(word):
    return bytearray(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)))


def flips(word, count):
    """The word with one bit changed, at `count` places spread over it."""
    raw = decoded(word)
    bits = len(raw) * 8
    assert bits >= count, bits
    for i in range(count):
        bit = i * bits // count
        wrong = bytearray(raw)
        wrong[bit // 8] ^= 1 << bit % 8
        yield base64.urlsafe_b64encode(bytes(wrong)).decode().rstrip("=")


def flip_all(lab, call):
    """256 changed tokens: 256 times 403."""
    route, traps = call.out.routes[0], inside_traps(lab)
    token = user_of(uri_of(route))
    before, seen = lab.inside_counts(), []
    for wrong in flips(token, 256):
        call.out.send("INFO", routes=[route.replace(token, wrong)])
        seen.append(call.party.stream.receive(
            lambda m: m.status and m.method == "INFO").status)
    assert seen == [403] * 256, [s for s in seen if s != 403]
    nothing_inside(lab, before, traps, "a changed token")


@attack.test
def a_token_with_one_bit_changed_is_403_256_times(lab):
    call, _, _ = user_calls(lab, lab.registered())
    flip_all(lab, call)
    from_outside(call, "BYE")


@attack.test
def so_is_the_token_of_a_partner(lab):
    call, _, _ = user_calls(lab, partner(lab))
    flip_all(lab, call)
    from_outside(call, "BYE")


def moves(lab, call):
    """The inside end says that it is elsewhere now: Contact as it comes out."""
    home, was = lab.home1, lab.home1.contact
    home.contact = was.replace("srv@", "moved@")
    call.near.send("UPDATE", body=SDP)
    home.contact = was
    got = call.party.expect_request("UPDATE")
    call.party.reply(got, 200, body=SDP)
    home.expect(200, "UPDATE")
    return uri_of(got.get("contact"))


@attack.test
def a_hidden_contact_with_one_bit_changed_leads_nowhere(lab):
    call, _, _ = user_calls(lab, lab.registered())
    first, target = call.out.target, moves(lab, call)
    token, traps = user_of(target), inside_traps(lab)
    assert len(token) > 20, "Contact is not hidden: " + target
    call.out.target = target
    assert from_outside(call, "INFO").uri.startswith("sip:moved@")
    before = lab.inside_counts()
    changed = [target.replace(token, w) for w in flips(token, 256)]
    for wrong in changed + [first.replace(user_of(first), w)
                            for w in ("!", "~~", "~.", "%7e%7e", "srv")]:
        call.out.target = wrong
        call.out.send("INFO")
        call.party.expect((403, 404), "INFO")
    nothing_inside(lab, before, traps, "a changed Contact")
    call.out.target = first
    from_outside(call, "BYE")


@attack.test
def a_contact_of_ours_is_good_in_its_dialog_only(lab):
    alice = lab.registered()
    one, _, _ = user_calls(lab, alice)
    two, _, _ = user_calls(lab, alice)
    moved, traps = moves(lab, one), inside_traps(lab)
    speaker = Speaker(lab, "a user")
    before = lab.inside_counts()
    two.out.target = moved
    two.out.send("INFO")
    alice.expect(403, "INFO")
    for uri in (moved, one.out.target):
        raw = speaker.party.make("MESSAGE", "sip:bob@example.com", uri=uri)
        assert speaker.ask(raw) in REFUSED, uri
    nothing_inside(lab, before, traps, "the Contact of another dialog")


# answers

def forged(at_home, branch, own_via=None):
    """A 200 to a request that somebody else has, with a branch guessed."""
    raw = answer(at_home, 200, extra=[("Contact", "<sip:evil@evil.test>")],
                 body=SDP, to_tag="evil")
    return raw.replace(at_home.branch.encode(), branch.encode(), 1)


def guesses(branch, count):
    """Words in the form of a branch of ours."""
    word = branch[len("z9hG4bK"):]
    yield from ("z9hG4bK" + w for w in flips(word, 8 * len(decoded(word))))
    for i in range(count):
        yield "z9hG4bK" + base64.urlsafe_b64encode(
            decoded(word)[:14] + bytes((i >> 8 * k & 255)
                                       for k in range(len(decoded(word)) - 14))
        ).decode().rstrip("=")


@attack.test
def no_guessed_branch_is_believed_nor_the_right_one_elsewhere(lab):
    alice = lab.registered()
    others = [Speaker(lab, peer) for peer in PEERS]
    invite = alice.invite("sip:bob@example.com")
    at_home = lab.home1.expect_request("INVITE")
    for branch in guesses(at_home.branch, 600):
        for s in others:
            s.party.send(forged(at_home, branch))
    # Some of them live on the worker that waits for the answer.
    others += [Speaker(lab, peer) for peer in PEERS for _ in range(3)]
    for s in others:
        s.party.send(forged(at_home, at_home.branch))
    alice.stream.expect_nothing(0.5)
    for s in others:
        s.party.stream.expect_nothing(0.02)
        assert s.party.stream.is_open(), "the edge hung up"
    lab.home1.reply(at_home, 200, body=SDP)
    ok = alice.expect(200, "INVITE")
    assert b"evil" not in ok.raw
    dialog = alice.dialog(invite, ok)
    dialog.ack()
    lab.home1.expect_request("ACK")


@attack.test
def nor_may_a_server_of_ours_answer_elsewhere(lab):
    alice = lab.registered()
    alice.invite("sip:bob@example.com")
    at_home = lab.home1.expect_request("INVITE")
    others = [lab.keep(s.connect()) for s in (lab.home1, lab.home2,
                                              lab.director) for _ in range(4)]
    for stream in others:
        stream.send(forged(at_home, at_home.branch))
    alice.stream.expect_nothing(0.3)
    lab.home1.reply(at_home, 486)
    alice.expect(486, "INVITE")
    lab.home1.expect_request("ACK")


# other people's calls

def intrude(lab, call, peer):
    """CANCEL, BYE, ACK and re-INVITE of a call that is up, all tags and
    Routes copied, by somebody else."""
    traps, speaker = inside_traps(lab), Speaker(lab, peer)
    before = lab.inside_counts()
    for method in ("BYE", "INVITE", "INFO", "UPDATE"):
        for routes in (None, []):
            raw = call.out.make(method, cseq=50, routes=routes)
            assert speaker.ask(raw) in (403, 481, 0), method
    for routes in (None, []):
        speaker.party.send(call.out.make("ACK", cseq=1, routes=routes))
    try:
        speaker.party.stream.expect_nothing(0.2)
    except Closed:
        pass
    nothing_inside(lab, before, traps, "a request of %s" % peer)
    call.party.stream.expect_nothing(0.05)
    from_outside(call, "INFO")


@attack.test
def nobody_ends_or_changes_the_call_of_another(lab):
    call, _, _ = user_calls(lab, lab.registered())
    for peer in PEERS:
        intrude(lab, call, peer)
    from_outside(call, "BYE")


@attack.test
def nobody_cancels_the_call_of_another(lab):
    alice = lab.registered()
    invite = alice.invite("sip:bob@example.com")
    at_home = lab.home1.expect_request("INVITE")
    for peer in PEERS:
        other = PEERS[peer](lab)
        other.cancel_of(invite)
        got = other.stream.receive(lambda m: m.status and m.status > 199)
        assert got.status == 481, "%s: %s" % (peer, got.start)
    lab.home1.expect_none("CANCEL")
    alice.stream.expect_nothing(0.05)
    lab.home1.reply(at_home, 200, body=SDP)
    alice.dialog(invite, alice.expect(200, "INVITE")).ack()
    lab.home1.expect_request("ACK")


# redirects

def astray(lab):
    """Contacts that a director may not lead us to."""
    trap = lab.block(70)
    return {
        "loopback": ["sip:127.0.0.1:22;transport=tls"],
        "metadata": ["sip:169.254.169.254:80;transport=tcp"],
        "a stranger": ["sip:%s:5061;transport=tls" % trap],
        "a name": ["sip:evil.test:5061;transport=tls"],
        "our outside": ["sip:%s:5061;transport=tls" % OUTSIDE_FQDN],
        "our outside address": ["sip:%s:5061" % lab.outside[0]],
        "our inside": ["sip:%s:5061;transport=tls" % INSIDE_FQDN],
        "our inside address": ["sip:%s:5061" % lab.inside[0]],
        "another port": ["sip:home01.internal.example:22;transport=tls"],
        "maddr": ["sip:home01.internal.example;maddr=" + trap],
        "headers": ["sip:%s:5061?Route=%%3Csip:%s;lr%%3E" % (trap, trap)],
        "no SIP": ["http://127.0.0.1:22/", "tel:+4930123456", "mailto:a@b"],
        "a disguise": ["sip:127.1:22", "sip:2130706433:22", "sip:0x7f000001"],
        "fifty": ["sip:%s:%d" % (trap, 6000 + i) for i in range(50)],
        "rubbish": ["sip:@:", "sip:[::1", "<<sip:x>>"],
    }


def fails_once(party, raw):
    """One final answer that is a failure, and no second; returns it."""
    call = Message(raw).call_id
    party.send(raw)
    got = party.stream.receive(
        lambda m: m.status and m.status > 199 and m.call_id == call)
    assert got.status >= 400, got.start
    assert "contact" not in [n.lower() for n, _ in got.headers], got.raw
    party.stream.expect_nothing(0.05)
    return got


def led_astray(lab, make):
    """The director sends a request of `make` wherever it should not go."""
    traps = Traps(lab, *[(lab.block(70), p) for p in
                         (80, 5060, 5061, 6000, 6001, 6049)],
                  ("127.0.0.1", 22), (lab.block(4), 22))
    homes = [lab.home1.counts(), lab.home2.counts()]
    for name, uris in astray(lab).items():
        lab.director.script = lambda m, u=uris: answer(
            m, 302, extra=[("Contact", "<%s>" % x) for x in u])
        party, raw = make(lab)
        try:
            fails_once(party, raw)
        except AssertionError as e:
            raise AssertionError("%s: %s" % (name, e)) from e
        assert [lab.home1.counts(), lab.home2.counts()] == homes, name
        traps.untouched()


@attack.test
def a_register_redirected_astray_fails_once_and_goes_nowhere(lab):
    def make(lab):
        user = lab.user()
        return user, user.register_bytes()
    led_astray(lab, make)


@attack.test
def an_invite_redirected_astray_fails_once_and_goes_nowhere(lab):
    def make(lab):
        room = lab.device()
        return room, room.make("INVITE", "sip:bob@example.com")
    led_astray(lab, make)

    def make_partner(lab):
        zoe = partner(lab)
        return zoe, zoe.make("INVITE", "sip:bob@example.com")
    led_astray(lab, make_partner)


@attack.test
def a_chain_of_redirects_ends(lab):
    """Each server names the next: five hops, and round again."""
    uris = ["sip:%s.internal.example:5061;transport=tls" % n
            for n in ("home01", "home02", "home01", "home02", "home01")]

    def onward(m, hops=[0]):
        hops[0] += 1
        return answer(m, 302, extra=[("Contact", "<%s>"
                                      % uris[hops[0] % len(uris)])])
    for s in (lab.director, lab.home1, lab.home2):
        s.script = onward
        s.auto = {"*": onward, "ACK": lambda m: None}
    user = lab.user()
    fails_once(user, user.register_bytes())
    asked = sum(len(s.got("REGISTER")) for s in lab.servers)
    assert 1 <= asked <= 6, asked


@attack.test
def headers_in_a_redirect_to_a_home_of_ours_are_not_followed(lab):
    lab.director.script = lambda m: answer(m, 302, extra=[
        ("Contact", "<sip:home01.internal.example:5061;transport=tls"
         "?Route=%3Csip:evil.test;lr%3E&X-Evil=1>")])
    user, home = lab.user(), lab.home1
    got = user.register(status=None)
    assert got.status == 200 or got.status >= 400, got.start
    for m in home.got("REGISTER"):
        assert b"evil" not in m.raw.lower() and not m.all("route"), m.raw


@attack.test
def answers_that_nobody_waits_for_go_nowhere(lab):
    alice, before = lab.registered(), lab.inside_counts()
    for start in ("SIP/2.0 200 OK", "SIP/2.0 302 Moved", "SIP/2.0 999 What"):
        alice.send(build(start, [
            ("Via", "SIP/2.0/TLS %s:5061;branch=%s" % (
                OUTSIDE_FQDN, fresh("z9hG4bK"))),
            ("From", "<sip:a@example.com>;tag=1"),
            ("To", "<sip:b@example.com>;tag=2"), ("Call-ID", fresh("r")),
            ("CSeq", "1 INVITE"),
            ("Contact", "<sip:%s:5061>" % lab.block(4))]))
    alice.stream.expect_nothing(0.2)
    assert lab.inside_counts() == before


if __name__ == "__main__":
    main("attack", attack)
