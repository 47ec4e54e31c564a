#!/usr/bin/python3
"""Dialogs across the edge: two signed Record-Routes, both ways, after a
restart; and every Route that is not ours."""

import base64

from edgelab import (INSIDE_FQDN, OUTSIDE_FQDN, SDP, Group, Message, answer,
                     callee_dialog, fresh, host_of, main, uri_of, user_of)

plain = Group("plain")
B64 = ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class Call:
    """A call that is up: `out` is the outside end's dialog, `near` the
    inside end's."""

    def __init__(self, lab, party, home, out, near):
        self.lab, self.party, self.home = lab, party, home
        self.out, self.near = out, near


def user_calls(lab, user, to="sip:bob@example.com", home=None):
    """A user or device calls; a home answers."""
    home = home or lab.home1
    invite = user.invite(to)
    at_home = home.expect_request("INVITE", call_id=invite.call_id)
    ok = home.reply(at_home, 200, body=SDP)
    resp = user.expect(200, "INVITE")
    out = user.dialog(invite, resp)
    out.ack()
    home.expect_request("ACK")
    near = home.dialog(at_home, Message(ok))
    return Call(lab, user, home, out, near), at_home, resp


def home_calls(lab, user, target=None, home=None):
    """A home calls a registered user (or a device)."""
    home = home or lab.home1
    invite = home.call(target or user.aor, body=SDP)
    at_user = user.expect_request("INVITE", call_id=invite.call_id)
    ok = user.reply(at_user, 200, body=SDP)
    resp = home.expect(200, "INVITE")
    near = home.caller_dialog(invite, resp)
    near.ack()
    user.expect_request("ACK")
    out = callee_dialog(user, at_user, ok)
    return Call(lab, user, home, out, near), at_user, resp


def from_outside(call, method, body=b"", status=200):
    """An in-dialog request from the outside end, answered inside."""
    call.out.send(method, body=body)
    got = call.home.expect_request(method, call_id=call.out.call_id)
    call.home.reply(got, status, body=body)
    call.party.expect(status, method, call_id=got.call_id)
    if method == "INVITE":
        call.out.ack()
        call.home.expect_request("ACK")
    return got


def from_inside(call, method, body=b""):
    """An in-dialog request from the inside end, answered outside."""
    call.near.send(method, body=body)
    got = call.party.expect_request(method, call_id=call.near.call_id)
    call.party.reply(got, 200, body=body)
    call.home.expect(200, method, call_id=got.call_id)
    if method == "INVITE":
        call.near.ack()
        call.party.expect_request("ACK")
    return got


def both_ways(call):
    """re-INVITE, UPDATE and BYE-like requests from either end."""
    for method, body in (("INVITE", SDP), ("UPDATE", SDP), ("INFO", b"")):
        got = from_outside(call, method, body)
        assert not any(OUTSIDE_FQDN in r for r in got.all("route")), got.raw
        got = from_inside(call, method, body)
        assert not got.all("route"), got.raw


@plain.test
def a_user_calls_inside_and_either_end_speaks_and_hangs_up(lab):
    call, _, _ = user_calls(lab, lab.registered())
    both_ways(call)
    from_outside(call, "BYE")
    call, _, _ = user_calls(lab, lab.registered())
    from_inside(call, "BYE")


@plain.test
def inside_calls_a_user_and_either_end_speaks_and_hangs_up(lab):
    call, _, _ = home_calls(lab, lab.registered())
    both_ways(call)
    from_inside(call, "BYE")
    call, _, _ = home_calls(lab, lab.registered())
    from_outside(call, "BYE")


def two_signed(values):
    """An inside end's route set: our two names, inside first, both signed."""
    ours = [uri_of(v) for v in values
            if host_of(uri_of(v)) in (INSIDE_FQDN, OUTSIDE_FQDN)]
    assert [host_of(u) for u in ours] == [INSIDE_FQDN, OUTSIDE_FQDN], values
    for u in ours:
        assert len(user_of(u)) > 20 and ";lr" in u, u


@plain.test
def inside_sees_two_signed_record_routes_and_outside_one(lab):
    call, at_home, resp = user_calls(lab, lab.registered())
    two_signed(at_home.all("record-route"))
    seen = resp.all("record-route")
    assert len(seen) == 1 and host_of(uri_of(seen[0])) == OUTSIDE_FQDN, seen
    assert len(user_of(uri_of(seen[0]))) > 20


@plain.test
def inside_as_caller_gets_the_same_two_and_its_own_back(lab):
    call, at_user, resp = home_calls(lab, lab.registered())
    seen = at_user.all("record-route")
    assert len(seen) == 1 and host_of(uri_of(seen[0])) == OUTSIDE_FQDN, seen
    answered = resp.all("record-route")
    assert answered[-1] == lab.home1.route, answered
    two_signed(list(reversed(answered)))


@plain.test
def outside_never_sees_an_inside_name_in_a_call(lab):
    alice = lab.registered()
    for make in (user_calls, home_calls):
        call, _, _ = make(lab, alice)
        both_ways(call)
        from_inside(call, "BYE")
    for m in alice.stream.record:
        routes = " ".join(m.all("record-route") + m.all("route")
                          + m.all("via")[:1 if not m.status else 0])
        assert "internal" not in routes and lab.inside[0] not in routes, m.raw


@plain.test
def the_route_set_of_several_inner_proxies_is_restored_in_order(lab):
    """Two proxies inside record-routed: the outer one first on the way in."""
    alice = lab.registered()
    inner = ["<sip:home01.internal.example:5061;transport=tls;lr;n=%d>" % n
             for n in (1, 2)]
    invite = alice.invite("sip:bob@example.com")
    at_home = lab.home1.expect_request("INVITE")
    raw = answer(at_home, 200, extra=[("Contact", "<%s>" % lab.home1.contact)],
                 body=SDP)
    at_home.stream.send(raw.replace(
        b"\r\nRecord-Route:", ("\r\nRecord-Route: %s, %s\r\nRecord-Route:" %
                               (inner[1], inner[0])).encode(), 1))
    resp = alice.expect(200)
    call = alice.dialog(invite, resp)
    call.ack()
    got = lab.home1.expect_request("ACK")
    assert [uri_of(r) for r in got.all("route")] == \
        [uri_of(r) for r in inner], got.all("route")


@plain.test
def a_device_calls_inside_and_either_end_speaks_and_hangs_up(lab):
    call, _, _ = user_calls(lab, lab.device())
    both_ways(call)
    from_outside(call, "BYE")
    call, _, _ = user_calls(lab, lab.device())
    from_inside(call, "BYE")


@plain.test
def inside_calls_a_device_over_its_live_connection(lab):
    listener, room = lab.device_listener(), lab.device()
    room.ask("OPTIONS", "sip:" + OUTSIDE_FQDN, 200)
    call, _, _ = home_calls(lab, room)
    assert not listener.accepted, "it connected all the same"
    both_ways(call)
    from_inside(call, "BYE")


@plain.test
def inside_calls_a_device_that_has_no_connection(lab):
    listener = lab.device_listener()
    invite = lab.home1.call("sip:room1@example.com", body=SDP)
    at_room = listener.expect_request("INVITE")
    assert listener.accepted[0][0] == lab.outside[0]
    ok = answer(at_room, 200, extra=[("Contact", "<sip:room1@%s:5060;"
                                      "transport=tcp>" % lab.block(50))],
                body=SDP)
    at_room.stream.send(ok)
    near = lab.home1.caller_dialog(invite, lab.home1.expect(200))
    near.ack()
    listener.expect_request("ACK")
    near.send("BYE")
    bye = listener.expect_request("BYE")
    bye.stream.send(answer(bye, 200))
    lab.home1.expect(200, "BYE")
    assert len(listener.accepted) == 1


@plain.test
def a_device_that_is_not_there_is_a_clean_refusal(lab):
    lab.home1.call("sip:room2@example.com", body=SDP)
    resp = lab.home1.client.receive(lambda m: m.status and m.status > 199)
    assert resp.status in (408, 430, 480, 500, 502, 503, 504), resp.start


@plain.test
def a_device_may_only_do_what_its_entry_lists(lab):
    room = lab.device()
    lab.refused(room, room.make("INVITE", "sip:bob@example.com",
                                frm="sip:alice@example.com"))
    lab.refused(room, room.make("INVITE", "sip:bob@example.com",
                                frm="sip:room2@example.com"))
    lab.refused(room, room.make("MESSAGE", "sip:bob@example.com"))
    lab.refused(room, room.register_bytes())
    lab.refused(room, room.make("INVITE", "sip:bob@elsewhere.example"))


@plain.test
def an_unknown_address_from_inside_finds_no_way_out(lab):
    for target in ("sip:nobody@example.com", "sip:x@elsewhere.example",
                   "sip:x@" + lab.block(99)):
        lab.home1.call(target, "MESSAGE")
        resp = lab.home1.expect((404, 430, 480, 403))
        assert resp.status in (404, 430, 480, 403)


# after a restart

def come_back(lab, call):
    """Killed and started again; the client registers anew."""
    name = call.party.aor[4:].split("@")[0]
    call.party.close()
    lab.restart()
    party = lab.registered(name)
    party.tag = call.party.tag
    call.party = call.out.party = party


@plain.test
def dialogs_go_on_after_the_edge_was_restarted(lab):
    for make in (user_calls, home_calls):
        call, _, _ = make(lab, lab.registered())
        come_back(lab, call)
        both_ways(call)
        from_outside(call, "BYE")
        call, _, _ = make(lab, lab.registered())
        come_back(lab, call)
        from_inside(call, "INVITE", SDP)
        from_inside(call, "BYE")


@plain.test
def a_dialog_goes_on_over_a_new_connection_of_the_same_user(lab):
    call, _, _ = user_calls(lab, lab.registered())
    name = call.party.aor[4:].split("@")[0]
    call.party.close()
    party = lab.registered(name)
    call.party = call.out.party = party
    both_ways(call)
    from_inside(call, "BYE")


@plain.test
def after_a_restart_a_user_must_register_before_it_speaks(lab):
    call, _, _ = user_calls(lab, lab.registered())
    name = call.party.aor[4:].split("@")[0]
    lab.restart()
    call.out.party = stranger = lab.user(name)
    lab.refused(stranger, call.out.make("BYE"))


# Routes that are not ours

def ladder(lab, token):
    """Route values that a user of ours may not send."""
    ours = "%s:5061;transport=tls;lr" % OUTSIDE_FQDN
    return [
        "<sip:%s;lr>" % lab.block(4), "<sip:%s:5061;lr>" % lab.block(3),
        "<sip:home01.internal.example:5061;transport=tls;lr>",
        "<sip:dir01.internal.example;lr>", "<sip:127.0.0.1:5080;lr>",
        "<sip:%s>, <sip:home01.internal.example;lr>" % ours,
        "<sip:%s>, <sip:%s>" % (ours, ours),
        "<sip:home01.internal.example>", "<sips:home01.internal.example;lr>",
        "<tel:+4930123456;lr>", "<sip:home01%2einternal.example;lr>",
        "<sip:HOME01.INTERNAL.EXAMPLE;lr>", "<sip:home01.internal.example.;lr>",
        "<sip:[::1]:5061;lr>", "<sip:home01.internal.example:0;lr>",
        "<sip:%s;maddr=%s>" % (ours, lab.block(4)),
        "<sip:forged@%s>" % ours,
        "<sip:%s@home01.internal.example;lr>" % token,
        "<sip:%s@%s>, <sip:home01.internal.example;lr>" % (token, ours),
        "<sip:%s@%s:5061;lr>" % (token, INSIDE_FQDN),
        "<sip:%s@%s?Route=%%3Csip:home01.internal.example%%3E>"
        % (token, ours),
        "<sip:%s@elsewhere.example;lr>" % token,
    ]


@plain.test
def a_foreign_route_is_403_and_nothing_goes_inward(lab):
    alice = lab.registered()
    call, _, _ = user_calls(lab, lab.registered())
    token = user_of(uri_of(call.out.routes[0]))
    before = lab.inside_counts()
    for route in ladder(lab, token):
        raw = alice.make("MESSAGE", "sip:bob@example.com",
                         extra=[("Route", r) for r in route.split(", ")])
        alice.send(raw)
        resp = alice.stream.receive(
            lambda m: m.status and m.call_id == Message(raw).call_id,
            what="403 for Route " + route)
        assert resp.status in (403, 400, 416), "%s: %s" % (route, resp.start)
    lab.no_connection_inside(before)
    assert lab.edge.log().count("refuse") >= 10


@plain.test
def our_plain_address_as_outbound_proxy_is_fine(lab):
    alice = lab.registered()
    for host in (OUTSIDE_FQDN, lab.outside[0]):
        raw = alice.make("MESSAGE", "sip:bob@example.com", extra=[
            ("Route", "<sip:%s:5061;transport=tls;lr>" % host)])
        alice.send(raw)
        got = lab.home1.expect_request("MESSAGE")
        assert not got.all("route"), got.raw
        lab.home1.reply(got, 200)
        alice.expect(200, "MESSAGE")


@plain.test
def a_stranger_with_a_route_gets_no_further(lab):
    call, _, _ = user_calls(lab, lab.registered())
    stranger = lab.user()
    call.out.party = stranger
    lab.refused(stranger, call.out.make("BYE"))


def refused_in_dialog(call, raw, status=(403, 481)):
    """Refused; the call does not notice."""
    call.lab.refused(call.party, raw, status)


@plain.test
def a_token_of_another_dialog_is_403(lab):
    alice = lab.registered()
    first, _, _ = user_calls(lab, alice)
    second, _, _ = user_calls(lab, alice)
    raw = second.out.make("BYE", routes=first.out.routes)
    refused_in_dialog(second, raw, 403)
    raw = alice.make("MESSAGE", "sip:bob@example.com",
                     extra=[("Route", first.out.routes[0])])
    refused_in_dialog(first, raw, 403)
    from_outside(second, "BYE")
    from_outside(first, "BYE")


@plain.test
def a_token_in_another_users_hands_is_403(lab):
    call, _, _ = user_calls(lab, lab.registered())
    mallory = lab.registered()
    call.out.party = mallory
    raw = call.out.make("BYE")
    lab.refused(mallory, raw, 403)
    stolen = raw.replace(b"From: <%s>" % call.party.aor.encode(),
                         b"From: <%s>" % mallory.aor.encode())
    lab.refused(mallory, stolen.replace(b"z9hG4bK", b"z9hG4bKx"), 403)
    call.out.party = call.party
    from_outside(call, "BYE")


@plain.test
def a_flow_token_from_outside_is_403(lab):
    alice, bob = lab.registered(), lab.registered()
    path = lab.home1.bindings[bob.aor][1][0]
    for host in (INSIDE_FQDN, OUTSIDE_FQDN):
        route = path.replace(INSIDE_FQDN, host)
        lab.refused(alice, alice.make("MESSAGE", bob.aor,
                                      extra=[("Route", route)]), 403)


@plain.test
def a_flipped_bit_in_a_token_is_403(lab):
    call, _, _ = user_calls(lab, lab.registered())
    route = call.out.routes[0]
    token = user_of(uri_of(route))
    before, positions = lab.inside_counts(), range(0, len(token) * 6, 1)
    step = max(1, len(positions) // 48)
    for bit in positions[::step]:
        i, b = divmod(bit, 6)
        flipped = B64[B64.index(token[i]) ^ (1 << b)]
        if i == len(token) - 1 and same_bytes(token, token[:-1] + flipped):
            continue
        wrong = token[:i] + flipped + token[i + 1:]
        raw = call.out.make("INFO", routes=[route.replace(token, wrong)])
        call.party.send(raw)
        resp = call.party.expect((403,), "INFO")
        assert resp.status == 403, "bit %d: %s" % (bit, resp.start)
    for wrong in (token[:-1], token + "A", token[:20], "", token.swapcase()):
        raw = call.out.make("INFO", routes=[route.replace(token, wrong)])
        call.party.send(raw)
        call.party.expect((403, 481, 400), "INFO")
    lab.no_connection_inside(before)
    from_outside(call, "BYE")


def same_bytes(a, b):
    """Do two base64url words mean the same bytes? (spare bits at the end)"""
    def decode(s):
        return base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))
    return decode(a) == decode(b)


@plain.test
def an_in_dialog_request_without_our_route_is_refused(lab):
    call, _, _ = user_calls(lab, lab.registered())
    refused_in_dialog(call, call.out.make("BYE", routes=[]), (481, 403))
    from_outside(call, "BYE")


@plain.test
def a_strict_route_is_refused(lab):
    call, _, _ = user_calls(lab, lab.registered())
    strict = call.out.routes[0].replace(";lr", "")
    refused_in_dialog(call, call.out.make("INFO", routes=[strict]))


@plain.test
def inside_may_not_use_a_forged_token_either(lab):
    alice = lab.registered()
    lab.home1.call(alice.aor, "MESSAGE", routes=[
        "<sip:%s@%s:5061;transport=tls;lr>" % ("A" * 60, INSIDE_FQDN)])
    resp = lab.home1.expect((403, 404, 430))
    assert resp.status in (403, 404, 430)
    alice.stream.expect_nothing(0.1)


@plain.test
def subscriptions_are_dialogs_too(lab):
    alice = lab.registered()
    raw = alice.make("SUBSCRIBE", "sip:bob@example.com",
                     extra=[("Event", "presence"), ("Expires", "600")])
    alice.send(raw)
    at_home = lab.home1.expect_request("SUBSCRIBE")
    ok = lab.home1.reply(at_home, 200, extra=[("Expires", "600")])
    out = alice.dialog(raw, alice.expect(200, "SUBSCRIBE"))
    near = lab.home1.dialog(at_home, Message(ok))
    near.send("NOTIFY", extra=[("Event", "presence"),
                               ("Subscription-State", "active")])
    alice.reply(alice.expect_request("NOTIFY"), 200)
    lab.home1.expect(200, "NOTIFY")
    out.send("SUBSCRIBE", extra=[("Event", "presence"), ("Expires", "0")])
    lab.home1.reply(lab.home1.expect_request("SUBSCRIBE"), 200)
    alice.expect(200, "SUBSCRIBE")


@plain.test
def prack_and_early_dialogs_pass(lab):
    alice = lab.registered()
    invite = alice.invite("sip:bob@example.com",
                          extra=[("Supported", "100rel")])
    at_home = lab.home1.expect_request("INVITE")
    lab.home1.reply(at_home, 183, body=SDP, extra=[("Require", "100rel"),
                                                   ("RSeq", "1")])
    early = alice.dialog(invite, alice.expect(183))
    early.send("PRACK", extra=[("RAck", "1 1 INVITE")])
    lab.home1.reply(lab.home1.expect_request("PRACK"), 200)
    alice.expect(200, "PRACK")
    lab.home1.reply(at_home, 200, body=SDP)
    out = alice.dialog(invite, alice.expect(200, "INVITE"))
    out.cseq = early.cseq
    out.ack(invite.cseq)
    lab.home1.expect_request("ACK")
    out.send("BYE")
    lab.home1.reply(lab.home1.expect_request("BYE"), 200)
    alice.expect(200, "BYE")


short = Group("short-lived tokens", {"limits": {"dialog_token_s": 60}})


@short.test
def a_fresh_token_is_good_while_it_lives(lab):
    call, _, _ = user_calls(lab, lab.registered(fresh("x")))
    from_outside(call, "BYE")


if __name__ == "__main__":
    main("dialog", plain, short)
