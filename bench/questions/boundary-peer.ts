import { canonicalRequest, compilePolicy, decideRequest, isRefusal, parsePolicy } from '@reeve/policy'
import { type BoundaryWorld, downloadMebibytes, openBoundaryWorld, type WorldSubject } from '../boundary-world.ts'
import { foreignLoad } from '../cpu.ts'
import { atLeast, atMost, doubtsAboutLoad, figure, type Finding, type Target } from '../finding.ts'
import { percentile, type Plan } from '../rounds.ts'
import { srtVersion } from '../srt.ts'

/** What one subject was found to do, all rounds together. */
interface Found {
  readonly startMs: number[]
  readonly startCpuMs: number[]
  readonly spliced: number[]
  readonly inspected: number[]
  readonly eventMs: number[]
  readonly connections: number[]
  readonly deniedMs: number[]
  readonly residentMb: number[]
}

const startsARound = 7
const eventsARound = 200
const connectionsARound = 100

/**
 * The boundary beside Anthropic's sandbox runtime: what a user waits for and gets, from inside, with curl as the client.
 * The subjects take turns within each round, so that a slow minute of the machine hits all of them.
 */
export async function boundaryPeer(plan: Plan): Promise<Finding> {
  using world = await openBoundaryWorld()
  const found = new Map<WorldSubject, Found>(world.subjects.map((subject) => [subject, nothing()]))
  // The first start of each makes what later ones find.
  for (const subject of world.subjects) await world.run(subject, ['true'], true)
  const foreign = foreignLoad()
  for (let round = 0; round < plan.rounds; round += 1) await measureRound(world, found)
  const doubts = doubtsAboutLoad(foreign(), plan.foreignCoresMax)

  const own = decisionsOfOurs(world.hosts)
  const theirs =
    world.srt === null ? null : decisionsOf((host) => world.srt!.allows(host, 443, world.hosts), world.hosts)
  const rows = figures(found, { own, theirs })
  return {
    question: "What does a boundary cost beside Anthropic's sandbox runtime?",
    method: `${plan.rounds} rounds in which the subjects take turns; the client inside is curl over HTTP/1.1, the server is outside, and both know 1,000 allowed hosts. ${startsARound} starts of \`true\` a round with a policy of two hosts; downloads of ${downloadMebibytes} MiB; ${eventsARound} streams of one event on one connection, until they are read; ${connectionsARound} requests with a connection each; as many denied ones. Spliced: a \`tcp\` rule of ours, CONNECT of theirs (${srtVersion}, from npm). Inspected: TLS ended by both, which theirs calls experimental. A decision is the matcher alone, one process, no network. Ours keeps a record on disk of everything that is decided, and tells a denial when its line is there; theirs keeps none. ${world.missing === '' ? '' : `Theirs was skipped: ${world.missing}.`}`,
    header: ['', ...world.subjects, 'tier 1 ÷ srt'],
    rows: rows.map((row) => [
      row.name,
      ...world.subjects.map((subject) => shown(row.of(subject))),
      shown(row.of('srt') === null ? null : row.of('tier 1')! / row.of('srt')!),
    ]),
    targets: [...targets(rows), ...rows.flatMap(ahead)],
    doubts,
  }
}

const nothing = (): Found => ({
  startMs: [],
  startCpuMs: [],
  spliced: [],
  inspected: [],
  eventMs: [],
  connections: [],
  deniedMs: [],
  residentMb: [],
})

async function measureRound(world: BoundaryWorld, found: ReadonlyMap<WorldSubject, Found>): Promise<void> {
  const { urls } = world
  for (let turn = 0; turn < startsARound; turn += 1) {
    for (const [subject, { startMs, startCpuMs }] of found) {
      const { ms, cpuMs } = await world.run(subject, ['true'], true)
      startMs.push(ms)
      startCpuMs.push(cpuMs)
    }
  }
  for (const way of ['spliced', 'inspected'] as const) {
    for (const [subject, of] of found) {
      const tunnel = way === 'spliced' ? ['--proxytunnel'] : []
      const { stdout, residentMb } = await world.run(subject, curl(`${urls[way]}/bytes`, '%{http_code} %{size_download} %{speed_download}', tunnel)) // prettier-ignore
      const [status, bytes, speed] = stdout.split(' ').map(Number)
      if (status !== 200 || bytes !== downloadMebibytes * 2 ** 20) throw new Error(`${subject}, ${way}: ${stdout}`)
      of[way].push(speed! / 1e6)
      of.residentMb.push(residentMb)
    }
  }
  const timed = '%{http_code} %{time_pretransfer} %{time_total}'
  for (const [subject, of] of found) {
    const events = await exchanges(world, subject, curl(`${urls.inspected}/event?[1-${eventsARound}]`, timed), 200)
    of.eventMs.push(...events.slice(1).map(({ from, to }) => to - from))
    const closing = ['--header', 'Connection: close']
    const separate = await exchanges(world, subject, curl(`${urls.inspected}/event?[1-${connectionsARound}]`, timed, closing), 200) // prettier-ignore
    of.connections.push((1000 * separate.length) / separate.reduce((sum, { to }) => sum + to, 0))
    if (subject === 'direct') continue
    const denied = await exchanges(world, subject, curl(`${urls.denied}/?[1-${connectionsARound}]`, timed), 403)
    of.deniedMs.push(...denied.slice(1).map(({ from, to }) => to - from))
  }
}

const curl = (url: string, told: string, more: readonly string[] = []): readonly string[] =>
  ['curl', '--silent', '--show-error', '--http1.1', '--output', '/dev/null', '--write-out', `${told}\n`, ...more, url] // prettier-ignore

/** When each began and ended, in milliseconds of its own. */
async function exchanges(world: BoundaryWorld, subject: WorldSubject, command: readonly string[], status: number) {
  const lines = (await world.run(subject, command)).stdout.trim().split('\n')
  return lines.map((line) => {
    const [code, from, to] = line.split(' ').map(Number)
    if (code !== status) throw new Error(`${subject}: ${code} where ${status} was expected`)
    return { from: from! * 1000, to: to! * 1000 }
  })
}

interface Decisions {
  readonly p50Us: number
  readonly p99Us: number
}

const decisionCount = 50_000

function decisionsOf(decide: (host: string) => boolean, hosts: readonly string[]): Decisions {
  const took: number[] = []
  for (let at = 0; at < decisionCount * 1.2; at += 1) {
    // One in four is none of them.
    const host = at % 4 === 0 ? `unknown${at}.example.org` : hosts[(at * 7919) % hosts.length]!
    const from = performance.now()
    const passes = decide(host)
    const us = (performance.now() - from) * 1000
    if (passes === (at % 4 === 0)) throw new Error(`${host} was decided wrongly`)
    if (at >= decisionCount * 0.2) took.push(us)
  }
  return { p50Us: percentile(took, 0.5), p99Us: percentile(took, 0.99) }
}

function decisionsOfOurs(hosts: readonly string[]): Decisions {
  const rules = hosts.map((host, at) => `    - { id: r${at}, host: ${host} }\n`)
  const { policy } = parsePolicy(`apiVersion: reeve/v1\nname: bench\nnetwork:\n  rules:\n${rules.join('')}`)
  if (policy === null) throw new Error('the policy of the benchmark cannot be read')
  const compiled = compilePolicy([{ label: 'bench@v1', document: policy }])
  const now = new Date('2026-01-01T00:00:00Z')
  return decisionsOf((authority) => {
    const request = canonicalRequest({ method: 'GET', scheme: 'https', authority, target: '/v1/items', exes: [] })
    return !isRefusal(request) && decideRequest(compiled, request, now).effect === 'allow'
  }, hosts)
}

interface Row {
  readonly name: string
  /** Whether less is better. */
  readonly less: boolean
  /** Whether ours is to be ahead of theirs; some rows only tell. */
  readonly race: boolean
  readonly of: (subject: WorldSubject) => number | null
}

function figures(
  found: ReadonlyMap<WorldSubject, Found>,
  { own, theirs }: { own: Decisions; theirs: Decisions | null },
): readonly Row[] {
  const row = (name: string, less: boolean, pick: (of: Found) => number, race = true): Row => ({
    name,
    less,
    race,
    of(subject) {
      const value = found.has(subject) ? pick(found.get(subject)!) : null
      return value === null || value === 0 ? null : value
    },
  })
  const mid = (values: readonly number[]) => percentile(values, 0.5)
  const late = (values: readonly number[]) => percentile(values, 0.99)
  const decided = (name: string, pick: (of: Decisions) => number): Row => ({
    name,
    less: true,
    race: true,
    of: (subject) => (subject === 'tier 1' ? pick(own) : subject === 'srt' && theirs !== null ? pick(theirs) : null),
  })
  return [
    row('`true`, ms', true, ({ startMs }) => mid(startMs)),
    row('`true`, the fastest, ms', true, ({ startMs }) => Math.min(...startMs)),
    row('`true`, CPU ms', true, ({ startCpuMs }) => startCpuMs.reduce((a, b) => a + b, 0) / startCpuMs.length),
    row('spliced, MB/s', false, ({ spliced }) => mid(spliced)),
    row('inspected, MB/s', false, ({ inspected }) => mid(inspected)),
    row('event, ms', true, ({ eventMs }) => mid(eventMs)),
    row('event, p99 ms', true, ({ eventMs }) => late(eventMs)),
    row('new connections, requests/s', false, ({ connections }) => mid(connections)),
    row('denied, ms', true, ({ deniedMs }) => mid(deniedMs), false),
    row('denied, p99 ms', true, ({ deniedMs }) => late(deniedMs), false),
    decided('decision, us', ({ p50Us }) => p50Us),
    decided('decision, p99 us', ({ p99Us }) => p99Us),
    row('resident memory, MB', true, ({ residentMb }) => mid(residentMb), false),
  ]
}

const shown = (value: number | null): string => (value === null ? '' : figure(value))

function targets(rows: readonly Row[]): Target[] {
  const get = (name: string, subject: WorldSubject): number => rows.find((row) => row.name === name)!.of(subject) ?? 0
  const added = (name: string): number => get(name, 'tier 1') - get(name, 'direct')
  return [
    atMost('tier 1: added to `true`, median', added('`true`, ms'), 300, ' ms'),
    atMost('tier 1: decision at 1,000 rules, p99', get('decision, p99 us', 'tier 1') / 1000, 1, ' ms'),
    atMost('tier 1: an event, added', added('event, ms'), 5, ' ms'),
    atLeast('tier 1: spliced', get('spliced, MB/s', 'tier 1'), 150, ' MB/s'),
    atLeast('tier 1: inspected', get('inspected, MB/s', 'tier 1'), 150, ' MB/s'),
  ]
}

/** Ahead on each. */
function ahead({ name, less, race, of }: Row): Target[] {
  const [ours, theirs] = [of('tier 1'), of('srt')]
  if (!race || ours === null || theirs === null) return []
  return [
    less ? atMost(`${name}: share of theirs`, ours / theirs, 1) : atLeast(`${name}: times theirs`, ours / theirs, 1),
  ]
}
