// `incus completion`: scripts that make shells ask `incus __complete` what may stand at the cursor.
#include <print>

#include "applets/cli/call.h"

namespace cli {
namespace {

/// %COMPLETE% becomes the hidden command that answers. bash replaces only what stands behind the last ':' or '=', so the rest is cut off the answers.
constexpr std::string_view kBash = R"SH(# bash completion for incus
_incus_complete() {
    local line="${COMP_LINE:0:COMP_POINT}" answer last cur cut word
    local -a words answers=()
    read -ra words <<< "${line}"
    [[ "${line}" == *[[:space:]] ]] && words+=("")
    cur="${words[${#words[@]}-1]}"
    cut="${cur%"${cur##*[:=]}"}"
    answer="$("${words[0]}" %COMPLETE% "${words[@]:1}" 2> /dev/null)" || return
    last="${answer##*$'\n'}"
    last="${last#:}"
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        [[ -z "${word}" || "${word}" == :[0-9]* ]] && continue
        [[ "${COMP_WORDBREAKS}" == *:* ]] && word="${word#"${cut}"}"
        COMPREPLY+=("${word}")
    done <<< "${answer}"
    (( last & 2 )) && compopt -o nospace 2> /dev/null
    if (( !(last & 4) && ${#COMPREPLY[@]} == 0 )); then
        compopt -o filenames 2> /dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "${cur}")
    fi
}
complete -F _incus_complete incus
)SH";

constexpr std::string_view kZsh = R"SH(#compdef incus
# zsh completion for incus
_incus() {
    local line last
    local -a answers closed plain described spaces
    answers=("${(@f)$("${words[1]}" %COMPLETE% "${(@)words[2,CURRENT]}" 2> /dev/null)}")
    last="${answers[-1]#:}"
    for line in "${(@)answers[1,-2]}"; do
        [[ -z "${line}" ]] && continue
        plain+=("${line%%$'\t'*}")
        if [[ "${line}" == *$'\t'* ]]; then
            described+=("${line%%$'\t'*}  -- ${line#*$'\t'}")
        else
            described+=("${line}")
        fi
    done
    (( last & 2 )) && spaces=(-S '')
    if (( ${#plain} )); then
        compadd "${spaces[@]}" -l -d described -a plain
    elif (( !(last & 4) )); then
        _files
    fi
}
if [[ "${funcstack[1]}" == "_incus" ]]; then
    _incus "$@"
else
    compdef _incus incus
fi
)SH";

constexpr std::string_view kFish = R"SH(# fish completion for incus
function __incus_complete
    set -l words (commandline -opc)
    set -l answer ($words[1] %COMPLETE% $words[2..-1] (commandline -ct) 2> /dev/null)
    test (count $answer) -gt 0; or return
    set -l last (string sub -s 2 -- $answer[-1])
    set -e answer[-1]
    if test (count $answer) -gt 0
        printf '%s\n' $answer
    else if test (math "bitand($last, 4)") -eq 0
        __fish_complete_path (commandline -ct)
    end
end
complete -c incus -e
complete -c incus -f -a '(__incus_complete)'
)SH";

constexpr std::string_view kPowershell = R"SH(# PowerShell completion for incus
Register-ArgumentCompleter -Native -CommandName 'incus' -ScriptBlock {
    param($word, $line, $position)
    $words = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -lt $position } | Select-Object -Skip 1 | ForEach-Object { "$_" })
    $answer = @(& incus %COMPLETE% @words "$word" 2> $null)
    foreach ($entry in $answer) {
        if ($entry -match '^:\d+$' -or $entry -eq '') { continue }
        $parts = $entry -split "`t", 2
        $about = if ($parts.Count -gt 1) { $parts[1] } else { $parts[0] }
        [System.Management.Automation.CompletionResult]::new($parts[0], $parts[0], 'ParameterValue', $about)
    }
}
)SH";

struct Shell {
  std::string_view name;
  std::string_view script;
};
constexpr Shell kShells[] = {{"bash", kBash}, {"fish", kFish}, {"powershell", kPowershell}, {"zsh", kZsh}};

Result<> print_script(Call& call) {
  std::string_view hidden = call.flags.on("no-descriptions") ? "__completeNoDesc" : "__complete";
  for (const Shell& shell : kShells) {
    if (call.command.path.ends_with(shell.name)) std::print("{}", replace_all(std::string(shell.script), "%COMPLETE%", hidden));
  }
  return {};
}

constexpr Flag kFlags[] = {{"no-descriptions", FlagKind::boolean, "Offer words without explanations"}};
constexpr Command kCommands[] = {
    {.path = "completion", .summary = "Print a script that completes commands in a shell", .options = kHelpGroup | kHiddenCommand},
    {.path = "completion bash", .summary = "For bash", .run = print_script, .flags = kFlags,
     .examples = "source <(incus completion bash)\n    In this shell.\n\nincus completion bash > /etc/bash_completion.d/incus\n    In every new one."},
    {.path = "completion fish", .summary = "For fish", .run = print_script, .flags = kFlags,
     .examples = "incus completion fish | source\n    In this shell.\n\nincus completion fish > ~/.config/fish/completions/incus.fish\n    In every new one."},
    {.path = "completion powershell", .summary = "For PowerShell", .run = print_script, .flags = kFlags,
     .examples = "incus completion powershell | Out-String | Invoke-Expression\n    In this shell."},
    {.path = "completion zsh", .summary = "For zsh", .run = print_script, .flags = kFlags,
     .examples = "source <(incus completion zsh)\n    In this shell.\n\nincus completion zsh > \"${fpath[1]}/_incus\"\n    In every new one."},
};

}  // namespace

extern const CommandTable completion_commands = kCommands;

}  // namespace cli
