#!/usr/bin/python3
"""What the outside hears of the inside: nothing. Calls, registrations and
refusals, captured and searched."""

import re

from edgelab import (OUTSIDE_FQDN, SDP, Group, Message, answer, callee_dialog,
                     fresh, host_of, main, uri_of)

plain = Group("plain", {"limits": {"unauth_rate": 1000}})
shown = Group("shown", {"boundary": {"hide_contact": False,
                                     "hide_call_id": False}})


def tell(lab, party):
    """The messages that a party got which say something of the inside."""
    words = ["internal", "home0", "dir01", "edge01", "lab-product",
             r"(?<![\w-])pbx"]  # three letters may stand in any token
    words += [re.escape(a) + r"(?!\d)" for a in
              [lab.inside[0]] + [s.address for s in lab.servers]]
    said = re.compile("|".join(words).encode())
    return [m.raw for m in party.stream.record if said.search(m.raw)]


def in_dialog(asks, answers, dialog, method, body=b""):
    """A request inside a dialog and its answer; whom it reached."""
    sent = Message(dialog.send(method, body=body))
    got = answers.expect_request(method)
    answers.reply(got, 200, body=body)
    resp = asks.expect(200, method)
    assert resp.call_id == sent.call_id, resp.raw
    assert resp.all("via") and len(resp.all("via")) == 1, resp.raw
    if method == "INVITE":
        dialog.ack()
        answers.expect_request("ACK")
    return got


def outward_call(lab, user, home, call_id, hang_up):
    """A home calls; both speak, and one hangs up."""
    invite = home.call(user.aor, body=SDP, call_id=call_id)
    at_user = user.expect_request("INVITE")
    user.reply(at_user, 180)
    assert home.expect(180).call_id == call_id
    ok = user.reply(at_user, 200, body=SDP)
    resp = home.expect(200, "INVITE")
    assert resp.call_id == call_id and len(resp.all("via")) == 1, resp.raw
    near = home.caller_dialog(invite, resp)
    far = callee_dialog(user, at_user, ok)
    near.ack()
    user.expect_request("ACK")
    in_dialog(home, user, near, "INVITE", SDP)
    got = in_dialog(user, home, far, "UPDATE", SDP)
    assert got.call_id == call_id and got.uri == home.contact, got.raw
    if hang_up:
        in_dialog(user, home, far, "BYE")
    else:
        in_dialog(home, user, near, "BYE")


def inward_call(lab, user, home, hang_up):
    """A user calls; a home rings, answers, and one hangs up."""
    invite = user.invite("sip:bob@example.com")
    at_home = home.expect_request("INVITE", call_id=invite.call_id)
    home.reply(at_home, 180)
    early = user.expect(180, "INVITE")
    ok = home.reply(at_home, 200, body=SDP)
    resp = user.expect(200, "INVITE")
    assert resp.get("contact") == early.get("contact"), resp.raw
    assert host_of(uri_of(resp.get("contact"))) == OUTSIDE_FQDN, resp.raw
    far = user.dialog(invite, resp)
    near = home.dialog(at_home, Message(ok))
    far.ack()
    got = home.expect_request("ACK")
    assert got.uri == home.contact, got.raw
    in_dialog(user, home, far, "INVITE", SDP)
    in_dialog(home, user, near, "INFO")
    if hang_up:
        in_dialog(user, home, far, "BYE")
    else:
        in_dialog(home, user, near, "BYE")


def refusal(lab, user, home, status):
    """A call that fails with everything a chatty server would say."""
    invite = user.invite("sip:nobody@example.com")
    at_home = home.expect_request("INVITE", call_id=invite.call_id)
    at_home.stream.send(answer(at_home, status, reason="Says home01", extra=[
        ("Reason", 'SIP;cause=%d;text="home01.internal.example"' % status),
        ("Contact", "<sip:x@%s>" % home.address)]))
    resp = user.expect(status)
    user.ack_of(invite, resp)
    home.expect_request("ACK")


@plain.test
def two_hundred_calls_and_registrations_tell_nothing(lab):
    home, alice = lab.home1, lab.registered()
    for n in range(40):
        host = (home.fqdn, home.address, home.fqdn.upper())[n % 3]
        outward_call(lab, alice, home, fresh("c") + "@" + host, n % 2)
        inward_call(lab, alice, home, n % 2)
        alice.register()
        refusal(lab, alice, home, (404, 480, 486, 500, 603)[n % 5])
        home.call(alice.aor, "MESSAGE", call_id=home.fqdn)
        alice.reply(alice.expect_request("MESSAGE"), 200)
        assert home.expect(200, "MESSAGE").call_id == home.fqdn
    assert len(alice.stream.record) >= 13 * 40
    assert not tell(lab, alice), tell(lab, alice)[0]


@plain.test
def a_device_is_told_nothing_either(lab):
    """By its own address and TCP, in lines of a length that it reads."""
    home, room = lab.home1, lab.device()
    for n in range(4):
        outward_call(lab, room, home, fresh("c") + "@" + home.fqdn, n % 2)
    at_home = room.invite("sip:bob@example.com")
    got = home.expect_request("INVITE", call_id=at_home.call_id)
    home.reply(got, 200, body=SDP)
    resp = room.expect(200, "INVITE")
    contact = uri_of(resp.get("contact"))
    assert host_of(contact) == lab.device_door[0], contact
    assert contact.startswith("sip:") and "transport=tcp" in contact, contact
    assert not tell(lab, room), tell(lab, room)[0]
    for m in room.stream.record:
        assert max(len(x) for x in m.raw.split(b"\r\n")) <= 1024, m.raw


@plain.test
def a_cancelled_call_tells_nothing(lab):
    home, alice = lab.home1, lab.registered()
    invite = home.call(alice.aor, call_id=fresh("c") + "@" + home.fqdn)
    at_alice = alice.expect_request("INVITE")
    alice.reply(at_alice, 180)
    home.expect(180)
    raw = invite.raw.replace(b"INVITE", b"CANCEL")
    home.send(raw)
    assert home.expect(200, "CANCEL").call_id == invite.call_id
    got = alice.expect_request("CANCEL")
    assert got.call_id == at_alice.call_id != invite.call_id
    alice.reply(got, 200)
    alice.reply(at_alice, 487)
    alice.expect_request("ACK")
    assert home.expect(487, "INVITE").call_id == invite.call_id
    assert not tell(lab, alice), tell(lab, alice)[0]


@plain.test
def a_hidden_call_survives_a_restart_of_the_edge(lab):
    home, alice = lab.home1, lab.registered()
    call_id = fresh("c") + "@" + home.fqdn
    invite = home.call(alice.aor, body=SDP, call_id=call_id)
    at_alice = alice.expect_request("INVITE")
    ok = alice.reply(at_alice, 200, body=SDP)
    near = home.caller_dialog(invite, home.expect(200, "INVITE"))
    near.ack()
    alice.expect_request("ACK")
    alice.close()
    lab.restart()
    again = lab.registered(alice.aor[4:].split("@")[0])
    again.tag = alice.tag
    far = callee_dialog(again, at_alice, ok)
    got = in_dialog(again, home, far, "INFO")
    assert got.call_id == call_id and got.uri == home.contact, got.raw
    got = in_dialog(home, again, near, "BYE")
    assert got.call_id == at_alice.call_id, got.raw


@shown.test
def an_operator_may_show_them(lab):
    home, alice = lab.home1, lab.registered()
    call_id = fresh("c") + "@" + home.fqdn
    home.call(alice.aor, body=SDP, call_id=call_id)
    got = alice.expect_request("INVITE")
    assert got.call_id == call_id, got.raw
    assert uri_of(got.get("contact")) == home.contact, got.raw
    assert len(got.all("via")) == 1, got.raw


if __name__ == "__main__":
    main("hiding", plain, shown)
