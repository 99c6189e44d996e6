import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock, silentLog, uuidv7 } from '@reeve/base'
import { afterAll, expect, test } from 'vitest'
import { whySkipped } from '../../../../test/support/why-skipped.ts'
import { testDatabase } from '../../db/testing.ts'
import { testKeyring } from '../../keyring/testing.ts'
import { takeCheckpoint } from '../checkpoints.ts'
import { appendAudit } from '../journal.ts'
import { memoryCheckpointLog, testSigner } from '../testing.ts'
import { deliverAll } from './deliver.ts'
import { insertSink, selectSinks } from './queries.ts'
import { noRecords } from './testing.ts'

/** A real receiver: rsyslog with TLS, as Debian has it (`rsyslog`, `rsyslog-gnutls`). */
const daemon = '/usr/sbin/rsyslogd'

/** Its modules are in a folder that is named for the machine. Null when it can run here. */
function whyNot(): string | null {
  if (!existsSync(daemon)) return `there is no ${daemon}: install rsyslog`
  const folders = ['/usr/lib', '/usr/lib64', ...readdirSync('/usr/lib').map((name) => `/usr/lib/${name}`)]
  if (!folders.some((path) => existsSync(join(path, 'rsyslog/lmnsd_gtls.so')))) {
    return 'rsyslog has no module lmnsd_gtls.so: install rsyslog-gnutls'
  }
  return spawnSync('openssl', ['version']).status === 0 ? null : 'there is no openssl to make a certificate with'
}

const folder = mkdtempSync(join(tmpdir(), 'reeve-rsyslog-'))
afterAll(() => rmSync(folder, { recursive: true }))
const received = join(folder, 'received')

function makeCertificate(): void {
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost']
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
  execFileSync('openssl', [...args, ...files, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'], {
    stdio: 'ignore',
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function startReceiver(port: number): Promise<ChildProcess> {
  writeFileSync(
    join(folder, 'rsyslog.conf'),
    `global(workDirectory="${folder}" maxMessageSize="64k" defaultNetstreamDriver="gtls"
      defaultNetstreamDriverCAFile="${folder}/cert.pem" defaultNetstreamDriverCertFile="${folder}/cert.pem"
      defaultNetstreamDriverKeyFile="${folder}/key.pem")
    module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
    input(type="imtcp" port="${port}" address="127.0.0.1")
    template(name="raw" type="string" string="%rawmsg%\\n")
    action(type="omfile" file="${received}" template="raw" flushOnTXEnd="on")\n`,
  )
  const child = spawn(daemon, ['-n', '-f', join(folder, 'rsyslog.conf'), '-i', join(folder, 'pid')], {
    stdio: 'ignore',
  })
  await expect.poll(() => existsSync(join(folder, 'pid'))).toBe(true)
  return child
}

async function stopReceiver(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  if (child.exitCode === null) await once(child, 'exit')
  rmSync(join(folder, 'pid'), { force: true })
}

const idsReceived = (): string[] =>
  existsSync(received)
    ? [...readFileSync(received, 'utf8').matchAll(/\[reeve@32473 id="([0-9a-f-]{36})"/g)].map(([, id]) => id ?? '')
    : []

const reason = whySkipped('delivery to a real rsyslog', whyNot())
test('a real rsyslog has every event after it was away, knows by the id what came twice, and has the checkpoint as signed', async ({
  skip,
}) => {
  if (reason !== null) skip(reason)
  makeCertificate()
  await using db = await testDatabase()
  const clock = manualClock('2026-11-20T12:00:00Z')
  const port = await freePort()
  const write = (count: number) =>
    db.transaction(async (tx) => {
      for (let n = 0; n < count; n++) {
        const scope = { actor: null, requestId: 'r', sourceIp: null, userAgent: null }
        const entry = { action: 'write', resourceType: 'thing', resourceId: `${n}`, resourceTarget: 'a\nb"]' }
        await appendAudit(tx, { scope, at: clock.now(), ...entry })
      }
    })
  const url = `tls://127.0.0.1:${port}`
  const facts = { name: 'siem', kind: 'syslog', format: 'reeve', url, ca: '', allow_private: true, delivered_seq: 0 }
  const ca = readFileSync(join(folder, 'cert.pem'), 'utf8')
  await db.transaction((tx) => insertSink(tx, { ...facts, ca, id: uuidv7(clock.now()), created_at: clock.now() }))
  const replicaId = uuidv7(clock.now())
  const meter = { delivered() {}, failed() {}, removed() {} }
  const told = { log: silentLog, records: noRecords, meter }
  const context = { db, keyring: testKeyring(), outboundAllowed: [], replicaId, clock, ...told }
  const deliver = () => deliverAll(context, new AbortController().signal)

  let receiver = await startReceiver(port)
  try {
    await write(40)
    const state = async () => (await selectSinks(db.sql))[0]
    await expect.poll(async () => (await deliver(), clock.advance(60_000), (await state())?.delivered_seq)).toBe(40)
    await stopReceiver(receiver)
    for (let minute = 0; minute < 10; minute++) {
      await write(30)
      clock.advance(60_000)
      await deliver()
    }
    expect(await state()).toMatchObject({ delivered_seq: 40, failing_since: expect.any(Date) })
    expect((await state())?.last_error).toContain('127.0.0.1')
    receiver = await startReceiver(port)
    await expect.poll(async () => (clock.advance(60_000), await deliver(), (await state())?.delivered_seq)).toBe(340)
    expect(await state()).toMatchObject({ last_error: null, failing_since: null })
    const events = await db.sql.selectFrom('audit_events').select('id').orderBy('id').execute()
    await expect.poll(() => new Set(idsReceived()).size).toBe(340)
    expect([...new Set(idsReceived())].sort()).toEqual(events.map(({ id }) => id))
    const checkpointLog = memoryCheckpointLog()
    await takeCheckpoint({ db, clock, log: silentLog, signer: testSigner(clock), checkpointLog })
    await expect
      .poll(async () => (clock.advance(60_000), await deliver(), (await state())?.delivered_checkpoint))
      .toBe(1)
    const note = JSON.stringify(checkpointLog.notes[0])
    await expect.poll(() => readFileSync(received, 'utf8')).toContain(`"note":${note}`)
  } finally {
    await stopReceiver(receiver)
  }
})
