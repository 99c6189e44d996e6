import type { TokenBuckets } from '../http/token-buckets.ts'
import type { Share, Siblings } from './siblings.ts'

/** What the processes of one server know of each other's part in the limits that they keep to together. */
export interface SharedLimits extends Disposable {
  entered(userId: string, organizationId: string): void
  left(): void
  /** Requests that are open in the other processes: to this provider, or all of them. */
  others(providerName: string | null): number
}

interface Counted {
  readonly users: TokenBuckets
  readonly organizations: TokenBuckets
  /** Open in this process, by provider. */
  readonly open: ReadonlyMap<string, number>
}

const tellMs = 100

export function shareLimits(siblings: Siblings, { users, organizations, open }: Counted): SharedLimits {
  const heard = new Map<number, Share>()
  let lately = { users: new Map<string, number>(), organizations: new Map<string, number>() }
  let timer: NodeJS.Timeout | null = null

  siblings.onShare((from, share) => {
    if (share === null) return void heard.delete(from)
    heard.set(from, share)
    for (const [id, count] of Object.entries(share.users)) users.spend(id, count)
    for (const [id, count] of Object.entries(share.organizations)) organizations.spend(id, count)
  })

  function tell(): void {
    timer = null
    siblings.tell({
      users: Object.fromEntries(lately.users),
      organizations: Object.fromEntries(lately.organizations),
      providers: Object.fromEntries(open),
      open: [...open.values()].reduce((sum, count) => sum + count, 0),
    })
    lately = { users: new Map(), organizations: new Map() }
  }
  const soon = (): void => {
    timer ??= setTimeout(tell, tellMs).unref()
  }
  return {
    entered(userId, organizationId) {
      lately.users.set(userId, (lately.users.get(userId) ?? 0) + 1)
      lately.organizations.set(organizationId, (lately.organizations.get(organizationId) ?? 0) + 1)
      soon()
    },
    left: soon,
    others: (providerName) =>
      [...heard.values()].reduce(
        (sum, share) => sum + (providerName === null ? share.open : (share.providers[providerName] ?? 0)),
        0,
      ),
    [Symbol.dispose]() {
      if (timer !== null) clearTimeout(timer)
    },
  }
}
