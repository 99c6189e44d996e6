import type { AddressClass, Effect, NetworkPolicy, NetworkRule } from './document.ts'
import { hostPattern } from './host.ts'
import { readId, readToken, readWhen, rulesOf } from './parse-rule.ts'
import { pathRule } from './path.ts'
import type { Place, Reading } from './reading.ts'

export const addressClasses = [
  'loopback',
  'link_local',
  'metadata',
  'multicast',
  'self',
  'private',
  'reserved',
] as const satisfies readonly AddressClass[]

/** What a rule can never let pass: the machine's own services, and credentials of the cloud that it runs in. */
export const always: readonly AddressClass[] = ['metadata', 'self']

/** Clients give up soon after that. */
export const askWaitSecondsMax = 30

export function readNetwork(reading: Reading, place: Place): NetworkPolicy {
  const none: NetworkPolicy = { deny_address_classes: always, default: 'inherit', ask_wait_seconds: null, rules: [] }
  if (place.node === null) return none
  const fields = reading.fields(place, ['deny_address_classes', 'default', 'ask_wait_seconds', 'rules'])
  if (fields === null) return none
  const otherwise = reading.oneOf(fields.default, ['deny', 'inherit'], 'deny') ?? 'deny'
  // A layer that only adds to the ones above must not take away, by being silent, what they make an exception for.
  const silent = otherwise === 'inherit' ? always : addressClasses
  const named = fields.deny_address_classes
  const denied = named.node === null ? silent : readClasses(reading, named)
  for (const name of always) {
    if (!denied.includes(name)) {
      reading.error(named, `${name} cannot be taken off the list`, `add ${name}`)
    }
  }
  return {
    deny_address_classes: denied,
    default: otherwise,
    ask_wait_seconds:
      fields.ask_wait_seconds.node === null ? null : reading.whole(fields.ask_wait_seconds, 0, askWaitSecondsMax),
    rules: rulesOf(reading, fields.rules, readRule),
  }
}

const readClasses = (reading: Reading, place: Place): readonly AddressClass[] =>
  reading.list(place).flatMap((item) => reading.oneOf(item, addressClasses, null) ?? [])

const keys = [
  'id',
  'effect',
  'host',
  'ports',
  'http',
  'tcp',
  'tls',
  'when',
  'inject_session',
  'request_bytes_max',
  'address_classes',
  'reason',
  'expires',
  'extendable',
] as const

function readRule(reading: Reading, place: Place): NetworkRule | null {
  const fields = reading.fields(place, keys)
  if (fields === null) return null
  const effect = reading.oneOf(fields.effect, ['allow', 'deny', 'ask'], 'allow') ?? 'deny'
  const tcp = reading.flag(fields.tcp, false)
  const rule: NetworkRule = {
    id: readId(reading, place, fields.id),
    effect,
    host: readHosts(reading, place, fields.host),
    ports: readPorts(reading, fields.ports, effect, tcp),
    http: readHttp(reading, fields.http),
    tcp,
    tls: reading.oneOf(fields.tls, ['inspect', 'passthrough'], 'inspect') ?? 'inspect',
    when: readWhen(reading, fields.when),
    inject_session: reading.flag(fields.inject_session, false),
    request_bytes_max: readBytes(reading, fields.request_bytes_max),
    address_classes: readClasses(reading, fields.address_classes),
    reason: readToken(reading, fields.reason),
    expires: readInstant(reading, fields.expires),
    extendable: reading.flag(fields.extendable, false),
  }
  holdTogether(reading, fields, place, rule)
  return rule
}

/** Keys that cannot mean anything beside each other: a rule that is silently half dead is worse than none. */
function holdTogether(
  reading: Reading,
  fields: Readonly<Record<(typeof keys)[number], Place>>,
  place: Place,
  rule: NetworkRule,
): void {
  const unseen = rule.tcp
    ? 'tcp: true is not looked into'
    : rule.tls === 'passthrough'
      ? 'passthrough is not looked into'
      : null
  if (unseen !== null) {
    for (const key of ['http', 'inject_session', 'request_bytes_max'] as const) {
      if (fields[key].node !== null) reading.error(fields[key], `${key} cannot hold where ${unseen}`)
    }
  }
  if (rule.tcp && fields.tls.node !== null) reading.error(fields.tls, 'tls says nothing beside tcp: true')
  if (rule.tcp && rule.effect !== 'deny' && rule.ports.length === 0) {
    reading.error(place, 'a tcp rule names its ports', 'ports: [22]')
  }
  if (rule.effect === 'deny') {
    for (const key of ['tls', 'inject_session', 'request_bytes_max', 'address_classes', 'extendable'] as const) {
      if (fields[key].node !== null) reading.error(fields[key], `${key} says nothing in a rule that denies`)
    }
  }
  for (const name of rule.address_classes.filter((one) => always.includes(one))) {
    reading.error(fields.address_classes, `${name} is denied whatever a rule says`)
  }
}

function readHosts(reading: Reading, rule: Place, place: Place): readonly string[] {
  if (place.node === null) reading.error(rule, 'host is missing', 'host: api.example.com')
  const hosts = reading.texts(place)
  if (place.node !== null && hosts.length === 0) reading.error(place, 'host names nothing', 'host: api.example.com')
  for (const { place: at, text } of hosts) {
    const read = hostPattern(text)
    if ('message' in read) reading.error(at, read.message, read.fix)
  }
  return hosts.map(({ text }) => text)
}

function readPorts(reading: Reading, place: Place, effect: Effect, tcp: boolean): readonly number[] {
  if (place.node === null) return effect === 'deny' || tcp ? [] : [443]
  const ports = reading.list(place).flatMap((item) => reading.whole(item, 1, 65_535) ?? [])
  if (ports.length === 0) reading.error(place, 'ports names none', 'ports: [443]')
  return ports
}

function readHttp(reading: Reading, place: Place): NetworkRule['http'] {
  if (place.node === null) return null
  const fields = reading.fields(place, ['methods', 'paths'])
  if (fields === null) return null
  const methods = reading.texts(fields.methods)
  const paths = reading.texts(fields.paths)
  if (methods.length === 0 && paths.length === 0) reading.error(place, 'http says nothing', 'http: { methods: [GET] }')
  for (const key of ['methods', 'paths'] as const) {
    if (fields[key].node !== null && reading.texts(fields[key]).length === 0)
      reading.error(fields[key], `${key} names none`)
  }
  for (const { place: at, text } of methods) {
    if (!/^[A-Z][A-Z0-9-]{0,31}$/.test(text)) {
      reading.error(at, `"${text}" is not a method`, `methods are capital letters: ${text.toUpperCase()}`)
    }
  }
  for (const { place: at, text } of paths) {
    const read = pathRule(text)
    if (typeof read === 'string') reading.error(at, `"${text}" ${read}`)
  }
  return { methods: methods.map(({ text }) => text), paths: paths.map(({ text }) => text) }
}

const units: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** A number of bytes, or `64KiB`. */
function readBytes(reading: Reading, place: Place): number | null {
  if (place.node === null) return null
  const text = 'value' in place.node && typeof place.node.value === 'string' ? place.node.value : null
  if (text === null) return reading.whole(place, 0, Number.MAX_SAFE_INTEGER)
  const parts = /^(\d{1,9})(B|KiB|MiB|GiB)$/.exec(text)
  if (parts === null) return reading.error(place, 'a size is a number of bytes, or like 64KiB')
  return Number(parts[1]) * units[parts[2]!]!
}

function readInstant(reading: Reading, place: Place): string | null {
  if (place.node === null) return null
  const text = reading.text(place)
  const whole = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/
  if (text === null || (whole.test(text) && !Number.isNaN(Date.parse(text)))) return text
  return reading.error(place, 'expires is an instant with its zone', 'expires: 2027-01-31T18:00:00Z')
}
