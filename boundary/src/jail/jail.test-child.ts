import { writeSync } from 'node:fs'
import { silentLog } from '@reeve/base'
import { fenceRecord } from './fence-record.ts'
import { bubblewrapArguments, type Mount } from './mounts.ts'
import { startNamespacesJail } from './namespaces-jail.ts'
import { nativeHelper } from './native-helper.ts'
import { passSignals } from './pass-signals.ts'

/**
 * A supervisor that allows everything and answers each connection itself, with what it knows of it as JSON. Tells on
 * descriptor 3 what happens. Arguments: the directory that can be written to, then the command.
 */
const [workspace = '/', ...command] = process.argv.slice(2)
const say = (fact: object) => void writeSync(3, `${JSON.stringify(fact)}\n`)

const view: readonly Mount[] = [
  { kind: 'read', from: '/', at: '/' },
  { kind: 'devices', at: '/dev' },
  { kind: 'processes', at: '/proc' },
  { kind: 'empty', at: '/tmp' },
  { kind: 'empty', at: '/run' },
  { kind: 'write', from: workspace, at: workspace },
]

using signals = passSignals()
const jail = await startNamespacesJail({
  gatewayPorts: [],
  joinFile: null,
  helper: nativeHelper(),
  run: { command, env: { PATH: process.env['PATH'] ?? '' }, cwd: workspace },
  view: bubblewrapArguments(view),
  fence: fenceRecord({ rules: [], hold: [], datagrams: true, files: false, noTcp: false, scope: true }),
  log: silentLog,
  hooks: {
    connection: (socket, destination, who) => {
      void who().then((caller) => {
        const body = JSON.stringify({ destination, caller })
        say({ connection: destination })
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`)
      })
    },
    names: (query) => query,
    namesOverTcp: (socket) => socket.destroy(),
    notifications: () => {},
    stopped: () => {
      say({ stopped: true })
      signals.stopped()
    },
  },
})
signals.to(jail)
say({ ready: jail.pid })
const exit = await jail.ended
say(exit)
process.exitCode = exit.code ?? 1
