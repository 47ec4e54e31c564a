#!/usr/bin/python3
"""Transactions: 100, CANCEL, ACK, timers, answers that do not belong, and
what happens when a next hop fails."""

import time

from edgelab import SDP, Group, Message, answer, fresh, main

plain = Group("plain")


def ringing(lab, alice=None, to="sip:bob@example.com"):
    """A call that rings: (alice, her INVITE, the home's view of it)."""
    alice = alice or lab.registered()
    invite = alice.invite(to)
    at_home = lab.home1.expect_request("INVITE", call_id=invite.call_id)
    lab.home1.reply(at_home, 180)
    alice.expect(180)
    return alice, invite, at_home


@plain.test
def an_invite_is_answered_100_while_it_waits(lab):
    alice = lab.registered()
    invite = alice.invite("sip:bob@example.com")
    got = alice.stream.receive(lambda m: m.status == 100, what="100")
    assert got.all("via") and not got.get("to").count("tag=")
    at_home = lab.home1.expect_request("INVITE")
    lab.home1.reply(at_home, 486)
    alice.ack_of(invite, alice.expect(486))


@plain.test
def a_100_from_inside_does_not_cross(lab):
    alice = lab.registered()
    invite = alice.invite("sip:bob@example.com")
    at_home = lab.home1.expect_request("INVITE")
    at_home.stream.send(answer(at_home, 100, "Inside Says Hello"))
    lab.home1.reply(at_home, 486)
    alice.ack_of(invite, alice.expect(486))
    assert not any("Inside" in m.start for m in alice.stream.record)


@plain.test
def provisional_answers_pass_in_order(lab):
    alice, invite, at_home = ringing(lab)
    lab.home1.reply(at_home, 183, body=SDP)
    assert alice.expect(183).body == SDP
    lab.home1.reply(at_home, 486)
    alice.ack_of(invite, alice.expect(486))


@plain.test
def cancel_is_answered_here_forwarded_and_ends_in_487(lab):
    alice, invite, at_home = ringing(lab)
    alice.cancel_of(invite)
    alice.expect(200, "CANCEL")
    cancel = lab.home1.expect_request("CANCEL")
    assert cancel.all("via") == at_home.all("via")[:1], cancel.raw
    assert cancel.uri == at_home.uri and cancel.cseq == at_home.cseq
    lab.home1.reply(cancel, 200)
    lab.home1.reply(at_home, 487)
    ack = lab.home1.expect_request("ACK")
    assert ack.branch == at_home.branch
    alice.ack_of(invite, alice.expect(487, "INVITE"))


@plain.test
def cancel_waits_for_the_first_provisional_answer(lab):
    alice = lab.registered()
    invite = alice.invite("sip:bob@example.com")
    at_home = lab.home1.expect_request("INVITE")
    alice.cancel_of(invite)
    alice.expect(200, "CANCEL")
    lab.home1.expect_none("CANCEL", 0.4)
    lab.home1.reply(at_home, 180)
    lab.home1.reply(lab.home1.expect_request("CANCEL"), 200)
    lab.home1.reply(at_home, 487)
    alice.ack_of(invite, alice.expect(487, "INVITE"))


@plain.test
def a_200_that_crosses_a_cancel_still_passes(lab):
    alice, invite, at_home = ringing(lab)
    alice.cancel_of(invite)
    lab.home1.reply(lab.home1.expect_request("CANCEL"), 200)
    resp = lab.home1.reply(at_home, 200, body=SDP)
    ok = alice.expect(200, "INVITE")
    assert ok.get("to") == Message(resp).get("to")


@plain.test
def a_cancel_for_nothing_gets_481(lab):
    alice = lab.registered()
    raw = alice.make("INVITE", "sip:bob@example.com")
    alice.cancel_of(Message(raw))
    alice.expect(481, "CANCEL")
    lab.home1.expect_none("CANCEL", 0.1)


@plain.test
def nobody_else_can_cancel_a_call(lab):
    alice, invite, at_home = ringing(lab)
    mallory = lab.registered()
    mallory.cancel_of(invite)
    mallory.expect((481, 403), "CANCEL")
    lab.home1.expect_none("CANCEL", 0.2)
    lab.home1.reply(at_home, 486)
    alice.ack_of(invite, alice.expect(486))


@plain.test
def an_ack_for_a_refusal_is_made_here_and_the_callers_goes_no_further(lab):
    alice, invite, at_home = ringing(lab)
    lab.home1.reply(at_home, 486)
    resp = alice.expect(486)
    ack = lab.home1.expect_request("ACK")
    assert ack.branch == at_home.branch and "tag=" in ack.get("to")
    alice.ack_of(invite, resp)
    alice.ask("OPTIONS", "sip:sip.example.com", 200)
    assert len(lab.home1.got("ACK")) == 1


@plain.test
def a_request_sent_twice_goes_on_once(lab):
    alice = lab.registered()
    raw = alice.make("MESSAGE", "sip:bob@example.com", body=b"once")
    alice.send(raw + raw)
    got = lab.home1.expect_request("MESSAGE")
    alice.ask("OPTIONS", "sip:sip.example.com", 200)
    assert len(lab.home1.got("MESSAGE")) == 1
    lab.home1.reply(got, 200)
    alice.expect(200, "MESSAGE")


@plain.test
def an_invite_sent_twice_goes_on_once(lab):
    alice, invite, at_home = ringing(lab)
    alice.send(invite)
    alice.ask("OPTIONS", "sip:sip.example.com", 200)
    assert len(lab.home1.got("INVITE")) == 1
    lab.home1.reply(at_home, 486)
    alice.ack_of(invite, alice.expect(486))


@plain.test
def further_2xx_pass_while_the_caller_may_need_them(lab):
    alice, invite, at_home = ringing(lab)
    raw = lab.home1.reply(at_home, 200, body=SDP)
    alice.expect(200, "INVITE")
    at_home.stream.send(raw)
    alice.expect(200, "INVITE")
    lab.home1.reply(at_home, 200, body=SDP, to_tag="fork2")
    assert "fork2" in alice.expect(200, "INVITE").get("to")


@plain.test
def a_2xx_after_a_refusal_is_dropped(lab):
    alice, invite, at_home = ringing(lab)
    lab.home1.reply(at_home, 486)
    alice.ack_of(invite, alice.expect(486))
    alice.ask("OPTIONS", "sip:sip.example.com", 200)  # the ACK is read
    lab.home1.reply(at_home, 200, body=SDP, to_tag="late")
    alice.stream.expect_nothing(0.3)


def dropped_then_real(lab, alice, at_home, send):
    """A false answer goes nowhere; the true one still counts."""
    send()
    alice.stream.expect_nothing(0.3)
    lab.home1.reply(at_home, 200)
    alice.expect(200, at_home.method)


def waiting_message(lab):
    alice = lab.registered()
    alice.send(alice.make("MESSAGE", "sip:bob@example.com"))
    return alice, lab.home1.expect_request("MESSAGE")


@plain.test
def an_answer_on_another_servers_connection_is_dropped(lab):
    alice, at_home = waiting_message(lab)
    dropped_then_real(lab, alice, at_home, lambda: lab.home2.send(
        answer(at_home, 200)))


@plain.test
def an_answer_on_another_connection_of_the_same_server_is_dropped(lab):
    alice, at_home = waiting_message(lab)
    dropped_then_real(lab, alice, at_home, lambda: lab.home1.send(
        answer(at_home, 200)))


@plain.test
def an_answer_with_a_guessed_branch_is_dropped(lab):
    alice, at_home = waiting_message(lab)
    branch = at_home.branch

    def guess():
        for i in range(8, len(branch), 3):
            c = "A" if branch[i] != "A" else "B"
            wrong = (branch[:i] + c + branch[i + 1:]).encode()
            at_home.stream.send(answer(at_home, 200).replace(
                branch.encode(), wrong, 1))
    dropped_then_real(lab, alice, at_home, guess)


@plain.test
def an_answer_from_a_user_to_another_users_call_is_dropped(lab):
    alice, mallory = lab.registered(), lab.registered()
    lab.home1.call(alice.aor)
    at_alice = alice.expect_request("INVITE")
    mallory.send(answer(at_alice, 200))
    lab.home1.client.expect_nothing(0.3)
    alice.reply(at_alice, 486)
    lab.home1.expect(486)


@plain.test
def answers_that_nobody_asked_for_are_dropped(lab):
    alice = lab.registered()
    stray = alice.make("OPTIONS", "sip:bob@example.com")
    for status in (100, 180, 200, 404, 603):
        alice.send(answer(Message(stray), status))
    before = lab.inside_counts()
    alice.ask("OPTIONS", "sip:sip.example.com", 200)
    lab.no_connection_inside(before, 0.1)


@plain.test
def a_second_final_answer_is_dropped(lab):
    alice, at_home = waiting_message(lab)
    lab.home1.reply(at_home, 404)
    alice.expect(404)
    lab.home1.reply(at_home, 200)
    alice.stream.expect_nothing(0.2)


@plain.test
def a_caller_that_hangs_up_its_connection_cancels_its_call(lab):
    alice, invite, at_home = ringing(lab)
    alice.close()
    lab.home1.reply(lab.home1.expect_request("CANCEL"), 200)
    lab.home1.reply(at_home, 487)
    lab.home1.expect_request("ACK")


short_c = Group("short Timer C", {"limits": {"timer_c_s": 2}})


@short_c.test
def a_call_that_only_rings_is_ended_by_timer_c(lab):
    alice, invite, at_home = ringing(lab)
    began = time.monotonic()
    cancel = lab.home1.expect_request("CANCEL")
    assert time.monotonic() - began > 1.5
    lab.home1.reply(cancel, 200)
    lab.home1.reply(at_home, 487)
    alice.ack_of(invite, alice.expect((408, 487)))


@short_c.test
def each_provisional_answer_starts_timer_c_anew(lab):
    alice, invite, at_home = ringing(lab)
    for _ in range(3):
        lab.home1.expect_none("CANCEL", 1.2)
        lab.home1.reply(at_home, 180)
        alice.expect(180)
    lab.home1.reply(at_home, 486)
    alice.ack_of(invite, alice.expect(486))


patient = Group("unanswered", {"limits": {"transaction_s": 5,
                                          "hop_answer_s": 60}})


@patient.test
def a_request_other_than_invite_gets_100_late_and_never_408(lab):
    """RFC 4320 §4.1, §4.2."""
    began = time.monotonic()
    alice, at_home = waiting_message(lab)
    alice.stream.receive(lambda m: m.status == 100, what="100")
    took = time.monotonic() - began
    assert 3.0 < took < 8, took
    alice.stream.expect_nothing(3)
    lab.home1.reply(at_home, 200)
    alice.stream.expect_nothing(0.3)
    alice.register()


single = Group("one home", {"routing": {
    "directors": None, "home_servers": ["home01.internal.example"]}})


@single.test
def a_503_from_the_only_home_goes_out_as_500(lab):
    alice = lab.registered()
    for method in ("MESSAGE", "INVITE"):
        raw = alice.make(method, "sip:bob@example.com")
        alice.send(raw)
        lab.home1.reply(lab.home1.expect_request(method), 503,
                        extra=[("Retry-After", "9")])
        resp = alice.expect((500, 503), method)
        assert resp.status == 500, resp.start


@single.test
def a_dead_only_home_is_a_clean_refusal(lab):
    alice = lab.registered()
    lab.home1.stop()
    raw = alice.make("INVITE", "sip:bob@example.com")
    alice.send(raw)
    resp = alice.stream.receive(lambda m: m.status and m.status > 199)
    assert resp.status in (500, 503, 480, 502, 504), resp.start


@single.test
def other_refusals_pass_in_words_of_ours(lab):
    """Their status and header fields, but no text of the inside."""
    alice = lab.registered()
    for status in (404, 480, 486, 488, 500, 600, 603):
        alice.send(alice.make("MESSAGE", "sip:bob@example.com"))
        mark = fresh("m")
        lab.home1.reply(lab.home1.expect_request("MESSAGE"), status,
                        reason="Says home01", extra=[("X-Mark", mark)])
        resp = alice.expect(status)
        assert resp.get("x-mark") == mark and "home01" not in resp.start


def two_homes(change):
    """One worker: each keeps its own list of who is aside."""
    return {"routing": {"directors": None}, "edge": {"workers": 1},
            "limits": change}


pair = Group("two homes", two_homes({"target_aside_s": 3,
                                     "connect_ms": 2000}))


def registered_at(lab, home):
    """A new user registers; which home got it."""
    mark = len(home.got("REGISTER"))
    lab.registered()
    return len(home.got("REGISTER")) > mark


@pair.test
def a_home_that_refuses_is_passed_over_and_stays_aside_for_a_while(lab):
    assert registered_at(lab, lab.home1)
    lab.home1.stop()
    assert registered_at(lab, lab.home2)
    lab.home1.start()
    began = time.monotonic()
    assert registered_at(lab, lab.home2), "home01 was not aside"
    while not registered_at(lab, lab.home1):
        assert time.monotonic() - began < 20, "home01 never came back"
        time.sleep(0.2)


@pair.test
def a_home_that_does_not_shake_hands_is_passed_over(lab):
    held = []
    lab.home1.stop()
    lab.home1.on_accept = lambda sock: held.append(sock) or True
    lab.home1.start()
    began = time.monotonic()
    assert registered_at(lab, lab.home2)
    assert time.monotonic() - began < 8
    lab.home1.on_accept = None
    for sock in held:
        sock.close()
    wait_back(lab)


def wait_back(lab):
    """Until home01 is not aside any more."""
    end = time.monotonic() + 20
    while not registered_at(lab, lab.home1):
        assert time.monotonic() < end, "home01 never came back"
        time.sleep(0.2)


@pair.test
def a_home_that_closes_before_it_answers_is_passed_over(lab):
    wait_back(lab)
    lab.home1.auto["REGISTER"] = lambda m: lab.home1.drop()
    alice = lab.user()
    alice.register()
    assert lab.home1.got("REGISTER") and lab.home2.got("REGISTER")
    first, second = lab.home1.got("REGISTER")[-1], lab.home2.got("REGISTER")[-1]
    assert first.call_id == second.call_id
    assert first.branch != second.branch, "the same branch at both"


@pair.test
def a_503_tries_the_next_home(lab):
    wait_back(lab)
    lab.home1.auto["REGISTER"] = lambda m: answer(m, 503)
    alice = lab.user()
    alice.register()
    assert lab.home2.got("REGISTER")


@pair.test
def two_503_go_out_as_500(lab):
    wait_back(lab)
    for home in (lab.home1, lab.home2):
        home.auto["REGISTER"] = lambda m: answer(m, 503)
    assert lab.user().register(None).status == 500


if __name__ == "__main__":
    main("transaction", plain, short_c, patient, single, pair)
