# bash completion for edgectl(8)
_edgectl_cert()
{
	case $1 in
	plan)	echo "--profile --stub --json" ;;
	csr)	echo "--profile --pool --nth --out --rsa --key --wildcard-web
			--json" ;;
	import)	echo "--profile --pool --nth --key --from --force --dry-run
			--json" ;;
	export)	echo "--profile --pool --nth --p12 --from --passphrase-file
			--legacy --json" ;;
	lint)	echo "--config --profile --pool --key --trust --name --leg
			--same-key --offline --rules --json" ;;
	trust)	echo "--offline --reg --policy --json" ;;
	esac
}

_edgectl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local words

	case $prev in
	--leg)	words="inside outside" ;;
	--door)	words="tls users device" ;;
	--srv)	words="none" ;;
	--from | --registered | --call-id | --within) return ;;
	--cert | --socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--profile) words="external-edge internal-edge director pool registrar
			pool-vip reverse-proxy hybrid" ;;
	--stub)	words="nginx haproxy" ;;
	--pool | --nth | --rsa) return ;;
	edgectl) words="explain partner cert check partners counters connections
			reload --help" ;;
	partner) words="test" ;;
	check)	words="crl --help" ;;
	cert)	words="plan csr import export lint trust --help" ;;
	esac
	if [[ -z $words && $cur == -* ]]; then
		case ${COMP_WORDS[1]} in
		explain) words="--from --leg --door --cert --srv --registered
			--lf --call-id --socket --json" ;;
		partner) words="--within --json" ;;
		check)	words="--json" ;;
		cert)	words=$(_edgectl_cert "${COMP_WORDS[2]}") ;;
		connections) words="--socket --old --json" ;;
		*)	words="--socket --json" ;;
		esac
	fi
	if [[ -n $words ]]; then
		COMPREPLY=($(compgen -W "$words" -- "$cur"))
	else
		COMPREPLY=($(compgen -f -- "$cur"))
	fi
}
complete -F _edgectl edgectl
