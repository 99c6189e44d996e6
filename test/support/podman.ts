import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProviderDefinition } from '../../server/src/provisioning/provider/definition.ts'
import { rows, type Row, type Value } from '../../server/src/provisioning/provider/values.ts'

/** A container engine with its images, volumes and containers in a folder of the test's own. */
export interface Podman {
  run(...args: string[]): string
  /** What there is of it: containers and volumes, by name. */
  things(): string[]
}

export const testImage = 'reeve-test:1'

/** A text says why there is none here. */
export function openPodman(folder: string): Podman | string {
  if (process.getuid?.() !== 0) return 'containers are made by root here'
  if (spawnSync('podman', ['--version']).error !== undefined) return 'podman is not installed'
  const conf = join(folder, 'containers.conf')
  // The usual limits need rights that root of a container has not got.
  const lines = ['[containers]', 'default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]', '[engine]']
  writeFileSync(
    conf,
    [...lines, 'runtime = "runc"', 'cgroup_manager = "cgroupfs"', 'events_logger = "file"'].join('\n'),
  )
  const own = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs']
  const env = { ...process.env, CONTAINERS_CONF: conf }
  const run = (...args: string[]): string => execFileSync('podman', [...own, ...args], { env, encoding: 'utf8' }).trim()
  try {
    run('import', '--quiet', imageOf(folder), testImage)
    run('run', '--rm', '--network', 'host', '--volume', '/usr:/usr:ro', testImage, 'true')
  } catch (thrown) {
    return `podman does not run a container: ${String(thrown).slice(0, 300)}`
  }
  const list = (...args: string[]): string[] =>
    run(...args)
      .split('\n')
      .filter((name) => name !== '')
  return {
    run,
    things: () => [...list('ps', '--all', '--format', '{{.Names}}'), ...list('volume', 'ls', '--format', '{{.Name}}')],
  }
}

/** Nearly nothing: its programs are those of this machine. */
function imageOf(folder: string): string {
  const root = join(folder, 'image')
  for (const name of ['usr', 'proc', 'sys', 'dev', 'tmp', 'run', 'etc', 'home/node']) {
    mkdirSync(join(root, name), { recursive: true })
  }
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name))
  chmodSync(join(root, 'tmp'), 0o1777)
  chownSync(join(root, 'home/node'), 1000, 1000)
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n')
  const archive = join(folder, 'image.tar')
  execFileSync('tar', ['-C', root, '-cf', archive, '.'])
  return archive
}

/**
 * Makes a stand-in for the provider `kreuzwerker/docker`, whose schema is read off a template, into one that does what it
 * is told: with podman. It shows containers the programs of this machine, and its Node.js.
 */
export function withPodman(provider: ProviderDefinition<null>, { run }: Podman): ProviderDefinition<null> {
  const exists = (kind: 'container' | 'volume', name: string): boolean => {
    const list =
      kind === 'container' ? run('ps', '--all', '--format', '{{.Names}}') : run('volume', 'ls', '--format', '{{.Name}}')
    return list.split('\n').includes(name)
  }
  const kind = (type: string) => provider.resources[type]!
  const nameOf = (row: Row): string => text(row['name'])
  return {
    ...provider,
    resources: {
      docker_image: { ...kind('docker_image'), create: (row) => ({ id: nameOf(row), image_id: dynamic(nameOf(row)) }) },
      docker_volume: {
        ...kind('docker_volume'),
        create: (row) => ({ id: run('volume', 'create', nameOf(row)) }),
        refresh: (row) => (exists('volume', nameOf(row)) ? {} : null),
        destroy: async (row) => void run('volume', 'rm', nameOf(row)),
      },
      docker_container: {
        ...kind('docker_container'),
        create: (row) => ({ id: run('run', '--detach', ...wordsOf(row)) }),
        refresh: (row) => (exists('container', nameOf(row)) ? {} : null),
        async destroy(row) {
          run('stop', '--time', text(row['destroy_grace_seconds']), nameOf(row))
          run('rm', nameOf(row))
        },
      },
    },
  }
}

/** A value of a dynamic type carries its type with it. */
function plain(value: Value | undefined): unknown {
  return Array.isArray(value) && value.length === 2 && Object(value[0]) instanceof Uint8Array ? value[1] : value
}
const text = (value: Value | undefined): string => String(plain(value) ?? '')

function wordsOf(row: Row): string[] {
  const list = (name: string): string[] => {
    const value = plain(row[name])
    return Array.isArray(value) ? value.map(String) : []
  }
  const [program = '', ...args] = list('entrypoint')
  const flags = {
    name: 'name',
    hostname: 'hostname',
    user: 'user',
    working_dir: 'workdir',
    network_mode: 'network',
    memory: 'memory',
  }
  const unit = (name: string): string => (name === 'memory' ? 'm' : '')
  const shown = ['/usr:/usr:ro', `${process.execPath}:/run/node:ro`]
  const volumes = rows(row['volumes']).map((one) => `${text(one['volume_name'])}:${text(one['container_path'])}`)
  const labels = rows(row['labels']).map((one) => `${text(one['label'])}=${text(one['value'])}`)
  return Object.entries(flags)
    .flatMap(([name, flag]) => [`--${flag}`, text(row[name]) + unit(name)])
    .concat(
      [...list('env'), 'REEVE_NODE=/run/node'].flatMap((one) => ['--env', one]),
      [...shown, ...volumes].flatMap((one) => ['--volume', one]),
      labels.flatMap((one) => ['--label', one]),
      ['--entrypoint', program, text(row['image'])],
      args,
    )
}

// SAFETY: msgpack writes bytes as they are; a `Row` has none because the provider's own schema is not dynamic.
const dynamic = (value: string): never => [Buffer.from('"string"'), value] as unknown as never
