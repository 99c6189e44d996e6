import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, type Log, Secret, silentLog, toError, type Uuid, uuidv7 } from '@reeve/base'
import { SMTPServer, type SMTPServerSession } from 'smtp-server'
import type { Database } from '../db/database.ts'
import { createEgress } from '../http/egress.ts'
import type { Keyring } from '../keyring/keyring.ts'
import { testKeyring } from '../keyring/testing.ts'
import { createNotifier, type Notifier, type NotifierContext, type NotifierSettings } from './notifier.ts'
import type { MailSettings } from './smtp.ts'

/** Real receivers of mail and webhooks, and a notifier that sends to them. */

export interface SinkMail {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
  readonly messageId: string
  readonly wasEncrypted: boolean
  readonly username: string | null
}

export interface SmtpSink extends AsyncDisposable {
  readonly port: number
  readonly mails: readonly SinkMail[]
  /** Every mail that was begun, taken or not. */
  attempts: number
  readonly settings: MailSettings
}

interface SinkBehaviour {
  readonly port?: number
  readonly mails?: SinkMail[]
  readonly tls?: { readonly cert: string; readonly key: string }
  /** TLS from the first byte. */
  readonly secure?: boolean
  readonly password?: string
  /** An error refuses the recipient with its code. */
  readonly onRecipient?: (address: string) => Error | null
  /** Answers a mail that has come whole; a rejection refuses it. */
  readonly onMail?: (mail: SinkMail) => Promise<void>
}

/** A refusal of the sink with an SMTP reply code. */
export const smtpRefusal = (responseCode: number, message: string): Error =>
  Object.assign(new Error(message), { responseCode })

export async function smtpSink(behaviour: SinkBehaviour = {}): Promise<SmtpSink> {
  const { port = 0, mails = [], tls, secure = false, password, onRecipient = () => null, onMail } = behaviour
  const server = new SMTPServer({
    authOptional: password === undefined,
    disabledCommands: tls === undefined ? ['STARTTLS'] : [],
    logger: false,
    disableReverseLookup: true,
    closeTimeout: 1,
    secure,
    ...tls,
    onAuth(auth, _, done) {
      const isRight = auth.username === 'reeve' && auth.password === password
      if (isRight) done(null, { user: auth.username ?? '' })
      else done(smtpRefusal(535, 'the credentials are wrong'))
    },
    onRcptTo: ({ address }, _, done) => done(onRecipient(address)),
    onData(stream, session, done) {
      sink.attempts++
      const answer = async () => done(await take(stream, session))
      void answer()
    },
  })
  async function take(stream: AsyncIterable<Buffer>, session: SMTPServerSession): Promise<Error | null> {
    try {
      const { mailFrom, rcptTo } = session.envelope
      const text = Buffer.concat(await Array.fromAsync(stream)).toString()
      const mail: SinkMail = {
        from: mailFrom === false ? '' : mailFrom.address,
        to: rcptTo.map(({ address }) => address),
        text,
        messageId: /^Message-ID: <([^@]+)@/im.exec(text)?.[1] ?? '',
        wasEncrypted: session.secure,
        username: typeof session.user === 'string' ? session.user : null,
      }
      await onMail?.(mail)
      mails.push(mail)
      return null
    } catch (thrown) {
      return toError(thrown)
    }
  }
  server.on('error', () => {})
  await once(server.listen(port, '127.0.0.1'), 'listening')
  // SAFETY: a server that listens on a TCP port has an AddressInfo.
  const { port: taken } = server.server.address() as AddressInfo
  const sink: SmtpSink = {
    port: taken,
    mails,
    attempts: 0,
    settings: {
      from: { name: 'Reeve', address: 'reeve@example.com' },
      host: '127.0.0.1',
      port: taken,
      hello: 'reeve.test',
      security: tls === undefined ? 'none' : 'starttls',
      auth: password === undefined ? null : { username: 'reeve', password: new Secret(password) },
      ca: tls?.cert ?? null,
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
  return sink
}

/** For 127.0.0.1, signed by itself. */
export function testCertificate(): { readonly cert: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-cert-'))
  try {
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=sink -addext subjectAltName=IP:127.0.0.1`
    execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' })
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export interface WebhookCall {
  readonly id: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface WebhookSink extends AsyncDisposable {
  readonly url: string
  readonly calls: readonly WebhookCall[]
}

export async function webhookSink(
  answer: (call: WebhookCall, res: ServerResponse) => void = (_, res) => void res.writeHead(204).end(),
): Promise<WebhookSink> {
  const calls: WebhookCall[] = []
  const server = createServer((req, res) => {
    void Array.fromAsync<Buffer>(req).then(
      (chunks) => {
        const call = {
          id: String(req.headers['webhook-id']),
          headers: req.headers,
          body: Buffer.concat(chunks).toString(),
        }
        calls.push(call)
        answer(call, res)
      },
      () => {},
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // SAFETY: a server that listens on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const webhookSecret = new Secret(`whsec_${Buffer.alloc(32, 7).toString('base64')}`)

export interface TestNotifier extends AsyncDisposable {
  readonly notifier: Notifier
  readonly context: NotifierContext
  readonly keyring: Keyring
  /** How each attempt ended: `smtp sent`. */
  readonly outcomes: readonly string[]
  /** A round of everything. */
  round(): Promise<void>
}

export function testNotifier(
  db: Database,
  clock: Clock,
  given: Partial<NotifierSettings> & { readonly log?: Log; readonly keyring?: Keyring } = {},
): TestNotifier {
  const { log = silentLog, keyring = testKeyring(), ...settings } = given
  const outcomes: string[] = []
  const egress = createEgress({ allowed: [{ address: '127.0.0.1', prefix: 32, family: 'ipv4' }] })
  const context: NotifierContext = {
    db,
    clock,
    log,
    url: 'https://reeve.example.com',
    settings: { mail: null, webhook: null, attemptsMax: 20, retryMs: 30_000, timeoutMs: 5_000, ...settings },
    egress,
    keyring,
    ended: (method, outcome) => outcomes.push(`${method} ${outcome}`),
  }
  const notifier = createNotifier(context)
  const { signal } = new AbortController()
  return {
    notifier,
    context,
    keyring,
    outcomes,
    async round() {
      await notifier.expand()
      await Promise.all([notifier.deliver('smtp', signal), notifier.deliver('webhook', signal)])
    },
    [Symbol.asyncDispose]: () => egress[Symbol.asyncDispose](),
  }
}

/** Somebody to be told. */
export async function addPerson(db: Database, username: string, roles: string[] = [], email?: string): Promise<Uuid> {
  const now = new Date()
  const id = uuidv7(now)
  const facts = { username, roles, email: email ?? `${username}@example.com`, login_type: 'password' }
  await db.sql
    .insertInto('users')
    .values({ id, ...facts, created_at: now, updated_at: now })
    .execute()
  return id
}

export const statusesOf = async (db: Database): Promise<string[]> =>
  (await db.sql.selectFrom('notification_deliveries').select('status').orderBy('id').execute()).map(
    ({ status }) => status,
  )
