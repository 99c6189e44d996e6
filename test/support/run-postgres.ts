import { type Log, systemClock } from '@reeve/base'
import { startEmbeddedPostgres } from '../../server/src/db/embedded/embedded-postgres.ts'

/**
 * A server that is nothing but its built-in database, to be killed by tests: `node run-postgres.ts <data directory>`.
 * Says on stdout, a JSON line each, what it logs and when it is ready. SIGTERM ends it in good order.
 */
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
const at = (level: string) => (facts: object, message: string) => say({ level, message, ...facts })
const log: Log = { debug() {}, info: at('info'), warn: at('warn'), error: at('error'), child: () => log }

try {
  const postgres = await startEmbeddedPostgres({ dataDir: process.argv[2]!, log, clock: systemClock })
  process.once('SIGTERM', () => {
    postgres[Symbol.asyncDispose]().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  })
  say({ ready: true, pid: postgres.pid(), connection: postgres.connection })
} catch (thrown) {
  say({ failed: thrown instanceof Error ? thrown.message : String(thrown) })
  process.exitCode = 1
}
