import type { BoundaryEvent } from '@reeve/sdk'
import { Ban, Check, Eye } from 'lucide-react'
import { State } from '../ui/facts.tsx'

/** What was done about something, and whether the policy only looked on. */
export type Verdict = 'allowed' | 'denied' | 'observed'

export function verdictOf({ decision, would }: Pick<BoundaryEvent, 'decision' | 'would'>): Verdict {
  if (decision === 'deny') return 'denied'
  return would === 'allow' ? 'allowed' : 'observed'
}

const looks: Readonly<Record<Verdict, readonly [string, string, typeof Check]>> = {
  allowed: ['allowed', 'text-ok', Check],
  denied: ['denied', 'text-bad', Ban],
  observed: ['would deny', 'text-warn', Eye],
}

export function VerdictState({ verdict }: { verdict: Verdict }) {
  const [word, tone, Icon] = looks[verdict]
  return (
    <State tone={tone} icon={<Icon size={14} aria-hidden />}>
      {word}
    </State>
  )
}
