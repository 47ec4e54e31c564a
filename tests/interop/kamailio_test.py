#!/usr/bin/python3
"""Kamailio as home registrar and baresip as client, through the edge.

Kamailio takes only clients with a certificate of the internal authority,
challenges each REGISTER, keeps the Path, and calls back along it. What Debian's
baresip does not do, checking the server's certificate, tls_test.py does.
"""
import sys

from kit.lab import OUTBOUND, Lab
from kit.report import Report, check, need

ONCE = r"^.*: in REGISTER "
STANDS = "CALL_ESTABLISHED"


def call(caller, callee, uri):
    """A call that stands at both ends."""
    caller.command("dial", uri)
    callee.expect(STANDS)
    caller.expect(STANDS)


def offer(agent, other, command, direction):
    """A re-INVITE: its offer, the answer, and the ACK all cross the edge."""
    before = len(other.said())
    agent.command(command)
    other.wait_said(r"^INVITE (.*\n)+a=%s\s(.*\n)+ACK sip:" % direction,
                    after=before)


def hold_and_resume(agent, other):
    """Put the other on hold and take it back."""
    offer(agent, other, "hold", "sendonly")
    offer(agent, other, "resume", "sendrecv")


def hang_up(agent, other):
    """Both ends close, and none of them because of a failure."""
    agent.command("hangup")
    other.expect("CALL_CLOSED")


def registers_through_the_redirect(lab):
    lab.agent("alice")
    check(lab.director.count("REGISTER") == 1,
          "the director saw %d REGISTERs" % lab.director.count("REGISTER"))
    check(lab.home.count(ONCE) == 2, "the home saw %d REGISTERs, not the "
          "challenged one and its repetition" % lab.home.count(ONCE))


def registers_without_director(lab):
    lab.agent("alice")
    check(lab.home.count(ONCE) == 2, "the home saw %d REGISTERs"
          % lab.home.count(ONCE))


def finds_the_edge_by_srv(lab):
    lab.agent("srv", "")
    check(("_sips._tcp.example.com", 33) in lab.names.asked,
          "SRV was not asked for")


def registers_with_outbound(lab):
    ua = lab.agent("out", ";sipnat=outbound" + OUTBOUND)
    check("reg-id=1" in ua.said(), "no reg-id was sent")


def calls_and_is_held_by_the_caller(lab):
    alice = lab.agent("alice")
    bob = lab.agent("bob", ";answermode=auto" + OUTBOUND)
    call(alice, bob, "sip:bob@example.com")
    hold_and_resume(alice, bob)
    hang_up(alice, bob)


def calls_and_is_held_by_the_called(lab):
    alice = lab.agent("alice", ";sipnat=outbound" + OUTBOUND)
    bob = lab.agent("bob", ";answermode=auto;sipnat=outbound" + OUTBOUND)
    call(alice, bob, "sip:bob@example.com")
    hold_and_resume(bob, alice)
    hang_up(bob, alice)


def caller_gives_up(lab):
    alice = lab.agent("alice")
    bob = lab.agent("bob")
    alice.command("dial", "sip:bob@example.com")
    bob.expect("CALL_INCOMING")
    alice.expect("CALL_RINGING")
    alice.command("hangup")
    bob.expect("CALL_CLOSED")


def called_declines(lab):
    alice = lab.agent("alice")
    bob = lab.agent("bob")
    alice.command("dial", "sip:bob@example.com")
    bob.expect("CALL_INCOMING")
    bob.command("hangup")
    closed = alice.expect("CALL_CLOSED")
    check("486" in closed.get("param", "") or "603" in closed["param"],
          "alice was told %r" % closed.get("param"))


def unknown_user_is_not_found(lab):
    alice = lab.agent("alice")
    alice.command("dial", "sip:nobody@example.com")
    closed = alice.expect("CALL_CLOSED")
    check("404" in closed.get("param", ""),
          "alice was told %r" % closed.get("param"))


WITH_DIRECTOR = [
    ("baresip registers through the director's redirect",
     registers_through_the_redirect),
    ("baresip finds the edge by SRV and registers", finds_the_edge_by_srv),
    ("baresip registers with outbound and reg-id", registers_with_outbound),
    ("call by Kamailio's Path: held and hung up by the caller",
     calls_and_is_held_by_the_caller),
    ("call between outbound flows: held and hung up by the called",
     calls_and_is_held_by_the_called),
    ("the caller's CANCEL reaches the called", caller_gives_up),
    ("the called's refusal reaches the caller", called_declines),
    ("Kamailio's 404 reaches the caller", unknown_user_is_not_found),
]
WITHOUT_DIRECTOR = [
    ("no director: baresip registers at the static home",
     registers_without_director),
    ("no director: call held and hung up by the caller",
     calls_and_is_held_by_the_caller),
]


def run(report, tests, **options):
    """Run tests on one system of their own."""
    try:
        need("kamailio", "baresip")
        lab = Lab(**options)
    except Exception as why:
        report.all_fail([name for name, _ in tests], why)
        return
    for name, test in tests:
        report.run(name, test, lab)
        lab.dismiss()
    report.run("the edge ends cleanly after %d tests" % len(tests), lab.stop)


def main():
    report = Report("kamailio")
    run(report, WITH_DIRECTOR)
    run(report, WITHOUT_DIRECTOR, director=False)
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
