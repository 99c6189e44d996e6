import { wordOf } from './ask-agent.ts'
import type { CommandRun } from './command-run.ts'
import { linkedAccount } from './linked-account.ts'

/** As often as the agent is asked to wait for a minute. */
const minutesMax = 10

/**
 * What Git runs to ask for a user name or a password: `Username for 'https://git.example.com': `. Where the owner has not
 * linked the account yet, it says where to, and waits. Ends with 1 where nobody has the answer, and Git asks by itself.
 */
export async function gitAskpass({ argv, env, out, err }: CommandRun): Promise<number> {
  const [, what, address] = /^(Username|Password) for '([^']+)'/i.exec(argv[0] ?? '') ?? []
  if (what === undefined || address === undefined || !/^https?:/.test(address)) return 1
  const match = withoutUser(address)
  let told = false
  for (let minute = 0; minute < minutesMax; minute++) {
    const answer = await linkedAccount(env, { match }, minute > 0)
    if (wordOf(answer['access_token']) !== '') {
      out(`${wordOf(answer[what.toLowerCase()])}\n`)
      return 0
    }
    if (!told) err(`Link your account for ${match} here, and Git goes on: ${wordOf(answer['url'])}\n`)
    told = true
  }
  return 1
}

function withoutUser(address: string): string {
  const url = new URL(address)
  url.username = ''
  url.password = ''
  return url.href.replace(/\/$/, '')
}
