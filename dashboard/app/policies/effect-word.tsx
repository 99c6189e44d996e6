import { Ban, Check, CircleHelp } from 'lucide-react'
import { State } from '../ui/facts.tsx'

type Effect = 'allow' | 'deny' | 'ask'

const verbs: Readonly<Record<Effect, readonly [string, string, typeof Check]>> = {
  allow: ['Allow', 'text-ok', Check],
  deny: ['Deny', 'text-bad', Ban],
  ask: ['Ask for', 'text-warn', CircleHelp],
}

/** What a rule says: an icon and a verb. */
export function EffectWord({ effect }: { effect: Effect }) {
  const [word, tone, Icon] = verbs[effect]
  return (
    <State tone={`${tone} font-medium`} icon={<Icon size={14} aria-hidden />}>
      {word}
    </State>
  )
}
