import { formatDuration } from '@reeve/base'
import type { BoundaryEvent } from './audit/event.ts'
import type { PolicyInForce } from './policy-in-force.ts'

/** What the boundary says of itself: one line before the command, two behind it, and nothing in between. */
export interface StartFacts {
  readonly policy: Pick<PolicyInForce, 'name' | 'rules' | 'current'>
  readonly tier: number
  readonly jail: string
  /** Host of the control plane; null where there is none. */
  readonly control: string | null
  readonly online: boolean
  readonly session: string
}

export function startLine({ policy, tier, jail, control, online, session }: StartFacts): string {
  const { name, rules, current } = policy
  const inForce =
    name === null
      ? 'no policy, everything is denied'
      : `policy ${name.name}@${name.version === 0 ? 'local' : `v${name.version}`} (${current.mode}) · ${rules} ${rules === 1 ? 'rule' : 'rules'}`
  const held = tier === 3 ? 'tier 3, proxy variables only: programs may ignore them' : `tier ${tier}, ${jail}`
  const kept = control === null ? 'on this machine' : `→ ${control}${online ? '' : ' (cannot be reached)'}`
  return `boundary: ${inForce} · ${held} · audit ${kept} · ${session}`
}

/** Counts what was decided, line by line. */
export interface Tally {
  add(event: BoundaryEvent): void
  readonly allowed: number
  readonly denied: number
  readonly observed: number
  /** Hosts, programs and paths that were denied, the most often first. */
  readonly targets: readonly (readonly [target: string, count: number])[]
  /** The id of the last denial. */
  readonly denial: string | null
}

const targetsMax = 1_000

export function createTally(): Tally {
  const acts = new Map<string, number>()
  /** Of names; who is denied a name often comes to be denied the request as well, and means one thing. */
  const names = new Map<string, number>()
  let [allowed, observed] = [0, 0]
  let denial: string | null = null
  const denied = (): Map<string, number> => new Map([...[...names].filter(([name]) => !acts.has(name)), ...acts])
  return {
    add(event) {
      const target = targetOf(event)
      if (target === null) return
      const count = event.dns?.count ?? event.file?.count ?? Number(event.facts?.['count'] ?? 1)
      if (event.decision === 'allow') {
        if (event.kind === 'net') allowed += count
        if (event.would === 'deny' && event.kind !== 'dns') observed += count
        return
      }
      if (event.kind !== 'dns' || denial === null) denial = event.denial ?? denial
      const counts = event.kind === 'dns' ? names : acts
      if (counts.has(target) || counts.size < targetsMax) counts.set(target, (counts.get(target) ?? 0) + count)
      else counts.set('others', (counts.get('others') ?? 0) + count)
    },
    get allowed() {
      return allowed
    },
    get denied() {
      return [...denied().values()].reduce((sum, count) => sum + count, 0)
    },
    get observed() {
      return observed
    },
    get targets() {
      return [...denied()].toSorted(([, a], [, b]) => b - a)
    },
    get denial() {
      return denial
    },
  }
}

/** Null for what is no act of a program, and for a question whose answer is a line of its own. */
function targetOf({ kind, net, dns, file, exec, facts }: BoundaryEvent): string | null {
  if (kind === 'access') return null
  // What programs try at every start and do without is on record, and is no news.
  if (kind === 'call') return facts?.['usual'] === true ? null : String(facts?.['call'])
  if (net !== null) return net.host
  if (dns !== null) return dns.name
  if (exec !== null) return exec.path.replace(/^.*\//, '')
  return file === null ? null : `${file.op} ${file.path}`
}

export interface EndFacts {
  readonly tally: Tally
  readonly unsent: number
  /** Lines that the disk refused to the end. */
  readonly unwritten: number
  readonly durationMs: number
  readonly session: string
  /** Whether somebody can ask the control plane about a denial. */
  readonly explained: boolean
}

const namedMax = 3

export function endLines({ tally, unsent, unwritten, durationMs, session, explained }: EndFacts): string[] {
  const { allowed, denied, observed, targets, denial } = tally
  const among = targets.length === 0 ? '' : ` (${targets.length} ${targets.length === 1 ? 'target' : 'targets'})`
  const watched = observed === 0 ? '' : `, ${observed} would have been denied`
  const took = formatDuration(Math.round(durationMs / 1_000) * 1_000)
  const first = `boundary: ${allowed} allowed, ${denied} denied${among}${watched}, ${unsent} unsent · ${took === '0' ? '0s' : took} · session ${session}`
  const lines = [first]
  if (denied > 0) {
    const named = targets.slice(0, namedMax).map(([target, count]) => `${target} ×${count}`)
    const more = targets.length > namedMax ? [`${targets.length - namedMax} more`] : []
    const how = explained && denial !== null ? `reeve explain ${denial}` : `boundary log --session ${session}`
    lines.push(`          denied: ${[...named, ...more].join(', ')}  →  ${how}`)
  }
  if (unsent > 0) lines.push(`          ${unsent} decisions are kept on this machine; the next boundary delivers them`)
  if (unwritten > 0) lines.push(`          ${unwritten} lines of the record are lost: the disk did not take them`)
  return lines
}
