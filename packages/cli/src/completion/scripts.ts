import { UsageError } from "../command/errors.ts";
import type { Run } from "../command/spec.ts";

const bash = `# bash completion for skein
_skein() {
    local line words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
    # bash splits words at "=": put what it split together again
    local joined=() word
    for word in "\${words[@]}"; do
        local last=$((\${#joined[@]} - 1))
        if ((last >= 0)) && [[ "\${joined[last]}" == --* && ( "$word" == "=" || "\${joined[last]}" == *= ) ]]; then
            joined[last]+="$word"
        else
            joined+=("$word")
        fi
    done
    local current="\${COMP_WORDS[COMP_CWORD]}" mode=":"
    [[ "$current" == "=" ]] && current=""
    COMPREPLY=()
    while IFS= read -r line; do
        case "$line" in
        :*) mode="$line" ;;
        *)
            line="\${line%%$'\\t'*}"
            [[ "\${joined[\${#joined[@]} - 1]}" == --*=* ]] && line="\${line#*=}"
            COMPREPLY+=("$line")
            ;;
        esac
    done < <("\${COMP_WORDS[0]}" __complete -- "\${joined[@]}" 2>/dev/null)
    if [[ "$mode" == ":files" ]]; then
        compopt -o filenames
        COMPREPLY=($(compgen -f -- "$current"))
    elif [[ "$mode" == ":nospace" ]]; then
        compopt -o nospace
    fi
}
complete -F _skein skein
`;

const zsh = `#compdef skein
# zsh completion for skein
_skein() {
    local line mode=":" word
    local -a offers
    while IFS= read -r line; do
        if [[ "$line" == :* ]]; then
            mode="$line"
        else
            word="\${line%%$'\\t'*}"
            word="\${word//:/\\\\:}"
            if [[ "$line" == *$'\\t'* ]]; then
                offers+=("$word:\${line#*$'\\t'}")
            else
                offers+=("$word")
            fi
        fi
    done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
    if [[ "$mode" == ":files" ]]; then
        _files
    elif [[ "$mode" == ":nospace" ]]; then
        _describe 'skein' offers -S ''
    else
        _describe 'skein' offers
    fi
}
if [[ "\${funcstack[1]}" == "_skein" ]]; then
    _skein "$@"
else
    compdef _skein skein
fi
`;

const fish = `# fish completion for skein
function __skein_complete
    set -l tokens (commandline -opc) (commandline -ct)
    set -l current (commandline -ct)
    for line in ($tokens[1] __complete -- $tokens[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path $current
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c skein -f -a '(__skein_complete)'
`;

const SCRIPTS: Readonly<Record<string, string>> = { bash, zsh, fish };

/** `skein completion`: the script to source, e.g. `source <(skein completion bash)`. */
export const run: Run = async (context, _flags, [shell = ""]) => {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined)
    throw new UsageError(`unknown shell "${shell}": use bash, zsh or fish`, 1);
  context.out(script);
};
