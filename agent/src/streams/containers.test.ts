import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { WorkspaceContainers } from '@reeve/sdk'
import { afterAll, expect, test } from 'vitest'
import { acceptStreams } from './accept-streams.ts'
import { containerOf, listContainers } from './containers.ts'
import { streamsTo } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-containers-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A program in place of an engine; what it says to `ps` and to `inspect`. */
function engine(name: string, script: string): { readonly PATH: string } {
  const bin = mkdtempSync(join(folder, 'bin-'))
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, name), 0o755)
  return { PATH: bin }
}

const facts = {
  Id: 'abc',
  Name: '/web',
  Created: '2026-01-01T00:00:00Z',
  Config: { Image: 'nginx:1', Labels: { team: 'web', odd: 4 } },
  State: { Running: true, Status: 'running' },
  NetworkSettings: { Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }], '53/udp': null } },
  Mounts: [{ Source: '/srv', Destination: '/data' }, { Destination: '/anonymous' }],
}

test('containers are told as the engine has them, over a stream', async () => {
  const said = JSON.stringify([facts, 'nonsense', { Id: 7 }])
  const env = engine('podman', `case $1 in ps) echo abc;; container) echo '${said}';; esac`)
  using streams = streamsTo(acceptStreams({ env, directory: folder, shell: '/bin/sh' }))
  const stream = streams.open({ kind: 'containers' })
  stream.end()
  expect(WorkspaceContainers.parse(await json(stream))).toEqual({
    containers: [
      {
        id: 'abc',
        name: 'web',
        image: 'nginx:1',
        created_at: '2026-01-01T00:00:00Z',
        running: true,
        status: 'running',
        labels: { team: 'web' },
        ports: [
          { port: 80, network: 'tcp', host_ip: '0.0.0.0', host_port: 8080 },
          { port: 53, network: 'udp', host_ip: '', host_port: 0 },
        ],
        volumes: { '/srv': '/data' },
      },
    ],
    warnings: [],
  })
})

test('where there is no engine there are no containers, and one that does not answer is told of', async () => {
  expect(await listContainers({ env: { PATH: folder } })).toEqual({ containers: [], warnings: [] })
  expect(await listContainers({ env: engine('docker', 'true') })).toEqual({ containers: [], warnings: [] })
  const broken = await listContainers({ env: engine('docker', 'echo is the daemon running >&2; exit 1') })
  expect(broken.containers).toEqual([])
  expect(broken.warnings[0]).toContain('is the daemon running')
  const nonsense = await listContainers({ env: engine('docker', 'echo "{}{"') })
  expect(nonsense.warnings[0]).toMatch(/^docker: /)
})

test('what is no container is none', () => {
  for (const given of [null, 3, [], {}, { Id: 'x'.repeat(1_000) }]) expect(containerOf(given)).toBe(null)
  expect(containerOf({ Id: 'x', Config: 4, State: 'odd', NetworkSettings: { Ports: [] }, Mounts: {} })).toMatchObject({
    running: false,
    ports: [],
  })
})
