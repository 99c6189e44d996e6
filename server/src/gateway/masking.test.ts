import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { endpoints, type Interception } from '@reeve/sdk'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMasker } from '@reeve/bridge'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { person, type Person, testGateway } from './gateway-testing.ts'
import { openMaskingKey } from './masking-key.ts'
import { bodyOf, streamOf } from './testing.ts'

let db: TestDatabase
let dana: Person
beforeAll(async () => {
  db = await testDatabase()
  dana = await person(db, 'dana')
})
afterAll(() => db[Symbol.asyncDispose]())

const secrets = {
  anthropic: `sk-ant-api03-${'kJ8x-Q'.repeat(15)}AA`,
  github: `ghp_${'z9Y8x7W6v5U4'.repeat(3)}`,
  aws: 'AKIAZZZZVYXNT7LWK2PQ',
  pem: `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n'.repeat(8)}-----END PRIVATE KEY-----`,
  said: `glpat-${'mN4bV6cX8zL2'.repeat(2)}`,
  tool: `xoxb-1234567890-0987654321-${'AbCd'.repeat(6)}`,
  agent: `sk_live_${'9f8e7d'.repeat(5)}`,
}
/** Parts that are long enough to be nobody else's. */
const canaries = Object.values(secrets).map((secret) => secret.split('\n').at(1)?.slice(0, 30) ?? secret.slice(8, 40))
const url = 'postgres://app:correct-horse-battery@db.internal/orders'

/** Answers with a stream that says secrets, cut anywhere; keeps what it was sent. */
async function upstreamThatSays(answer: Buffer, cuts: readonly number[]) {
  const got: Buffer[] = []
  const server = createServer(async (req, res) => {
    got.push(Buffer.concat(await req.toArray()))
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    let at = 0
    for (const cut of [...cuts, answer.length]) {
      res.write(answer.subarray(at, cut))
      at = cut
      await new Promise((resolve) => setImmediate(resolve))
    }
    res.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    got,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const said = (text: string): Buffer => {
  const events = streamOf({
    text: 'TEXT',
    call: { id: 'toolu_1', name: 'Bash', input: { command: `echo ${secrets.tool}` } },
  })
  const [before = '', after = ''] = events
    .toString()
    .split(/(?<=\n\n)event: content_block_delta\ndata: [^\n]*TEXT[^\n]*\n\n/)
  const deltas = (text.match(/[^]{1,5}/g) ?? []).map(
    (piece) =>
      `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: piece } })}\n\n`,
  )
  return Buffer.from(before + deltas.join('') + after)
}

async function everythingKept(dir: string): Promise<string> {
  const files = await readdir(dir)
  const journal = await Promise.all(files.map((name) => readFile(join(dir, name), 'latin1')))
  const dumps: string[] = []
  for (const table of [
    'interceptions',
    'interception_items',
    'sessions',
    'drain_rejects',
    'audit_events',
    'content_reads',
  ]) {
    const { rows } = await sql`select t::text as row from ${sql.table(table)} t`.execute(db.sql)
    dumps.push(JSON.stringify(rows))
  }
  return [...journal, ...dumps].join('\n')
}

test('secrets are relayed as they are and kept nowhere: not in journal, PostgreSQL, bytes or logs', async () => {
  const answer = said(`use ${secrets.said} and the key:\n${secrets.pem} done`)
  await using upstream = await upstreamThatSays(answer, [100, 101, 500, 777])
  await using gateway = await testGateway(db, upstream.url, { structuredLogging: true })
  const messages: object[] = [{ role: 'user', content: `${'context '.repeat(400)} deploy with ${secrets.anthropic}` }]
  const sent: Buffer[] = []
  for (const text of [`and ${secrets.github}`, url, `key ${secrets.aws}\n${secrets.pem}`, 'no more']) {
    messages.push({ role: 'assistant', content: 'ok' }, { role: 'user', content: text })
    const body = bodyOf(messages)
    sent.push(body)
    const headers = { 'x-claude-code-session-id': 'masked-1', 'user-agent': `claude-cli/2.1 (${secrets.agent})` }
    const reply = await gateway.ask(dana.token, body, headers)
    expect(Buffer.from(await reply.arrayBuffer()).equals(answer)).toBe(true)
  }
  expect(upstream.got.map((body) => body.toString())).toEqual(sent.map((body) => body.toString()))
  const drained = () => gateway.gateway.status().journal.pending_bytes === 0
  while (!drained()) await new Promise((resolve) => setTimeout(resolve, 20))

  const { results } = endpoints.listInterceptions.result.parse(await gateway.call('listInterceptions', dana.actor))
  const masker = createMasker(openMaskingKey(join(gateway.journalDir, 'masking-key')))
  const rows: Interception[] = results.toReversed()
  expect(rows).toHaveLength(4)
  const bodies: string[] = []
  for (const [at, row] of rows.entries()) {
    const bytes = await gateway.call('getInterceptionBody', dana.actor, { params: { id: row.id, side: 'request' } })
    // SAFETY: a route that answers with bytes gives a Uint8Array.
    const kept = Buffer.from(bytes as Uint8Array)
    expect(kept.toString('latin1')).toBe(masker.text(sent[at]!.toString('latin1')))
    expect(row.request_sha256).toBe(createHash('sha256').update(sent[at]!).digest('hex'))
    expect(row.response_sha256).toBe(createHash('sha256').update(answer).digest('hex'))
    expect(row).toMatchObject({ request_bytes: sent[at]!.length, response_bytes: answer.length })
    const response = await gateway.call('getInterceptionBody', dana.actor, { params: { id: row.id, side: 'response' } })
    // SAFETY: as above.
    bodies.push(kept.toString(), Buffer.from(response as Uint8Array).toString())
  }
  // Three of the answer, and those that the body has by then.
  expect(rows.map((row) => row.masked)).toEqual([5, 6, 8, 8])
  const { results: found } = endpoints.listInterceptions.result.parse(
    await gateway.call('listInterceptions', dana.actor, {
      query: { fingerprint: masker.find(secrets.github)[0]?.fingerprint },
    }),
  )
  expect(found.map((row: Interception) => row.id)).toEqual([rows[0]!.id])

  const places = [await everythingKept(gateway.journalDir), ...bodies, JSON.stringify(gateway.lines)]
  for (const place of places) {
    for (const canary of [...canaries, 'correct-horse-battery']) expect(place).not.toContain(canary)
  }
  // A secret that was said in pieces is in no pieces either, once they are put together.
  const texts = [...bodies[1]!.matchAll(/"text":"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]).join('')
  for (const canary of canaries) expect(texts).not.toContain(canary)
  expect(texts).toContain('[gitlab.1:')
})

test('random conversations with secrets anywhere: nothing of them reaches the disk, and bodies are what masking makes of them', async () => {
  await using upstream = await upstreamThatSays(streamOf({ text: 'ok' }), [])
  await using gateway = await testGateway(db, upstream.url)
  const masker = createMasker(openMaskingKey(join(gateway.journalDir, 'masking-key')))
  const piece = fc.constantFrom(...Object.values(secrets), 'plain words', '"quoted"', '\n', ' ', url, 'x'.repeat(700))
  const turns = fc.array(fc.array(piece, { maxLength: 5 }), { minLength: 2, maxLength: 4 })
  const sent = new Map<string, string>()
  await fc.assert(
    fc.asyncProperty(turns, fc.uuid(), async (conversation, session) => {
      const messages: object[] = [{ role: 'user', content: 'begin '.repeat(500) }]
      for (const parts of conversation) {
        messages.push({ role: 'assistant', content: 'ok' }, { role: 'user', content: parts.join(' ') })
        const body = bodyOf(messages)
        const reply = await gateway.ask(dana.token, body, { 'x-claude-code-session-id': session })
        await reply.arrayBuffer()
        sent.set(reply.headers.get('x-reeve-interception-id') ?? '', body.toString('latin1'))
      }
    }),
    { numRuns: 25 },
  )
  while (gateway.gateway.status().journal.pending_bytes > 0) await new Promise((resolve) => setTimeout(resolve, 20))
  for (const [id, body] of sent) {
    const kept = await gateway.call('getInterceptionBody', dana.actor, { params: { id, side: 'request' } })
    // SAFETY: a route that answers with bytes gives a Uint8Array.
    expect(Buffer.from(kept as Uint8Array).toString('latin1')).toBe(masker.text(body))
  }
  const place = await everythingKept(gateway.journalDir)
  for (const canary of [...canaries, 'correct-horse-battery']) expect(place).not.toContain(canary)
  expect(await db.sql.selectFrom('drain_rejects').selectAll().execute()).toEqual([])
})

test('with a lower capture level what is kept of prompts is masked, too', async () => {
  await using upstream = await upstreamThatSays(streamOf({ text: 'ok' }), [])
  await using gateway = await testGateway(db, upstream.url, { capture: 'prompts' })
  const reply = await gateway.ask(dana.token, bodyOf([{ role: 'user', content: `use ${secrets.anthropic} now` }]))
  await reply.arrayBuffer()
  while (gateway.gateway.status().journal.pending_bytes > 0) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await everythingKept(gateway.journalDir)).not.toContain(canaries[0])
  const [row] = await db.sql
    .selectFrom('interceptions')
    .select(['prompt', 'masked'])
    .where('capture', '=', 'prompts')
    .execute()
  expect(row).toMatchObject({ prompt: expect.stringMatching(/^use \[anthropic\.1:.*\] now$/), masked: 1 })
})

test('switched off, everything is kept as it comes, and the audit log says so', async () => {
  await using upstream = await upstreamThatSays(streamOf({ text: 'ok' }), [])
  await using gateway = await testGateway(db, upstream.url, { masking: false })
  const body = bodyOf([{ role: 'user', content: `keep AKIAQQQQVYXNT7LWK2PQ` }])
  await (await gateway.ask(dana.token, body)).arrayBuffer()
  const journal = await Promise.all(
    (await readdir(gateway.journalDir)).map((name) => readFile(join(gateway.journalDir, name), 'latin1')),
  )
  expect(journal.join('')).toContain('AKIAQQQQVYXNT7LWK2PQ')
  const events = await db.sql
    .selectFrom('audit_events')
    .select(['action', 'diff'])
    .where('resource_type', '=', 'masking')
    .execute()
  expect(events).toMatchObject([{ action: 'start', diff: { masking: { new: false } } }])
})

test('the key is made once, is readable by its owner alone, and one that is no key is refused', async () => {
  await using gateway = await testGateway(db, 'http://127.0.0.1:9')
  const file = join(gateway.journalDir, 'masking-key')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(openMaskingKey(file)).toEqual(await readFile(file))
  const broken = join(gateway.journalDir, 'broken-key')
  await writeFile(broken, 'short')
  expect(() => openMaskingKey(broken)).toThrow('has 5 bytes')
})
