#!/usr/bin/python3
"""sipp as the device that speaks only plain TCP on port 5060.

It calls and is called, over a connection of its own and over one that the
edge makes to it; baresip is the user at the other end, Kamailio the home.
"""
import sys

from kit.lab import OUTBOUND, Lab
from kit.place import DEVICE, DEVICE2, DEVICE3
from kit.report import Report, check, need
from kit.sipp import Sipp

AUTO = ";answermode=auto" + OUTBOUND


def device(lab, scenario, *more, **options):
    """room1 runs a scenario."""
    return Sipp(lab.place, "room1", DEVICE, scenario, *more, **options)


def calls_holds_and_hangs_up(lab):
    alice = lab.agent("alice", AUTO)
    room = device(lab, "calls", "alice")
    alice.expect("CALL_ESTABLISHED")
    room.succeeded()
    alice.expect("CALL_CLOSED")


def calls_and_the_user_hangs_up(lab):
    alice = lab.agent("alice", AUTO)
    room = device(lab, "calls-and-is-hung-up", "alice")
    alice.expect("CALL_ESTABLISHED")
    alice.command("hangup")
    room.succeeded()


def is_called_and_held(lab):
    room = device(lab, "answers")
    alice = lab.agent("alice")
    alice.command("dial", "sip:room1@example.com")
    alice.expect("CALL_ESTABLISHED")
    before = len(alice.said())
    alice.command("hold")
    alice.wait_said(r"^SIP/2.0 200 (.*\n)+a=sendrecv\s(.*\n)+ACK sip:",
                    after=before)
    alice.command("hangup")
    room.succeeded()


def is_called_and_hangs_up(lab):
    room = device(lab, "answers-and-hangs-up")
    alice = lab.agent("alice")
    alice.command("dial", "sip:room1@example.com")
    alice.expect("CALL_ESTABLISHED")
    alice.expect("CALL_CLOSED")
    room.succeeded()


def is_called_on_its_own_connection(lab):
    """Nobody listens at its contact: only the live connection can do."""
    room = device(lab, "knocks", "", live="answers")
    room.wait_trace("SIP/2.0 200")
    alice = lab.agent("alice")
    alice.command("dial", "sip:room1@example.com")
    alice.expect("CALL_ESTABLISHED")
    alice.command("hangup")
    room.wait_trace("BYE sip:")
    alice.expect("CALL_CLOSED")
    room.stop()


def devices_agree_reliably(lab):
    """PRACK and UPDATE cross the edge twice, from device to device."""
    called = Sipp(lab.place, "room2", DEVICE2, "answers-reliably")
    caller = device(lab, "calls-reliably", "room2")
    caller.succeeded()
    called.succeeded()


def proves_its_secret_and_keeps_the_session_timer(lab):
    """Digest as sipp answers it; RFC 4028 by UPDATE and re-INVITE, both ways."""
    called = Sipp(lab.place, "room2", DEVICE2, "answers-timed")
    caller = Sipp(lab.place, "room3", DEVICE3, "calls-with-secret", "room2",
                  "-auth_uri", "room2@example.com")
    caller.succeeded()
    called.succeeded()
    check(not called.traced("(?i)^proxy-authorization"),
          "the digest went further than the edge")
    check(caller.traced("(?i)^proxy-authorization: Digest"), "none was sent")


def knows_no_secret(lab):
    """The right address alone is not enough."""
    room = Sipp(lab.place, "room3", DEVICE3, "calls", "alice")
    check(room.wait(40) != 0, "a call without the secret succeeded")
    check(room.traced(r"^SIP/2.0 407 "), "it was not asked for it")


def stranger_is_shut_out(lab):
    """The same call from an address that is not enrolled."""
    room = Sipp(lab.place, "room1", DEVICE2 + 1, "calls", "alice")
    check(room.wait(40) != 0, "a call from an unknown address succeeded")
    check(not room.traced(r"^SIP/2.0 \d"), "it was answered")


TESTS = [
    ("device calls a user, holds, and hangs up", calls_holds_and_hangs_up),
    ("device calls a user, who hangs up", calls_and_the_user_hangs_up),
    ("edge connects to the device; the user holds and hangs up",
     is_called_and_held),
    ("edge connects to the device, which hangs up", is_called_and_hangs_up),
    ("device is called over the connection that it made",
     is_called_on_its_own_connection),
    ("device to device with 100rel, PRACK and UPDATE",
     devices_agree_reliably),
    ("device with a digest, session timers refreshed by either end",
     proves_its_secret_and_keeps_the_session_timer),
    ("device that does not know its secret is asked, and no more",
     knows_no_secret),
    ("device from another address gets no word", stranger_is_shut_out),
]


def main():
    report = Report("sipp")
    try:
        need("sipp", "kamailio", "baresip")
        lab = Lab()
    except Exception as why:
        report.all_fail([name for name, _ in TESTS], why)
        report.finish()
    for name, test in TESTS:
        report.run(name, test, lab)
        lab.dismiss()
    report.run("the edge ends cleanly after %d tests" % len(TESTS), lab.stop)
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
