import { readFileSync } from 'node:fs'
import { silentLog, systemClock } from '../../base/src/index.ts'
import { parsePolicy } from '../../policy/src/index.ts'
import { probeMachine } from '../../boundary/src/capabilities.ts'
import { nativeHelper } from '../../boundary/src/jail/native-helper.ts'
import { readCommandLine } from '../../boundary/src/config/command-line.ts'
import { readConfig } from '../../boundary/src/config/config.ts'
import { connectTo } from '../../boundary/src/dial/machine.ts'
import { endAs } from '../../boundary/src/end-as.ts'
import { runBoundary } from '../../boundary/src/run.ts'
import { systemTimers } from '../../boundary/src/timers.ts'

/**
 * The boundary as it is, but for the world behind it: names have the addresses of a table, and whatever is dialled there is
 * a server of the test. Arguments: a file with the table, then the boundary's own.
 */
interface World {
  readonly addresses: Readonly<Record<string, readonly string[]>>
  /** The port of the test's server by the port that is dialled. */
  readonly ports: Readonly<Record<string, number>>
  readonly roots: readonly string[]
  readonly policy: string
}

const [file = '', ...argv] = process.argv.slice(2)
const world: World = JSON.parse(readFileSync(file, 'utf8'))
const home = process.env['HOME'] ?? '/'
const config = readConfig(readCommandLine(argv), {
  env: process.env,
  home,
  readFile: (path) => (path === 'policy' ? world.policy : null),
})
const { problems } = parsePolicy(world.policy)
if (problems.some(({ level }) => level === 'error')) throw new Error(JSON.stringify(problems))

const exit = await runBoundary(
  config,
  {
    env: process.env,
    home,
    cwd: process.cwd(),
    userId: process.getuid?.() ?? null,
    clock: systemClock,
    timers: systemTimers,
    random: Math.random,
    log: silentLog,
    dialling: {
      corporateProxy: null,
      ownAddresses: () => new Set(['192.0.2.77']),
      resolve: (name) => Promise.resolve([...(world.addresses[name] ?? ['93.184.216.34'])]),
      connect: (_, port, signal) => connectTo('127.0.0.1', world.ports[port] ?? 1, signal),
    },
    roots: world.roots,
    say: (line) => void process.stderr.write(`${line}\n`),
  },
  probeMachine(nativeHelper()),
)
await endAs(exit)
