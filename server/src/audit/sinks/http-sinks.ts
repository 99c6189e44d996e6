import { createHash } from 'node:crypto'
import { Fault, type Secret } from '@reeve/base'
import type { Egress, EgressAnswer } from '../../http/egress.ts'
import { signedHeaders } from '../../http/signed-webhook.ts'
import type { SinkMessage } from './message.ts'

const namespaces = {
  audit: 'reeve.audit',
  interceptions: 'reeve.interceptions',
  boundaries: 'reeve.boundaries',
} as const

/** OTLP logs over HTTP in JSON: a batch is one request. */
export async function sendOtlp(
  egress: Egress,
  target: { readonly url: string; readonly token: Secret | null; readonly answerMs: number },
  messages: readonly SinkMessage[],
  signal: AbortSignal,
): Promise<void> {
  const records = messages.map((message) => ({
    timeUnixNano: nanos(message.at),
    observedTimeUnixNano: nanos(message.at),
    severityNumber: message.refused ? 13 : 9,
    severityText: message.refused ? 'WARN' : 'INFO',
    eventName: message.type,
    body: { stringValue: JSON.stringify(message.body) },
    attributes: [
      attribute(`${namespaces[message.stream]}.id`, message.id),
      attribute(`${namespaces[message.stream]}.type`, message.type),
      { key: `${namespaces[message.stream]}.seq`, value: { intValue: String(message.seq) } },
    ],
  }))
  const [first] = messages
  const payload = {
    resourceLogs: [
      {
        resource: { attributes: [attribute('service.name', 'reeve')] },
        scopeLogs: [{ scope: { name: namespaces[first?.stream ?? 'audit'] }, logRecords: records }],
      },
    ],
  }
  const answer = await egress.send({
    url: `${target.url.replace(/\/+$/, '')}/v1/logs`,
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(target.token === null ? {} : { Authorization: `Bearer ${target.token.reveal()}` }),
    },
    body: JSON.stringify(payload),
    timeoutMs: target.answerMs,
    signal,
  })
  mustBeTaken(target.url, answer)
}

interface WebhookTarget {
  readonly url: string
  readonly secret: Secret
  readonly now: Date
  readonly answerMs: number
}

/** One request for each event, so that its id is the id of the webhook. */
export async function sendWebhook(
  egress: Egress,
  target: WebhookTarget,
  message: SinkMessage,
  signal: AbortSignal,
): Promise<void> {
  const { id, at } = message
  await post(egress, target, { id, at, type: `audit.${message.type}`, data: message.body }, signal)
}

/**
 * One request for the records of one interception, or of some lines of boundaries. Its id stands for exactly these records: what is cut elsewhere when it
 * is sent again has another, and the records are known by theirs.
 */
export async function sendRecords(
  egress: Egress,
  target: WebhookTarget,
  messages: readonly [SinkMessage, ...SinkMessage[]],
  signal: AbortSignal,
): Promise<void> {
  const ids = messages.map((message) => message.id).join(' ')
  const id = `records-${createHash('sha256').update(ids).digest('hex').slice(0, 32)}`
  const data = { records: messages.map((message) => message.body) }
  await post(egress, target, { id, at: messages[0].at, type: `${messages[0].stream}.records`, data }, signal)
}

async function post(
  egress: Egress,
  target: WebhookTarget,
  { id, at, type, data }: { readonly id: string; readonly at: Date; readonly type: string; readonly data: object },
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify({ type, timestamp: at.toISOString(), data })
  const answer = await egress.send({
    url: target.url,
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'reeve-audit',
      ...signedHeaders([target.secret], { id, at: target.now, body }),
    },
    body,
    timeoutMs: target.answerMs,
    signal,
  })
  mustBeTaken(target.url, answer)
}

function mustBeTaken(url: string, { status }: EgressAnswer): void {
  if (status >= 200 && status < 300) return
  const hint = status >= 300 && status < 400 ? '; redirects are not followed' : ''
  throw new Fault('upstream', `${new URL(url).host} answered ${status}${hint}`)
}

const nanos = (at: Date): string => `${at.getTime()}000000`
const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })
