import { type Clock, type Log, toError } from '@reeve/base'
import { administer } from '../administer.ts'
import type { Connection } from '../connection.ts'
import { type Account, postgresAccount } from './account.ts'
import { type Binaries, findBinaries } from './binaries.ts'
import { ensureCluster, superuser } from './cluster.ts'
import { checkDiskSpace, type Folders, prepareFolders } from './folders.ts'
import { lockFile } from './lock.ts'
import { endOrphan } from './orphan.ts'
import { type Postmaster, startPostmaster } from './postmaster.ts'
import { nextRestart } from './restarts.ts'

export interface EmbeddedPostgres extends AsyncDisposable {
  readonly connection: Connection
  /** Null while it is being started again. */
  pid(): number | null
}

export interface EmbeddedPostgresOptions {
  readonly dataDir: string
  readonly log: Log
  readonly clock: Clock
  readonly freeBytesMin?: number
  /** How many may be connected at once. */
  readonly connectionsMax?: number
}

const databaseName = 'reeve'
/** Half of it is what a new database takes. */
const freeBytesMinDefault = 128 * 1024 * 1024

/**
 * Runs the PostgreSQL that comes from npm, as a child process, for as long as we live.
 *
 *   locked → made → running ⇄ restarting
 *                      ↓          ↓
 *                    stopped ← ← ←
 *
 * locked: no other server works on the data directory, and whatever one that was killed left there is stopped.
 * made: there is a complete cluster of this major version. running: it answers on its socket. restarting: it ended
 * without being asked to; it is started again, at most five times a minute. stopped: disposed of.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log } = options
  const account = await postgresAccount()
  const folders = prepareFolders(dataDir, account)
  checkDiskSpace(folders.home, options.freeBytesMin ?? freeBytesMinDefault)
  await using undo = new AsyncDisposableStack()
  undo.use(await lockFile(folders.lock, account, dataDir))
  const binaries = await findBinaries(account, dataDir)
  await endOrphan(folders.data, log)
  await ensureCluster(folders, binaries, account, log)
  const supervised = undo.use(await supervise(folders, binaries, account, options))
  const connection = { socketDir: folders.socket, database: databaseName, user: superuser }
  await createDatabase(connection)
  log.info({ pid: supervised.pid(), folder: folders.data }, 'the built-in PostgreSQL is up')
  const running = undo.move()
  return { connection, pid: supervised.pid, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

async function supervise(
  folders: Folders,
  binaries: Binaries,
  account: Account | null,
  options: EmbeddedPostgresOptions,
): Promise<AsyncDisposable & { pid(): number | null }> {
  const { log, clock } = options
  const stopping = new AbortController()
  let current: Postmaster | null = await startPostmaster(folders, binaries, account, options)

  async function keepRunning(): Promise<void> {
    const startedAtMs: number[] = []
    while (current !== null) {
      await current.ended
      current = null
      while (current === null && !stopping.signal.aborted) {
        const delayMs = nextRestart(startedAtMs, clock.monotonicMs())
        log.error({ delayMs }, 'the built-in PostgreSQL ended unexpectedly')
        await pause(delayMs, stopping.signal)
        if (stopping.signal.aborted) return
        startedAtMs.push(clock.monotonicMs())
        try {
          current = await startPostmaster(folders, binaries, account, options)
          // Whoever disposes of us meanwhile found nothing to stop.
          if (stopping.signal.aborted) await current.stop()
          log.info({ pid: current.pid }, 'the built-in PostgreSQL is up again')
        } catch (thrown) {
          log.error({ err: toError(thrown) }, 'the built-in PostgreSQL did not start')
        }
      }
    }
  }

  const kept = keepRunning()
  return {
    pid: () => current?.pid ?? null,
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await current?.stop()
      await kept
    },
  }
}

/** Beside the one that every cluster has: that one is for whoever has to look after the cluster. */
async function createDatabase(connection: Extract<Connection, { socketDir: string }>): Promise<void> {
  const cluster = { ...connection, database: 'postgres' }
  const found = await administer(cluster, 'select from pg_database where datname = $1', [databaseName])
  if (found.length === 0) await administer(cluster, `create database ${databaseName}`)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
