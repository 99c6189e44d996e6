import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ProcessHost } from '../../server/src/provisioning/process-host.ts'
import { coderProvider } from '../../server/src/provisioning/provider/coder/coder-provider.ts'
import { reattachProviders, servePlugin } from '../../server/src/provisioning/provider/plugin-server.ts'
import { reeveProvider } from '../../server/src/provisioning/provider/reeve/reeve-provider.ts'
import type { serveProvider } from '../../server/src/provisioning/provider/serve-provider.ts'
import type { Resource } from '../../server/src/provisioning/resource.ts'
import { buildContext, closedHost } from '../../server/src/provisioning/testing.ts'
import { testProvisioner, testRun } from '../../server/src/provisioning/testing-provisioner.ts'
import { type Example, findExample, listExamples } from '../../server/src/templates/examples.ts'
import { whyNoTerraform } from '../support/terraform/run-terraform.ts'
import { standIns } from '../support/terraform/stand-in.ts'

/** The starters, through the real Terraform: with our providers, and stand-ins for those of engines and clusters. */

const noTerraform = whyNoTerraform('the starter templates')

/** Ours, and a stand-in for what else the template needs. */
const servingAll =
  (folder: string): typeof serveProvider =>
  async (context, options) => {
    await using stack = new AsyncDisposableStack()
    const socket = (name: string) => ({ ...options, socketPath: join(dirname(options.socketPath), `${name}.sock`) })
    const served = [
      stack.use(await servePlugin(coderProvider(context), options)),
      stack.use(await servePlugin(reeveProvider(context), socket('reeve'))),
    ]
    const others = (await standIns(folder)).filter(({ source }) => source !== 'reeve/reeve')
    for (const [index, definition] of others.entries()) {
      served.push(stack.use(await servePlugin(definition, socket(String(index)))))
    }
    const all = stack.move()
    return { reattach: reattachProviders(served), [Symbol.asyncDispose]: () => all.disposeAsync() }
  }

/** A host that remembers what it was asked to do. */
function rememberingHost(): { host: ProcessHost; done: string[] } {
  const done: string[] = []
  const did = <T>(what: string, value: T): Promise<T> => {
    done.push(what)
    return Promise.resolve(value)
  }
  return {
    done,
    host: {
      ...closedHost,
      refusal: null,
      openHome: () => did('home', { path: '/home/user', port: 21_000 }),
      removeHome: () => did('no home', undefined),
      start: (_, { env }) => did(`start with ${Object.keys(env).join(' ')}`, 'boot/1/2'),
      isRunning: () => Promise.resolve(true),
      stop: () => did('stop', undefined),
    },
  }
}

const sourceOf = ({ files }: Example) =>
  files.map(({ path, content }) => ({ path, content: Buffer.from(content), executable: false }))

const runs: Readonly<Record<string, string>> = {
  local: 'reeve_process',
  docker: 'docker_container',
  kubernetes: 'kubernetes_deployment_v1',
}
const agentsOf = (resources: readonly Resource[]) =>
  resources.flatMap(({ type, agents }) => agents.map((agent) => ({ type, agent })))

describe.skipIf(noTerraform !== null)('a starter', async () => {
  const ids = (await listExamples()).map(({ id }) => id)
  test.each(ids)('%s is imported and built', async (id) => {
    const example = await findExample(id)
    const [place = '', agentName] = id.split('-')
    const folder = mkdtempSync(join(tmpdir(), 'reeve-starter-'))
    using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
    for (const { path, content } of example.files) writeFileSync(join(folder, path), content)
    await using opened = await testProvisioner({}, { serve: servingAll(folder) })
    const { host, done } = rememberingHost()
    const task = { id: 'e0000000-0000-4000-8000-000000000001', name: 'fix', prompt: 'say "$(hello)" ${and}' }
    const run = (transition: 'start' | 'stop', state: Buffer | null = null) => {
      const context = buildContext({ transition, host, ...(agentName === undefined ? {} : { task }) })
      return testRun({}, { source: sourceOf(example), context, state })
    }

    const imported = await opened.provisioner.importVersion(run('start'))
    expect(imported.failure).toBe(null)
    if (imported.failure !== null) return
    expect(imported.hasAiTask).toBe(agentName !== undefined)
    expect(imported.parameters.map(({ name }) => name)).toContain('repository')
    expect(imported.presets.filter(({ default: is }) => is)).toHaveLength(1)
    expect(imported.parameters.every(({ required }) => !required)).toBe(true)
    expect(agentsOf(imported.stop)).toEqual([])

    const started = await opened.provisioner.apply(run('start'))
    expect(started.failure).toBe(null)
    const [found, ...more] = agentsOf(started.resources)
    expect(more).toEqual([])
    expect(found?.type).toBe(runs[place])
    expect(found?.agent.metadata.map(({ key }) => key)).toEqual(['cpu', 'memory', 'home'])
    if (agentName !== undefined) {
      expect(started.aiTasks).toHaveLength(1)
      expect(found?.agent.apps.map(({ slug, url }) => [slug, url])).toEqual([
        ['agent', `http://localhost:${place === 'local' ? 21_000 : 3284}`],
      ])
      expect(found?.agent.envs.find(({ name }) => name === 'REEVE_TASK_PROMPT')?.value).toBe(task.prompt)
      const script = found?.agent.scripts.find(({ runOnStart }) => runOnStart)?.script ?? ''
      expect(script).toContain(`-- boundary -- ${agentName} "$@"`)
      // What people write is nowhere in what a shell reads.
      expect(JSON.stringify(found?.agent.scripts)).not.toContain('hello')
    }

    // What an addition is made of does not change how a place lives.
    if (agentName !== undefined) return
    const stopped = await opened.provisioner.apply(run('stop', started.state))
    expect(stopped.failure).toBe(null)
    expect(agentsOf(stopped.resources)).toEqual([])
    const kept = JSON.parse(String(stopped.state)).resources.map(({ type }: { type: string }) => type)
    expect(kept).toContain(
      { local: 'reeve_home', docker: 'docker_volume' }[place] ?? 'kubernetes_persistent_volume_claim_v1',
    )
    const again = await opened.provisioner.apply(run('start', stopped.state))
    expect(again.failure).toBe(null)
    const gone = await opened.provisioner.destroy(run('stop', again.state))
    expect(gone.failure).toBe(null)
    expect(JSON.parse(String(gone.state)).resources).toEqual([])
    const start = 'start with CODER_AGENT_TOKEN'
    expect(done).toEqual(place === 'local' ? ['home', start, 'stop', start, 'stop', 'no home'] : [])
  })
})

test('the README of each names the starter that it is of', async () => {
  for (const { id, markdown } of await listExamples()) {
    const pushes = [...markdown.matchAll(/templates push (\S+)/g)].map(([, name]) => name)
    expect(pushes.every((name) => name === id)).toBe(true)
    expect(markdown.startsWith('# ')).toBe(true)
  }
})
