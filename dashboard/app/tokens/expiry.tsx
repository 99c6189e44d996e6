import { systemClock } from '@reeve/base'
import type { ApiKey } from '@reeve/sdk'
import { duration } from '../ui/format.ts'

export const hasEnded = ({ expires_at }: ApiKey): boolean => Date.parse(expires_at) <= systemClock.now().getTime()

/** How long a token will still work; in colour when that is soon. */
export function Expiry({ token }: { token: ApiKey }) {
  const leftMs = Date.parse(token.expires_at) - systemClock.now().getTime()
  if (leftMs <= 0) return <span className="text-bad">ended</span>
  return (
    <span className={leftMs < 3 * 86_400_000 ? 'text-warn' : ''} title={token.expires_at}>
      in {duration(leftMs)}
    </span>
  )
}
