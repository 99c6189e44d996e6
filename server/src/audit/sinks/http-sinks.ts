import { Fault, type Secret } from '@reeve/base'
import type { Egress, EgressAnswer } from '../../http/egress.ts'
import { signedHeaders } from '../../http/signed-webhook.ts'
import type { SinkMessage } from './message.ts'

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
      attribute('reeve.audit.id', message.id),
      attribute('reeve.audit.type', message.type),
      { key: 'reeve.audit.seq', value: { intValue: String(message.seq) } },
    ],
  }))
  const payload = {
    resourceLogs: [
      {
        resource: { attributes: [attribute('service.name', 'reeve')] },
        scopeLogs: [{ scope: { name: 'reeve.audit' }, logRecords: records }],
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

/** One request for each event, so that its id is the id of the webhook. */
export async function sendWebhook(
  egress: Egress,
  target: { readonly url: string; readonly secret: Secret; readonly now: Date; readonly answerMs: number },
  message: SinkMessage,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify({
    type: `audit.${message.type}`,
    timestamp: message.at.toISOString(),
    data: message.body,
  })
  const answer = await egress.send({
    url: target.url,
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'reeve-audit',
      ...signedHeaders([target.secret], { id: message.id, at: target.now, body }),
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
