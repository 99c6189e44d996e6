/**
 * The life of a delivery, one message by one method to one person:
 *
 *   pending ──leased──▶ tried ──▶ sent
 *      ▲                  │
 *      └──── later ◀──────┼──▶ failed   refused for good, too often, or of no use any more
 *                         └──▶ skipped  the person is gone
 *
 * A lease is a time, not a state: whoever holds it tries once and writes down how that ended. When it ends without a
 * word, because its holder died, the delivery is due again under the same id. A receiver that had taken it just before
 * sees that id twice, and a second time only then.
 */
export type Attempt =
  | { readonly kind: 'sent' }
  /** The receiver will say no to this message always: there is no such mailbox, the body is not what it takes. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It may work later: nobody answers, the credential is wrong, the receiver is busy. */
  | { readonly kind: 'later'; readonly reason: string }
  | { readonly kind: 'skipped'; readonly reason: string }

export type Next =
  | { readonly status: 'sent' | 'failed' | 'skipped'; readonly error: string | null }
  | { readonly status: 'pending'; readonly error: string; readonly nextAttemptAt: Date }

export interface RetryRule {
  readonly attemptsMax: number
  /** Before the second attempt; each pause is twice the one before. */
  readonly firstPauseMs: number
}

const longestPauseMs = 60 * 60_000
/** Rendered as text everywhere, and still not longer than somebody reads. */
const reasonCharsMax = 300

export function afterAttempt(
  attempt: Attempt,
  of: { readonly attempts: number; readonly now: Date; readonly uselessAfter: Date | null },
  rule: RetryRule,
): Next {
  if (attempt.kind === 'sent') return { status: 'sent', error: null }
  const reason = attempt.reason.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, reasonCharsMax)
  if (attempt.kind === 'skipped') return { status: 'skipped', error: reason }
  if (attempt.kind === 'refused') return { status: 'failed', error: reason }
  if (of.attempts >= rule.attemptsMax) return { status: 'failed', error: `${reason} (tried ${of.attempts} times)` }
  const nextAttemptAt = new Date(of.now.getTime() + pauseMs(of.attempts, rule.firstPauseMs))
  if (of.uselessAfter !== null && nextAttemptAt > of.uselessAfter) {
    return { status: 'failed', error: `${reason} (and later it is of no use)` }
  }
  return { status: 'pending', error: reason, nextAttemptAt }
}

/** After so many attempts. */
export const pauseMs = (attempts: number, firstPauseMs: number): number =>
  Math.min(firstPauseMs * 2 ** Math.min(attempts - 1, 30), longestPauseMs)
