import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { errorOf, providerKey, type Rig, startRig, turn } from '../e2e/asking.ts'
import { ask } from '../support/client.ts'
import { messageEvents } from '../support/messages.ts'
import { chunk, eventStreamHead } from '../support/replies.ts'
import { startServer } from '../support/server.ts'

/** Group U: providers that are not who they say, or say too much. */
let rig: Rig
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reeve-tls-'))
  rig = await startRig()
})
afterAll(async () => {
  await rig?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})
beforeEach(() => rig.next())

interface Certificate {
  readonly cert: string
  readonly key: string
}

/** A certificate for `localhost` that signs itself, made by openssl; of a time in the past when that is wanted. */
function certificate(name: string, isOver: boolean): Certificate {
  const at = (kind: string): string => join(folder, `${name}.${kind}`)
  const run = (...words: readonly string[]) => execFileSync('openssl', words.join(' ').split(' '), { stdio: 'ignore' })
  writeFileSync(at('db'), '')
  const policy = ['[ca]', 'default_ca=x', '[x]', `database=${at('db')}`, `new_certs_dir=${folder}`, 'rand_serial=yes']
  const rest = ['default_md=sha256', 'policy=p', 'x509_extensions=e', '[p]', 'commonName=supplied']
  writeFileSync(at('cnf'), [...policy, ...rest, '[e]', 'subjectAltName=DNS:localhost', ''].join('\n'))
  const key = 'req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost'
  run(key, '-keyout', at('key'), '-out', at('csr'))
  const times = isOver ? '-startdate 20200101000000Z -enddate 20200102000000Z' : '-days 2'
  run('ca -batch -selfsign -config', at('cnf'), '-keyfile', at('key'), '-in', at('csr'), '-out', at('pem'), times)
  return { cert: readFileSync(at('pem'), 'utf8'), key: readFileSync(at('key'), 'utf8') }
}

test('U17 a provider whose certificate nobody vouches for, or is over, or is another’s gets nothing', async () => {
  const good = certificate('good', false)
  const over = certificate('over', true)
  const ca = join(folder, 'trusted.pem')
  writeFileSync(ca, good.cert + over.cert)
  const asked: string[] = []
  await using closing = new AsyncDisposableStack()
  const listen = async (tls: Certificate): Promise<number> => {
    const server = createServer(tls, (req, res) => {
      asked.push(req.url ?? '')
      res.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"msg_1","type":"message","content":[]}')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    closing.defer(() => void server.close())
    // SAFETY: a server that listens on host and port has an address of that kind.
    return (server.address() as AddressInfo).port
  }
  const trusted = await listen(good)
  const places = {
    unknown: `https://localhost:${await listen(certificate('unknown', false))}`,
    over: `https://localhost:${await listen(over)}`,
    misnamed: `https://127.0.0.1:${trusted}`,
    trusted: `https://localhost:${trusted}`,
  }
  const providers = Object.entries(places).flatMap(([name, url], index) => {
    const setting = `REEVE_AIBRIDGE_PROVIDER_${index}_`
    return [
      [`${setting}TYPE`, 'anthropic'],
      [`${setting}NAME`, name],
      [`${setting}BASE_URL`, url],
      [`${setting}KEY`, providerKey],
    ]
  })
  await using server = await startServer({ env: { ...Object.fromEntries(providers), NODE_EXTRA_CA_CERTS: ca } })
  const headers = [['x-api-key', await server.gatewayToken()]] as const
  const ofProvider = (name: string) =>
    ask(`${server.url}/api/v2/aibridge/${name}/v1/messages`, { headers, body: rig.question(false) })
  for (const name of ['unknown', 'over', 'misnamed']) {
    const answer = await ofProvider(name)
    expect(answer.status, name).toBe(502)
    expect(errorOf(answer).message).not.toContain(providerKey)
  }
  expect(asked).toEqual([])
  expect((await ofProvider('trusted')).status).toBe(200)
})

test('U10 a line of fifty megabytes is cut off at the bound, and costs no more than the bound', async () => {
  const piece = Buffer.alloc(1024 * 1024, 'x')
  rig.upstream.answer(() => [
    eventStreamHead(),
    chunk(messageEvents(turn)[0]!),
    chunk('data: '),
    ...Array.from({ length: 50 }, () => chunk(piece)),
    { do: 'stall' },
  ])
  const answer = await rig.asking()
  expect(answer.body.length).toBeLessThan(1024 * 1024)
  expect(answer.body.toString()).toMatch(/event: error\ndata: .*larger than any event may be/)
  expect((await rig.records())[0]).toMatchObject({ outcome: 'upstream_error', error_type: 'event_too_large' })
})

test('U13 what a provider says to browsers and proxies does not reach the client', async () => {
  const hostile = {
    'set-cookie': 'a=b',
    'alt-svc': 'h3=":443"',
    'content-security-policy': 'script-src *',
    'access-control-allow-origin': '*',
    'strict-transport-security': 'max-age=1',
    'proxy-authenticate': 'Basic',
    'www-authenticate': 'Basic',
    'x-reeve-interception-id': 'forged',
    refresh: '0; url=https://elsewhere.example',
  }
  rig.upstream.answer(() => [eventStreamHead(hostile), ...messageEvents(turn).map(chunk), chunk('')])
  const { headers, status } = await rig.asking()
  expect(status).toBe(200)
  for (const [name, value] of Object.entries(hostile)) expect(headers[name], name).not.toBe(value)
})

test('U18 an answer that comes before the request is read is the answer', async () => {
  rig.upstream.answer(() => [eventStreamHead(), ...messageEvents(turn).map(chunk), chunk('')])
  const body = JSON.stringify({
    model: 'm',
    max_tokens: 9,
    stream: true,
    messages: [{ role: 'user', content: 'x'.repeat(3_000_000) }],
  })
  expect((await rig.asking({ body })).status).toBe(200)
})

test('after all of this nothing is open and nothing is pending', () => rig.settled())
