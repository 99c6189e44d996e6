import type { DataSource } from '../definition.ts'
import { computed, secret, type Block } from '../schema.ts'
import { stableId, type ProviderRun } from './run.ts'

const workspaceBlock: Block = {
  description: 'The workspace that is being built.',
  attributes: {
    id: computed('string', 'Its id.'),
    name: computed('string', 'Its name.'),
    access_port: computed('number', 'The port of the access URL.'),
    access_url: computed('string', 'Where the deployment is reached.'),
    transition: computed('string', '"start" or "stop".'),
    start_count: computed('number', '1 when it starts, 0 when it stops: the `count` of what ends with a stop.'),
    prebuild_count: computed('number', '1 for a prebuilt workspace.'),
    is_prebuild: computed('bool', 'Whether nobody has claimed it yet.'),
    is_prebuild_claim: computed('bool', 'Whether somebody is claiming it.'),
    template_id: computed('string', 'The id of its template.'),
    template_name: computed('string', 'The name of its template.'),
    template_version: computed('string', 'The name of the template’s version.'),
    // Since release 2 the owner is a data source of its own; templates with an older pin still ask here.
    owner: computed('string', 'See coder_workspace_owner.', { deprecated: true }),
    owner_id: computed('string', 'See coder_workspace_owner.', { deprecated: true }),
    owner_name: computed('string', 'See coder_workspace_owner.', { deprecated: true }),
    owner_email: computed('string', 'See coder_workspace_owner.', { deprecated: true }),
    owner_groups: computed(['list', 'string'], 'See coder_workspace_owner.', { deprecated: true }),
    owner_session_token: computed('string', 'See coder_workspace_owner.', { deprecated: true, ...secret }),
    owner_oidc_access_token: computed('string', 'See coder_workspace_owner.', { deprecated: true, ...secret }),
  },
  blocks: {},
}

export const workspace: DataSource<ProviderRun> = {
  block: workspaceBlock,
  read: (_, { context, accessUrl }) => ({
    id: context.workspace.id,
    name: context.workspace.name,
    access_port: portOf(accessUrl),
    access_url: accessUrl,
    transition: context.transition,
    start_count: context.transition === 'start' ? 1 : 0,
    prebuild_count: 0,
    is_prebuild: false,
    is_prebuild_claim: false,
    template_id: context.template.id,
    template_name: context.template.name,
    template_version: context.template.version,
    owner: context.owner.name,
    owner_id: context.owner.id,
    owner_name: context.owner.fullName,
    owner_email: context.owner.email,
    owner_groups: context.owner.groups,
    owner_session_token: context.owner.sessionToken?.reveal() ?? '',
    owner_oidc_access_token: context.owner.oidcAccessToken?.reveal() ?? '',
  }),
}

export const workspaceOwner: DataSource<ProviderRun> = {
  block: {
    description: 'Who owns the workspace.',
    attributes: {
      id: computed('string', 'Their id.'),
      name: computed('string', 'Their user name.'),
      full_name: computed('string', 'Their full name.'),
      email: computed('string', 'Their address.'),
      groups: computed(['list', 'string'], 'The groups that they are in.'),
      login_type: computed('string', 'How they sign in.'),
      session_token: computed('string', 'A token that acts for them.', secret),
      oidc_access_token: computed('string', 'Their token at the identity provider.', secret),
      oidc_id_token: computed('string', 'What the identity provider says of them, signed.', secret),
      ssh_public_key: computed('string', 'The public half of their key for git.'),
      ssh_private_key: computed('string', 'The private half of their key for git.', secret),
      rbac_roles: computed(['list', ['object', { name: 'string', org_id: 'string' }]], 'Their roles.'),
    },
    blocks: {},
  },
  read: (_, { context: { owner } }) => ({
    id: owner.id,
    name: owner.name,
    full_name: owner.fullName,
    email: owner.email,
    groups: owner.groups,
    login_type: owner.loginType,
    session_token: owner.sessionToken?.reveal() ?? '',
    oidc_access_token: owner.oidcAccessToken?.reveal() ?? '',
    // A sign-in checks it and forgets it; none is younger than the sign-in itself.
    oidc_id_token: '',
    ssh_public_key: owner.sshPublicKey,
    ssh_private_key: owner.sshPrivateKey?.reveal() ?? '',
    rbac_roles: owner.roles.map(({ name, orgId }) => ({ name, org_id: orgId })),
  }),
}

export const task: DataSource<ProviderRun> = {
  block: {
    description: 'The task that the workspace is for.',
    attributes: {
      id: computed('string', 'Its id.'),
      enabled: computed('bool', 'Whether there is one.'),
      prompt: computed('string', 'What the agent is asked to do.'),
    },
    blocks: {},
  },
  read: (_, { context: { task: its, workspace: of } }) => ({
    id: its?.id ?? stableId('coder_task', of.id),
    enabled: its !== null,
    prompt: its?.prompt ?? '',
  }),
}

export const provisioner: DataSource<ProviderRun> = {
  block: {
    description: 'The machine that Terraform runs on.',
    attributes: {
      id: computed('string', 'An id of the two.'),
      os: computed('string', 'Its operating system, as Go names it.'),
      arch: computed('string', 'Its processor, as Go names it.'),
    },
    blocks: {},
  },
  read: () => {
    const [os, arch] = [process.platform === 'win32' ? 'windows' : process.platform, goArch(process.arch)]
    return { id: stableId('coder_provisioner', os, arch), os, arch }
  },
}

function goArch(arch: string): string {
  return { x64: 'amd64', arm: 'armv7', ia32: '386' }[arch] ?? arch
}

function portOf(address: string): number {
  const { port, protocol } = new URL(address)
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}
