import { hostname } from 'node:os'
import { type Clock, type Log, uuidv7 } from '@reeve/base'
import type { Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import type { AllowedNetwork } from '../http/egress.ts'
import type { Route } from '../http/implement.ts'
import type { Keyring } from '../keyring/keyring.ts'
import { openCheckpointLog } from './checkpoint-log.ts'
import { chainOldEvents, registerSigner, startCheckpoints } from './checkpoints.ts'
import { registerAuditMetrics } from './metrics.ts'
import { auditRoutes } from './routes.ts'
import { openSigner, type Signer } from './signing-key.ts'
import { startDelivery } from './sinks/deliver.ts'
import type { RecordSources } from './sinks/records.ts'
import { sinkRoutes } from './sinks/routes.ts'

/** The proof of the audit log and its delivery, running. Entries are written without it, by `appendAudit`. */
export interface AuditLogService extends AsyncDisposable {
  readonly routes: readonly Route[]
  readonly signer: Signer
}

export async function startAuditLog(options: {
  readonly db: Database
  readonly dataDir: string
  readonly deploymentId: string
  readonly keyring: Keyring
  readonly outboundAllowed: readonly AllowedNetwork[]
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
  /** What sinks may be sent beside the audit log. */
  readonly records: RecordSources
}): Promise<AuditLogService> {
  const { db, dataDir, deploymentId, keyring, outboundAllowed, clock, log, records } = options
  await using undo = new AsyncDisposableStack()
  const signer = openSigner(dataDir, deploymentId)
  const checkpointLog = openCheckpointLog(dataDir)
  const chained = await chainOldEvents(db)
  if (chained > 0) log.info({ chained }, 'older audit events were put into the hash chain')
  await db.transaction((tx) => registerSigner(tx, signer, hostname(), clock.now()))
  const metrics = registerAuditMetrics(options.metrics, { db, clock, log, records })
  undo.use(
    startCheckpoints({ db, clock, log, signer, checkpointLog }, ({ contradiction }) =>
      metrics.contradicted(contradiction !== null),
    ),
  )
  const { meter } = metrics
  undo.use(startDelivery({ db, keyring, outboundAllowed, replicaId: uuidv7(clock.now()), clock, log, records, meter }))
  const running = undo.move()
  return {
    signer,
    routes: [
      ...auditRoutes({ db, clock, signer, checkpointLog }),
      ...sinkRoutes({ db, clock, keyring, outboundAllowed, records }),
    ],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
