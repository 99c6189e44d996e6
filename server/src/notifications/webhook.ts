import { type Clock, Fault, type Secret, type Uuid } from '@reeve/base'
import type { Egress } from '../http/egress.ts'
import { signedHeaders } from '../http/signed-webhook.ts'
import type { Attempt } from './lifecycle.ts'
import { markdown, markdownTitle, plainText, type Rendered } from './render.ts'

export interface WebhookSettings {
  readonly endpoint: string
  /** Signs with each, so that the receiver can change from one to the next. */
  readonly secrets: readonly Secret[]
}

export interface WebhookFacts {
  /** The same at each attempt: the receiver knows by it what it has had before. */
  readonly id: Uuid
  readonly event: string
  readonly user: { readonly id: Uuid; readonly email: string; readonly name: string; readonly username: string }
  readonly facts: Readonly<Record<string, string>>
  readonly rendered: Rendered
}

/** Posts one message to the deployment's webhook. Never throws: how it went is the answer. */
export async function sendWebhook(
  settings: WebhookSettings,
  message: WebhookFacts,
  with_: { readonly egress: Egress; readonly clock: Clock; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Attempt> {
  const { egress, clock, timeoutMs, signal } = with_
  const body = JSON.stringify(webhookBody(message))
  try {
    const { status } = await egress.send({
      url: settings.endpoint,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'reeve',
        ...signedHeaders(settings.secrets, { id: message.id, at: clock.now(), body }),
      },
      body,
      timeoutMs,
      signal,
    })
    if (status >= 200 && status < 300) return { kind: 'sent' }
    const reason = status >= 300 && status < 400 ? 'redirects are not followed' : 'only 2xx says that it was taken'
    return { kind: 'later', reason: `the receiver answered ${status}; ${reason}` }
  } catch (thrown) {
    if (thrown instanceof Fault) return { kind: 'later', reason: thrown.message }
    throw thrown
  }
}

/** The shape that receivers of this kind of message in the field expect. */
export function webhookBody({ id, event, user, facts, rendered }: WebhookFacts) {
  return {
    _version: '1.1',
    msg_id: id,
    payload: {
      _version: '1.2',
      notification_name: rendered.title,
      notification_template_id: event,
      user_id: user.id,
      user_email: user.email,
      user_name: user.name,
      user_username: user.username,
      actions: rendered.action === null ? [] : [rendered.action],
      labels: facts,
      data: null,
      targets: [],
    },
    title: rendered.title,
    title_markdown: markdownTitle(rendered),
    body: plainText(rendered),
    body_markdown: markdown(rendered),
  }
}
