import { Fault } from '@reeve/base'
import type { BuildContext } from '../../build-context.ts'
import { complaint, Complaints } from '../complaint.ts'
import { atLeast, between } from '../coder/checks.ts'
import type { ProviderDefinition, Resource } from '../definition.ts'
import { computed, optional, required, type Block } from '../schema.ts'
import { number, text, type Row } from '../values.ts'

/** What the resources know of the run of Terraform that they answer. */
type Run = Pick<BuildContext, 'host' | 'workspace' | 'transition'>

export const providerBlock: Block = {
  description: 'The machine that the control plane runs on, as a place for workspaces. Nothing is configured.',
  attributes: {},
  blocks: {},
}

const home: Resource<Run> = {
  block: {
    description:
      'The home of the workspace: a folder on the machine of the control plane. It is deleted with the resource.',
    attributes: {
      id: computed('string', 'Its id.'),
      path: computed('string', 'What it is called inside of the workspace.'),
      host: computed('string', 'The machine that it is on.'),
      port: computed(
        'number',
        'A port for the workspace to listen on, which no other home on this machine has: they may share its network.',
      ),
    },
    blocks: {},
  },
  create: (_, { host, workspace }) =>
    told(async () => ({ id: workspace.id, ...(await host.openHome(workspace.id)), host: host.id })),
  refresh: (state, run) => {
    if (run.transition === 'start') demandHere(state, run)
    return {}
  },
  destroy: (state, run) => {
    demandHere(state, run)
    return told(() => run.host.removeHome(run.workspace.id))
  },
}

/** Less than this the agent itself does not start with. */
const memoryMiBLeast = 256
const [cpusLeast, cpusMost] = [0.1, 4_096]

const processResource: Resource<Run> = {
  block: {
    description:
      'A process of the workspace on the machine of the control plane, in a jail: it sees the home, the system’s programs ' +
      'and what the operator lets it read. A workspace has one at a time.',
    attributes: {
      id: computed('string', 'Its id.'),
      home_id: required('string', 'The id of the `reeve_home`.'),
      script: required('string', 'What a shell runs inside of the jail: the `init_script` of the `coder_agent`.'),
      env: optional(
        ['map', 'string'],
        'The environment of it: `CODER_AGENT_TOKEN`, and a `PATH` where it is another.',
        {
          sensitive: true,
          check: (value) => whyNoEnvironment(value),
        },
      ),
      memory: optional(
        'number',
        'How many MiB all of its processes have together. Three quarters of the machine’s, if not set.',
        {
          check: atLeast(memoryMiBLeast),
        },
      ),
      cpu: optional('number', 'How many processors’ worth of time it has: 0.5 is half of one. No bound, if not set.', {
        check: between(cpusLeast, cpusMost),
      }),
    },
    blocks: {},
  },
  create: (planned, { host, workspace }) =>
    told(async () => {
      const env = Object.fromEntries(
        Object.entries(Object(planned['env'])).map(([name, value]) => [name, String(value)]),
      )
      const memory = number(planned['memory'])
      const memoryBytes = memory === null ? null : Math.round(memory * 2 ** 20)
      const bounds = { memoryBytes, cpus: number(planned['cpu']) }
      const script = text(planned['script'])
      return { id: await host.start(workspace.id, { hostname: workspace.name, script, env, ...bounds }) }
    }),
  // A stop goes by what is recorded, and has nothing to find out.
  refresh: async (state, { host, workspace, transition }) =>
    transition === 'stop' || (await host.isRunning(workspace.id, text(state['id']))) ? {} : null,
  destroy: (_, { host, workspace }) => told(() => host.stop(workspace.id)),
}

export const resources = { reeve_home: home, reeve_process: processResource } as const

/** The provider `reeve/reeve`: workspaces on the control plane's own machine. */
export function reeveProvider({ host, workspace, transition }: BuildContext): ProviderDefinition<Run> {
  return {
    source: 'reeve/reeve',
    block: providerBlock,
    configure: () => {
      // What runs can be stopped and deleted, also where nothing is started any more.
      if (host.refusal !== null && transition === 'start') {
        const { problem, fix } = host.refusal
        throw new Complaints([complaint([], `Workspaces do not run on this machine: ${problem}`, sentence(fix))])
      }
      return { host, workspace, transition }
    },
    dataSources: {},
    resources,
  }
}

function demandHere(state: Row, { host }: Run): void {
  if (text(state['host']) === host.id) return
  const summary = `The home of this workspace is on another machine: ${text(state['host'])}`
  throw new Complaints([complaint([], summary, 'Builds of it have to be run by the server there.')])
}

/** What the host refuses is for whoever wrote the template, or runs the host, to read. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    throw new Complaints([
      complaint([], sentence(thrown.message), thrown.fix === undefined ? '' : sentence(thrown.fix)),
    ])
  }
}

const sentence = (said: string): string => said.charAt(0).toUpperCase() + said.slice(1)

const namesMax = 256

function whyNoEnvironment(value: unknown): string | null {
  const names = Object.keys(Object(value))
  if (names.length > namesMax) return `It has at most ${namesMax} names, not ${names.length}.`
  const wrong = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
  return wrong === undefined ? null : `${JSON.stringify(wrong)} is not the name of a variable.`
}
