"""Kamailio as the edge of another company: mutual TLS, domains of its own.

Its users come by plain TCP and register without a password. Every message
that it gets is in its log, whole, so that a test can see what it was told.
"""
import os
import re
import signal

from .kamailio_base import CLIENT, MUTUAL, OWN, SERVER, KamailioBase
from .place import OUTSIDE, PARTNER

MARK = "==== got from "

TLS = (SERVER + CLIENT + "%(own)s" + MUTUAL +
       'server_name = "sip.example.com"\n')

SCRIPT = """
tcp_children=2
alias="partner.example"
alias="factory.example"
alias="other.example"
listen=tls:%(partner)s:5061
listen=tcp:%(partner)s:5060
tcp_connect_timeout=3

modparam("tm", "fr_timer", 5000)
modparam("xlog", "buf_size", 65536)

request_route {
	xlog("L_NOTICE", "%(mark)s$pr $si verified=$tls_peer_verified\\n$mb\\n");
	route(SANE);
	# It is up to the script whose certificate it was.
	if ($pr == "tls" && ($tls_peer_verified != 1
			|| $tls_peer_subject_cn != "sip.example.com")) {
		if (!is_method("ACK")) sl_send_reply("403", "Not Example");
		exit;
	}
	if (is_method("CANCEL")) route(CANCEL);
	if (has_totag()) {
		route(DIALOG);
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


class Partner(KamailioBase):
    """Their edge, listening when this returns. cert names one of the lab's
    certificates; bare: it shows none when it connects to us."""

    def __init__(self, place, cert, bare=False):
        chain, key = place.cert(cert)
        values = {"chain": chain, "key": key, "ca": place.ca("external"),
                  "partner": place.address(PARTNER), "mark": MARK,
                  "outside": place.address(OUTSIDE)}
        values["own"] = "" if bare else OWN % values
        super().__init__(place, "partner", TLS, SCRIPT, values)
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
