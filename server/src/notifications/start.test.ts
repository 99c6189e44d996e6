import { silentLog, systemClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { testDatabase } from '../db/testing.ts'
import { enqueue } from '../outbox/outbox.ts'
import { startNotifier } from './notifier.ts'
import {
  addPerson,
  smtpSink,
  statusesOf,
  testCertificate,
  testNotifier,
  webhookSecret,
  webhookSink,
} from './testing.ts'

test('a running notifier hears at once, a webhook that never answers keeps no mail waiting, and it stops with both open', async () => {
  await using db = await testDatabase()
  const max = await addPerson(db, 'max')
  await using mail = await smtpSink()
  const asked = Promise.withResolvers<void>()
  await using hook = await webhookSink(() => asked.resolve())
  const webhook = { endpoint: hook.url, secrets: [webhookSecret] }
  await using sender = testNotifier(db, systemClock, { mail: mail.settings, webhook, timeoutMs: 60_000 })
  const running = await startNotifier(sender.notifier, sender.context)
  const tell = () =>
    db.transaction((tx) =>
      enqueue(tx, { event: 'account-activated', userIds: [max], facts: { by: 'dana' }, at: new Date() }),
    )
  await tell()
  await asked.promise
  await tell()
  await expect.poll(() => mail.mails.length).toBe(2)
  await running[Symbol.asyncDispose]()
  // What was under way was given up, and is due again.
  expect((await statusesOf(db)).toSorted()).toEqual(['pending', 'pending', 'sent', 'sent'])
})

test('mail over TLS from the first byte', async () => {
  await using db = await testDatabase()
  const max = await addPerson(db, 'max')
  await using sink = await smtpSink({ tls: testCertificate(), secure: true })
  await using sender = testNotifier(db, systemClock, { mail: { ...sink.settings, security: 'tls' }, log: silentLog })
  await db.transaction((tx) =>
    enqueue(tx, { event: 'account-activated', userIds: [max], facts: { by: 'dana' }, at: new Date() }),
  )
  await sender.round()
  expect(sink.mails).toMatchObject([{ to: ['max@example.com'], wasEncrypted: true }])
})

test('an address that is a command in disguise is handed to no server', async () => {
  await using db = await testDatabase()
  const people = [
    await addPerson(db, 'a', [], 'max@example.com>\r\nRCPT TO:<victim@example.com'),
    await addPerson(db, 'b', [], 'max@example.com, victim@example.com'),
    await addPerson(db, 'c', [], 'max@example.com\nBcc: victim@example.com'),
  ]
  await using sink = await smtpSink()
  await using sender = testNotifier(db, systemClock, { mail: sink.settings })
  await db.transaction((tx) =>
    enqueue(tx, { event: 'account-activated', userIds: people, facts: { by: 'dana' }, at: new Date() }),
  )
  await sender.round()
  expect(sink.attempts).toBe(0)
  expect(await statusesOf(db)).toEqual(['failed', 'failed', 'failed'])
})
