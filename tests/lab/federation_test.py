#!/usr/bin/python3
"""Partners: whose certificate proves which domain, what they may ask, what is
said of them inside; and the way out to them."""

import re
import ssl
import time

from edgelab import SDP, Closed, FakeServer, Group, Message, main, until
from edgelab import companies
from edgelab.companies import Company, company

inward = Group("partners inward", companies.settings,
               setup=companies.serve_dns)
outward = Group("partners outward", companies.settings,
                setup=companies.serve_dns)


def open_to_all(lab):
    change = companies.settings(lab)
    change["federation"]["discovery"] = True
    return change


discovery = Group("discovery", open_to_all, setup=companies.serve_dns)


def gets_in(lab, party, frm=None, extra=()):
    """A MESSAGE crosses; returns it as the home server sees it."""
    raw = party.make("MESSAGE", "sip:bob@example.com", frm=frm, extra=extra)
    party.send(raw)
    try:
        m = lab.home1.expect_request("MESSAGE",
                                     call_id=Message(raw).call_id)
    except AssertionError as e:
        raise AssertionError("%s: %s; the log ends in %s" % (
            party.aor, e, lab.edge.tail(2))) from e
    lab.home1.reply(m, 200)
    party.expect(200, "MESSAGE", call_id=m.call_id)
    return m


def mark(m):
    """The source mark: exactly one, ours."""
    marks = m.fields("x-edge-source")
    assert len(marks) == 1, marks
    return dict(p.split("=", 1) for p in marks[0].replace('"', "").split(";"))


def stays_out(lab, party, rule, status=403, **how):
    raw = party.make("MESSAGE", "sip:bob@example.com", **how)
    return lab.refused(party, raw, status, rule)


# proof

@inward.test
def a_name_equal_to_the_domain_proves_it_without_dns(lab):
    got = mark(gets_in(lab, company(lab, "partner")))
    assert got["class"] == "partner" and got["kind"] == "allowed", got
    assert got["peer"] == "partner.example", got
    gets_in(lab, company(lab, "uri"))
    assert not lab.dns.questions("partner.example"), lab.dns.asked
    assert not lab.dns.questions("uri.example"), lab.dns.asked


@inward.test
def an_srv_target_in_the_domain_proves_it(lab):
    got = mark(gets_in(lab, company(lab, "srv")))
    assert got["peer"] == "edge.srv.example", got
    assert lab.dns.questions("_sipfederationtls._tcp.srv.example")


@inward.test
def an_srv_target_elsewhere_proves_nothing_unsigned(lab):
    stays_out(lab, company(lab, "away"), "partner-target-elsewhere")


@inward.test
def a_provider_speaks_for_each_of_its_domains_and_no_other(lab):
    got = mark(gets_in(lab, company(lab, "provider")))
    assert got["kind"] == "provider", got
    hosted = company(lab, "provider", domain="two.example")
    gets_in(lab, hosted)
    stays_out(lab, company(lab, "provider", domain="partner.example"),
              "partner-name")
    stays_out(lab, company(lab, "provider", domain="three.example"),
              "partner-unknown")


@inward.test
def a_direct_partner_is_known_by_the_edge_that_is_named(lab):
    assert mark(gets_in(lab, company(lab, "direct")))["kind"] == "direct"


@inward.test
def a_pinned_key_or_an_authority_of_its_own_does_for_that_partner(lab):
    gets_in(lab, company(lab, "pinned"))
    gets_in(lab, company(lab, "own"))
    stays_out(lab, company(lab, "own", domain="partner.example"),
              "partner-certificate|partner-name")
    stays_out(lab, company(lab, "pinned", domain="own.example"),
              "partner-certificate|partner-name")


@inward.test
def a_certificate_for_servers_only_will_do(lab):
    gets_in(lab, company(lab, "server-only"))


@inward.test
def a_certificate_that_nobody_vouches_for_does_not(lab):
    before = lab.inside_counts()
    for name, cert in (("wrong", lab.pki.cert("co-wrong", other=True)),
                       ("partner", lab.pki.cert("co-expired"))):
        try:
            party = company(lab, name)
            party.stream = lab.tls(cert=cert)
            party.send(party.make("MESSAGE", "sip:bob@example.com"))
            got = party.stream.receive(lambda m: m.status)
            assert got.status == 403, got.start
        except (Closed, ssl.SSLError, ConnectionError):
            pass  # turned away in the handshake
    lab.no_connection_inside(before)


@inward.test
def another_domain_than_the_certificate_proves_is_refused(lab):
    stays_out(lab, company(lab, "partner", domain="uri.example"),
              "partner-name|partner-target-elsewhere|partner-no-service")
    stays_out(lab, company(lab, "partner", domain="sub.partner.example"),
              "partner-unknown")


@inward.test
def no_certificate_speaks_for_a_domain_of_ours(lab):
    """Not even one that names it."""
    for name in ("partner", "ours"):
        party = company(lab, name, domain="example.com")
        stays_out(lab, party, "from-is-ours")
    party = company(lab, "partner")
    for ours in ("sip:ceo@example.com", "sip:ceo@EXAMPLE.com.",
                 "sips:ceo@example.org:5061", "sip:%63eo@example.com"):
        stays_out(lab, party, "from-is-ours", frm=ours)


@inward.test
def an_unknown_partner_is_refused_and_dns_is_not_asked(lab):
    stays_out(lab, company(lab, "unknown"), "partner-unknown")
    assert not lab.dns.questions("unknown.example"), lab.dns.asked


@inward.test
def the_block_list_wins(lab):
    stays_out(lab, company(lab, "evil"), "partner-blocked")
    stays_out(lab, company(lab, "evil", domain="partner.example"),
              "partner-blocked")
    stays_out(lab, company(lab, "blocked-edge", domain="partner.example"),
              "partner-blocked")


# requests

@inward.test
def a_partner_registers_nobody(lab):
    zoe = company(lab, "partner")
    lab.refused(zoe, zoe.register_bytes(), 403, "partner-register")
    raw = zoe.register_bytes(aor="sip:zoe@example.com")
    lab.refused(zoe, raw, 403, "partner-register|from-is-ours")


@inward.test
def a_partner_reaches_our_domains_only_and_dns_is_not_asked(lab):
    forget_dns(lab)
    zoe, asked = company(lab, "srv"), len(lab.dns.asked)
    for uri in ("sip:x@third.test", "sip:x@partner.example", "sip:third.test",
                "sip:x@srv.example", "sip:x@203.0.113.9",
                "sip:bob@example.com;maddr=203.0.113.9"):
        raw = zoe.make("INVITE", "sip:bob@example.com", uri=uri)
        lab.refused(zoe, raw, 403, "not-our-domain")
    assert len(lab.dns.asked) == asked, lab.dns.asked[asked:]


@inward.test
def an_asserted_identity_of_ours_is_refused_its_own_is_kept(lab):
    zoe = company(lab, "partner")
    for value in ("<sip:ceo@example.com>", '"A" <sip:zoe@partner.example>,'
                  " <sip:ceo@example.com>", "<sips:ceo@EXAMPLE.COM.>"):
        stays_out(lab, zoe, "from-is-ours", extra=[
            ("P-Asserted-Identity", value)])
    own = '"Zoe" <sip:zoe@partner.example>'
    got = gets_in(lab, zoe, extra=[("P-Asserted-Identity", own)])
    assert got.fields("p-asserted-identity") == [own], got.raw
    got = gets_in(lab, zoe, extra=[
        ("P-Asserted-Identity", "<sip:y@uri.example>")])
    assert not got.fields("p-asserted-identity"), got.raw


@inward.test
def a_call_of_a_partner_lasts_both_ways(lab):
    zoe = company(lab, "partner")
    invite = zoe.invite("sip:bob@example.com")
    at_home = lab.home1.expect_request("INVITE")
    ok = lab.home1.reply(at_home, 200, body=SDP)
    out = zoe.dialog(invite, zoe.expect(200, "INVITE"))
    out.ack()
    lab.home1.expect_request("ACK")
    near = lab.home1.dialog(at_home, Message(ok))
    near.send("INFO")
    info = zoe.expect_request("INFO")
    zoe.reply(info, 200)
    lab.home1.expect(200, "INFO")
    out.send("BYE")
    lab.home1.reply(lab.home1.expect_request("BYE"), 200)
    zoe.expect(200, "BYE")


# verification and marks

@inward.test
def the_mark_says_verified_as_the_entry_has_it(lab):
    claims = {"yes": [("X-Edge-Source", "verified=yes")],
              "no": [("X-Edge-Source", "class=user;verified=no")], None: []}
    want = {"partner": {"yes": "yes", "no": "no", None: "no"},
            "always": {"yes": "yes", "no": "yes", None: "yes"},
            "never": {"yes": "no", "no": "no", None: "no"}}
    for name, row in want.items():
        party = company(lab, name)
        for said, verified in row.items():
            got = mark(gets_in(lab, party, extra=claims[said]))
            assert got["verified"] == verified, (name, said, got)
            assert got["class"] == "partner", got


FORGED = [
    "P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID",
    "Diversion", "History-Info", "P-Charging-Vector",
    "P-Charging-Function-Addresses", "P-Access-Network-Info", "Referred-By",
    "b", "Service-Route", "Path", "P-Served-User",
    "ms-edge-proxy-message-trust", "ms-user-data", "X-Edge-Source",
]
SPELLINGS = ["X-EDGE-SOURCE", "x-edge-source ", "X-Edge-Source\t"]


def forge(lab, party, name, domain):
    """One forged field; what of it comes inside?"""
    value = "<sip:canary@%s>" % domain
    raw = party.make("MESSAGE", "sip:bob@example.com", extra=[(name, value)])
    call = Message(raw).call_id
    party.send(raw)
    got = until("%s is judged" % name, lambda: next(
        (m for m in lab.home1.got("MESSAGE") if m.call_id == call), None)
        or next((m for m in party.stream.pump(0.02)
                 if m.status and m.status >= 400), None))
    if got.status:
        assert got.status in (400, 403), got.start
        return
    assert b"canary" not in got.raw, "%s of %s: %r" % (name, domain, got.raw)
    mark(got)
    lab.home1.reply(got, 200)
    party.expect(200, "MESSAGE", call_id=call)


@inward.test
def no_forged_identity_comes_inside(lab):
    """Sixteen fields, of a domain of ours and of another, from each class."""
    assert len(FORGED) == 16
    lab.home1.auto["MESSAGE"] = lambda m: "inbox"
    peers = [company(lab, "partner"), lab.registered()]
    for party in peers:
        for name in FORGED + SPELLINGS:
            for domain in ("example.com", "other.example"):
                forge(lab, party, name, domain)


@inward.test
def a_user_has_one_mark_and_the_identity_of_its_flow(lab):
    alice = lab.registered()
    got = gets_in(lab, alice, extra=[("X-Edge-Source", "class=partner")])
    assert mark(got)["class"] == "user", got.raw
    assert got.fields("p-asserted-identity") == ["<%s>" % alice.aor], got.raw


# outward

def call_out(lab, target, method="MESSAGE", **how):
    """A server of ours asks for somebody abroad; the call id."""
    return lab.home1.call(target, method, routes=[], **how).call_id


def reaches(lab, edge, target):
    call = call_out(lab, target)
    m = edge.expect_request("MESSAGE", call_id=call)
    edge.reply(m, 200)
    lab.home1.expect(200, "MESSAGE", call_id=call)
    return m


def cannot(lab, target, text, status=504):
    """No way: 504 in time, with the reason for the operator."""
    began = time.monotonic()
    call = call_out(lab, target)
    got = lab.home1.client.receive(
        lambda m: m.status and m.status > 199 and m.call_id == call)
    assert got.status == status, "%s: %s" % (got.start, lab.edge.tail(2))
    reason = " ".join(got.fields("reason"))
    assert re.search(text, reason), "%r in %r" % (text, reason)
    return time.monotonic() - began


@outward.test
def each_kind_of_partner_is_reached(lab):
    for name, target in (("partner", "sip:zoe@partner.example"),
                         ("srv", "sip:zoe@SRV.example."),
                         ("uri", "sip:zoe@uri.example"),
                         ("provider", "sip:zoe@two.example"),
                         ("server-only", "sip:zoe@server.example")):
        got = reaches(lab, Company(lab, name), target)
        assert b"internal.example" not in got.raw, got.raw
        assert lab.inside[0].encode() not in got.raw, got.raw
        assert len(got.all("via")) == 1, got.raw
    reaches(lab, Company(lab, "direct", port=5071), "sip:zoe@direct.example")
    reaches(lab, Company(lab, "own", number=93), "sip:zoe@own.example")
    reaches(lab, Company(lab, "pinned", number=94), "sip:zoe@pinned.example")


@outward.test
def a_wrong_certificate_is_not_spoken_to(lab):
    for name, cert, number in (("wrong", "wrong", 95),
                               ("liar", "srv", 80),
                               ("partner", "expired", 80),
                               ("partner", "srv", 80)):
        edge = Company(lab, name, cert, number)
        cannot(lab, "sip:zoe@%s.example" % name, "certificate|TLS")
        assert not edge.messages, edge.messages
        edge.stop()


@outward.test
def a_target_elsewhere_must_prove_the_domain_itself(lab):
    edge = Company(lab, "away")
    cannot(lab, "sip:zoe@away.example", "does not prove away.example")
    assert not edge.messages


@outward.test
def no_srv_record_and_a_dead_edge_are_504_with_the_reason(lab):
    cannot(lab, "sip:zoe@nosrv.example", "nosrv.example: no SRV record")
    cannot(lab, "sip:zoe@dead.example", "sip.dead.example: cannot connect")


@outward.test
def silence_of_dns_or_edge_is_504_in_time(lab):
    lab.dns.mute.add("mute.example")
    took = cannot(lab, "sip:zoe@mute.example", "DNS|does not answer")
    assert took < 7, took
    lab.dns.mute.clear()
    slow = lab.keep(FakeServer("slow", lab.block(97), 5061))
    slow.on_accept = lambda sock: time.sleep(8) or True
    slow.start()
    lab.dns.edge("slow.example", "sip.slow.example", lab.block(97))
    took = cannot(lab, "sip:zoe@slow.example", "TLS|connect|does not answer")
    assert took < 7, took


@outward.test
def dns_leads_nobody_inside_nor_to_loopback(lab):
    """Each address that is ours, inside or not listed: nobody connects."""
    trap = [lab.keep(FakeServer("trap", a, p).start()) for a, p in (
        (lab.block(200), 5061), (lab.block(4), 22), (lab.block(20), 5061))]
    before = lab.inside_counts()
    for i, (address, port) in enumerate((
            (lab.block(200), 5061), (lab.block(4), 5061), (lab.block(4), 22),
            (lab.block(3), 5061), (lab.block(20), 5061), (lab.inside),
            lab.outside, ("169.254.169.254", 80), ("127.0.0.1", 22))):
        host = "h%d.loop.example" % i
        lab.dns.edge("loop.example", host, address, port)
        cannot(lab, "sip:zoe@loop.example", "not a public one")
        lab.dns.zone = {k: v for k, v in lab.dns.zone.items()
                        if "loop.example" not in k[0]}
        forget_dns(lab)
    assert all(t.counts() == (0, 0) for t in trap)
    assert lab.inside_counts() == before


def forget_dns(lab):
    """A reload empties what is remembered of DNS."""
    since = lab.edge.mark()
    lab.edge.reload()
    lab.edge.wait_log("reload", since)


@outward.test
def blocked_and_unknown_domains_have_no_way_out(lab):
    asked = len(lab.dns.asked)
    call = call_out(lab, "sip:x@evil.example")
    lab.home1.expect(403, "MESSAGE", call_id=call)
    for target in ("sip:x@unknown.example", "sip:x@203.0.113.9",
                   "sip:x@home02.internal.example"):
        call = call_out(lab, target)
        lab.home1.expect(404, "MESSAGE", call_id=call)
    assert len(lab.dns.asked) == asked, lab.dns.asked[asked:]
    edge = Company(lab, "blocked-edge")
    cannot(lab, "sip:x@behind.example", "block list")
    assert not edge.accepted


@outward.test
def challenges_and_redirects_of_a_partner_stay_outside(lab):
    edge = Company(lab, "partner")
    challenge = [("WWW-Authenticate", 'Digest realm="x",nonce="y"'),
                 ("Proxy-Authenticate", 'Digest realm="x",nonce="y"')]
    contact = [("Contact", "<sip:%s:5061>" % lab.block(4))]
    before = lab.inside_counts()
    for status, extra, want in ((401, challenge, 403), (407, challenge, 403),
                                (301, contact, 480), (302, contact, 480),
                                (305, contact, 480)):
        call = call_out(lab, "sip:zoe@partner.example")
        edge.reply(edge.expect_request("MESSAGE", call_id=call), status,
                   extra)
        got = lab.home1.client.receive(
            lambda m, c=call: m.status and m.call_id == c)
        assert got.status == want, (status, got.start)
        assert b"uthenticate" not in got.raw and b"Contact" not in got.raw
    assert lab.inside_counts() == before


@outward.test
def passwords_do_not_go_to_partners(lab):
    edge = Company(lab, "partner")
    call = call_out(lab, "sip:zoe@partner.example", extra=[
        ("Authorization", 'Digest username="canary"'),
        ("Proxy-Authorization", 'Digest username="canary"'),
        ("proxy-authorization", 'Digest username="canary"')])
    got = edge.expect_request("MESSAGE", call_id=call)
    assert b"canary" not in got.raw, got.raw
    edge.reply(got, 200)
    lab.home1.expect(200, "MESSAGE", call_id=call)


@outward.test
def why_a_partner_is_not_reached_is_told_inside_only(lab):
    alice = lab.registered()
    raw = alice.make("MESSAGE", "sip:zoe@dead.example")
    alice.send(raw)
    at_home = lab.home1.expect_request("MESSAGE")
    lab.home1.reply(at_home, 504, reason="Try edge01.internal.example", extra=[
        ("Reason", 'SIP;cause=504;text="sip.dead.example: cannot connect"'),
        ("Warning", '399 home01.internal.example "dead"')])
    got = alice.expect(504, "MESSAGE")
    assert b"dead" not in got.raw.replace(b"zoe@dead.example", b""), got.raw
    assert b"internal" not in got.raw, got.raw


@outward.test
def a_call_to_a_partner_lasts_both_ways(lab):
    edge = Company(lab, "partner")
    invite = lab.home1.call("sip:zoe@partner.example", body=SDP, routes=[])
    at_edge = edge.expect_request("INVITE")
    edge.reply(at_edge, 200, [("Contact", "<sip:zoe@sip.partner.example>")],
               route="<sip:p1.partner.example;lr>", body=SDP)
    near = lab.home1.caller_dialog(invite, lab.home1.expect(200, "INVITE"))
    near.ack()
    ack = edge.expect_request("ACK")
    assert ack.all("route") == ["<sip:p1.partner.example;lr>"], ack.raw
    assert "internal" not in at_edge.get("contact"), at_edge.raw
    near.send("BYE")
    bye = edge.expect_request("BYE")
    edge.reply(bye, 200)
    lab.home1.expect(200, "BYE")
    assert len(edge.accepted) == 1


# discovery

@discovery.test
def with_discovery_a_partner_that_is_not_listed_gets_in(lab):
    got = mark(gets_in(lab, company(lab, "unknown"), extra=[
        ("X-Edge-Source", "verified=yes")]))
    assert got["kind"] == "discovered" and got["verified"] == "no", got
    stays_out(lab, company(lab, "unknown", domain="nobody.example"),
              "partner-no-service")
    stays_out(lab, company(lab, "evil"), "partner-blocked")
    stays_out(lab, company(lab, "partner", domain="example.com"),
              "from-is-ours")


@discovery.test
def and_is_reached(lab):
    reaches(lab, Company(lab, "unknown"), "sip:zoe@unknown.example")
    cannot(lab, "sip:x@nobody.example", "no SRV record")
    call = call_out(lab, "sip:x@evil.example")
    lab.home1.expect(403, "MESSAGE", call_id=call)


if __name__ == "__main__":
    main("federation", inward, outward, discovery)
