import { appendFileSync } from 'node:fs'
import { silentLog, systemClock } from '@reeve/base'
import { compilePolicy, parsePolicy } from '@reeve/policy'
import type { Recorder } from '../audit/recorder.ts'
import { commandGuard, holdsDeletions } from '../commands/command-guard.ts'
import { openFloor } from '../floor/floor.ts'
import { systemTimers } from '../timers.ts'
import { fenceRules } from './fence-rules.ts'
import { startFilterJail } from './filter-jail.ts'
import type { Sandboxed } from './filter-testing.ts'
import { nativeHelper } from './native-helper.ts'
import { passSignals } from './pass-signals.ts'

/**
 * A supervisor of tier 2 or 3 that answers each connection itself, with what it knows of it as JSON, and decides
 * programs and deletions by a policy. What happens goes as lines into a file.
 */
// SAFETY: written by `filter-testing.ts`.
const spec = JSON.parse(process.argv[2] ?? '') as Sandboxed
const say = (fact: object) => appendFileSync(spec.facts, `${JSON.stringify(fact)}\n`)

const { policy: document, problems } = parsePolicy(spec.policy)
if (document === null) throw new Error(JSON.stringify(problems))
const policy = compilePolicy([{ label: 'test@v1', document }])

let first = 0
let denials = 0
const recorder: Recorder = {
  record: (fact) => {
    say({ record: fact })
    return { seq: 0, denial: fact.decision === 'deny' ? `dny_${++denials}` : null }
  },
  flush: () => Promise.resolve(),
  kept: () => Promise.resolve(),
}
using signals = passSignals()
const jail = await startFilterJail({
  joinFile: null,
  helper: nativeHelper(),
  tier: spec.tier,
  run: {
    command: spec.command,
    cwd: spec.workspace,
    env: { PATH: process.env['PATH'] ?? '', HOME: spec.own, TMPDIR: `${spec.own}/tmp` },
  },
  rules: fenceRules({ workspace: spec.workspace, own: spec.own, read: spec.read, write: [] }),
  holdDeletions: holdsDeletions(policy),
  hooks: {
    connection: (socket, destination, who) => {
      socket.on('error', () => socket.destroy())
      void who().then((caller) => {
        say({ connection: destination, caller })
        const body = JSON.stringify({ destination, caller })
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`)
      })
    },
    namesOverTcp: (socket) => {
      say({ names: true })
      socket.destroy()
    },
  },
  onFirst: (pid) => (first = pid),
  floor: openFloor({
    recorder,
    above: () => first,
    clock: systemClock,
    workspace: spec.workspace,
    isShut: ({ path }) => ![spec.workspace, spec.own, '/dev'].some((folder) => path.startsWith(folder)),
    isPinned: () => false,
    isHidden: () => false,
  }),
  decide: commandGuard({
    policy: () => policy,
    held: ({ effect }) => effect,
    recorder,
    approvals: { ask: () => Promise.resolve(spec.answer) },
    clock: systemClock,
    timers: systemTimers,
    workspace: spec.workspace,
    writable: [spec.own],
    above: () => first,
  }),
  refusedSocket: (caller, path) => say({ socket: path, caller }),
  log: silentLog,
})
signals.to(jail)
say({ ready: jail.pid })
const exit = await jail.ended
say(exit)
process.exitCode = exit.code ?? 1
