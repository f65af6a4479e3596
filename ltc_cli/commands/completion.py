"""`ltc completion`: the script that makes a shell complete commands, options and references."""

from typing import Annotated

import typer

from ltc_cli.commands.answers import ask, choice
from ltc_cli.report import Column, Report

# The scripts only carry lines to and fro; what is offered, and how it is made safe, is `ltc_cli.completion`.
SCRIPTS = {
    "bash": r"""# ltc completion for bash
_ltc() {
    local kind line
    COMPREPLY=()
    {
        IFS= read -r kind
        while IFS= read -r line; do COMPREPLY+=("$line"); done
    } < <(ltc __complete bash "$COMP_TYPE" "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    if [[ $kind == files ]]; then compopt -o default 2>/dev/null; fi
}
complete -o nosort -F _ltc ltc 2>/dev/null || complete -F _ltc ltc
""",
    "zsh": r"""#compdef ltc
# ltc completion for zsh
_ltc() {
    local kind line
    local -a lines texts shown before
    local -i width=0
    before=("${(@Q)words[2,CURRENT-1]}")
    (( CURRENT > 2 )) || before=()
    lines=("${(@f)$(ltc __complete zsh "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)}")
    kind=$lines[1]
    shift lines
    if [[ $kind == files ]]; then
        compset -P '--*='
        _files
        return
    fi
    for line in "${lines[@]}"; do
        texts+=("${line%%$'\t'*}")
        (( $#texts[-1] <= width )) || width=$#texts[-1]
    done
    (( $#texts )) || return 1
    for line in "${lines[@]}"; do
        shown+=("${(r:width + 2:)${line%%$'\t'*}}${line#*$'\t'}")
    done
    # A name is no beginning of the references it stands for: they are gone through instead.
    [[ ${(L)texts[1]} == ${(L)${(Q)PREFIX}}* ]] || compstate[insert]=menu
    compadd -U -V ltc -l -d shown -a texts
}
if [[ $funcstack[1] == _ltc ]]; then _ltc "$@"; else compdef _ltc ltc; fi
""",
    "fish": r"""# ltc completion for fish
function __ltc_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l found (ltc __complete fish $words "$current" 2>/dev/null)
    if test "$found[1]" = files
        __fish_complete_path "$current"
    else
        printf '%s\n' $found[2..-1]
    end
end
complete -c ltc -e
complete -c ltc -f -k -a '(__ltc_complete)'
""",
}

COLUMNS = (Column("shell"), Column("script"))


def completion(
    ctx: typer.Context, shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="Your shell.")]
) -> None:
    """Print the script that completes ltc in a shell.

    TAB then completes commands, options, their values, and references: ltc sign offers what can be signed, the
    newest first, and the beginning of a name stands for its reference (not in fish). It only reads the file.

    \b
    In bash, in ~/.bashrc:                    source <(ltc completion bash)
    In zsh, in ~/.zshrc, after compinit:      source <(ltc completion zsh)
    In fish, once:                            ltc completion fish > ~/.config/fish/completions/ltc.fish

    \b
    Example:
      ltc completion bash
    """
    session = ask(ctx)
    chosen = choice(shell, SCRIPTS, "the shell")
    if session.style == "table":
        session.out.write(SCRIPTS[chosen])
    else:
        session.show(Report(COLUMNS, [{"shell": chosen, "script": SCRIPTS[chosen]}], is_record=True))
