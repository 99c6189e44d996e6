import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Secret } from '@reeve/base'
import { describe, expect, test } from 'vitest'
import type { Resource } from '../../server/src/provisioning/resource.ts'
import { coderProvider } from '../../server/src/provisioning/provider/coder/coder-provider.ts'
import { reattachProviders, servePlugin } from '../../server/src/provisioning/provider/plugin-server.ts'
import type { serveProvider } from '../../server/src/provisioning/provider/serve-provider.ts'
import type { SourceFile } from '../../server/src/provisioning/source-file.ts'
import { buildContext } from '../../server/src/provisioning/testing.ts'
import { testProvisioner, testRun } from '../../server/src/provisioning/testing-provisioner.ts'
import { whyNoTerraform } from '../support/terraform/run-terraform.ts'
import { standIns } from '../support/terraform/stand-in.ts'

const templates = join(import.meta.dirname, 'templates')

/** The folder as an archive of it would be read. */
const sourceOf = (folder: string): SourceFile[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => ({ path, content: readFileSync(join(folder, path)), executable: false }))

/** Our provider, and stand-ins for all others that the template in a folder needs. */
const servingAll =
  (folder: string): typeof serveProvider =>
  async (context, options) => {
    await using stack = new AsyncDisposableStack()
    const served = [stack.use(await servePlugin(coderProvider(context), options))]
    for (const [index, definition] of (await standIns(folder)).entries()) {
      const socketPath = join(dirname(options.socketPath), `${index}.sock`)
      served.push(stack.use(await servePlugin(definition, { ...options, socketPath })))
    }
    const all = stack.move()
    return { reattach: reattachProviders(served), [Symbol.asyncDispose]: () => all.disposeAsync() }
  }

const agentsOf = (resources: readonly Resource[]) =>
  resources.flatMap(({ type, agents }) => agents.map((agent) => `${type}: ${agent.name}`))

interface Expected {
  readonly name: string
  readonly start: readonly string[]
  readonly stop?: readonly string[]
  /** Which agent an app is of, by an index that a plan computes and does not tell. */
  readonly areAppsComputed?: boolean
}

describe.skipIf(whyNoTerraform('templates as others write them, in builds') !== null)('in a build', () => {
  const expected: readonly Expected[] = [
    { name: 'task-docker', start: ['docker_container: main'] },
    { name: 'kubernetes-old-pin', start: ['kubernetes_pod: main'] },
    { name: 'cloud-machine', start: ['aws_instance: dev'] },
    { name: 'guarded', start: ['docker_container: main'] },
    // What goes on through a stop depends on the agent too.
    { name: 'every-syntax', start: ['docker_container: main'], stop: ['terraform_data: main'] },
    {
      name: 'everything',
      start: ['docker_container: many-0', 'docker_container: many-1'],
      // Its block for an agent that is run elsewhere goes on.
      stop: ['coder_external_agent: many-0', 'coder_external_agent: many-1'],
      areAppsComputed: true,
    },
  ]
  test.each(expected)('$name is imported, started, stopped and deleted', async (template) => {
    const { name, start: agents, stop = [], areAppsComputed = false } = template
    const folder = join(templates, name)
    await using opened = await testProvisioner({}, { serve: servingAll(folder) })
    const parameters = new Map([['system_prompt', 'Be brief.']])
    const secrets = new Map([['env:NPM_TOKEN', new Secret('npm-secret')]])
    const run = (transition: 'start' | 'stop', state: Buffer | null = null) =>
      testRun({}, { source: sourceOf(folder), context: buildContext({ transition, parameters, secrets }), state })

    const imported = await opened.provisioner.importVersion(run('start'))
    expect(imported.failure).toBe(null)
    if (imported.failure !== null) return
    expect(agentsOf(imported.start)).toEqual(agents)
    expect(agentsOf(imported.stop)).toEqual(stop)

    const started = await opened.provisioner.apply(run('start'))
    expect(started.failure).toBe(null)
    expect(agentsOf(started.resources)).toEqual(agents)
    const summary = (resources: readonly Resource[]) =>
      resources.map(({ address, agents: own, metadata, dailyCost }) => ({
        address,
        dailyCost,
        keys: metadata.map(({ key }) => key),
        apps: areAppsComputed ? [] : own.flatMap(({ apps }) => apps.map(({ slug }) => slug)).toSorted(),
        scripts: own.flatMap(({ scripts }) => scripts.map(({ displayName }) => displayName)).toSorted(),
      }))
    // What is joined by references before anything has an id, and by ids afterwards, is the same.
    expect(summary(started.resources)).toEqual(summary(imported.start))

    const stopped = await opened.provisioner.apply(run('stop', started.state))
    expect(stopped.failure).toBe(null)
    expect(agentsOf(stopped.resources)).toEqual(stop)
    const gone = await opened.provisioner.destroy(run('stop', stopped.state))
    expect(gone.failure).toBe(null)
    expect(JSON.parse(String(gone.state)).resources).toEqual([])
  })

  test.each([
    ['line ends of Windows', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a mark of its byte order', (text: string) => `\uFEFF${text}`],
  ])('a template with %s is the same template', async (_, written) => {
    const folder = join(templates, 'every-syntax')
    await using opened = await testProvisioner({}, { serve: servingAll(folder) })
    const source = sourceOf(folder).map((file) =>
      file.path.endsWith('.tf') ? { ...file, content: Buffer.from(written(file.content.toString())) } : file,
    )
    const imported = await opened.provisioner.importVersion(testRun({}, { source }))
    expect(imported.failure).toBe(null)
    if (imported.failure !== null) return
    expect(agentsOf(imported.start)).toEqual(['docker_container: main'])
    expect(imported.variables.map(({ name }) => name)).toEqual(['docker_socket', 'secret', 'shape', 'tuple'])
  })
})
