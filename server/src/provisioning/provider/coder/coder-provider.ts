import { randomUUID } from 'node:crypto'
import type { BuildContext } from '../../build-context.ts'
import type { DataSource, ProviderDefinition, Resource } from '../definition.ts'
import { former, optional, type Block } from '../schema.ts'
import { text } from '../values.ts'
import { externalAuth, gitAuth, userSecret, workspaceTags } from './access-data.ts'
import { agent, agentInstance, devcontainer, externalAgent } from './agent.ts'
import { aiTask, app } from './app.ts'
import { webAddress } from './checks.ts'
import { metadata } from './metadata.ts'
import { parameter } from './parameter.ts'
import { workspacePreset } from './preset.ts'
import type { ProviderRun } from './run.ts'
import { env, script } from './script.ts'
import { scriptOrder } from './script-order.ts'
import { provisioner, task, workspace, workspaceOwner } from './workspace-data.ts'

type Kinds<Kind> = { readonly [type: string]: Kind }

export const providerBlock: Block = {
  description: 'The control plane that builds the workspace.',
  attributes: {
    url: optional('string', 'Where agents reach the deployment.', { check: webAddress }),
    feature_use_managed_variables: former('bool'),
  },
  blocks: {},
}

export const dataSources: Kinds<DataSource<ProviderRun>> = {
  coder_workspace: workspace,
  coder_workspace_owner: workspaceOwner,
  coder_parameter: parameter,
  coder_workspace_preset: workspacePreset,
  coder_external_auth: externalAuth,
  coder_git_auth: gitAuth,
  coder_task: task,
  coder_provisioner: provisioner,
  coder_secret: userSecret,
  coder_workspace_tags: workspaceTags,
  coder_script_order: scriptOrder,
}

export const resources: Kinds<Resource<ProviderRun>> = {
  coder_agent: agent,
  coder_agent_instance: agentInstance,
  coder_app: app,
  coder_script: script,
  coder_env: env,
  coder_ai_task: aiTask,
  coder_metadata: metadata,
  coder_external_agent: externalAgent,
  coder_devcontainer: devcontainer,
}

/** The provider `coder/coder` as templates know it, for one build. */
export function coderProvider(context: BuildContext): ProviderDefinition<ProviderRun> {
  const tokens = new Map([...context.agentTokens].map(([agentId, token]) => [agentId, token.reveal()]))
  const agentToken = (agentId: string): string => {
    const token = tokens.get(agentId) ?? randomUUID()
    tokens.set(agentId, token)
    return token
  }
  return {
    source: 'coder/coder',
    block: providerBlock,
    configure: (config) => ({
      context,
      accessUrl: (text(config['url']) || context.accessUrl).replace(/\/+$/, ''),
      agentToken,
    }),
    dataSources,
    resources,
  }
}
