"""Kamailio as the home registrar: mutual TLS, digest, usrloc with Path."""
from .child import Child
from .place import HOME, INSIDE
from .report import need

PASSWORD = "wonderland"

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
private_key = %(key)s
certificate = %(chain)s
ca_list = %(ca)s
verify_certificate = yes
require_certificate = yes
"""

CONFIG = """#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=1
tcp_children=1
auto_aliases=no
disable_core_dump=yes
alias="example.com"
alias="example.org"
alias=tls:home01.internal.example:5061
listen=tls:%(home)s:5061
enable_tls=yes
tcp_accept_no_cl=no
dns=no
rev_dns=no
dns_try_ipv6=no
use_dns_cache=off
use_dst_blocklist=off

loadmodule "ctl.so"
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
loadmodule "path.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "xlog.so"

modparam("ctl", "binrpc", "unix:%(folder)s/kamailio.ctl")
modparam("tls", "config", "%(folder)s/kamailio-tls.cfg")
modparam("tls", "tls_force_run", 1)
modparam("rr", "enable_full_lr", 0)
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "use_domain", 1)
modparam("registrar", "use_path", 1)
modparam("registrar", "path_mode", 1)       # a Path is kept, asked for or not
modparam("registrar", "path_use_received", 0)
modparam("registrar", "min_expires", 1)
modparam("registrar", "gruu_enabled", 0)

request_route {
	xlog("L_NOTICE", "in $rm $ru from $si as $tls_peer_subject_cn route $hdr(Route)\\n");
	if (!mf_process_maxfwd_header("70")) {
		sl_send_reply("483", "Too Many Hops");
		exit;
	}
	if (!sanity_check()) {
		xlog("L_NOTICE", "insane $rm from $si\\n");
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


class Kamailio(Child):
    """The registrar, listening when this returns."""

    def __init__(self, place):
        need("kamailio")
        chain, key = place.cert("home01")
        place.write("kamailio-tls.cfg", TLS % {
            "chain": chain, "key": key, "ca": place.ca("internal")})
        path = place.write("kamailio.cfg", CONFIG % {
            "home": place.address(HOME), "inside": place.address(INSIDE),
            "folder": place.folder, "password": PASSWORD})
        self._socket = place.path("kamailio.ctl")
        super().__init__(
            "kamailio", ["kamailio", "-DD", "-E", "-f", path, "-Y",
                         place.folder, "-P", place.path("kamailio.pid"),
                         "-m", "64", "-M", "8"],
            place.path("kamailio.log"))
        self.wait_port(place.address(HOME), 5061)

    def count(self, pattern):
        """How often its log has a line that fits."""
        import re
        return len(re.findall(pattern, self.said(), re.M))
