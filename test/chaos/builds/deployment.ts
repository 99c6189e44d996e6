import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '../../../cli/src/testing.ts'
import type { EmbeddedPostgres } from '../../../server/src/db/embedded/embedded-postgres.ts'
import { connectionUrl, startPostgres } from '../../support/postgres.ts'
import { type ApiAnswer, type RunningServer, startServer } from '../../support/server.ts'
import { descendantsOf, type ProcessSeen } from '../../support/processes.ts'
import { restarted, signal } from '../deployment.ts'
import type { Trouble } from '../mayhem.ts'
import { pause } from '../truth.ts'
import { type Cloud, templateOf } from '../../support/cloud.ts'

/** Two servers that both build, and one database. */
export interface BuildDeployment extends AsyncDisposable {
  readonly postgres: EmbeddedPostgres
  readonly servers: readonly RunningServer[]
  readonly templateId: string
  /** What servers had started when they were killed. */
  readonly bereaved: ProcessSeen[]
  /** Asks one of the servers after the other until one answers. */
  api(method: string, path: string, body?: unknown): Promise<ApiAnswer>
}

export async function startBuildDeployment({ folder, socket }: Cloud): Promise<BuildDeployment> {
  await using undo = new AsyncDisposableStack()
  const postgres = await startPostgres(undo)
  const env = {
    REEVE_POSTGRES_URL: connectionUrl(postgres),
    REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
    REEVE_TERRAFORM_REACHABLE: folder,
    REEVE_PROVISIONER_DAEMONS: '3',
    REEVE_PROVISIONER_LEASE: '3s',
    REEVE_PROVISIONER_FORCE_CANCEL_INTERVAL: '2s',
  }
  const first = undo.use(await startServer({ env }))
  const servers = [first, undo.use(await startServer({ env, firstOwner: false }))]
  const templateId = await pushTemplate(first, templateOf(socket))
  let turn = 0
  const running = undo.move()
  return {
    postgres,
    servers,
    templateId,
    bereaved: [],
    async api(method, path, body) {
      for (let tries = 0; ; tries++) {
        try {
          return await servers[turn++ % servers.length]!.api(method, `/api/v2/${path}`, body, first.ownerToken)
        } catch (thrown) {
          if (tries > 1_500) throw thrown
          await pause(100)
        }
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

async function pushTemplate({ url, ownerToken, api }: RunningServer, source: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-chaos-template-'))
  try {
    mkdirSync(join(folder, 'four-things'))
    writeFileSync(join(folder, 'four-things', 'main.tf'), source)
    const env = { REEVE_URL: url, REEVE_TOKEN: ownerToken }
    const pushed = await runCli(['templates', 'push', 'four-things'], { env, cwd: folder, home: folder })
    if (pushed.code !== 0) throw new Error(`the template was not taken:\n${pushed.stderr}`)
    const { json } = await api('GET', '/api/v2/organizations/default/templates/four-things')
    return json.id
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface TroubleOptions {
  readonly random: () => number
  /** How many things builds have made so far. */
  readonly made: () => number
  readonly onStrike: () => void
}

/** What happens to builds; it is told before it ends a Terraform. */
export function buildTroubles(
  { servers, postgres, bereaved, api }: BuildDeployment,
  { random, made, onStrike }: TroubleOptions,
): Trouble[] {
  /** Nothing that is made between two strokes of the same kind would be nothing to lose. */
  const madeSince = (): (() => boolean) => {
    let before = made()
    return () => {
      if (made() < before + 2) return false
      before = made()
      return true
    }
  }
  const some = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)]
  const killed = servers.map((server, index): Trouble => {
    const isDue = madeSince()
    return {
      name: `kills of server ${index + 1}`,
      gapMs: [4_000, 8_000],
      strike: () =>
        whenThere(async () => {
          if (!isDue()) return false
          onStrike()
          bereaved.push(...descendantsOf(server.pid(), ''))
          await server.kill()
          await restarted(server)
          return true
        }),
    }
  })
  const isCrashDue = madeSince()
  return [
    ...killed,
    {
      name: 'Terraforms killed',
      gapMs: [2_000, 5_000],
      strike: () =>
        whenThere(async () => {
          const found = some(servers.flatMap((server) => descendantsOf(server.pid(), 'terraform apply')))
          if (found !== undefined) onStrike()
          return signal(found?.pid ?? null, 'SIGKILL')
        }),
    },
    {
      name: 'PostgreSQL crashes',
      gapMs: [9_000, 13_000],
      strike: () =>
        whenThere(async () => {
          if (!isCrashDue()) return false
          onStrike()
          return signal(postgres.pid(), 'SIGKILL')
        }),
    },
    {
      name: 'builds canceled',
      gapMs: [2_000, 4_000],
      strike: () =>
        whenThere(async () => {
          const { json } = await api('GET', 'workspaces?q=status:starting')
          const workspace = some<{ latest_build: { id: string } }>(json.workspaces ?? [])
          if (workspace === undefined) return false
          onStrike()
          const { status } = await api('PATCH', `workspacebuilds/${workspace.latest_build.id}/cancel`)
          return status < 300
        }),
    },
  ]
}

/** As soon as there is something to strike at; false when there was nothing for long. */
async function whenThere(strike: () => Promise<boolean>): Promise<boolean> {
  for (const until = performance.now() + 20_000; performance.now() < until; await pause(100)) {
    if (await strike()) return true
  }
  return false
}
