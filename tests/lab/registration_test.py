#!/usr/bin/python3
"""Registration, the director's redirect, and what opens by it."""

import time

from edgelab import (INSIDE_FQDN, Closed, Group, Message, answer, fresh, main,
                     until, uri_of, user_of)

plain = Group("plain")


def asked(server, user, method="REGISTER"):
    """Requests about a user that a server got."""
    return [m for m in server.got(method) if user.aor in m.get("to")]


def redirect(lab, homes, status=302):
    """The director answers with these homes from now on."""
    lab.director.script = lambda m: answer(
        m, status, extra=lab.director.contacts(homes))


@plain.test
def a_register_goes_to_the_director_then_to_the_home(lab):
    alice = lab.user()
    resp = alice.register()
    assert len(asked(lab.director, alice)) == 1
    first, second = asked(lab.director, alice)[0], asked(lab.home1, alice)[0]
    assert second.uri == "sip:example.com" == first.uri, second.start
    assert not asked(lab.home2, alice)
    assert uri_of(second.get("contact")) == alice.contact
    assert resp.get("contact")


@plain.test
def each_redirect_status_is_absorbed(lab):
    for status in (300, 301, 302):
        redirect(lab, [("home02", "0.9"), ("home01", "0.1")], status)
        alice = lab.user()
        alice.register()
        assert asked(lab.home2, alice) and not asked(lab.home1, alice)
        assert not any(m.status and 300 <= m.status < 400
                       for m in alice.stream.record)


@plain.test
def contacts_are_tried_in_the_order_of_q(lab):
    for homes, first in (([("home02", "0.3"), ("home01", "0.7")], "home1"),
                         ([("home02", None), ("home01", "0.9")], "home2"),
                         ([("home01", "0"), ("home02", "0.001")], "home2"),
                         ([("home01", "1.0"), ("home02", "0.5")], "home1")):
        redirect(lab, homes)
        alice = lab.user()
        alice.register()
        assert asked(getattr(lab, first), alice), homes


@plain.test
def contacts_in_several_header_fields_count_too(lab):
    def script(m):
        one = lab.director.contacts([("home01", "0.2")])
        return answer(m, 302, extra=one + lab.director.contacts(
            [("home02", "0.8")]))
    lab.director.script = script
    alice = lab.user()
    alice.register()
    assert asked(lab.home2, alice) and not asked(lab.home1, alice)


@plain.test
def a_challenge_of_the_director_passes_and_so_does_the_second_try(lab):
    def script(m):
        if not m.get("authorization"):
            return answer(m, 401, extra=[("WWW-Authenticate",
                          'Digest realm="example.com", nonce="n1"')])
        return answer(m, 302, extra=lab.director.contacts())
    lab.director.script = script
    alice = lab.user()
    resp = alice.register(401)
    assert resp.get("www-authenticate") == \
        'Digest realm="example.com", nonce="n1"'
    auth = 'Digest username="a", realm="example.com", nonce="n1", response="x"'
    alice.register(extra=[("Authorization", auth)])
    assert asked(lab.home1, alice)[0].get("authorization") == auth


@plain.test
def a_challenge_of_the_home_passes_and_so_does_the_second_try(lab):
    lab.home1.challenge = True
    alice = lab.user()
    alice.register(401)
    alice.register(extra=[("Authorization", "Digest x=1")])
    assert len(asked(lab.home1, alice)) == 2


@plain.test
def the_backup_is_used_when_the_primary_refuses(lab):
    lab.home1.stop()
    alice = lab.user()
    alice.register()
    assert asked(lab.home2, alice)


@plain.test
def a_director_that_answers_itself_is_passed_on(lab):
    lab.director.script = lab.home1.register
    alice = lab.user()
    resp = alice.register()
    assert resp.get("contact") and not asked(lab.home1, alice)
    lab.director.script = lambda m: answer(m, 403, reason="Go Away")
    assert lab.user().register(403).start.endswith(" Forbidden")


def refused_redirect(lab, homes, home=None):
    """The client gets 502, the log says why, nobody is connected to."""
    redirect(lab, homes)
    mark = lab.edge.mark()
    before = [s.counts() for s in (lab.home1, lab.home2)]
    alice = lab.user()
    assert alice.register(None).status == 502, homes
    assert [s.counts() for s in (lab.home1, lab.home2)] == before
    lab.edge.wait_log("redirect|not-a-home|refuse", mark)


@plain.test
def a_target_that_is_no_home_server_is_refused_with_502_and_a_log_line(lab):
    for target in ("sip:evil.example:5061;transport=tls",
                   "sip:127.0.0.1:22;transport=tls",
                   "sip:169.254.169.254:80;transport=tls",
                   "sip:unlisted.internal.example:5061;transport=tls",
                   "sip:home01.internal.example.evil.example;transport=tls",
                   "sip:home01.internal.example:22;transport=tls",
                   "sip:%s:5061" % lab.block(4)):
        refused_redirect(lab, [(target, "0.7")])


@plain.test
def a_redirect_without_contacts_is_502(lab):
    lab.director.script = lambda m: answer(m, 302)
    assert lab.user().register(None).status == 502


@plain.test
def a_listed_target_beside_a_foreign_one_is_used(lab):
    redirect(lab, [("sip:evil.example;transport=tls", "0.9"),
                   ("home02", "0.1")])
    alice = lab.user()
    alice.register()
    assert asked(lab.home2, alice)


@plain.test
def route_headers_in_a_redirect_target_are_not_believed(lab):
    redirect(lab, [("sip:home01.internal.example:5061;transport=tls"
                    "?Route=%3Csip:evil.example%3E", "0.7")])
    alice = lab.user()
    alice.register(None)
    for m in asked(lab.home1, alice):
        assert "evil" not in m.raw.decode(), m.raw


@plain.test
def a_redirect_that_goes_in_circles_ends(lab):
    def circle(m):
        return answer(m, 302, extra=lab.director.contacts(
            [("home01", "0.5")]))
    lab.director.script = circle
    lab.home1.auto["REGISTER"] = lambda m: answer(
        m, 302, extra=lab.home1_contacts)
    lab.home1_contacts = lab.director.contacts([("home01", "0.5")])
    alice = lab.user()
    resp = alice.register(None)
    assert resp.status in (482, 500, 502), resp.start
    assert len(asked(lab.home1, alice)) <= 4


@plain.test
def more_redirects_than_allowed_are_refused(lab):
    """director -> home01 -> home02 -> home01: three hops at most."""
    lab.home1.auto["REGISTER"] = lambda m: answer(
        m, 302, extra=lab.director.contacts([("home02", None)]))
    lab.home2.auto["REGISTER"] = lambda m: answer(
        m, 302, extra=lab.director.contacts([("home01", None)]))
    alice = lab.user()
    resp = alice.register(None)
    assert resp.status in (482, 500, 502), resp.start
    total = sum(len(asked(s, alice)) for s in lab.servers)
    assert total <= 8, total


@plain.test
def a_home_may_redirect_to_another_home(lab):
    lab.home1.auto["REGISTER"] = lambda m: answer(
        m, 301, extra=lab.director.contacts([("home02", None)]))
    alice = lab.user()
    alice.register()
    assert asked(lab.home2, alice)


@plain.test
def the_home_is_learnt_and_the_director_not_asked_again(lab):
    redirect(lab, [("home02", "0.9")])
    alice = lab.user()
    alice.register()
    alice.register()
    invite = alice.invite("sip:bob@example.com")
    got = lab.home2.expect_request("INVITE")
    lab.home2.reply(got, 486)
    alice.ack_of(invite, alice.expect(486))
    assert len(asked(lab.director, alice)) == 1
    assert not lab.director.got("INVITE")


def relearns(lab, spoil):
    """After `spoil`, the next REGISTER asks the director again."""
    redirect(lab, [("home01", "0.9")])
    alice = lab.user()
    alice.register()
    redirect(lab, [("home02", "0.9")])
    alice.register()
    assert len(asked(lab.director, alice)) == 1, "not remembered"
    spoil(lab)
    resp = alice.register(None)
    if resp.status != 200:
        alice.register()
    assert len(asked(lab.director, alice)) == 2
    assert asked(lab.home2, alice)


def home_says(status):
    def spoil(lab):
        lab.home1.auto["REGISTER"] = lambda m: answer(m, status)
    return spoil


@plain.test
def a_home_that_says_404_is_asked_no_more(lab):
    relearns(lab, home_says(404))


@plain.test
def a_home_that_says_408_is_asked_no_more(lab):
    relearns(lab, home_says(408))


@plain.test
def a_home_that_says_503_is_asked_no_more(lab):
    relearns(lab, home_says(503))


@plain.test
def a_home_that_redirects_is_asked_no_more(lab):
    def spoil(lab):
        lab.home1.auto["REGISTER"] = lambda m: answer(
            m, 302, extra=lab.director.contacts([("home02", None)]))
    redirect(lab, [("home01", "0.9")])
    alice = lab.user()
    alice.register()
    redirect(lab, [("home02", "0.9")])
    spoil(lab)
    alice.register()
    before = len(asked(lab.home1, alice))
    alice.register()
    assert len(asked(lab.home1, alice)) == before
    assert asked(lab.home2, alice)


@plain.test
def a_dead_home_is_asked_no_more(lab):
    relearns(lab, lambda lab: lab.home1.stop())


@plain.test
def an_unregister_forgets_the_home(lab):
    alice = lab.user()
    alice.register()
    alice.register(expires=0)
    assert len(asked(lab.director, alice)) == 1
    lab.refused(alice, alice.make("MESSAGE", "sip:bob@example.com"))
    alice.register()
    assert len(asked(lab.director, alice)) == 2


@plain.test
def a_contact_that_says_expires_0_unregisters_too(lab):
    alice = lab.user()
    alice.register()
    alice.register(expires=None, params=";expires=0")
    lab.refused(alice, alice.make("MESSAGE", "sip:bob@example.com"))


@plain.test
def path_is_ours_alone_and_brings_requests_back(lab):
    alice = lab.user()
    alice.register(extra=[("Path", "<sip:evil.example;lr>"),
                          ("Supported", "path"),
                          ("path ", "<sip:evil2.example;lr>")])
    got = asked(lab.home1, alice)[0]
    assert len(got.all("path")) == 1, got.all("path")
    path = uri_of(got.get("path"))
    assert INSIDE_FQDN in path and len(user_of(path)) > 20, path
    assert ";lr" in path and "transport=tls" in path.lower(), path
    lab.home1.call(alice.aor, "MESSAGE", body=b"back")
    back = alice.expect_request("MESSAGE")
    assert not back.all("route") and back.uri == alice.contact, back.raw
    alice.reply(back, 200)
    lab.home1.expect(200, "MESSAGE")


@plain.test
def a_service_route_from_inside_does_not_get_out(lab):
    lab.home1.reg_extra = [("Service-Route",
                            "<sip:home01.internal.example;lr>")]
    resp = lab.user().register()
    assert not resp.all("service-route")


def instance():
    return ';+sip.instance="<urn:uuid:%s>";reg-id=1' % fresh("0-0-0-")


@plain.test
def ob_is_offered_to_a_first_hop_that_supports_outbound(lab):
    with_ob, without, behind = lab.user(), lab.user(), lab.user()
    with_ob.register(params=instance(), extra=[("Supported",
                                                "outbound, path")])
    without.register()
    raw = behind.register_bytes(params=instance(),
                                extra=[("Supported", "outbound")])
    extra_via = b"\r\nVia: SIP/2.0/TLS 10.0.0.9;branch=z9hG4bKbehind\r\nMax-"
    behind.send(raw.replace(b"\r\nMax-", extra_via, 1))
    behind.stream.receive(lambda m: m.status, what="answer to REGISTER")
    got = asked(lab.home1, with_ob)[0]
    assert ";ob" in got.get("path") and "reg-id=1" in got.get("contact")
    assert "+sip.instance" in got.get("contact")
    for user in (without, behind):
        for m in asked(lab.home1, user):
            assert ";ob" not in m.get("path").lower(), m.get("path")


@plain.test
def a_flow_timer_is_given_when_the_registrar_took_up_outbound(lab):
    lab.home1.reg_extra = [("Require", "outbound")]
    alice = lab.user()
    resp = alice.register(params=instance(), extra=[("Supported",
                                                     "outbound, path")])
    assert resp.get("flow-timer") == "120", resp.headers
    lab.home1.reg_extra = ()
    assert not lab.user().register().get("flow-timer")


@plain.test
def a_439_passes(lab):
    lab.home1.auto["REGISTER"] = lambda m: answer(m, 439)
    lab.user().register(439, params=instance(),
                        extra=[("Supported", "outbound")])


@plain.test
def a_request_for_a_flow_that_is_gone_gets_430_at_once(lab):
    alice = lab.registered()
    alice.close()
    lab.edge.wait_log("close")
    until("430", lambda: answer_for_gone(lab, alice) == 430)
    began = time.monotonic()
    assert answer_for_gone(lab, alice) == 430
    assert time.monotonic() - began < 4  # limits.hop_answer_s is 8


def answer_for_gone(lab, alice):
    sent = lab.home1.call(alice.aor, "MESSAGE")
    return lab.home1.client.receive(
        lambda m: m.status and m.status > 199 and m.call_id == sent.call_id,
        what="an answer").status


@plain.test
def a_client_that_comes_back_registers_on_its_new_flow(lab):
    alice = lab.registered()
    alice.close()
    again = lab.user(name=alice.aor[4:].split("@")[0])
    again.register()
    lab.home1.call(again.aor, "MESSAGE")
    again.reply(again.expect_request("MESSAGE"), 200)
    lab.home1.expect(200)


@plain.test
def nothing_but_register_is_taken_before_a_registration(lab):
    alice = lab.user()
    for method in ("INVITE", "MESSAGE", "OPTIONS", "SUBSCRIBE", "BYE"):
        lab.refused(alice, alice.make(method, "sip:bob@example.com"))
    alice.register()
    alice.send(alice.make("MESSAGE", "sip:bob@example.com"))
    lab.home1.expect_request("MESSAGE")


@plain.test
def a_refused_registration_opens_nothing(lab):
    lab.home1.auto["REGISTER"] = lambda m: answer(m, 403)
    alice = lab.user()
    alice.register(403)
    lab.refused(alice, alice.make("MESSAGE", "sip:bob@example.com"))


@plain.test
def a_registration_opens_nothing_on_another_connection(lab):
    alice = lab.registered()
    other = lab.user(name=alice.aor[4:].split("@")[0])
    lab.refused(other, other.make("MESSAGE", "sip:bob@example.com"))


@plain.test
def from_must_be_an_address_registered_on_this_flow(lab):
    alice, bob = lab.registered(), lab.registered()
    for frm in (bob.aor, "sip:ceo@example.com", "sip:a@partner.example",
                "sip:anonymous@anonymous.invalid", "tel:+4930123456"):
        lab.refused(alice, alice.make("MESSAGE", "sip:carol@example.com",
                                      frm=frm))


@plain.test
def from_is_compared_as_an_address_not_as_text(lab):
    alice = lab.registered(name="Ann%41" + fresh("x"))
    user = alice.aor[4:].split("@")[0]
    for frm in ("sip:%s@EXAMPLE.com" % user.replace("%41", "A"),
                "sips:%s@example.com" % user, alice.aor + ";x=1"):
        alice.send(alice.make("MESSAGE", "sip:carol@example.com", frm=frm))
        lab.home1.reply(lab.home1.expect_request("MESSAGE"), 200)
        alice.expect(200, "MESSAGE")


@plain.test
def a_request_uri_that_is_not_ours_is_refused(lab):
    alice = lab.registered()
    for uri in ("sip:x@elsewhere.example", "sip:x@127.0.0.1",
                "sip:x@" + lab.block(4), "sip:x@home01.internal.example",
                "sip:x@example.com.evil.example", "sip:x@example.comm",
                "sip:x@example.com;maddr=" + lab.block(4),
                "sip:x:secret@example.com", "sip:x@[::1]"):
        lab.refused(alice, alice.make("MESSAGE", "sip:b@example.com",
                                      uri=uri), (403, 404, 400))


@plain.test
def a_register_for_a_domain_that_is_not_ours_is_refused(lab):
    alice = lab.user()
    for aor, uri in (("sip:x@elsewhere.example", None),
                     ("sip:x@example.com", "sip:elsewhere.example"),
                     ("sip:x@example.com", "sip:home01.internal.example"),
                     ("sip:x@example.com", "sip:x@example.com"),
                     ("sip:x@elsewhere.example", "sip:example.com")):
        before = lab.inside_counts()
        resp = alice.register(None, aor=aor, uri=uri)
        assert resp.status in (400, 403), "%s %s: %s" % (aor, uri, resp.start)
        lab.no_connection_inside(before, 0.05)


@plain.test
def a_second_domain_of_ours_is_served(lab):
    alice = lab.registered(domain="example.org")
    assert asked(lab.home1, alice)[0].uri == "sip:example.org"


@plain.test
def a_flow_holds_no_more_addresses_than_the_limit(lab):
    alice = lab.registered()
    for _ in range(3):
        alice.register(aor="sip:%s@example.com" % lab.name())
    resp = alice.register(None, aor="sip:%s@example.com" % lab.name())
    assert resp.status >= 400, resp.start
    alice.register()


@plain.test
def each_address_of_a_flow_may_be_used(lab):
    alice, second = lab.registered(), "sip:%s@example.com" % lab.name()
    alice.register(aor=second)
    for frm in (alice.aor, second):
        alice.send(alice.make("MESSAGE", "sip:carol@example.com", frm=frm))
        lab.home1.reply(lab.home1.expect_request("MESSAGE"), 200)
        alice.expect(200, "MESSAGE")


@plain.test
def a_binding_query_changes_nothing(lab):
    alice = lab.registered()
    alice.register(contact="", expires=None)
    alice.send(alice.make("MESSAGE", "sip:carol@example.com"))
    lab.home1.expect_request("MESSAGE")


@plain.test
def an_invite_of_a_device_takes_the_same_redirect(lab):
    room = lab.device()
    redirect(lab, [("home02", "0.9")])
    invite = room.invite("sip:bob%s@example.com" % fresh("x"))
    got = lab.home2.expect_request("INVITE")
    assert lab.director.got("INVITE")
    lab.home2.reply(got, 486)
    room.ack_of(invite, room.expect(486))
    acks = lab.director.wait_got("ACK")
    assert len(acks) == 1


@plain.test
def a_redirect_with_a_user_part_replaces_the_request_uri(lab):
    room, who = lab.device(), fresh("sip:moved")
    redirect(lab, [(who + "@home01.internal.example:5061;transport=tls",
                    None)])
    invite = room.invite("sip:%s@example.com" % fresh("b"))
    got = lab.home1.expect_request("INVITE")
    assert got.uri.startswith(who + "@home01.internal.example"), got.uri
    lab.home1.reply(got, 486)
    room.ack_of(invite, room.expect(486))


brief = Group("short registrations", {"limits": {"home_s": 2}})


@brief.test
def a_registration_that_ran_out_opens_nothing(lab):
    lab.home1.auto["REGISTER"] = lambda m: answer(m, 200, extra=[
        ("Contact", m.get("contact") + ";expires=2")])
    alice = lab.registered(register={"expires": 2})
    until("403", lambda: says(lab, alice) == 403, step=0.3)


def says(lab, alice):
    lab.home1.auto["MESSAGE"] = lambda m: answer(m, 200)
    raw = alice.make("MESSAGE", "sip:carol@example.com")
    alice.send(raw)
    return alice.stream.receive(lambda m: m.status and m.status > 199 and
                                m.call_id == Message(raw).call_id).status


static = Group("no director", {"routing": {
    "directors": None,
    "domains": ({"domain": "example.org",
                 "home": "home02.internal.example"},)}})


@static.test
def without_a_director_the_first_home_serves(lab):
    alice = lab.registered()
    assert asked(lab.home1, alice) and not lab.director.accepted


@static.test
def a_domain_may_have_its_own_home(lab):
    bob = lab.registered(domain="example.org")
    assert asked(lab.home2, bob) and not asked(lab.home1, bob)


@static.test
def a_redirect_by_a_home_is_absorbed_without_a_director(lab):
    lab.home1.auto["REGISTER"] = lambda m: answer(
        m, 302, extra=lab.director.contacts([("home02", None)]))
    alice = lab.registered()
    assert asked(lab.home2, alice)


closed = Group("users off", {"users": {"enabled": False}})


@closed.test
def with_users_off_nobody_registers(lab):
    try:
        alice = lab.user()
        lab.refused(alice, alice.register_bytes())
    except (Closed, OSError):
        pass
    assert not lab.director.messages


if __name__ == "__main__":
    main("registration", plain, brief, static, closed)
