import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { manualClock, silentLog, uuidv7 } from '@reeve/base'
import type { TestDatabase } from '../../db/testing.ts'
import { testKeyring } from '../../keyring/testing.ts'
import { appendAudit } from '../journal.ts'
import { deliverAll, type DeliveryContext } from './deliver.ts'
import { insertSink, selectSink, type SinkRow } from './queries.ts'
import type { RecordSource, RecordSources } from './records.ts'
import { secretContext } from './target.ts'

/** A receiver over a real socket, and the runners of as many replicas as a test wants on one database. */

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
}

type Answer = (res: ServerResponse, number: number) => void

/** Answers 204 unless told otherwise; requests are numbered from 1. */
export async function receiver(answer: Answer = (res) => void res.writeHead(204).end()): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      received.push({ path: req.url ?? '', headers: req.headers, body: Buffer.concat(chunks).toString() })
      answer(res, received.length)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // SAFETY: a server that listens on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const nothing: RecordSource = {
  heads: () => Promise.resolve(new Map()),
  beginnings: () => Promise.resolve(new Map()),
  next: () => Promise.resolve(null),
}
export const noRecords: RecordSources = { interceptions: nothing, boundaries: nothing }

export function sinkWorld(db: TestDatabase) {
  const clock = manualClock('2026-11-20T12:00:00Z')
  const keyring = testKeyring()
  const context = (): DeliveryContext => ({
    db,
    keyring,
    outboundAllowed: [],
    replicaId: uuidv7(clock.now()),
    clock,
    log: silentLog,
    records: noRecords,
    meter: { delivered() {}, failed() {}, removed() {} },
  })
  return {
    clock,
    context,
    async addSink(kind: 'webhook' | 'otlp', url: string, given: Partial<SinkRow> = {}): Promise<SinkRow> {
      const id = uuidv7(clock.now())
      const { secret, ...rest } = given
      const facts = { name: 'siem', format: 'reeve', ca: null, allow_private: true, delivered_seq: 0, ...rest }
      const sealed = typeof secret === 'string' ? keyring.seal(secret, secretContext(id)) : null
      return db.transaction((tx) =>
        insertSink(tx, { ...facts, id, kind, url, secret: sealed, created_at: clock.now() }),
      )
    },
    write: (count: number) =>
      db.transaction(async (tx) => {
        for (let n = 0; n < count; n++) {
          const scope = { actor: null, requestId: 'r', sourceIp: null, userAgent: null }
          const entry = { action: 'write', resourceType: 'thing', resourceId: `${n}`, resourceTarget: 'é\n"' }
          await appendAudit(tx, { scope, at: clock.now(), ...entry })
        }
      }),
    /** One replica; each has an id of its own. */
    runner(given: Partial<DeliveryContext> = {}): () => Promise<void> {
      const one = { ...context(), ...given }
      return () => deliverAll(one, new AbortController().signal)
    },
    async state(): Promise<SinkRow> {
      const row = await selectSink(db.sql, 'siem')
      if (row === undefined) throw new Error('there is no sink')
      return row
    },
    /** The ids of all events, in the order of the chain. */
    async ids(): Promise<string[]> {
      return (await db.sql.selectFrom('audit_links').select('event_id').orderBy('seq').execute()).map(
        ({ event_id }) => event_id,
      )
    },
  }
}
