import type { EmbeddedPostgres } from '../../server/src/db/embedded/embedded-postgres.ts'
import { connectionUrl, startPostgres } from '../support/postgres.ts'
import { descendantsOf, processTree } from '../support/processes.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import type { Trouble } from './mayhem.ts'
import type { Traffic } from './traffic.ts'
import { pause } from './truth.ts'

/**
 * A control server and gateways beside each other, and one database. The last of the gateways is of several processes:
 * each process has a journal of its own.
 */
export interface Deployment extends AsyncDisposable {
  readonly postgres: EmbeddedPostgres
  readonly control: RunningServer
  readonly gateways: readonly RunningServer[]
}

const restartedWithinMs = 240_000

export async function startDeployment(count: number, { upstream, sockets }: Traffic): Promise<Deployment> {
  await using undo = new AsyncDisposableStack()
  const postgres = await startPostgres(undo)
  const env = {
    REEVE_POSTGRES_URL: connectionUrl(postgres),
    REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
    REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: upstream.url,
    REEVE_AIBRIDGE_ANTHROPIC_KEY: 'sk-ant-chaos-0000000000',
    REEVE_AIBRIDGE_OPENAI_BASE_URL: `${upstream.url}/v1`,
    REEVE_AIBRIDGE_OPENAI_KEY: 'sk-chaos-0000000000',
    REEVE_AIBRIDGE_GEMINI_BASE_URL: upstream.url,
    REEVE_AIBRIDGE_GEMINI_KEY: 'AIza-chaos-0000000000',
    ...provider(0, 'bedrock', 'bedrock', upstream.url),
    ...provider(1, 'openai', 'openai-ws', sockets.url),
  }
  const start = async (roles: string, more: Record<string, string> = {}): Promise<RunningServer> =>
    undo.use(await startServer({ env: { ...env, REEVE_ROLES: roles, ...more }, firstOwner: roles === 'control' }))
  const control = await start('control')
  const gateways: RunningServer[] = []
  for (let index = 1; index < count; index++) gateways.push(await start('gateway'))
  gateways.push(await start('gateway', { REEVE_GATEWAY_PROCESSES: '2' }))
  const running = undo.move()
  return { postgres, control, gateways, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

const provider = (index: number, type: string, name: string, url: string) =>
  Object.fromEntries(
    Object.entries({ TYPE: type, NAME: name, BASE_URL: url, KEY: `chaos-${name}-0000000000` }).map(([field, value]) => [
      `REEVE_AIBRIDGE_PROVIDER_${index}_${field}`,
      value,
    ]),
  )

export interface TroubleOptions {
  readonly random: () => number
  /** Waits for a moment at which the death of this gateway hurts. */
  readonly dying: (gateway: number) => Promise<void>
}

/** Everything that can happen to a deployment, each at times of its own. */
export function troublesOf({ gateways, postgres }: Deployment, { random, dying }: TroubleOptions): Trouble[] {
  const some = (): { readonly server: RunningServer; readonly index: number } => {
    const index = Math.floor(random() * gateways.length)
    return { index, server: gateways[index]! }
  }
  const killed = gateways.map((server, index): Trouble => ({
    name: `kills of gateway ${index + 1}`,
    gapMs: [2_000, 5_000],
    async strike() {
      await dying(index)
      await server.kill()
      await restarted(server)
      return true
    },
  }))
  return [
    ...killed,
    {
      name: 'PostgreSQL crashes',
      // It is started five times a minute at most.
      gapMs: [9_000, 13_000],
      strike: async () => signal(postgres.pid(), random() < 0.5 ? 'SIGKILL' : 'SIGQUIT'),
    },
    {
      name: 'PostgreSQL frozen',
      gapMs: [5_000, 9_000],
      async strike() {
        const pid = postgres.pid()
        return pid !== null && frozen(processTree(pid), 500 + random() * 1_500)
      },
    },
    {
      name: 'gateway processes killed',
      gapMs: [4_000, 8_000],
      async strike() {
        const found = gateways.flatMap((server) => descendantsOf(server.pid(), 'reeve gateway'))
        return signal(found[Math.floor(random() * found.length)]?.pid ?? null, 'SIGKILL')
      },
    },
    {
      name: 'gateways frozen',
      gapMs: [6_000, 11_000],
      strike: () => frozen(gatewayPids(some().server), 300 + random() * 900),
    },
    {
      name: 'drains killed',
      gapMs: [2_000, 5_000],
      async strike() {
        const [drain] = descendantsOf(some().server.pid(), 'drain')
        return signal(drain?.pid ?? null, 'SIGKILL')
      },
    },
  ]
}

/** The processes of a server that relay. */
function gatewayPids(server: RunningServer): number[] {
  const several = descendantsOf(server.pid(), 'reeve gateway').map(({ pid }) => pid)
  return several.length === 0 ? [server.pid()] : several
}

/** As a service manager would: a server that found no PostgreSQL when it started is tried again. */
export async function restarted(server: RunningServer): Promise<void> {
  const deadline = performance.now() + restartedWithinMs
  for (;;) {
    try {
      return await server.start()
    } catch (failed) {
      if (performance.now() > deadline) throw failed
      await pause(500)
    }
  }
}

async function frozen(pids: readonly number[], forMs: number): Promise<boolean> {
  const stopped = pids.filter((pid) => signal(pid, 'SIGSTOP'))
  await pause(forMs)
  for (const pid of stopped) signal(pid, 'SIGCONT')
  return stopped.length > 0
}

/** False when the process is gone, or there is none: others strike at the same time. */
export function signal(pid: number | null, name: NodeJS.Signals): boolean {
  if (pid === null || pid === 0) return false
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
