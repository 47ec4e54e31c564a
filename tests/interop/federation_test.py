#!/usr/bin/python3
"""Kamailio as the edge of a partner: mutual TLS between the two edges.

Ours: lab-registrar as home, lab-ua at a desk inside and outside. Theirs: users
on plain TCP behind Kamailio. The names are served by unbound.
"""
import re
import sys
import time

from kit.company import Company, callee_dialog
from kit.place import PARTNER
from kit.report import Report, check, need

BOB = "sip:bob@partner.example"
CAROL = "sip:carol@example.com"
PARTNERS = {"federation": {"partners": (
    {"domain": "partner.example"},
    {"domain": "factory.example", "kind": "direct",
     "proxy": "edge.partner.example:5061"})}}
WAIT_S = 3  # limits.partner_answer_s
SILENT = 'text="partner.example: its edge does not answer"'
AWAY = 'text="edge.partner.example: cannot connect"'
REFUSES = 'text="edge.partner.example: does not believe our certificate"'


def take(bob):
    """They answer our call; the request and their side of the dialog."""
    got = bob.expect_request("INVITE")
    bob.reply(got, 180)
    ok = bob.reply(got, 200, body=b"v=0\r\n")
    bob.expect_request("ACK")
    return got, callee_dialog(bob, got, ok)


def accept(bob, method):
    """They say yes to a request of ours inside the dialog."""
    got = bob.expect_request(method)
    bob.reply(got, 200, body=b"v=0\r\n" if method == "INVITE" else b"")
    if method == "INVITE":
        bob.expect_request("ACK")


def offer(bob, dialog):
    """Their re-INVITE, our answer, their ACK."""
    dialog.send("INVITE", body=b"v=0\r\n")
    bob.expect(200, "INVITE")
    dialog.ack()


def place(bob, to=CAROL):
    """Their call to us; their side of the dialog."""
    invite = bob.invite(to)
    dialog = bob.dialog(invite, bob.expect(200, "INVITE"))
    dialog.ack()
    return dialog


def only_our_routes(lab, phone):
    """Both Record-Routes of Kamailio are sealed in ours."""
    theirs = re.escape(lab.place.address(PARTNER)) + r"\b"
    for m in phone.received():
        check(not re.search(r"(?mi)^(?:Record-)?Route:.*" + theirs, m), m)


def we_call_hold_and_hang_up(lab, caller, bob):
    us = caller("call", bob.aor, "ms=300", "hold")
    got, _ = take(bob)
    check(len(got.all("record-route")) == 3, got.raw)
    for method in ("INVITE", "INVITE", "BYE"):
        accept(bob, method)
    us.step("call")
    only_our_routes(lab, us)


def we_call_and_they_hang_up(lab, caller, bob):
    us = caller("call", bob.aor, "wait-bye")
    _, dialog = take(bob)
    offer(bob, dialog)
    dialog.send("BYE")
    bob.expect(200, "BYE")
    us.step("call")


def they_call_hold_and_hang_up(lab, called, bob):
    us = called("answer")
    dialog = place(bob, us.aor)
    for _ in range(2):
        offer(bob, dialog)
    dialog.send("BYE")
    bob.expect(200, "BYE")
    us.step("answer")
    only_our_routes(lab, us)


def they_call_and_we_hang_up(lab, called, bob):
    us = called("answer", "ms=300")
    place(bob, us.aor)
    accept(bob, "BYE")
    us.step("answer")


def desk_calls_and_hangs_up(lab):
    we_call_hold_and_hang_up(lab, lab.carol, lab.bob())


def desk_calls_and_they_hang_up(lab):
    we_call_and_they_hang_up(lab, lab.carol, lab.bob())


def remote_user_calls_and_hangs_up(lab):
    we_call_hold_and_hang_up(lab, lab.alice, lab.bob())


def remote_user_calls_and_they_hang_up(lab):
    we_call_and_they_hang_up(lab, lab.alice, lab.bob())


def they_call_the_desk_and_hang_up(lab):
    they_call_hold_and_hang_up(lab, lab.carol, lab.bob())


def they_call_the_desk_which_hangs_up(lab):
    they_call_and_we_hang_up(lab, lab.carol, lab.bob())


def they_call_a_remote_user_and_hang_up(lab):
    they_call_hold_and_hang_up(lab, lab.alice, lab.bob())


def they_call_a_remote_user_who_hangs_up(lab):
    they_call_and_we_hang_up(lab, lab.alice, lab.bob())


def direct_partner_calls_and_is_called(lab):
    """No SRV record: only our settings know its edge."""
    bob = lab.bob("factory.example")
    we_call_hold_and_hang_up(lab, lab.carol, bob)
    lab.dismiss()
    they_call_and_we_hang_up(lab, lab.carol, lab.bob("factory.example"))


def provider_calls_and_is_called(lab):
    lab.reload({"federation": {"partners": (
        {"domain": ["partner.example", "factory.example"],
         "kind": "provider", "proxy": "edge.partner.example"},)}})
    direct_partner_calls_and_is_called(lab)
    lab.dismiss()
    they_call_hold_and_hang_up(lab, lab.carol, lab.bob())


def a_partner_that_is_not_listed_is_discovered(lab):
    lab.reload({"federation": {"discovery": True, "partners": ()}})
    us = lab.carol("receive", "message", BOB)
    bob = lab.bob()
    bob.ask("MESSAGE", CAROL)
    check("kind=discovered" in mark_of(us), "not discovered")
    bob.reply(bob.expect_request("MESSAGE"), 200)
    us.step("message")
    lab.dismiss()
    we_call_hold_and_hang_up(lab, lab.carol, lab.bob())
    # Its SRV record names an edge in a domain that is not its own.
    refused(lab, "partner-target-elsewhere", domain="other.example")


def mark_of(phone):
    """The source mark of the last MESSAGE that a phone inside got."""
    phone.step("receive")
    got = [m for m in phone.received() if m.startswith("MESSAGE ")][-1]
    marks = [x for x in got.split("\r\n") if x.startswith("X-Edge-Source:")]
    check(len(marks) == 1, "source marks: %r" % marks)
    return marks[0]


def messages_go_both_ways(lab):
    bob = lab.bob()
    us = lab.carol("message", BOB, "receive")
    bob.reply(bob.expect_request("MESSAGE"), 200)
    us.step("message")
    bob.ask("MESSAGE", CAROL, extra=[("X-Edge-Source", "class=user")])
    mark = mark_of(us)
    check('class=partner;kind=allowed;peer="edge.partner.example"' in mark,
          mark)


def a_subscription_and_its_notification(lab):
    bob = lab.bob()
    us = lab.carol("subscribe", BOB)
    got = bob.expect_request("SUBSCRIBE")
    ok = bob.reply(got, 200, extra=[("Expires", "60")])
    us.step("subscribe")
    callee_dialog(bob, got, ok).send("NOTIFY", extra=[
        ("Event", "presence"), ("Subscription-State", "active;expires=60")])
    bob.expect(200, "NOTIFY")


def two_of_their_phones_ring(lab):
    """Kamailio forks: two early dialogs, and the second is taken."""
    one, two = lab.bob(), lab.bob()
    us = lab.carol("call", BOB, "ms=300", "hold")
    ringing = one.expect_request("INVITE")
    one.reply(ringing, 180)
    take(two)
    one.reply(one.expect_request("CANCEL"), 200)
    one.reply(ringing, 487)
    for method in ("INVITE", "INVITE", "BYE"):
        accept(two, method)
    us.step("call")


def asks_whether_we_are_there(lab):
    """As dispatchers do; their ds_ping_from has to be in their domain."""
    bob = lab.bob()
    bob.ask("OPTIONS", "sip:example.com")
    bob.ask("OPTIONS", "sip:sip.example.com:5061;transport=tls")
    refused(lab, "partner-unknown", method="OPTIONS", to="sip:example.com",
            frm="sip:dispatcher@localhost")


def we_give_up(lab):
    bob = lab.bob()
    us = lab.carol("call", BOB, "cancel=300", "expect=487")
    got = bob.expect_request("INVITE")
    bob.reply(got, 180)
    bob.reply(bob.expect_request("CANCEL"), 200)
    bob.reply(got, 487)
    bob.expect_request("ACK")
    us.step("call")


def they_give_up(lab):
    us = lab.carol("answer", options=["--answer-after", "9000"])
    bob = lab.bob()
    invite = bob.invite(CAROL)
    bob.expect(180)
    bob.cancel_of(invite)
    bob.expect(200, "CANCEL")
    bob.ack_of(invite, bob.expect(487, "INVITE"))
    us.step("answer")


def they_are_busy(lab):
    bob = lab.bob()
    us = lab.carol("call", BOB, "expect=486")
    bob.reply(bob.expect_request("INVITE"), 486)
    bob.expect_request("ACK")
    us.step("call")


def we_are_busy(lab):
    lab.carol("answer", options=["--decline", "486"])
    bob = lab.bob()
    invite = bob.invite(CAROL)
    bob.ack_of(invite, bob.expect(486, "INVITE"))


def nobody_there_is_404(lab):
    lab.carol("call", "sip:nobody@partner.example", "expect=404",
              "message", "sip:nobody@partner.example",
              "expect=404").step("call").step("message")


def their_challenge_does_not_reach_us(lab):
    us = lab.carol("message", "sip:guarded@partner.example", "expect=403")
    us.step("message")
    check(not any("-Authenticate:" in m for m in us.received()
                  if "MESSAGE" in m), "the challenge came through")


def refused(lab, rule, method="MESSAGE", **how):
    """They ask for something: 403, and our log names the rule."""
    since = lab.edge.mark()
    domain = how.pop("domain", "partner.example")
    lab.bob(domain).ask(method, how.pop("to", CAROL), 403, **how)
    lab.edge.wait_log("rule=" + rule, since)


def they_cannot_speak_for_others(lab):
    refused(lab, "from-is-ours", frm="sip:alice@example.com")
    refused(lab, "partner-unknown", domain="other.example")


def blocked_is_refused_both_ways(lab):
    lab.reload({"federation": {"partners": (),
                               "blocked": ["partner.example"]}})
    refused(lab, "partner-blocked")
    since = lab.edge.mark()
    lab.carol("call", BOB, "expect=403").step("call")
    lab.edge.wait_log("rule=domain-blocked", since)
    lab.reload()
    messages_go_both_ways(lab)


def blocked_by_the_name_of_its_edge(lab):
    lab.reload({"federation": {
        "partners": ({"domain": "partner.example"},),
        "blocked": ["edge.partner.example"]}})
    refused(lab, "partner-blocked")


def a_call_goes_on_while_the_settings_are_read_again(lab):
    us = lab.carol("answer")
    bob = lab.bob()
    dialog = place(bob)
    lab.reload()
    offer(bob, dialog)
    dialog.send("BYE")
    bob.expect(200, "BYE")
    us.step("answer")


def late(lab, verb, why):
    """What we ask of them is 504, in time, and says why."""
    us = lab.carol(verb, BOB, "expect=504")
    began = time.monotonic()
    us.step(verb)
    took = time.monotonic() - began
    check(took < WAIT_S + 4, "after %.1f s" % took)
    final = [m for m in us.received() if m.startswith("SIP/2.0 504")][0]
    check(why in final, final)


def hung_with_a_connection_it_is_504_in_time(lab):
    """It was there a moment ago; an INVITE it would answer with 100."""
    messages_go_both_ways(lab)
    lab.partner.pause()
    try:
        late(lab, "call", SILENT)
    finally:
        lab.partner.resume()


def hung_it_is_504_in_time(lab):
    """New connections are accepted by the kernel, and nobody answers."""
    lab.another_partner()
    lab.partner.pause()
    try:
        late(lab, "message", SILENT)
    finally:
        lab.partner.resume()


def stopped_it_is_504_in_time(lab):
    lab.partner.stop()
    try:
        late(lab, "message", AWAY)
    finally:
        lab.another_partner()


def started_again_it_is_reached(lab):
    messages_go_both_ways(lab)
    lab.another_partner()
    lab.dismiss()
    time.sleep(1.1)  # limits.target_aside_s
    messages_go_both_ways(lab)


def a_call_outlives_their_restart(lab):
    """Both Record-Routes of theirs are sealed in ours; a new connection with
    the same certificate goes on with the call."""
    us = lab.carol("answer")
    bob = lab.bob()
    dialog = place(bob)
    offer(bob, dialog)
    lab.another_partner()
    bob.close()
    again = lab.bob()
    again.contact = bob.contact
    dialog.party = again
    dialog.send("BYE")
    again.expect(200, "BYE")
    us.step("answer")


def without_certificate_it_is_nobody(lab):
    lab.another_partner(bare=True)
    try:
        bob = lab.bob()
        bob.send(bob.make("MESSAGE", CAROL))
        got = bob.stream.receive(lambda m: (m.status or 0) > 199, 12)
        check(got.status == 403, got.start)
    finally:
        lab.another_partner()


def ours_for_servers_only_is_refused_by_kamailio(lab):
    """It checks a client's certificate for clientAuth, and cannot be told
    not to: the operator has to know."""
    chain, key = lab.place.cert("ours-server")
    lab.reload({"outside": {"tls": {"certificate": chain, "key": key}}})
    lab.another_partner()
    before = len(lab.partner.said())
    late(lab, "message", REFUSES)
    lab.partner.wait_said("certificate verify failed", after=before)


def leaks(lab, got):
    """The messages whose head says something of the inside."""
    words = re.compile("|".join(re.escape(w) + r"(?!\d)"
                                for w in lab.secrets()))
    heads = [re.split(r"\r?\n\r?\n", m, maxsplit=1)[0] for m in got]
    return [h for h in heads if words.search(h)]


def count(head, name):
    return len(re.findall(r"(?mi)^%s *:" % name, head))


def nothing_inside_was_told(lab):
    """All that Kamailio got in all these tests, answers and requests."""
    got = lab.partner.got()
    check(len(got) > 100, "only %d messages" % len(got))
    found = leaks(lab, got)
    check(not found, "%d of %d: %s" % (len(found), len(got), found[:1]))
    for m in got:
        if m.startswith("SIP/2.0 "):
            continue
        check(count(m, "Via") == 1, "Vias: " + m)
        check(count(m, "Record-Route") <= 1, "Record-Routes: " + m)


def what_may_be_shown_is_found(lab):
    """The search above does find what is there."""
    lab.reload({"boundary": {"hide_contact": False, "hide_call_id": False}})
    before = len(lab.partner.got())
    we_call_hold_and_hang_up(lab, lab.carol, lab.bob())
    check(leaks(lab, lab.partner.got()[before:]), "nothing was found")


TESTS = [
    ("a desk calls Kamailio's user, holds, and hangs up",
     desk_calls_and_hangs_up),
    ("a desk calls; Kamailio's user holds and hangs up",
     desk_calls_and_they_hang_up),
    ("a remote user calls, holds, and hangs up",
     remote_user_calls_and_hangs_up),
    ("a remote user calls; Kamailio's user holds and hangs up",
     remote_user_calls_and_they_hang_up),
    ("Kamailio's user calls a desk, holds, and hangs up",
     they_call_the_desk_and_hang_up),
    ("Kamailio's user calls a desk, which hangs up",
     they_call_the_desk_which_hangs_up),
    ("Kamailio's user calls a remote user, holds, and hangs up",
     they_call_a_remote_user_and_hang_up),
    ("Kamailio's user calls a remote user, who hangs up",
     they_call_a_remote_user_who_hangs_up),
    ("messages both ways, marked with their source", messages_go_both_ways),
    ("a direct partner, found without SRV, both ways",
     direct_partner_calls_and_is_called),
    ("we subscribe, and are notified", a_subscription_and_its_notification),
    ("two phones ring behind Kamailio, and one is taken",
     two_of_their_phones_ring),
    ("Kamailio asks whether we are there", asks_whether_we_are_there),
    ("our CANCEL reaches Kamailio's user", we_give_up),
    ("Kamailio's CANCEL reaches us", they_give_up),
    ("Kamailio's user is busy", they_are_busy),
    ("our user is busy", we_are_busy),
    ("Kamailio's 404 reaches us", nobody_there_is_404),
    ("Kamailio's challenge does not", their_challenge_does_not_reach_us),
    ("Kamailio speaks for its own domains only",
     they_cannot_speak_for_others),
    ("a call goes on while settings are read again",
     a_call_goes_on_while_the_settings_are_read_again),
    ("a call outlives Kamailio's restart", a_call_outlives_their_restart),
    ("Kamailio started again is reached again", started_again_it_is_reached),
    ("Kamailio without certificate is nobody",
     without_certificate_it_is_nobody),
    ("Kamailio hung: 504 in time", hung_it_is_504_in_time),
    ("Kamailio hung with a connection open: 504 in time",
     hung_with_a_connection_it_is_504_in_time),
    ("Kamailio stopped: 504 in time", stopped_it_is_504_in_time),
    ("a provider with two domains, both ways", provider_calls_and_is_called),
    ("a domain that is not listed, by discovery",
     a_partner_that_is_not_listed_is_discovered),
    ("blocked by domain: refused both ways", blocked_is_refused_both_ways),
    ("blocked by the name of its edge", blocked_by_the_name_of_its_edge),
    ("our certificate for servers only: Kamailio refuses it",
     ours_for_servers_only_is_refused_by_kamailio),
    ("nothing inside was told to Kamailio", nothing_inside_was_told),
    ("and would have been found, had it been", what_may_be_shown_is_found),
]


def main():
    report = Report("federation")
    try:
        need("kamailio", "openssl")
        lab = Company(PARTNERS)
    except Exception as why:
        report.all_fail([name for name, _ in TESTS], why)
        report.finish()
    for name, test in TESTS:
        report.run(name, test, lab)
        lab.dismiss()
        if lab.edge.settings != lab.base:
            lab.reload()
    report.run("the edge ends cleanly after %d tests" % len(TESTS), lab.stop)
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
