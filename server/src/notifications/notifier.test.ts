import { manualClock, Secret, uuidv7 } from '@reeve/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { enqueue, enqueueMail } from '../outbox/outbox.ts'
import { selectInbox, setOverride, setPaused, setPreference } from './inbox-queries.ts'
import { addPerson, smtpRefusal, smtpSink, statusesOf, testCertificate, testNotifier } from './testing.ts'

let db: TestDatabase
let clock: ReturnType<typeof manualClock>
beforeEach(async () => {
  db = await testDatabase()
  clock = manualClock('2026-06-01T12:00:00Z')
})
afterEach(() => db[Symbol.asyncDispose]())

const minute = 60_000
const decoded = (mail: string): string => mail.replaceAll(/=\r\n/g, '').replaceAll('=3D', '=')
const tell = (userIds: string[], token = 'ci') =>
  db.transaction((tx) =>
    enqueue(tx, {
      event: 'token-expiring',
      userIds,
      facts: { token, owner: 'max', expires: '2026-06-02T00:00:00Z' },
      at: clock.now(),
    }),
  )

test('what is rolled back is told to nobody, and what is told twice under one key is told once', async () => {
  const max = await addPerson(db, 'max')
  await using sender = testNotifier(db, clock)
  const rolledBack = db.transaction(async (tx) => {
    await enqueue(tx, { event: 'account-suspended', userIds: [max], facts: { by: 'dana' }, at: clock.now() })
    throw new Error('no')
  })
  await expect(rolledBack).rejects.toThrow('no')
  for (let times = 0; times < 2; times++) {
    await db.transaction((tx) =>
      enqueue(tx, {
        event: 'account-activated',
        userIds: [max],
        facts: { by: 'dana' },
        dedupeKey: 'once',
        at: clock.now(),
      }),
    )
  }
  await sender.round()
  const inbox = await selectInbox(db.sql, max, { readStatus: 'all', limit: 10, before: null })
  expect(inbox.map(({ event }) => event)).toEqual(['account-activated'])
})

test('mail over an outage of ten minutes: nothing is lost, nothing comes twice, by STARTTLS and with a password', async () => {
  const tls = testCertificate()
  const people = await Promise.all(Array.from({ length: 12 }, (_, i) => addPerson(db, `person-${i}`)))
  const first = await smtpSink({ tls, password: 'correct horse' })
  const { settings: mail, port, mails } = first
  await using sender = testNotifier(db, clock, { mail })
  await tell(people.slice(0, 5), 'before')
  await sender.round()
  expect(mails).toHaveLength(5)
  expect(mails[0]).toMatchObject({ from: 'reeve@example.com', wasEncrypted: true, username: 'reeve' })

  await first[Symbol.asyncDispose]()
  // Ten minutes in which nobody listens, with something to tell all the time.
  for (let minutes = 0; minutes < 10; minutes++) {
    await tell(people, `outage-${minutes}`)
    await sender.round()
    clock.advance(minute)
  }
  expect(mails).toHaveLength(5)
  await using second = await smtpSink({ tls, password: 'correct horse', port, mails: [...mails] })
  // The longest pause that ten minutes have led to, and the queue is empty.
  for (let minutes = 0; minutes < 16; minutes++) {
    await sender.round()
    clock.advance(minute)
  }
  expect(second.mails).toHaveLength(5 + 120)
  expect(new Set(second.mails.map(({ messageId }) => messageId)).size).toBe(125)
  const told = second.mails.map(({ to, text }) => `${to.join()} ${/before|outage-\d/.exec(text)?.[0]}`)
  expect(new Set(told).size).toBe(125)
  expect(new Set(await statusesOf(db))).toEqual(new Set(['sent']))
})

test('a recipient whom the receiver does not know fails at once and visibly, and holds up nobody', async () => {
  const people = await Promise.all(['bad', 'greylisted', 'max'].map((name) => addPerson(db, name)))
  let isGrey = true
  await using sink = await smtpSink({
    onRecipient(address) {
      if (address.startsWith('bad')) return smtpRefusal(550, 'there is no such mailbox')
      return isGrey && address.startsWith('grey') ? smtpRefusal(451, 'come back later') : null
    },
  })
  await using sender = testNotifier(db, clock, { mail: sink.settings })
  await tell(people)
  await sender.round()
  expect(sink.mails.map(({ to }) => to)).toEqual([['max@example.com']])
  expect([...sender.outcomes].sort()).toEqual(['smtp failed', 'smtp retried', 'smtp sent'])
  const failed = await db.sql
    .selectFrom('notification_deliveries')
    .select('last_error')
    .where('status', '=', 'failed')
    .executeTakeFirstOrThrow()
  expect(failed.last_error).toContain('there is no such mailbox')
  isGrey = false
  clock.advance(minute)
  await sender.round()
  expect(sink.mails.map(({ to }) => to)).toEqual([['max@example.com'], ['greylisted@example.com']])
})

test('a wrong password of ours is no failure of a mail: what waited goes out when it is mended', async () => {
  const max = await addPerson(db, 'max')
  const tls = testCertificate()
  await using sink = await smtpSink({ tls, password: 'right' })
  const auth = { username: 'reeve', password: new Secret('wrong') }
  await using sender = testNotifier(db, clock, { mail: { ...sink.settings, auth } })
  await tell([max])
  await sender.round()
  expect(sender.outcomes).toEqual(['smtp retried'])
  await using mended = testNotifier(db, clock, { mail: sink.settings })
  clock.advance(minute)
  await mended.round()
  expect(mended.outcomes).toEqual(['smtp sent'])
})

test('a receiver that cannot do STARTTLS, or has a certificate of somebody else, is handed nothing', async () => {
  const max = await addPerson(db, 'max')
  await using plain = await smtpSink()
  await using stranger = await smtpSink({ tls: testCertificate() })
  await tell([max])
  for (const mail of [
    { ...plain.settings, security: 'starttls' as const },
    { ...stranger.settings, ca: testCertificate().cert },
  ]) {
    await using sender = testNotifier(db, clock, { mail })
    await sender.round()
    expect(sender.outcomes).toEqual(['smtp retried'])
    clock.advance(10 * minute)
  }
  expect([plain.attempts, stranger.attempts]).toEqual([0, 0])
})

test('a receiver that takes for ever is given up after the time of an attempt, and tried again later', async () => {
  const max = await addPerson(db, 'max')
  const stop = new AbortController()
  const forever = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()))
  await using sink = await smtpSink({ onMail: () => forever })
  await using sender = testNotifier(db, clock, { mail: sink.settings, timeoutMs: 200 })
  await tell([max])
  await sender.round()
  expect(sender.outcomes).toEqual(['smtp retried'])
  stop.abort()
})

test('attempts have an end, which is visible', async () => {
  const max = await addPerson(db, 'max')
  await using sink = await smtpSink({ onMail: () => Promise.reject(smtpRefusal(451, 'not now')) })
  await using sender = testNotifier(db, clock, { mail: sink.settings, attemptsMax: 3 })
  await tell([max])
  for (let times = 0; times < 6; times++) {
    await sender.round()
    clock.advance(60 * minute)
  }
  expect(sender.outcomes).toEqual(['smtp retried', 'smtp retried', 'smtp failed'])
  const [row] = await db.sql.selectFrom('notification_deliveries').select(['last_error', 'attempts']).execute()
  expect(row).toEqual({ attempts: 3, last_error: expect.stringContaining('tried 3 times') })
})

test('while sending is paused the inbox goes on and mail waits; then it goes out', async () => {
  const max = await addPerson(db, 'max')
  await using sink = await smtpSink()
  await using sender = testNotifier(db, clock, { mail: sink.settings })
  await db.transaction((tx) => setPaused(tx, true, clock.now(), 'reeve_outbox'))
  await tell([max])
  await sender.round()
  expect(await selectInbox(db.sql, max, { readStatus: 'unread', limit: 10, before: null })).toHaveLength(1)
  expect(sink.attempts).toBe(0)
  await db.transaction((tx) => setPaused(tx, false, clock.now(), 'reeve_outbox'))
  await sender.round()
  expect(sink.mails).toHaveLength(1)
})

test('who switched mail off gets none, what nobody may miss comes all the same, and an administrator chooses the method', async () => {
  const max = await addPerson(db, 'max')
  await using sink = await smtpSink()
  await using sender = testNotifier(db, clock, { mail: sink.settings })
  await db.transaction(async (tx) => {
    for (const event of ['token-expiring', 'account-activated']) {
      await setPreference(tx, max, { event, method: 'smtp', enabled: false }, clock.now())
    }
    await enqueue(tx, { event: 'account-activated', userIds: [max], facts: { by: 'dana' }, at: clock.now() })
  })
  await tell([max])
  await sender.round()
  expect(sink.mails.map(({ text }) => /X-Reeve-Event: (\S+)/.exec(text)?.[1])).toEqual(['account-activated'])
  await db.transaction(async (tx) => {
    await setOverride(tx, 'account-activated', 'inbox', clock.now())
    await enqueue(tx, { event: 'account-activated', userIds: [max], facts: { by: 'dana' }, at: clock.now() })
  })
  await sender.round()
  expect(sink.mails).toHaveLength(1)
})

test('owners and user admins are told of people by others than themselves; who is suspended hears of that alone, who is deleted of nothing', async () => {
  await addPerson(db, 'dana', ['owner'])
  const [eli, una, max, gone] = [
    await addPerson(db, 'eli', ['owner']),
    await addPerson(db, 'una', ['user-admin']),
    await addPerson(db, 'max'),
    await addPerson(db, 'gone'),
  ]
  await db.sql.updateTable('users').set({ status: 'suspended' }).where('id', '=', max).execute()
  await db.sql.updateTable('users').set({ deleted_at: new Date() }).where('id', '=', gone).execute()
  await using sink = await smtpSink()
  await using sender = testNotifier(db, clock, { mail: sink.settings })
  await db.transaction(async (tx) => {
    const at = clock.now()
    await enqueue(tx, { event: 'user-suspended', userIds: 'user-admins', facts: { username: 'max', by: 'dana' }, at })
    await enqueue(tx, { event: 'account-suspended', userIds: [max, gone], facts: { by: 'dana' }, at })
    await enqueue(tx, { event: 'password-changed', userIds: [max, gone], facts: { by: 'dana' }, at })
  })
  await sender.round()
  const rows = await db.sql.selectFrom('inbox_notifications').select(['user_id', 'event']).execute()
  expect(new Set(rows.map(({ user_id, event }) => `${user_id} ${event}`))).toEqual(
    new Set([`${eli} user-suspended`, `${una} user-suspended`, `${max} account-suspended`]),
  )
  expect(sink.mails.map(({ to }) => to[0])).toEqual(['max@example.com'])
})

test('the secret of a mail is sealed until it was sent, gone after that, and mail that has become useless is not sent', async () => {
  await using sink = await smtpSink()
  await using sender = testNotifier(db, clock, { mail: sink.settings })
  const link = 'https://reeve.example.com/reset#canary'
  const ask = () =>
    db.transaction((tx) =>
      enqueueMail(
        tx,
        {
          to: 'max@example.com',
          template: 'password-reset',
          facts: { username: 'max' },
          secrets: { link },
          at: clock.now(),
        },
        sender.keyring,
      ),
    )
  await ask()
  expect(JSON.stringify(await db.sql.selectFrom('outbox_messages').selectAll().execute())).not.toContain('canary')
  await sender.round()
  expect(decoded(sink.mails[0]?.text ?? '')).toContain(link)
  expect(await db.sql.selectFrom('outbox_messages').select('sealed_facts').execute()).toEqual([{ sealed_facts: null }])

  await using silent = testNotifier(db, clock)
  await ask()
  await silent.round()
  expect(await statusesOf(db)).toEqual(['sent', 'failed'])
  expect(JSON.stringify(await db.sql.selectFrom('outbox_messages').selectAll().execute())).not.toContain('sealed-1')

  await ask()
  clock.advance(2 * 60 * minute)
  await sender.round()
  expect(sink.mails).toHaveLength(1)
  expect(await statusesOf(db)).toEqual(['sent', 'failed', 'failed'])
})

test('an event of a newer release waits for it and keeps nothing of this one waiting', async () => {
  const max = await addPerson(db, 'max')
  await using sender = testNotifier(db, clock)
  await db.sql
    .insertInto('outbox_messages')
    .values({ id: uuidv7(clock.now()), event: 'from-the-future', user_ids: [max], created_at: clock.now() })
    .execute()
  await tell([max])
  await sender.round()
  const rows = await db.sql.selectFrom('outbox_messages').select(['event', 'expanded_at']).orderBy('id').execute()
  expect(rows).toEqual([
    { event: 'from-the-future', expanded_at: null },
    { event: 'token-expiring', expanded_at: clock.now() },
  ])
})
