import { wordOf } from './ask-agent.ts'
import type { CommandRun } from './command-run.ts'
import { linkedAccount } from './linked-account.ts'

/**
 * `external-auth access-token <id>`: the owner's token, or where to link the account and exit code 1. In place of the id
 * may stand an address, and behind a boundary, which decides by hosts, a host.
 */
export async function externalAuth({ argv, env, out, err }: CommandRun): Promise<number> {
  const [id] = argv.filter((word) => !word.startsWith('-'))
  if (id === undefined) {
    err('external-auth access-token: say the id of the provider\n')
    return 2
  }
  const answer = await linkedAccount(env, id.startsWith('https://') ? { match: id } : { id })
  const token = wordOf(answer['access_token'])
  out(`${token === '' ? wordOf(answer['url']) : token}\n`)
  if (token !== '') return 0
  err(`link your account first, at the address above\n`)
  return 1
}
