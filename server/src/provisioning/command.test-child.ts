import { setTimeout as wait } from 'node:timers/promises'
import { silentLog } from '@reeve/base'
import { runCommand } from './command.ts'
import { openSandbox } from './sandbox.ts'
import { testAccount } from './testing-provisioner.ts'

/** A server that is killed so long after it has begun to start a command: the sleep of so many seconds. */
const [seconds = '', afterMs = ''] = process.argv.slice(2)
const sandbox = await openSandbox({ isolation: 'auto', reachable: [], hidden: [] }, await testAccount(), silentLog)
void runCommand(sandbox, {
  argv: ['/usr/bin/sleep', seconds],
  env: {},
  view: { cwd: '/', writable: [], readable: [], temporary: '/tmp' },
  signal: new AbortController().signal,
  force: new AbortController().signal,
})
await wait(Number(afterMs))
process.kill(process.pid, 'SIGKILL')
