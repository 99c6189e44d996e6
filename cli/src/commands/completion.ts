import { Fault } from '@reeve/base'
import type { Context } from '../context.ts'
import { type Answer, raw } from '../output/answer.ts'

/** The shells only hand over the words; `reeve __complete` knows the rest. */
const scripts: Readonly<Record<string, string>> = {
  bash: `_reeve() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(reeve __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _reeve reeve
`,
  zsh: `#compdef reeve
_reeve() {
  local -a candidates
  local line
  while IFS=$'\\t' read -r line about; do
    candidates+=("\${line//:/\\\\:}:$about")
  done < <(reeve __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#candidates} )); then _describe reeve candidates; else _files; fi
}
compdef _reeve reeve
`,
  fish: `function __reeve_complete
  set -l words (commandline -opc) (commandline -ct)
  reeve __complete $words[2..-1] 2>/dev/null
end
complete -c reeve -a '(__reeve_complete)'
`,
}

export async function completion(_: Context, input: { readonly shell: string }): Promise<Answer> {
  const script = scripts[input.shell]
  if (script === undefined)
    throw new Fault('invalid', `there is no completion for "${input.shell}"`, { fix: 'bash, zsh or fish' })
  return raw([script])
}
