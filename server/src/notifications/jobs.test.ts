import { manualClock, uuidv7 } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { enqueue } from '../outbox/outbox.ts'
import { tidyNotifications, warnOfFailingSinks } from './jobs.ts'
import { addPerson, smtpSink, testNotifier } from './testing.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

const minute = 60_000
const day = 86_400_000

test('owners are told once of each time that a receiver of the audit log is away for longer than a restart', async () => {
  const clock = manualClock('2026-06-01T12:00:00Z')
  const sink = {
    id: uuidv7(clock.now()),
    name: 'siem',
    kind: 'syslog',
    format: 'reeve',
    url: 'tls://siem.example.com:6514',
    created_at: clock.now(),
    delivered_seq: 0,
    last_error: 'nobody answers',
    failing_since: clock.now(),
  }
  await db.sql.insertInto('audit_sinks').values(sink).execute()
  const told = async () => {
    await warnOfFailingSinks({ db, clock })
    const rows = await db.sql.selectFrom('outbox_messages').select(['audience', 'facts']).orderBy('id').execute()
    return rows.map(({ audience, facts }) => ({ audience, facts }))
  }
  expect(await told()).toEqual([])
  clock.advance(11 * minute)
  const first = {
    audience: 'owners',
    facts: { sink: 'siem', error: 'nobody answers', since: '2026-06-01T12:00:00.000Z' },
  }
  expect(await told()).toEqual([first])
  clock.advance(day)
  expect(await told()).toEqual([first])
  const again = new Date(clock.now().getTime() - 20 * minute)
  await db.sql.updateTable('audit_sinks').set({ failing_since: again }).execute()
  expect(await told()).toEqual([first, { audience: 'owners', facts: { ...first.facts, since: again.toISOString() } }])
  await db.sql.deleteFrom('audit_sinks').execute()
  await db.sql.deleteFrom('outbox_messages').execute()
})

test('what was told is forgotten after its time, what waits and what is in an inbox is not', async () => {
  const clock = manualClock('2026-06-01T12:00:00Z')
  const max = await addPerson(db, 'max')
  await using mail = await smtpSink()
  await using sender = testNotifier(db, clock, { mail: mail.settings })
  const tell = () =>
    db.transaction((tx) =>
      enqueue(tx, { event: 'account-activated', userIds: [max], facts: { by: 'dana' }, at: clock.now() }),
    )
  await tell()
  await sender.round()
  await tell()
  await sender.notifier.expand()
  const left = async () => {
    await tidyNotifications({ db, clock })
    const [messages, entries] = [
      await db.sql.selectFrom('outbox_messages').select('id').execute(),
      await db.sql.selectFrom('inbox_notifications').select('id').execute(),
    ]
    return [messages.length, entries.length]
  }
  expect(await left()).toEqual([2, 2])
  clock.advance(31 * day)
  expect(await left()).toEqual([1, 2])
  clock.advance(150 * day)
  expect(await left()).toEqual([1, 0])
})
