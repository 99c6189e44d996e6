import { isAbsolute } from 'node:path'
import { option, optional } from './config-option.ts'
import * as types from './config-types.ts'
import { whyNoNetwork } from './provisioning/closed-networks.ts'
import { whyNotPassed } from './provisioning/terraform-environment.ts'

const minute = 60_000

const paths: types.ValueType<readonly string[]> = {
  label: 'absolute paths, with commas',
  read(given) {
    const value = given.split(',').map((path) => path.trim())
    const wrong = value.find((path) => !isAbsolute(path))
    return wrong === undefined ? { value } : { problem: `${JSON.stringify(wrong)} is no absolute path` }
  },
}

const names: types.ValueType<readonly string[]> = {
  label: 'names, with commas',
  read(given) {
    const value = given.split(',').map((name) => name.trim())
    for (const name of value) {
      const problem = whyNotPassed(name)
      if (problem !== null) return { problem: `${JSON.stringify(name)} ${problem}` }
    }
    return { value }
  },
}

const networks: types.ValueType<readonly string[]> = {
  label: 'addresses and networks, with commas',
  read(given) {
    const value = given.split(',').map((network) => network.trim())
    for (const network of value) {
      const problem = whyNoNetwork(network)
      if (problem !== null) return { problem: `${JSON.stringify(network)} ${problem}` }
    }
    return { value }
  },
}

/** How templates are run: by which program, how many at a time, and what of this machine they get to see. */
export const provisioningOptions = {
  terraformPath: optional<string>('Templates', {
    env: 'REEVE_TERRAFORM_PATH',
    yaml: 'templates.terraform_path',
    type: types.text,
    fallbackLabel: 'terraform or tofu in the PATH',
    description: 'The program that plans and applies templates: Terraform or OpenTofu, 1.1 or newer.',
  }),
  terraformIsolation: option('Templates', 'auto', {
    env: 'REEVE_TERRAFORM_ISOLATION',
    yaml: 'templates.isolation',
    type: types.choice('auto', 'none'),
    description:
      'How templates are kept from the server that runs them. With none they run with its rights: only for templates ' +
      'of people who may read everything that it has.',
  }),
  terraformMirror: optional<string>('Templates', {
    env: 'REEVE_TERRAFORM_MIRROR',
    yaml: 'templates.mirror',
    type: types.text,
    fallbackLabel: 'their registries',
    description: 'Folder with providers as `terraform providers mirror` lays them out. With it none is downloaded.',
  }),
  terraformPassedVariables: optional<readonly string[]>('Templates', {
    env: 'REEVE_TERRAFORM_PASSED_VARIABLES',
    yaml: 'templates.passed_variables',
    type: names,
    description: 'Variables of the server that every template gets to see: credentials of clouds, DOCKER_HOST.',
  }),
  terraformReachable: optional<readonly string[]>('Templates', {
    env: 'REEVE_TERRAFORM_REACHABLE',
    yaml: 'templates.reachable',
    type: paths,
    description:
      'Files, folders and sockets of this machine that templates may reach, like that of a container engine.',
  }),
  terraformClosedNetworks: optional<readonly string[]>('Templates', {
    env: 'REEVE_TERRAFORM_CLOSED_NETWORKS',
    yaml: 'templates.closed_networks',
    type: networks,
    description:
      'Where templates must not connect to, like the metadata service of a cloud: 169.254.0.0/16,fd00:ec2::254. Takes a ' +
      'server that is root, and nftables; where it cannot be done, no templates are run.',
  }),
  provisionerDaemons: option('Templates', '3', {
    env: 'REEVE_PROVISIONER_DAEMONS',
    yaml: 'templates.daemons',
    type: types.integer(0, 64),
    description: 'How many imports and builds this server does at a time. 0: it does none, and others do them.',
    aliases: ['CODER_PROVISIONER_DAEMONS'],
  }),
  provisionerForceCancel: option('Templates', '10m', {
    env: 'REEVE_PROVISIONER_FORCE_CANCEL_INTERVAL',
    yaml: 'templates.force_cancel_interval',
    type: types.duration(minute / 60, 60 * minute),
    description: 'After so long a run that was asked to end is killed.',
    aliases: ['CODER_PROVISIONER_FORCE_CANCEL_INTERVAL'],
  }),
  provisionerLease: option('Templates', '1m', {
    env: 'REEVE_PROVISIONER_LEASE',
    yaml: 'templates.lease',
    type: types.duration(3_000, 60 * minute),
    description:
      'A server that is at an import or a build and is not heard of for so long is given up: the build has failed, and ' +
      'the next one goes on from the state that it kept last.',
  }),
  localWorkspaces: option('Templates', 'auto', {
    env: 'REEVE_LOCAL_WORKSPACES',
    yaml: 'templates.local_workspaces',
    type: types.choice('auto', 'on', 'off'),
    description:
      'Whether templates may run workspaces as processes of this machine, with `reeve_process`. With auto they may where ' +
      'only this machine reaches the server.',
  }),
  localNetwork: option('Templates', 'auto', {
    env: 'REEVE_LOCAL_WORKSPACES_NETWORK',
    yaml: 'templates.local_network',
    type: types.choice('auto', 'own', 'shared'),
    description:
      'Whether every workspace on this machine has a network of its own, by slirp4netns, in which it reaches neither the ' +
      'others nor the loopback of the machine. With auto it has where that can be made, with own it does not run elsewhere.',
  }),
  localReadable: optional<readonly string[]>('Templates', {
    env: 'REEVE_LOCAL_WORKSPACES_READABLE',
    yaml: 'templates.local_readable',
    type: paths,
    description: 'Files and folders of this machine that workspaces on it may read, beside /usr and /opt: programs.',
  }),
} as const

export interface ProvisioningConfig {
  readonly terraformPath: string | null
  readonly isolation: 'auto' | 'none'
  readonly mirror: string | null
  readonly passedVariables: readonly string[]
  readonly reachable: readonly string[]
  readonly closedNetworks: readonly string[]
  readonly count: number
  readonly forceAfterMs: number
  readonly leaseMs: number
  readonly localWorkspaces: 'auto' | 'on' | 'off'
  readonly localNetwork: 'auto' | 'own' | 'shared'
  readonly localReadable: readonly string[]
}

interface Given {
  readonly terraformPath: string | null
  readonly terraformIsolation: 'auto' | 'none'
  readonly terraformMirror: string | null
  readonly terraformPassedVariables: readonly string[] | null
  readonly terraformReachable: readonly string[] | null
  readonly terraformClosedNetworks: readonly string[] | null
  readonly provisionerDaemons: number
  readonly provisionerForceCancel: number
  readonly provisionerLease: number
  readonly localWorkspaces: 'auto' | 'on' | 'off'
  readonly localNetwork: 'auto' | 'own' | 'shared'
  readonly localReadable: readonly string[] | null
}

export const provisioningConfig = (values: Given): ProvisioningConfig => ({
  terraformPath: values.terraformPath,
  isolation: values.terraformIsolation,
  mirror: values.terraformMirror,
  passedVariables: values.terraformPassedVariables ?? [],
  reachable: values.terraformReachable ?? [],
  closedNetworks: values.terraformClosedNetworks ?? [],
  count: values.provisionerDaemons,
  forceAfterMs: values.provisionerForceCancel,
  leaseMs: values.provisionerLease,
  localWorkspaces: values.localWorkspaces,
  localNetwork: values.localNetwork,
  localReadable: values.localReadable ?? [],
})
