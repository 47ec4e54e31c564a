#!/usr/bin/python3
"""Two companies call each other, a VC unit joins, one blocks the other."""

import re
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from netlab import Double, Stuck, Trap, WorldGroup, main  # noqa: E402

A_ROOM = {"devices": {"enabled": True, "leg": "outside", "tcp_port": 5060,
                      "device": ({"name": "room1",
                                  "address": ["198.51.100.50"],
                                  "identities": ["sip:room1@a.example"],
                                  "contact": "sip:room1@198.51.100.50:5060;"
                                             "transport=tcp"},)}}


def partners(*domains):
    return {"federation": {"enabled": True, "partners": tuple(
        {"domain": [d]} for d in domains)}}


LISTED = ("b.example", "c.example", "dead.example", "loop.example",
          "lost.example", "home.example", "stuck.example", "wrong.example",
          "f.example", "mirror.example", "silent.example",
          "shop.example", "stall.example")
calls = WorldGroup("two companies", {
    "a": dict(A_ROOM, **partners(*LISTED)), "b": partners("a.example")})


def alice(w, *verbs, **how):
    return w.a.outer_phone("alice", "198.51.100.40", "register", *verbs, **how)


def bob(w, *verbs, **how):
    return w.b.outer_phone("bob", "198.51.100.60", "register", *verbs, **how)


def carol(w, *verbs, **how):
    return w.a.inner_phone("carol", "40", "register", *verbs, **how)


def dave(w, *verbs, **how):
    return w.b.inner_phone("dave", "40", "register", *verbs, **how)


def talk(caller, callee):
    """Both ends saw the call through: re-INVITE twice, then BYE."""
    caller.step("call")
    callee.step("answer")


@calls.test
def a_desk_calls_a_desk_of_the_other_company(w):
    d = dave(w, "answer", "stay")
    d.step("register")
    c = carol(w, "call", "sip:dave@b.example", "hold", "ms=300")
    talk(c, d)


@calls.test
def and_is_called_by_it(w):
    c = carol(w, "answer", "stay")
    c.step("register")
    d = dave(w, "call", "sip:carol@a.example", "hold", "ms=300")
    talk(d, c)


@calls.test
def a_remote_user_calls_a_remote_user_of_the_other_company(w):
    b = bob(w, "answer", "stay")
    b.step("register")
    a = alice(w, "call", "sip:bob@b.example", "hold", "ms=300")
    talk(a, b)


@calls.test
def the_one_who_was_called_hangs_up(w):
    b = bob(w, "answer", "ms=200", "stay")
    b.step("register")
    a = alice(w, "call", "sip:bob@b.example", "wait-bye")
    talk(a, b)


@calls.test
def a_call_is_given_up_while_it_rings(w):
    b = bob(w, "answer", "stay", options=["--answer-after", "5000"])
    b.step("register")
    a = alice(w, "call", "sip:bob@b.example", "cancel=300", "expect=487")
    talk(a, b)


@calls.test
def a_busy_user_of_the_other_company_says_so(w):
    b = bob(w, "answer", "stay", options=["--decline", "486"])
    b.step("register")
    c = carol(w, "call", "sip:bob@b.example", "expect=486")
    talk(c, b)


@calls.test
def messages_go_both_ways(w):
    b = bob(w, "receive", "message", "sip:carol@a.example", "stay")
    b.step("register")
    c = carol(w, "message", "sip:bob@b.example", "receive", "stay")
    c.step("message")
    b.step("receive")
    b.step("message")
    c.step("receive")


@calls.test
def a_vc_unit_joins_a_call_of_the_other_company(w):
    room = w.a.room("198.51.100.50", "keepalive", "answer", "stay")
    room.step("keepalive")
    d = dave(w, "call", "sip:room1@a.example", "hold", "ms=300")
    talk(d, room)
    for m in room.received():
        assert "10.2.0." not in m.split("\r\n\r\n")[0], m


@calls.test
def and_with_a_remote_user_of_it_in_lines_that_the_unit_can_read(w):
    """Both companies' routes, each sealed in the other's, fit into the 1,024
    bytes that a unit is sent at most."""
    room = w.a.room("198.51.100.50", "keepalive", "answer", "stay")
    room.step("keepalive")
    b = bob(w, "call", "sip:room1@a.example", "hold", "ms=300")
    talk(b, room)
    invite = [m for m in room.received() if m.startswith("INVITE ")][0]
    routes = [x for x in invite.split("\r\n") if x.startswith("Record-Route")]
    assert len(routes) == 1 and 600 < len(routes[0]) <= 1024, routes
    longest = max(len(line) for m in room.received()
                  for line in m.split("\r\n"))
    assert longest <= 1024, longest


@calls.test
def a_vc_unit_may_not_call_out(w):
    room = w.a.room("198.51.100.50", "keepalive", "call",
                    "sip:dave@b.example", "expect=403", "stay")
    room.step("call")


@calls.test
def the_servers_inside_are_told_who_calls(w):
    d = dave(w, "receive", "stay")
    d.step("register")
    c = carol(w, "message", "sip:dave@b.example", "stay")
    c.step("message")
    d.step("receive")
    got = [m for m in d.received() if m.startswith("MESSAGE ")][0]
    marks = [x for x in got.split("\r\n") if x.startswith("X-Edge-Source:")]
    assert len(marks) == 1 and "class=partner" in marks[0], marks


@calls.test
def a_signed_answer_shows_that_a_domain_is_served_by_anothers_edge(w):
    d = dave(w, "answer", "stay", domain="shop.example")
    d.step("register")
    c = carol(w, "call", "sip:dave@shop.example", "hold", "stay")
    talk(c, d)


@calls.test
def and_that_it_may_speak_for_it(w):
    c = carol(w, "answer", "stay")
    c.step("register")
    d = dave(w, "call", "sip:carol@a.example", "hold", "stay",
             domain="shop.example")
    talk(d, c)


@calls.test
def an_unsigned_answer_shows_nothing(w):
    mark = w.b.edge.mark()
    carol(w, "message", "sip:dave@stall.example", "expect=504",
          "stay").step("message")
    assert "stall.example" not in w.b.edge.log(mark)
    mark = w.a.edge.mark()
    dave(w, "message", "sip:carol@a.example", "expect=403", "stay",
         domain="stall.example").step("message")
    w.a.edge.wait_log("refuse .*from=sip:dave@stall.example", mark)


def fails(w, domain, reason):
    """A call to the domain is 504 within limits.partner_answer_s (5), and
    tells the desk why."""
    began = time.monotonic()
    c = carol(w, "call", "sip:x@" + domain, "expect=504", "stay")
    c.step("call")
    took = time.monotonic() - began
    assert took < 10, "after %.1f s" % took
    final = [m for m in c.received() if m.startswith("SIP/2.0 504")][0]
    assert re.search("(?m)^Reason: .*" + reason, final), final


@calls.test
def a_partner_that_is_not_there_is_504_in_time(w):
    fails(w, "dead.example", "cannot connect")


@calls.test
def one_that_is_switched_off_is_504(w):
    fails(w, "f.example", "cannot connect")


@calls.test
def one_that_never_says_a_word_is_504_in_time(w):
    stuck = Stuck(w, "198.51.100.74")
    fails(w, "stuck.example", "")
    assert stuck.counts()[0] >= 1


@calls.test
def one_whose_certificate_names_another_is_504(w):
    Double(w, "c.example", "198.51.100.75").listen()
    fails(w, "wrong.example", "certificate")


@calls.test
def a_domain_without_records_is_504(w):
    fails(w, "silent.example", "SRV")


@calls.test
def why_is_not_told_to_the_outside(w):
    a = alice(w, "call", "sip:x@silent.example", "expect=504", "stay")
    a.step("call")
    final = [m for m in a.received() if m.startswith("SIP/2.0 504")][0]
    assert "SRV" not in final and "text=" not in final, final


@calls.test
def records_that_point_inside_or_at_the_edge_lead_nowhere(w):
    traps = [Trap(w, w.a.space, "127.0.0.1"),
             Trap(w, w.a.inside, "10.1.0.66")]
    before = w.a.home.log().count("closed")
    for name in ("loop", "lost", "home", "mirror"):
        carol(w, "message", "sip:x@%s.example" % name, "expect=504",
              "stay").step("message")
    assert [t.counts() for t in traps] == [(0, 0), (0, 0)], "connected"
    assert before <= w.a.home.log().count("closed")


@calls.test
def nobody_inside_is_reached_through_a_domain_that_is_not_listed(w):
    mark = w.a.edge.mark()
    carol(w, "message", "sip:x@d.example", "expect=404",
          "stay").step("message")
    assert "no-way-out" in w.a.edge.log(mark)


@calls.test
def a_partner_without_an_entry_is_refused(w):
    party = Double(w, "d.example", "198.51.100.71").connect(w.a)
    party.ask("MESSAGE", "sip:carol@a.example", status=403)
    w.a.edge.wait_log("rule=partner-unknown")


@calls.test
def a_partner_may_not_speak_for_another(w):
    party = Double(w, "c.example", "198.51.100.70").connect(w.a)
    for frm in ("sip:x@b.example", "sip:alice@a.example"):
        party.ask("MESSAGE", "sip:carol@a.example", status=403, frm=frm)


@calls.test
def one_side_blocks_the_other_and_it_stops(w):
    d = dave(w, "receive", "receive", "stay")
    d.step("register")
    carol(w, "message", "sip:dave@b.example", "stay").step("message")
    d.step("receive")
    w.b.reload({"federation": {"partners": (), "blocked": ["a.example"]}})
    try:
        mark = w.b.edge.mark()
        c = carol(w, "call", "sip:dave@b.example", "expect=403", "message",
                  "sip:dave@b.example", "expect=403", "stay")
        c.step("call")
        c.step("message")
        w.b.edge.wait_log("rule=partner-blocked", mark)
        dave(w, "message", "sip:carol@a.example", "expect=403",
             "stay").step("message")
    finally:
        w.b.reload({})
    carol(w, "message", "sip:dave@b.example", "stay").step("message")


main("netns calls", calls)
