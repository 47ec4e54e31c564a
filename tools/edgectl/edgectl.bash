# bash completion for edgectl(8)
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
	edgectl) words="explain partner partners counters reload --help" ;;
	partner) words="test" ;;
	esac
	if [[ -z $words && $cur == -* ]]; then
		case ${COMP_WORDS[1]} in
		explain) words="--from --leg --door --cert --srv --registered
			--lf --call-id --socket --json" ;;
		partner) words="--within --json" ;;
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
