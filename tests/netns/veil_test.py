#!/usr/bin/python3
"""What leaves the company: 200 calls and registrations, as received outside,
searched for every name and address of the inside."""

import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from netlab import Double, WorldGroup, main  # noqa: E402

DEVICE = {"name": "room1", "address": ["198.51.100.50"],
          "identities": ["sip:room1@a.example"], "calls_per_s": 1000,
          "contact": "sip:room1@198.51.100.50:5060;transport=tcp"}
veil = WorldGroup("the outside's view", {"a": {
    "devices": {"enabled": True, "leg": "outside", "tcp_port": 5060,
                "device": (DEVICE,)},
    "federation": {"enabled": True,
                   "partners": ({"domain": ["c.example"]},)}}})
NEEDLES = ("10.1.0.", "a.internal", "edge01", "dir01", "home01")
TALKS = ["--name", "desk.a.internal",  # as its User-Agent says
         "--header", "Server: desk.a.internal",
         "--header", "Warning: 399 home01.a.internal \"as seen at home01\"",
         "--header", "History-Info: <sip:carol@home01.a.internal>;index=1",
         "--header", "Reason: SIP;cause=302;text=\"moved by home01\"",
         "--header", "Diversion: <sip:carol@10.1.0.40>;reason=deflection",
         "--header", "P-Charging-Vector: icid-value=1;orig-ioi=a.internal",
         "--answer-after", "0"]
ALICE, ROOM, PEER, CAROL = ("sip:alice@a.example", "sip:room1@a.example",
                            "sip:peer@c.example", "sip:carol@a.example")


# Who hung up last is done a little later than the other.
PAUSE = ["wait", "ms=500"]


def call(uri, times, *more):
    return ["call", uri, "ms=10", *more] * times


def carol(w, *verbs):
    options = TALKS + ["--timeout", "100"]
    return w.a.inner_phone("carol", "40", "register", *verbs, "stay",
                           options=options)


def alice(w, *verbs):
    return w.a.outer_phone("alice", "198.51.100.40", *verbs, "stay",
                           options=["--answer-after", "0",
                                    "--timeout", "100"])


def room(w, *verbs):
    r = w.a.room("198.51.100.50", "keepalive", *verbs, "stay",
                 options=["--answer-after", "0", "--timeout", "100"])
    r.step("keepalive")
    return r


def clean(what, texts, least):
    """No needle in what somebody outside received; bodies are not ours."""
    assert len(texts) >= least, "%s got only %d messages" % (what, len(texts))
    for text in texts:
        head = text.split("\r\n\r\n")[0]
        for line in head.split("\r\n"):
            hit = [n for n in NEEDLES if n in line.lower()]
            assert not hit, "%s got %r in %s: %s" % (
                what, hit, head.split("\r\n")[0], line)


def steps(phone, verb, times):
    for _ in range(times):
        phone.step(verb)


@veil.test
def forty_registrations_show_nothing(w):
    a = alice(w, *["register"] * 40, "unregister", "register")
    steps(a, "register", 41)
    clean("alice", a.received(), 80)


@veil.test
def seventy_calls_of_a_remote_user_show_nothing(w):
    a = alice(w, "register", *["answer"] * 40, *PAUSE,
              *call(CAROL, 30))
    a.step("register")
    c = carol(w, *call(ALICE, 38), *call(ALICE, 2, "hold"),
              *["answer"] * 30)
    steps(c, "call", 40)
    steps(a, "call", 30)
    clean("alice", a.received(), 210)


@veil.test
def sixty_calls_of_a_vc_unit_show_nothing(w):
    r = room(w, *["answer"] * 30, *PAUSE, *call(CAROL, 30))
    c = carol(w, *call(ROOM, 29), *call(ROOM, 1, "hold"), *["answer"] * 30)
    steps(c, "call", 30)
    steps(r, "call", 30)
    clean("room1", r.received(), 180)


@veil.test
def thirty_calls_with_a_partner_show_it_nothing(w):
    double = Double(w, "c.example", "198.51.100.70")
    server = double.listen()
    c = carol(w, *call(PEER, 14), *call(PEER, 1, "hold"), *["answer"] * 15)
    steps(c, "call", 15)
    party = double.connect(w.a)
    got = []
    for _ in range(15):
        invite = party.invite(CAROL)
        final = party.expect(200, "INVITE", call_id=invite.call_id)
        dialog = party.dialog(invite, final)
        dialog.ack()
        dialog.send("BYE")
        party.expect(200, "BYE", call_id=invite.call_id)
    got = [m.raw.decode("latin-1") for m in server.messages
           + party.stream.record]
    clean("the partner", got, 90)


@veil.test
def what_fails_inside_tells_nothing(w):
    c = w.a.inner_phone("carol", "40", "register", "stay", options=[
        *TALKS, "--decline", "486"])
    c.step("register")
    a = alice(w, "register", "call", CAROL, "expect=486", "call",
              "sip:nobody@a.example", "expect=404", "message",
              "sip:dave@a.example", "expect=480")
    steps(a, "call", 2)
    a.step("message")
    clean("alice", a.received(), 5)


@veil.test
def inside_the_names_are_still_there(w):
    """The search would find them: the servers' own dumps are full of them."""
    a = alice(w, "register", "answer")
    a.step("register")
    carol(w, *call(ALICE, 1)).step("call")
    with open("%s/home01.dump" % w.a.folder, encoding="latin-1") as f:
        text = f.read()
    missing = [n for n in NEEDLES if n != "dir01" and n not in text]
    assert not missing, missing


main("netns veil", veil)
