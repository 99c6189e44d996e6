import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { type Secret, toError } from '@reeve/base'
import type { Attempt } from './lifecycle.ts'
import { composeMail, isMailAddress, type MailAddress, type MailFacts } from './mail.ts'

export interface MailSettings {
  readonly from: MailAddress
  readonly host: string
  readonly port: number
  /** How we introduce ourselves; null: as the name of this machine. */
  readonly hello: string | null
  /** `tls`: from the first byte. `starttls`: before anything else is said, or not at all. */
  readonly security: 'tls' | 'starttls' | 'none'
  readonly auth: { readonly username: string; readonly password: Secret } | null
  /** Further certificate authorities (PEM). */
  readonly ca: string | null
}

/** Hands one mail to the smarthost. Never throws: how it went is the answer. */
export async function sendMail(
  settings: MailSettings,
  mail: Omit<MailFacts, 'from'>,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Attempt> {
  if (!isMailAddress(mail.to)) return { kind: 'refused', reason: 'the address of the recipient is not a mail address' }
  const bytes = await composeMail({ ...mail, from: settings.from })
  const connection = new SMTPConnection({
    host: settings.host,
    port: settings.port,
    ...(settings.hello === null ? {} : { name: settings.hello }),
    secure: settings.security === 'tls',
    requireTLS: settings.security === 'starttls',
    ignoreTLS: settings.security === 'none',
    connectionTimeout: limits.timeoutMs,
    greetingTimeout: limits.timeoutMs,
    socketTimeout: limits.timeoutMs,
    socketCloseTimeout: 0,
    maxResponseSize: 64 * 1024,
    tls: { minVersion: 'TLSv1.2', ...(settings.ca === null ? {} : { ca: settings.ca }) },
    logger: false,
  })
  const envelope = { from: settings.from.address, to: [mail.to], size: bytes.length }
  try {
    await within(limits, (fail) => converse(connection, settings, envelope, bytes, fail))
    connection.quit()
    return { kind: 'sent' }
  } catch (thrown) {
    connection.close()
    return failure(toError(thrown))
  }
}

/** An SMTP conversation; `fail` hears of what breaks between two questions. */
async function converse(
  connection: SMTPConnection,
  { auth, security }: MailSettings,
  envelope: { from: string; to: string[]; size: number },
  bytes: Buffer,
  fail: (error: Error) => void,
): Promise<void> {
  connection.on('error', fail)
  connection.once('end', () => fail(new Error('the connection ended')))
  await asked((done) => connection.connect((error) => done(error ?? null)))
  if (security !== 'none' && !connection.secure) throw new Error('the connection is not encrypted')
  if (auth !== null) {
    const credentials = { user: auth.username, pass: auth.password.reveal() }
    await asked((done) => connection.login({ ...credentials, credentials }, done))
  }
  await asked((done) => connection.send(envelope, bytes, done))
}

const asked = (question: (done: (error: Error | null) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => question((error) => (error === null ? resolve() : reject(error))))

/** A server that sends a byte now and then keeps every timeout of a socket from ending; this one it cannot. */
async function within(
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  work: (fail: (error: Error) => void) => Promise<void>,
): Promise<void> {
  const end = Promise.withResolvers<void>()
  const timer = setTimeout(() => end.reject(new Error(`no end after ${timeoutMs / 1000} s`)), timeoutMs)
  const stop = () => end.reject(new Error('the server stopped meanwhile'))
  signal.addEventListener('abort', stop)
  try {
    if (signal.aborted) stop()
    await Promise.race([work(end.reject), end.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    // What breaks from here on is nobody's any more.
    end.promise.catch(() => {})
  }
}

/**
 * A no that is for good is only believed where it is about this recipient or this message. About us, as with a wrong
 * password or a sender that is not allowed, it can be mended, and then everything that waited goes out.
 */
function failure(error: Error & { readonly permanent?: unknown; readonly command?: unknown }): Attempt {
  const isAboutThis = error.command === 'RCPT TO' || error.command === 'DATA'
  return { kind: error.permanent === true && isAboutThis ? 'refused' : 'later', reason: error.message }
}
