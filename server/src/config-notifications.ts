import { type Problem, Secret } from '@reeve/base'
import { option, optional } from './config-option.ts'
import * as types from './config-types.ts'
import type { ValueType } from './config-types.ts'
import { webhookKey } from './http/signed-webhook.ts'
import { isMailAddress, type MailAddress } from './notifications/mail.ts'
import type { NotifierSettings } from './notifications/notifier.ts'

/** Settings of mail and webhooks, with the rules that they follow together. */

const mailAddress: ValueType<MailAddress> = {
  label: 'address, or Name <address>',
  read(given) {
    const parts = /^(?:"?([^"<>]*?)"?\s*<([^<>]+)>|(\S+))$/.exec(given.trim())
    const address = parts?.[2] ?? parts?.[3] ?? ''
    const name = parts?.[1] ?? ''
    if (!isMailAddress(address) || /[\p{Cc}\p{Cf}]/u.test(name)) {
      return { problem: 'is not an address such as reeve@example.com or Reeve <reeve@example.com>' }
    }
    return { value: { name, address } }
  },
}

const hostName: ValueType<string> = {
  label: 'host name',
  read: (given) =>
    /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(given) ? { value: given } : { problem: 'is not a host name' },
}

/** Some receivers tell their senders apart by the query. */
const webhookEndpoint: ValueType<string> = {
  label: 'URL',
  read(given) {
    const url = URL.parse(given)
    if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
      return { problem: 'is not an http:// or https:// address' }
    }
    if (url.username !== '' || url.password !== '') return { problem: 'must not contain a user name or a password' }
    return { value: url.href }
  },
}

const webhookSecrets: ValueType<readonly Secret[]> = {
  label: 'whsec_ and base64, with commas',
  read(given) {
    const secrets = given.split(',').map((text) => text.trim())
    const isGood = secrets.length <= 4 && secrets.every((text) => webhookKey(text) !== null)
    if (isGood) return { value: secrets.map((text) => new Secret(text)) }
    return { problem: 'is not whsec_ and 24 to 64 bytes in base64: make one with `openssl rand -base64 32`' }
  },
}

const mail = (suffix: string) => ({
  env: `REEVE_EMAIL_${suffix}`,
  yaml: `email.${suffix.toLowerCase()}`,
  aliases: [`CODER_EMAIL_${suffix}`],
})
const notifications = (suffix: string) => ({
  env: `REEVE_NOTIFICATIONS_${suffix}`,
  yaml: `notifications.${suffix.toLowerCase()}`,
  aliases: [`CODER_NOTIFICATIONS_${suffix}`],
})

const group = 'Notifications'

export const notificationOptions = {
  mailFrom: optional<MailAddress>(group, {
    ...mail('FROM'),
    type: mailAddress,
    description: 'Whom mail comes from.',
  }),
  mailSmarthost: optional<types.Address>(group, {
    ...mail('SMARTHOST'),
    type: types.address,
    description: 'The SMTP server that takes mail. Without one, no mail is sent.',
  }),
  mailHello: optional<string>(group, {
    ...mail('HELLO'),
    type: hostName,
    fallbackLabel: 'the name of the machine',
    description: 'The name by which the server introduces itself to the SMTP server.',
  }),
  mailForceTls: option(group, 'false', {
    ...mail('FORCE_TLS'),
    type: types.boolean,
    description: 'Speak TLS from the first byte, as on port 465.',
  }),
  mailStartTls: optional<boolean>(group, {
    ...mail('TLS_STARTTLS'),
    type: types.boolean,
    fallbackLabel: 'true, but for an SMTP server on this machine',
    description: 'Change to TLS before anything is said, or send nothing.',
  }),
  mailCaFile: optional<string>(group, {
    ...mail('TLS_CACERTFILE'),
    type: types.text,
    description: 'Certificate authorities (PEM) of the SMTP server, instead of the public ones.',
  }),
  mailUsername: optional<string>(group, {
    ...mail('AUTH_USERNAME'),
    type: types.text,
    description: 'User at the SMTP server.',
  }),
  mailPassword: optional<Secret>(group, {
    ...mail('AUTH_PASSWORD'),
    type: types.secretText,
    description: 'Password at the SMTP server.',
    secret: true,
  }),
  webhookEndpoint: optional<string>(group, {
    ...notifications('WEBHOOK_ENDPOINT'),
    type: webhookEndpoint,
    description: 'Where notifications are posted as JSON, signed (Standard Webhooks).',
  }),
  webhookSecrets: optional<readonly Secret[]>(group, {
    ...notifications('WEBHOOK_SECRET'),
    type: webhookSecrets,
    description: 'What webhooks are signed with. While one is being changed for another, both.',
    secret: true,
  }),
  maxSendAttempts: option(group, '20', {
    ...notifications('MAX_SEND_ATTEMPTS'),
    type: types.integer(1, 1_000),
    description: 'How often a notification is tried before it counts as failed.',
  }),
  sendRetryInterval: option(group, '30s', {
    ...notifications('RETRY_INTERVAL'),
    type: types.duration(1_000, 3_600_000),
    description: 'The pause before the second attempt. Each is twice the one before, up to an hour.',
  }),
  dispatchTimeout: option(group, '30s', {
    ...notifications('DISPATCH_TIMEOUT'),
    type: types.duration(1_000, 600_000),
    description: 'How long one attempt may take.',
  }),
} as const

/** What the options above read as, and the two others that bear on them. */
export interface NotificationValues {
  readonly insecureHttp: boolean
  readonly mailFrom: MailAddress | null
  readonly mailSmarthost: types.Address | null
  readonly mailHello: string | null
  readonly mailForceTls: boolean
  readonly mailStartTls: boolean | null
  readonly mailCaFile: string | null
  readonly mailUsername: string | null
  readonly mailPassword: Secret | null
  readonly webhookEndpoint: string | null
  readonly webhookSecrets: readonly Secret[] | null
  readonly maxSendAttempts: number
  readonly sendRetryInterval: number
  readonly dispatchTimeout: number
}

type Name = keyof typeof notificationOptions

export function notificationContradictions(
  values: NotificationValues,
  with_: {
    readonly isLoopback: (host: string) => boolean
    readonly isGiven: (name: Name) => boolean
    readonly refuse: (name: Name, detail: string) => void
  },
): void {
  const { isLoopback, isGiven, refuse } = with_
  const { mailSmarthost, mailPassword, webhookEndpoint: endpoint } = values
  const pairs: readonly (readonly [Name, Name, string])[] = [
    ['mailSmarthost', 'mailFrom', ''],
    ['mailUsername', 'mailPassword', ''],
    ['webhookEndpoint', 'webhookSecrets', ': whsec_ and `openssl rand -base64 32`'],
  ]
  for (const [one, other, hint] of pairs) {
    const needs = (name: Name) => `needs ${notificationOptions[name].env} as well`
    if (isGiven(one) && !isGiven(other)) refuse(one, needs(other) + hint)
    if (isGiven(other) && !isGiven(one)) refuse(other, needs(one))
  }
  const isOpen = mailSmarthost !== null && securityOf(values, mailSmarthost.host, isLoopback) === 'none'
  if (isOpen && mailPassword !== null && !values.insecureHttp && !isLoopback(mailSmarthost.host)) {
    refuse('mailStartTls', 'would let the password of REEVE_EMAIL_AUTH_PASSWORD cross the network without encryption')
  }
  const { protocol, hostname } = new URL(endpoint ?? 'https://none')
  if (protocol === 'http:' && !values.insecureHttp && !isLoopback(hostname.replace(/^\[|\]$/g, ''))) {
    refuse('webhookEndpoint', 'would carry names without encryption. Use https, or accept it with --insecure-http')
  }
}

function securityOf(
  { mailForceTls, mailStartTls }: NotificationValues,
  host: string,
  isLoopback: (host: string) => boolean,
): 'tls' | 'starttls' | 'none' {
  if (mailForceTls) return 'tls'
  return (mailStartTls ?? !isLoopback(host)) ? 'starttls' : 'none'
}

export function readNotifications(
  values: NotificationValues,
  isLoopback: (host: string) => boolean,
  ca: string | null,
): NotifierSettings {
  const { mailFrom: from, mailSmarthost: smarthost, mailUsername: username, mailPassword: password } = values
  const { webhookEndpoint: endpoint, webhookSecrets: secrets } = values
  return {
    mail:
      from === null || smarthost === null
        ? null
        : {
            from,
            host: smarthost.host,
            port: smarthost.port,
            hello: values.mailHello,
            security: securityOf(values, smarthost.host, isLoopback),
            auth: username === null || password === null ? null : { username, password },
            ca,
          },
    webhook: endpoint === null || secrets === null ? null : { endpoint, secrets },
    attemptsMax: values.maxSendAttempts,
    retryMs: values.sendRetryInterval,
    timeoutMs: values.dispatchTimeout,
  }
}

/** The file of certificate authorities, which is a mistake when it cannot be read or has none. */
export function readMailCa(
  { mailCaFile: path }: NotificationValues,
  read: (name: string, path: string) => string | null,
  problems: Problem[],
): string | null {
  const { env } = notificationOptions.mailCaFile
  const ca = path === null ? null : read(env, path)
  if (ca !== null && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    problems.push({ field: env, detail: `${path} has no certificate in PEM form` })
  }
  return ca
}
