"""What every Kamailio of ours has: modules, mutual TLS, and a process."""
from .child import Child
from .report import need

OWN = """private_key = %(key)s
certificate = %(chain)s
"""

MUTUAL = """ca_list = %(ca)s
verify_certificate = yes
require_certificate = yes
"""

SERVER = "[server:default]\nmethod = TLSv1.2+\n" + OWN + MUTUAL
CLIENT = "[client:default]\nmethod = TLSv1.2+\n"

# What a script adds comes behind it; its route[RELAY] too.
HEAD = """#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=1
auto_aliases=no
disable_core_dump=yes
enable_tls=yes
dns=no
rev_dns=no
dns_try_ipv6=no
use_dns_cache=off
use_dst_blocklist=off

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

modparam("tls", "config", "%(folder)s/%(name)s-tls.cfg")
modparam("tls", "tls_force_run", 1)
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "use_domain", 1)

route[SANE] {
	if (!mf_process_maxfwd_header("70")) {
		sl_send_reply("483", "Too Many Hops");
		exit;
	}
	if (!sanity_check()) {
		xlog("L_NOTICE", "insane $rm from $si\\n");
		exit;
	}
}

route[CANCEL] {
	if (t_check_trans()) route(RELAY);
	exit;
}

route[DIALOG] {
	if (!loose_route()) {
		if (is_method("ACK") && t_check_trans()) t_relay();
		else if (!is_method("ACK")) sl_send_reply("404", "Not Here");
		exit;
	}
}
"""


class KamailioBase(Child):
    """One with settings of its own: NAME-tls.cfg, and the script behind HEAD,
    filled from values."""

    def __init__(self, place, name, tls, script, values):
        need("kamailio")
        values = dict(values, name=name, folder=place.folder)
        place.write(name + "-tls.cfg", tls % values)
        path = place.write(name + ".cfg", (HEAD + script) % values)
        super().__init__(
            "kamailio", ["kamailio", "-DD", "-E", "-f", path, "-Y",
                         place.folder, "-P", place.path(name + ".pid"),
                         "-m", "64", "-M", "8"],
            place.path(name + ".log"))
