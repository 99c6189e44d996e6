import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, type Packet, RECURSION_AVAILABLE } from 'dns-packet'
import { canonicalHost } from '@reeve/policy'
import type { Recorder } from '../audit/recorder.ts'
import { isMetadataName } from '../dial/address-class.ts'
import type { Judge, Verdict } from '../proxy/judge.ts'
import type { NameGate } from './name-limits.ts'
import type { Addresses, Names } from './names.ts'

/**
 * The resolver of the sandbox. It knows every answer itself: a name that some rule is about has an address of its own, any
 * other name has the address where the page says why it was denied. No question ever leaves this machine, so no question
 * carries anything out.
 */
export interface ResolverOptions {
  readonly judge: Judge
  readonly names: Names
  readonly gate: NameGate
  readonly recorder: Recorder
  /** `page`: denied names have an address, where clients are told why. `nxdomain`: they do not exist. */
  readonly deniedNames: 'page' | 'nxdomain'
}

/** The answer's bytes; null for what is no question at all, which gets none. */
export type Resolver = (query: Buffer) => Buffer | null

const ttlSeconds = 5

export function createResolver(options: ResolverOptions): Resolver {
  return (query) => {
    let packet: Packet
    try {
      packet = decode(query)
    } catch {
      return null
    }
    if (packet.type !== 'query' || packet.id === undefined) return null
    const [question, ...more] = packet.questions ?? []
    const opcode = (query[2]! >> 3) & 0xf
    if (question === undefined || more.length > 0) return reply(packet, 'FORMERR', [])
    if (opcode !== 0 || (question.class ?? 'IN') !== 'IN') return reply(packet, 'NOTIMP', [])
    const { rcode, answers } = answersTo(options, question.name, question.type)
    return reply(packet, rcode, answers)
  }
}

interface Said {
  readonly rcode: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL'
  readonly answers: Answer[]
}

function answersTo({ judge, names, gate, recorder, deniedNames }: ResolverOptions, asked: string, type: string): Said {
  const name = canonicalHost(asked)
  if (name === null) return { rcode: 'NXDOMAIN', answers: [] }
  if (name === 'localhost' || name.endsWith('.localhost')) {
    return { rcode: 'NOERROR', answers: addressAnswers(asked, type, { four: '127.0.0.1', six: '::1' }) }
  }
  // Addresses of the sandbox have no names that anybody must know.
  if (/\.(in-addr|ip6)\.arpa$/.test(name)) return { rcode: 'NXDOMAIN', answers: [] }
  const verdict = judge.name(name)
  const address = isMetadataName(name)
  const passes = verdict.passes && !address && gate(name)
  recorder.record({
    kind: 'dns',
    decision: passes ? 'allow' : 'deny',
    would: passes ? verdict.decision.effect : 'deny',
    rule: verdict.decision.rule,
    policy: verdict.decision.policy,
    reason: passes ? reasonOf(verdict) : address ? 'address-class' : verdict.passes ? 'protocol' : reasonOf(verdict),
    process: null,
    net: null,
    dns: { name, type, count: 1 },
    file: null,
    exec: null,
    facts: null,
  })
  if (!passes && deniedNames === 'nxdomain') return { rcode: 'NXDOMAIN', answers: [] }
  const addresses = passes ? names.addressesOf(name) : names.denied
  if (addresses === null) return { rcode: 'SERVFAIL', answers: [] }
  return { rcode: 'NOERROR', answers: addressAnswers(asked, type, addresses) }
}

const reasonOf = ({ decision }: Verdict) => (decision.effect === 'allow' ? null : decision.reason)

/** Of other types there is nothing: no service bindings with keys for an encrypted hello, no mail, no text. */
function addressAnswers(name: string, type: string, { four, six }: Addresses): Answer[] {
  if (type === 'A') return [{ name, type, class: 'IN', ttl: ttlSeconds, data: four }]
  return type === 'AAAA' ? [{ name, type, class: 'IN', ttl: ttlSeconds, data: six }] : []
}

const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4 }

function reply({ id, questions, flags }: Packet, rcode: keyof typeof rcodes, answers: Answer[]): Buffer {
  const recursionDesired = (flags ?? 0) & 0x100
  return encode({
    type: 'response',
    id: id ?? 0,
    flags: AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | recursionDesired | rcodes[rcode],
    questions: questions ?? [],
    answers,
  })
}
