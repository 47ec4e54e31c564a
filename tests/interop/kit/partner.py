"""Kamailio as the edge of another company: mutual TLS, domains of its own.

Its users come by plain TCP and register without a password. Every message
that it gets is in its log, whole, so that a test can see what it was told.
"""
import os
import re
import signal

from .child import Child
from .place import OUTSIDE, PARTNER
from .report import need

MARK = "==== got from "

TLS = """
[server:default]
method = TLSv1.2+
private_key = %(key)s
certificate = %(chain)s
ca_list = %(ca)s
verify_certificate = yes
require_certificate = yes
[client:default]
method = TLSv1.2+
%(own)s
ca_list = %(ca)s
verify_certificate = yes
require_certificate = yes
server_name = "sip.example.com"
"""

OWN = """private_key = %(key)s
certificate = %(chain)s"""

CONFIG = """#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=1
tcp_children=2
auto_aliases=no
disable_core_dump=yes
alias="partner.example"
alias="factory.example"
alias="other.example"
listen=tls:%(partner)s:5061
listen=tcp:%(partner)s:5060
enable_tls=yes
dns=no
rev_dns=no
dns_try_ipv6=no
use_dns_cache=off
use_dst_blocklist=off
tcp_connect_timeout=3

loadmodule "tls.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "sanity.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "xlog.so"

modparam("tls", "config", "%(folder)s/partner-tls.cfg")
modparam("tls", "tls_force_run", 1)
modparam("tm", "fr_timer", 5000)
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "use_domain", 1)
modparam("xlog", "buf_size", 65536)

request_route {
	xlog("L_NOTICE", "%(mark)s$pr $si verified=$tls_peer_verified\\n$mb\\n");
	if (!mf_process_maxfwd_header("70")) {
		sl_send_reply("483", "Too Many Hops");
		exit;
	}
	if (!sanity_check()) {
		xlog("L_NOTICE", "insane $rm from $si\\n");
		exit;
	}
	# It is up to the script whose certificate it was.
	if ($pr == "tls" && ($tls_peer_verified != 1
			|| $tls_peer_subject_cn != "sip.example.com")) {
		if (!is_method("ACK")) sl_send_reply("403", "Not Example");
		exit;
	}
	if (is_method("CANCEL")) {
		if (t_check_trans()) route(RELAY);
		exit;
	}
	if (has_totag()) {
		if (!loose_route()) {
			if (is_method("ACK") && t_check_trans()) t_relay();
			else if (!is_method("ACK")) sl_send_reply("404", "Not Here");
			exit;
		}
		route(RELAY);
		exit;
	}
	if (is_method("REGISTER") && $pr == "tcp") {
		if (!save("location")) sl_reply_error();
		exit;
	}
	if (is_method("OPTIONS") && $rU == $null && $pr == "tls") {
		sl_send_reply("200", "Keepalive");
		exit;
	}
	if ($rU == "guarded") {
		www_challenge("partner.example", "1");
		exit;
	}
	remove_hf("Route");
	if (is_method("INVITE|SUBSCRIBE")) record_route();
	if ($rd =~ "example\\.com$") {
		route(RELAY);
		exit;
	}
	if (!lookup("location")) {
		sl_send_reply("404", "Not Found");
		exit;
	}
	route(RELAY);
}

# Their DNS would say where example.com and its edge are.
route[RELAY] {
	if ($du =~ "sip\\.example\\.com" || ($du == $null && $rd =~ "example\\.com$"))
		$du = "sip:%(outside)s:5061;transport=tls";
	if (!t_relay()) sl_reply_error();
}

onreply_route {
	xlog("L_NOTICE", "%(mark)s$pr $si verified=$tls_peer_verified\\n$mb\\n");
}
"""


class Partner(Child):
    """Their edge, listening when this returns. cert names one of the lab's
    certificates; bare: it shows none when it connects to us."""

    def __init__(self, place, cert, bare=False):
        need("kamailio")
        chain, key = place.cert(cert)
        values = {"chain": chain, "key": key, "ca": place.ca("external")}
        values["own"] = "" if bare else OWN % values
        place.write("partner-tls.cfg", TLS % values)
        path = place.write("partner.cfg", CONFIG % {
            "partner": place.address(PARTNER), "mark": MARK,
            "outside": place.address(OUTSIDE), "folder": place.folder})
        super().__init__(
            "kamailio", ["kamailio", "-DD", "-E", "-f", path, "-Y",
                         place.folder, "-P", place.path("partner.pid"),
                         "-m", "64", "-M", "8"],
            place.path("partner.log"))
        self.wait_port(place.address(PARTNER), 5061)
        self.wait_port(place.address(PARTNER), 5060)

    def pause(self):
        """It hangs, with all its connections open."""
        os.killpg(self.pid, signal.SIGSTOP)

    def resume(self):
        os.killpg(self.pid, signal.SIGCONT)

    def stop(self, timeout=10):
        if self.running():
            self.resume()
        return super().stop(timeout)

    def got(self):
        """What it and those before it were sent by TLS: each message."""
        parts = re.split(r"(?m)^.*" + MARK, self.said())[1:]
        return [p.split("\n", 1)[1] for p in parts if p.startswith("tls ")]
