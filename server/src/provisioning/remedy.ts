import type { Diagnostic } from './diagnostic.ts'

type Words = Pick<Diagnostic, 'summary' | 'detail'>

/** What can be done about an error that comes of how templates are kept apart; begins a new sentence, or is empty. */
export function remedy(words: Words): string {
  const found = ofModules(words) ?? ofEngines(words)
  return found === null ? '' : `. ${found}`
}

/** A module that cannot be had from here can be brought along. */
function ofModules({ summary }: Words): string | null {
  if (!/module/i.test(summary) || !/download|registry|unreachable|access|install|not found/i.test(summary)) return null
  return (
    'Where the server cannot reach the source of a module, bring the module along: run `terraform init` in the ' +
    'template’s folder and push it with .terraform/modules, or copy the module into a folder of the template and name ' +
    'that as its source'
  )
}

/** What the clients of container engines say whose socket is not there, or not open to the user that templates run as. */
function ofEngines({ summary, detail }: Words): string | null {
  const said = `${summary}\n${detail}`
  if (!/docker (daemon|server|api|engine)/i.test(said)) return null
  if (/permission denied/i.test(said)) {
    return (
      'Where the server is root, templates run as the user reeve-terraform: let it into the group of the engine’s ' +
      'socket'
    )
  }
  if (!/connect|ping/i.test(said)) return null
  return (
    'Templates see of the server’s machine what its settings say: name the engine’s socket in ' +
    'REEVE_TERRAFORM_REACHABLE, and pass DOCKER_HOST on by REEVE_TERRAFORM_PASSED_VARIABLES where that is not ' +
    '/var/run/docker.sock'
  )
}
