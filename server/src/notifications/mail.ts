import MailComposer from 'nodemailer/lib/mail-composer'
import type { Uuid } from '@reeve/base'
import { html, oneLine, plainText, type Rendered } from './render.ts'

/** A message as mail: two forms of the same words, and headers that are ours. */
export interface MailFacts {
  /** The same at each attempt: mailboxes know by it what they have had before. */
  readonly id: Uuid
  readonly event: string
  readonly from: MailAddress
  readonly to: string
  readonly rendered: Rendered
  /** When what it tells of happened. */
  readonly at: Date
  /** Of the deployment. */
  readonly url: string
}

export interface MailAddress {
  readonly name: string
  readonly address: string
}

/**
 * Whether something is an address that mail can go to: one mailbox at one host, without anything that a header or an
 * SMTP command could read otherwise.
 */
export const isMailAddress = (text: string): boolean =>
  text.length <= 254 && /^[^\s\p{Cc}\p{Cf}<>()[\]\\,;:@"]{1,64}@[^\s\p{Cc}\p{Cf}<>()[\]\\,;:@"]{1,190}$/u.test(text)

export function composeMail({ id, event, from, to, rendered, at, url }: MailFacts): Promise<Buffer> {
  const footer = `You get this because of your account at ${url}. What you are told of is among your settings there.`
  const host = from.address.slice(from.address.lastIndexOf('@') + 1)
  const composer = new MailComposer({
    from,
    to: { name: '', address: to },
    subject: oneLine(rendered.title),
    date: at,
    messageId: `<${id}@${host}>`,
    text: `${plainText(rendered)}\n\n-- \n${footer}\n`,
    html: html(rendered, footer),
    headers: {
      // No holiday notice comes back for it (RFC 3834).
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'X-Reeve-Event': event,
    },
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: 'win',
  })
  return composer.compile().build()
}
