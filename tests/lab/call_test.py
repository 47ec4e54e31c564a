#!/usr/bin/python3
"""Calls with both ends outside: through the edge, a proxying home, and the
edge again."""

from edgelab import (OUTSIDE_FQDN, SDP, Dialog, Group, callee_dialog,
                     host_of, main, uri_of)
from edgelab.proxy import ProxyHome

LIM = {"unauth_rate": 1000}
two = Group("two workers", {"limits": LIM})
four = Group("four workers", {"edge": {"workers": 4}, "limits": LIM})


def one_of_ours(party, m):
    """One Record-Route: our name, or for a device our address and TCP."""
    routes = [uri_of(r) for r in m.all("record-route")]
    want = party.stream.peer[0] if party.transport == "TCP" else OUTSIDE_FQDN
    assert [host_of(r) for r in routes] == [want], routes
    assert "transport=" + party.transport.lower() in routes[0], routes


def call(alice, bob, to=None):
    """A call from alice to bob that is up; (her dialog, his)."""
    invite = alice.invite(to or bob.aor)
    at_bob = bob.expect_request("INVITE", call_id=invite.call_id)
    bob.reply(at_bob, 180)
    alice.expect(180, "INVITE")
    ok = bob.reply(at_bob, 200, body=SDP)
    resp = alice.expect(200, "INVITE")
    one_of_ours(bob, at_bob)
    one_of_ours(alice, resp)
    hers, his = alice.dialog(invite, resp), callee_dialog(bob, at_bob, ok)
    hers.ack()
    bob.expect_request("ACK", call_id=invite.call_id)
    return hers, his


def ask(one, other, method, body=b""):
    """A request from one end of a dialog, answered by the other."""
    one.send(method, body=body)
    got = other.party.expect_request(method, call_id=one.call_id)
    assert not got.all("route"), got.raw
    other.party.reply(got, 200, body=body)
    one.party.expect(200, method, call_id=one.call_id)
    if method == "INVITE":
        one.ack()
        other.party.expect_request("ACK", call_id=one.call_id)


def whole_call(alice, bob, to=None):
    """Set up, both re-INVITE (hold), both hang up once."""
    for last in (0, 1):
        ends = call(alice, bob, to)
        ask(ends[0], ends[1], "INVITE", SDP)
        ask(ends[1], ends[0], "INVITE", SDP)
        ask(ends[1], ends[0], "UPDATE", SDP)
        ask(ends[last], ends[1 - last], "BYE")


@two.test
def a_user_calls_a_user(lab):
    ProxyHome(lab.home1)
    whole_call(lab.registered(), lab.registered())


@two.test
def a_user_calls_a_user_and_the_home_does_not_stay_in_the_dialog(lab):
    ProxyHome(lab.home1, record_route=False)
    whole_call(lab.registered(), lab.registered())


@two.test
def a_user_calls_itself_on_another_connection(lab):
    ProxyHome(lab.home1)
    alice = lab.registered()
    second = lab.registered(alice.aor[4:].split("@")[0])
    whole_call(alice, second)


@two.test
def a_device_calls_a_user_and_is_called(lab):
    ProxyHome(lab.home1)
    alice, room = lab.registered(), lab.device()
    whole_call(room, alice)
    whole_call(alice, room)


@two.test
def a_device_calls_a_device(lab):
    ProxyHome(lab.home1, record_route=False)
    whole_call(lab.device(50, "room1"), lab.device(51, "room2"))


@two.test
def a_call_is_cancelled_all_the_way(lab):
    ProxyHome(lab.home1)
    alice, bob = lab.registered(), lab.registered()
    invite = alice.invite(bob.aor)
    at_bob = bob.expect_request("INVITE")
    bob.reply(at_bob, 180)
    alice.expect(180)
    alice.cancel_of(invite)
    alice.expect(200, "CANCEL")
    bob.reply(bob.expect_request("CANCEL"), 200)
    bob.reply(at_bob, 487)
    alice.ack_of(invite, alice.expect(487, "INVITE"))
    bob.expect_request("ACK")


@two.test
def a_refusal_comes_back_all_the_way(lab):
    ProxyHome(lab.home1)
    alice, bob = lab.registered(), lab.registered()
    invite = alice.invite(bob.aor)
    bob.reply(bob.expect_request("INVITE"), 603, reason="Not Now")
    resp = alice.expect(603)
    alice.ack_of(invite, resp)
    assert resp.start.endswith(" Decline")
    bob.expect_request("ACK")


@two.test
def messages_between_users_pass(lab):
    ProxyHome(lab.home1)
    alice, bob = lab.registered(), lab.registered()
    for one, other in ((alice, bob), (bob, alice)):
        one.send(one.make("MESSAGE", other.aor, body=b"hi"))
        got = other.expect_request("MESSAGE")
        assert got.body == b"hi"
        other.reply(got, 200)
        one.expect(200, "MESSAGE")


@two.test
def no_inside_name_reaches_either_end(lab):
    ProxyHome(lab.home1)
    alice, bob = lab.registered(), lab.registered()
    whole_call(alice, bob)
    for m in alice.stream.record + bob.stream.record:
        shown = m.all("record-route") + m.all("route") + m.all("path")
        if m.status is None:
            shown.append(m.get("via"))
        assert "internal" not in " ".join(shown) or m.method == "REGISTER", \
            m.raw


@two.test
def a_stolen_route_of_a_call_between_users_is_refused(lab):
    ProxyHome(lab.home1)
    alice, bob, mallory = (lab.registered() for _ in range(3))
    hers, his = call(alice, bob)
    for end in (hers, his):
        forged = Dialog(mallory, end.call_id, end.local, end.remote,
                        end.target, end.routes, 50)
        lab.refused(mallory, forged.make("BYE"))
    lab.refused(bob, Dialog(bob, his.call_id, his.local, his.remote,
                            his.target, hers.routes, 70).make("BYE"),
                (403, 481))
    ask(hers, his, "BYE")


@four.test
def users_on_any_worker_call_each_other(lab):
    ProxyHome(lab.home1)
    users = [lab.registered() for _ in range(8)]
    for n in range(8):
        whole_call(users[n], users[(n + 3) % 8])


@four.test
def a_call_between_users_survives_a_restart_of_the_edge(lab):
    proxy = ProxyHome(lab.home1)
    alice, bob = lab.registered(), lab.registered()
    hers, his = call(alice, bob)
    proxy.close()
    alice.close()
    bob.close()
    lab.restart()
    ProxyHome(lab.home1)
    for end in (hers, his):
        old = end.party
        end.party = lab.registered(old.aor[4:].split("@")[0])
        end.party.tag = old.tag
    ask(hers, his, "INVITE", SDP)
    ask(his, hers, "INVITE", SDP)
    ask(his, hers, "BYE")


@four.test
def a_token_does_not_say_where_it_leads(lab):
    """Sealed routes are not to be read by the outside."""
    import base64
    ProxyHome(lab.home1)
    hers, _ = call(lab.registered(), lab.registered())
    token = uri_of(hers.routes[0])[4:].split("@")[0]
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert b"internal" not in raw and b"home01" not in raw


if __name__ == "__main__":
    main("call", two, four)
