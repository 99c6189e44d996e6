import { execFile } from 'node:child_process'
import { type OfferedStream, type StreamHandlers, toError } from '@reeve/base'
import { WorkspaceContainer, type WorkspaceContainers } from '@reeve/sdk'
import { duplexOf } from './duplex-of.ts'
import type { Place } from './place.ts'

const engines = ['docker', 'podman'] as const
const answersWithinMs = 10_000
const outputBytesMax = 8 * 1024 * 1024
const containersMax = 200

export function answerContainers(place: Pick<Place, 'env'>, offered: OfferedStream): StreamHandlers {
  const [duplex, handlers] = duplexOf(offered)
  offered.take()
  duplex.resume()
  void listContainers(place).then((answer) => duplex.end(JSON.stringify(answer)))
  return handlers
}

/** Of the first engine that is there. One that is there and does not answer is told of; where none is, that is no fault. */
export async function listContainers({ env }: Pick<Place, 'env'>): Promise<WorkspaceContainers> {
  const ask = (engine: string, ...argv: string[]) =>
    new Promise<string>((resolve, reject) => {
      const options = { env, timeout: answersWithinMs, maxBuffer: outputBytesMax, killSignal: 'SIGKILL' } as const
      execFile(engine, argv, options, (error, stdout) => (error === null ? resolve(stdout) : reject(error)))
    })
  const warnings: string[] = []
  for (const engine of engines) {
    try {
      const ids = (await ask(engine, 'ps', '--all', '--quiet', '--no-trunc')).split('\n').filter((id) => id !== '')
      const shown = ids.slice(0, containersMax)
      if (ids.length > shown.length) warnings.push(`${engine} has ${ids.length} containers`)
      if (shown.length === 0) return { containers: [], warnings }
      // SAFETY: JSON of a program that the workspace has; each piece is looked at before it is believed.
      const facts = JSON.parse(await ask(engine, 'container', 'inspect', ...shown)) as unknown
      const containers = (Array.isArray(facts) ? facts : []).flatMap((one) => containerOf(one) ?? [])
      return { containers, warnings }
    } catch (thrown) {
      if (isAbsent(thrown)) continue
      warnings.push(`${engine}: ${toError(thrown).message}`.slice(0, 1_000))
    }
  }
  return { containers: [], warnings }
}

const isAbsent = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'EACCES')

type Facts = Readonly<Record<string, unknown>>

// SAFETY: an object is asked for names that it may not have.
const object = (value: unknown): Facts => (typeof value === 'object' && value !== null ? (value as Facts) : {})
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** What docker and podman both say to `inspect`; null for what is no container. */
export function containerOf(given: unknown): WorkspaceContainer | null {
  const { Id, Name, Created, Config, State, NetworkSettings, Mounts } = object(given)
  const { Image, Labels } = object(Config)
  const { Running, Status } = object(State)
  const read = WorkspaceContainer.safeParse({
    id: Id,
    name: text(Name).replace(/^\//, ''),
    image: text(Image),
    created_at: text(Created),
    running: Running === true,
    status: text(Status),
    labels: texts(Object.entries(object(Labels))),
    ports: Object.entries(object(object(NetworkSettings)['Ports'])).flatMap(([inner, outer]) => portsOf(inner, outer)),
    volumes: texts(list(Mounts).map((mount) => [text(object(mount)['Source']), object(mount)['Destination']])),
  })
  return read.data ?? null
}

const texts = (pairs: readonly (readonly [string, unknown])[]): Record<string, string> =>
  Object.fromEntries(pairs.flatMap(([key, value]) => (key === '' || typeof value !== 'string' ? [] : [[key, value]])))

/** `80/tcp`, and where it is published. */
function portsOf(inner: string, outer: unknown): WorkspaceContainer['ports'] {
  const [port, network = 'tcp'] = inner.split('/')
  const within = { port: Number(port), network }
  const published = list(outer).map((each) => {
    const { HostIp, HostPort } = object(each)
    return { ...within, host_ip: text(HostIp), host_port: Number(text(HostPort)) || 0 }
  })
  return published.length > 0 ? published : [{ ...within, host_ip: '', host_port: 0 }]
}
