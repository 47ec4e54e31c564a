"""Kamailio as the home registrar: mutual TLS, digest, usrloc with Path."""
import re

from .kamailio_base import CLIENT, MUTUAL, OWN, SERVER, KamailioBase
from .place import HOME, INSIDE

PASSWORD = "wonderland"

TLS = SERVER + CLIENT + OWN + MUTUAL

SCRIPT = """
tcp_children=1
alias="example.com"
alias="example.org"
alias=tls:home01.internal.example:5061
listen=tls:%(home)s:5061
tcp_accept_no_cl=no

loadmodule "ctl.so"
loadmodule "path.so"

modparam("ctl", "binrpc", "unix:%(folder)s/kamailio.ctl")
modparam("rr", "enable_full_lr", 0)
modparam("registrar", "use_path", 1)
modparam("registrar", "path_mode", 1)       # a Path is kept, asked for or not
modparam("registrar", "path_use_received", 0)
modparam("registrar", "min_expires", 1)
modparam("registrar", "gruu_enabled", 0)

request_route {
	xlog("L_NOTICE", "in $rm $ru from $si as $tls_peer_subject_cn route $hdr(Route)\\n");
	route(SANE);
	if (is_method("CANCEL")) route(CANCEL);
	if (has_totag()) {
		route(DIALOG);
		if (is_method("NOTIFY")) route(RECORD);
		route(RELAY);
		exit;
	}
	if (is_method("REGISTER")) {
		if (!pv_www_authenticate("$td", "%(password)s", "0")) {
			www_challenge("$td", "1");
			exit;
		}
		consume_credentials();
		if (!save("location")) sl_reply_error();
		exit;
	}
	if (is_method("OPTIONS") && $rU == $null) {
		sl_send_reply("200", "Keepalive");
		exit;
	}
	remove_hf("Route");
	if (is_method("INVITE|SUBSCRIBE")) route(RECORD);
	if ($rU =~ "^room[0-9]$") {
		$du = "sip:%(inside)s:5061;transport=tls";
		route(RELAY);
		exit;
	}
	if (!lookup("location")) {
		sl_send_reply("404", "Not Found");
		exit;
	}
	route(RELAY);
}

# By name, for that is what its certificate says.
route[RECORD] {
	record_route_preset("home01.internal.example:5061;transport=tls");
}

# The edge's name is in no DNS: say where it is.
route[RELAY] {
	if ($du =~ "edge01\\.internal\\.example"
			|| ($du == $null && $rd == "edge01.internal.example"))
		$du = "sip:%(inside)s:5061;transport=tls";
	if (!t_relay()) sl_reply_error();
}

onreply_route {
	xlog("L_NOTICE", "got $rs to $rm\\n");
}
"""


class Kamailio(KamailioBase):
    """The registrar, listening when this returns."""

    def __init__(self, place):
        chain, key = place.cert("home01")
        super().__init__(place, "kamailio", TLS, SCRIPT, {
            "chain": chain, "key": key, "ca": place.ca("internal"),
            "home": place.address(HOME), "inside": place.address(INSIDE),
            "password": PASSWORD})
        self.wait_port(place.address(HOME), 5061)

    def count(self, pattern):
        """How often its log has a line that fits."""
        return len(re.findall(pattern, self.said(), re.M))
