#!/usr/bin/python3
"""Partners that turned bad: what their answers, their certificates and their
names can do to us, and to others."""

import time

from edgelab import SDP, Group, answer, companies, main, uri_of, user_of
from edgelab.companies import Company, company
from edgelab.edge import merge


def open_to_all(lab):
    return merge(companies.settings(lab), {"federation": {"discovery": True}})


bad = Group("partners that turned bad", open_to_all,
            setup=companies.serve_dns)


def call_out(lab):
    """home01 calls zoe; her company's edge, and the INVITE there."""
    edge = Company(lab, "partner")
    invite = lab.home1.call("sip:zoe@partner.example", body=SDP, routes=[])
    return edge, invite, edge.expect_request("INVITE")


@bad.test
def one_that_records_too_much_stays_behind_the_edge(lab):
    """Its Contact names a server of ours: nobody goes there."""
    edge, invite, at_edge = call_out(lab)
    many = b"".join(b"Record-Route: <sip:p%d.partner.example;lr>\r\n" % i
                    for i in range(60))
    trap = "sip:x@%s:5061" % lab.block(5)
    raw = answer(at_edge, 200, extra=[("Contact", "<%s>" % trap)], to_tag="e")
    at_edge.stream.send(raw.replace(b"Record-Route:", many + b"Record-Route:",
                                    1))
    near = lab.home1.caller_dialog(invite, lab.home1.expect(200, "INVITE"))
    assert near.target == trap and len(near.routes) == 2, near.routes
    near.ack()
    assert edge.expect_request("ACK").uri == trap
    near.send("BYE")
    edge.reply(edge.expect_request("BYE"), 200)
    lab.home1.expect(200, "BYE")
    assert not lab.home2.got("ACK") and not lab.home2.got("BYE")


@bad.test
def what_inside_is_shown_of_a_call_opens_nothing_outside(lab):
    """A server inside quoted our Record-Route: it seals what the partner
    recorded, an address inside."""
    zoe = company(lab, "partner")
    invite = zoe.invite("sip:bob@example.com", extra=[
        ("Record-Route", "<sip:x@%s:5061;lr>" % lab.block(5))])
    at_home = lab.home1.expect_request("INVITE")
    lab.home1.reply(at_home, 200, body=SDP)
    out = zoe.dialog(invite, zoe.expect(200, "INVITE"))
    out.routes = [r for r in out.routes if "sip.example.com" in r]
    before = lab.inside_counts()
    own = out.routes[0]
    for route in at_home.all("record-route"):
        word = own.replace(user_of(uri_of(own)), user_of(uri_of(route)))
        out.send("INFO", routes=[word])
        zoe.expect((403, 500), "INFO")
    lab.no_connection_inside(before)
    out.send("INFO")
    lab.home1.reply(lab.home1.expect_request("INFO"), 200)
    zoe.expect(200, "INFO")


@bad.test
def one_that_rings_for_ever_is_not_passed_on_for_ever(lab):
    edge, _, at_edge = call_out(lab)
    for n in range(1000):
        at_edge.stream.send(answer(at_edge, 180 + n % 4, to_tag="e%d" % n))
    edge.reply(at_edge, 486)
    lab.home1.expect(486, "INVITE")
    rang = [m for m in lab.home1.client.record if m.status in range(180, 190)]
    assert len(rang) == 250, len(rang)


@bad.test
def slow_domains_of_strangers_do_not_keep_partners_out(lab):
    """Domains that are not listed, on 36 connections, while DNS is silent."""
    lab.dns.mute.add("mute")
    strangers = [company(lab, "unknown") for _ in range(36)]
    for s in strangers:
        s.send(b"".join(s.make(
            "MESSAGE", "sip:bob@example.com",
            frm="sip:x@%s-%d.mute.example" % (s.tag, n)) for n in range(16)))
    time.sleep(0.3)
    for _ in range(4):  # whatever worker they meet
        srv = company(lab, "srv")
        srv.send(srv.make("MESSAGE", "sip:bob@example.com"))
        lab.home1.reply(lab.home1.expect_request("MESSAGE"), 200)
        srv.expect(200, "MESSAGE")
    lab.dns.mute.clear()


@bad.test
def one_that_is_blocked_in_a_call_hears_its_end_only(lab):
    edge, invite, at_edge = call_out(lab)
    edge.reply(at_edge, 200, [("Contact", "<sip:zoe@sip.partner.example>")],
               body=SDP)
    near = lab.home1.caller_dialog(invite, lab.home1.expect(200, "INVITE"))
    near.ack()
    edge.expect_request("ACK")
    was, since = lab.edge.settings, lab.edge.mark()
    fed = was["federation"]
    lab.edge.write(merge(was, {"federation": {
        "partners": tuple(p for p in fed["partners"]
                          if p["domain"] != "partner.example"),
        "blocked": fed["blocked"] + ["partner.example"]}}))
    lab.edge.reload()
    lab.edge.wait_log("reloaded", since)
    near.send("INFO")
    lab.home1.expect(403, "INFO")
    near.send("BYE")
    edge.reply(edge.expect_request("BYE"), 200)
    lab.home1.expect(200, "BYE")
    assert not edge.got("INFO")
    lab.edge.write(was)
    since = lab.edge.mark()
    lab.edge.reload()
    lab.edge.wait_log("reloaded", since)


if __name__ == "__main__":
    main("compromised", bad)
