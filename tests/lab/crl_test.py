#!/usr/bin/python3
"""Revocation: whom a list shuts out, and what becomes of those that are
connected already. Inside hard with a grace, outside soft or hard."""

import http.server
import os
import ssl
import threading

from edgelab import (SDP, Closed, Group, Message, Timeout, answer,
                     check_config, companies, main, merge, until)
from edgelab.companies import Company, company
from edgelab.crls import Lists, fingerprint, inside, outside
from edgelab.ctl import ask, good_reload, reload

HOUR = 3600
ADVERSE = (ssl.SSLError, OSError, Closed, Timeout)


def control(lab):
    return {"edge": {"control": lab.folder + "/control"}}


def with_lists(outside_mode="auto", **more):
    def change(lab):
        lab.lists = Lists(lab.pki)
        config = merge(companies.settings(lab), control(lab))
        config = merge(config, {"inside": inside(lab.lists, **more)})
        return merge(config, {"outside": outside(lab.lists,
                                                 mode=outside_mode)})
    return change


both = Group("lists on both legs", with_lists(), setup=companies.serve_dns)
hard = Group("hard on both legs", with_lists("hard"),
             setup=companies.serve_dns)
none = Group("no list at all", lambda lab: merge(
    companies.settings(lab), control(lab)), setup=companies.serve_dns)


def serves(lab, home):
    """Does the edge take this server?"""
    home.hang_up()
    try:
        stream = home.connect()
        stream.send(("OPTIONS sip:edge01.internal.example SIP/2.0\r\n"
                     "Via: %s\r\nMax-Forwards: 70\r\n"
                     "From: <sip:a@example.com>;tag=1\r\n"
                     "To: <sip:edge01.internal.example>\r\nCall-ID: s%d\r\n"
                     "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
                     % (home.via(), id(stream))).encode())
        return stream.receive(lambda m: m.status).status == 200
    except ADVERSE:
        return False


def leaf(lab, name):
    return lab.pki.cert(name)[0]


def take(lab):
    """The edge takes the lists that lie there now."""
    good_reload(lab)


def restore(lab):
    for name in Lists.AUTHORITIES:
        lab.lists.issue(name)
    take(lab)


def gets_in(lab, party):
    raw = party.make("MESSAGE", "sip:bob@example.com")
    party.send(raw)
    m = lab.home1.expect_request("MESSAGE", call_id=Message(raw).call_id)
    lab.home1.reply(m, 200)
    party.expect(200, "MESSAGE", call_id=m.call_id)


# inside: hard

@both.test
def a_revoked_server_is_shut_out_and_the_log_names_it(lab):
    assert serves(lab, lab.home2)
    lab.lists.issue("internal-ca", [leaf(lab, "home02")])
    mark = lab.edge.mark()
    take(lab)
    assert not serves(lab, lab.home2)
    line = lab.edge.wait_log("handshake .*rule=certificate-revoked", mark)
    assert "names=home02.internal.example" in line, line
    assert fingerprint(leaf(lab, "home02")) in line, line
    assert "leg=inside" in line and "peer=" + lab.block(5) in line, line
    assert serves(lab, lab.home1)
    assert ask(lab, "counters")[1]["counters"]["revoked"] >= 1
    restore(lab)
    assert serves(lab, lab.home2)


@both.test
def a_list_within_its_grace_is_good_enough_and_loudly_expired(lab):
    lab.lists.issue("internal-ca", [leaf(lab, "home02")], ends_s=-HOUR)
    mark = lab.edge.mark()
    take(lab)
    lab.edge.wait_log("crl-expired leg=inside", mark)
    assert ask(lab, "counters")[1]["revocation"]["inside"] == "expired"
    assert serves(lab, lab.home1)
    assert not serves(lab, lab.home2), "revoked by an old list is revoked"
    restore(lab)
    assert ask(lab, "counters")[1]["revocation"]["inside"] == "good"


@both.test
def past_the_grace_nobody_inside_is_believed(lab):
    lab.lists.issue("internal-ca", ends_s=-25 * HOUR)
    mark = lab.edge.mark()
    take(lab)
    assert not serves(lab, lab.home1)
    lab.edge.wait_log("rule=revocation-list-expired .*home01", mark)
    restore(lab)
    assert serves(lab, lab.home1)


# who is connected already

@both.test
def a_server_that_is_revoked_is_left_when_nothing_is_under_way(lab):
    alice = lab.registered()
    lab.home1.auto["MESSAGE"] = lambda m: answer(m, 200)
    alice.ask("MESSAGE", "sip:bob@example.com")
    invite = alice.invite("sip:bob@example.com")
    at_home = lab.home1.expect_request("INVITE")
    lab.home1.reply(at_home, 180)
    alice.expect(180)
    lab.lists.issue("internal-ca", [leaf(lab, "home01")])
    mark = lab.edge.mark()
    take(lab)
    line = lab.edge.wait_log("disbelieved .*rule=certificate-revoked", mark)
    assert "names=home01.internal.example" in line, line
    assert fingerprint(leaf(lab, "home01")) in line, line
    assert at_home.stream.is_open(), "the call goes on"
    lab.home1.reply(at_home, 486)
    alice.expect(486, "INVITE", call_id=invite.call_id)
    alice.ack_of(invite, Message(answer(at_home, 486)))
    lab.edge.wait_log("close .*why=distrust", mark)
    until("it is closed", lambda: not at_home.stream.is_open())
    assert ask(lab, "counters")[1]["counters"]["distrusted"] >= 1
    restore(lab)


@both.test
def a_partner_that_is_revoked_ends_its_transaction_and_is_closed(lab):
    zoe = company(lab, "partner")
    invite = zoe.invite("sip:bob@example.com")
    at_home = lab.home1.expect_request("INVITE")
    lab.home1.reply(at_home, 180)
    zoe.expect(180)
    lab.lists.issue("external-issuing", [leaf(lab, "co-partner")])
    mark = lab.edge.mark()
    take(lab)
    lab.edge.wait_log("disbelieved .*rule=certificate-revoked"
                      " .*names=.*partner.example", mark)
    lab.edge.wait_log("retire .*was=partner", mark)
    zoe.send(zoe.make("MESSAGE", "sip:bob@example.com"))
    assert zoe.expect(403, "MESSAGE").status == 403
    lab.home1.reply(at_home, 200, body=SDP)
    zoe.expect(200, "INVITE", call_id=invite.call_id)
    assert zoe.stream.expect_closed() >= 0
    lab.edge.wait_log("close .*why=distrust", mark)
    restore(lab)
    gets_in(lab, company(lab, "partner"))


@both.test
def an_idle_partner_that_is_revoked_is_closed_and_others_are_not(lab):
    bad, good = company(lab, "partner"), company(lab, "srv")
    gets_in(lab, bad)
    gets_in(lab, good)
    lab.lists.issue("external-issuing", [leaf(lab, "co-partner")])
    take(lab)
    assert bad.stream.expect_closed() >= 0
    gets_in(lab, good)
    restore(lab)


@both.test
def a_partner_that_we_went_to_and_that_is_revoked_is_not_gone_to_again(lab):
    edge = Company(lab, "partner")
    call = lab.home1.call("sip:zoe@partner.example", "MESSAGE",
                          routes=[]).call_id
    slow = edge.expect_request("MESSAGE", call_id=call)
    lab.lists.issue("external-issuing", [leaf(lab, "co-partner")])
    mark = lab.edge.mark()
    take(lab)
    lab.edge.wait_log("disbelieved .*by=us rule=certificate-revoked", mark)
    second = lab.home1.call("sip:zoe@partner.example", "MESSAGE",
                            routes=[]).call_id
    lab.home1.expect(504, "MESSAGE", call_id=second)
    lab.edge.wait_log("handshake .*by=us rule=certificate-revoked "
                      ".*names=.*partner.example", mark)
    edge.reply(slow, 200)
    lab.home1.expect(200, "MESSAGE", call_id=call)
    until("it is closed", lambda: not slow.stream.is_open())
    assert len(edge.messages) == 1, edge.messages
    restore(lab)


# outside: soft

@both.test
def outside_soft_believes_without_a_good_list_but_nobody_revoked(lab):
    lab.lists.issue("external-issuing", [leaf(lab, "co-srv")],
                    ends_s=-100 * HOUR)
    mark = lab.edge.mark()
    take(lab)
    lab.edge.wait_log("crl-expired leg=outside", mark)
    gets_in(lab, company(lab, "partner"))
    refused(lab, "srv")
    restore(lab)


def refused(lab, name):
    party = company(lab, name)
    lab.refused(party, party.make("MESSAGE", "sip:bob@example.com"), 403)


@hard.test
def outside_hard_wants_a_list(lab):
    gets_in(lab, company(lab, "partner"))
    lab.lists.issue("external-issuing", ends_s=-25 * HOUR)
    mark = lab.edge.mark()
    take(lab)
    refused(lab, "partner")
    lab.edge.wait_log("certificate .*rule=revocation-list-expired", mark)
    restore(lab)
    gets_in(lab, company(lab, "partner"))


# files

@hard.test
def hard_without_its_file_is_no_start_and_no_reload(lab):
    path = lab.lists.path("internal-ca")
    os.rename(path, path + ".away")
    try:
        code, said = reload(lab)
        assert code == 1 and path in said, said
        lab.edge.wait_log("reload-refused kept=old")
        code, said = check_config(lab.edge.config)
        assert code == 1 and path in said, said
        assert serves(lab, lab.home1), "the old lists stay"
    finally:
        os.rename(path + ".away", path)
    assert check_config(lab.edge.config)[0] == 0


@both.test
def a_file_that_is_no_list_keeps_the_old_ones(lab):
    path = lab.lists.path("internal-ca")
    lab.lists.issue("internal-ca", [leaf(lab, "home02")])
    take(lab)
    with open(path, "w") as f:
        f.write("no list\n")
    code, said = reload(lab)
    assert code == 1 and path in said, said
    assert not serves(lab, lab.home2), "the old list holds"
    lab.lists.issue("external-ca")
    os.rename(lab.lists.path("external-ca"), path)
    code, said = reload(lab)
    assert code == 1 and path in said, "another authority's: %s" % said
    lab.lists.issue("external-ca")
    restore(lab)


@none.test
def without_any_list_nothing_is_checked_and_that_is_said(lab):
    lab.edge.wait_log("crl-unchecked leg=inside")
    lab.edge.wait_log("crl-unchecked leg=outside")
    mark = lab.edge.mark()
    good_reload(lab)
    lab.edge.wait_log("crl-unchecked leg=inside", mark)
    log = lab.edge.log()
    assert log.count("crl-unchecked leg=inside") == 2, "once each time"
    assert "standing=" not in log, "and nobody else says so"
    gets_in(lab, company(lab, "partner"))


class Holder(http.server.BaseHTTPRequestHandler):
    """Has a list for those who ask, once it may."""

    def do_GET(self):
        self.server.may.wait(10)
        with open(self.server.path, "rb") as f:
            body = f.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def by_http(lab):
    lab.lists = Lists(lab.pki)
    lab.web = http.server.ThreadingHTTPServer((lab.block(70), 0), Holder)
    lab.web.may = threading.Event()
    lab.web.path = lab.lists.path("external-issuing")
    threading.Thread(target=lab.web.serve_forever, daemon=True).start()
    url = "http://%s:%d/issuing.crl" % lab.web.server_address
    return merge(merge(companies.settings(lab), control(lab)), {
        "outside": {"revocation": {
            "crl": [url, lab.lists.path("external-ca")]}}})


fetched = Group("fetched", by_http, setup=companies.serve_dns)


@fetched.test
def a_list_that_is_fetched_finds_who_is_connected_already(lab):
    lab.lists.issue("external-issuing", [leaf(lab, "co-partner")])
    assert ask(lab, "counters")[1]["revocation"]["outside"] == "missing"
    bad, good = company(lab, "partner"), company(lab, "srv")
    gets_in(lab, bad)
    gets_in(lab, good)
    mark = lab.edge.mark()
    lab.web.may.set()
    lab.edge.wait_log("lists-changed", mark)
    assert bad.stream.expect_closed() >= 0
    lab.edge.wait_log("disbelieved .*rule=certificate-revoked", mark)
    gets_in(lab, good)
    refused(lab, "partner")
    assert ask(lab, "counters")[1]["revocation"]["outside"] == "good"


@fetched.test
def what_was_fetched_outlives_reload_and_restart(lab):
    lab.web.shutdown()
    lab.web.server_close()
    good_reload(lab)
    refused(lab, "partner")
    lab.restart()
    refused(lab, "partner")
    gets_in(lab, company(lab, "srv"))


if __name__ == "__main__":
    main("crl", both, hard, none, fetched)
