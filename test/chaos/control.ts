import { createServer, request } from 'node:http'
import { createHash } from 'node:crypto'
import pg from 'pg'
import { type Connection, connectionOptions } from '../../server/src/db/connection.ts'

/**
 * A gateway of the usual design, for comparison: it relays, keeps its records in memory, writes them to PostgreSQL every
 * half second, and logs what could not be written. A process of its own: port, upstream and database come as arguments.
 */
const [port, upstreamPort, database] = process.argv.slice(2)
// SAFETY: chaos.test.ts, which starts this file, passes a Connection.
const pool = new pg.Pool({
  ...connectionOptions(JSON.parse(database ?? '') as Connection),
  connectionTimeoutMillis: 1_000,
})
pool.on('error', () => {})

interface Row {
  readonly sha: string
  readonly outcome: string | null
}
let pending: Row[] = []

setInterval(() => {
  const rows = pending
  pending = []
  if (rows.length === 0) return
  const shas = rows.map((row) => row.sha)
  const outcomes = rows.map((row) => row.outcome)
  pool
    .query('insert into control_records select * from unnest($1::text[], $2::text[])', [shas, outcomes])
    .catch((fault: Error) => console.error(`records were not written: ${fault.message}`))
}, 500)

createServer((req, res) => {
  const pieces: Buffer[] = []
  req.on('data', (piece: Buffer) => pieces.push(piece))
  req.on('end', () => {
    const body = Buffer.concat(pieces)
    const sha = createHash('sha256').update(body).digest('hex')
    pending.push({ sha, outcome: null })
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    const asked = request(
      { host: '127.0.0.1', port: upstreamPort, method: 'POST', path: req.url, headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, {
          'content-type': answer.headers['content-type'] ?? 'application/json',
        })
        answer.pipe(res)
        answer.on('end', () => pending.push({ sha, outcome: 'ok' }))
        answer.on('error', () => {
          pending.push({ sha, outcome: 'upstream_aborted' })
          res.destroy()
        })
      },
    )
    asked.on('error', () => res.destroy())
    res.on('close', () => {
      if (!res.writableFinished) asked.destroy()
    })
    asked.end(body)
  })
}).listen(Number(port), '127.0.0.1', () => process.send?.('ready'))
