import { Counter, type Registry } from 'prom-client'

/** What an operator sees of people who sign in: a burst of what is refused is somebody who tries. */
export interface SignInMetrics {
  readonly logins: Counter<'outcome'>
  readonly deviceLogins: Counter<'outcome'>
  readonly passwordResets: Counter<'outcome'>
}

export function createSignInMetrics(registry: Registry): SignInMetrics {
  const counter = (name: string, help: string, outcomes: readonly string[]) => {
    const made = new Counter({ name, help, labelNames: ['outcome'], registers: [registry] })
    // There from the start, so that the first refusal is a rise.
    for (const outcome of outcomes) made.inc({ outcome }, 0)
    return made
  }
  return {
    logins: counter(
      'reeve_logins_total',
      'Sign-ins with a password, and of programs that were approved in a browser.',
      ['ok', 'refused', 'limited'],
    ),
    deviceLogins: counter('reeve_device_logins_total', 'Answers to programs that ask to be signed in.', [
      'approved',
      'denied',
      'unknown_code',
      'limited',
    ]),
    passwordResets: counter('reeve_password_resets_total', 'Steps of getting a new password by mail.', [
      'requested',
      'request_refused',
      'limited',
      'done',
      'refused',
    ]),
  }
}
