import { chown, mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'
import { Fault, type Log } from '@reeve/base'
import type { ProviderDefinition } from './definition.ts'
import { providerService } from './provider-service.ts'

export interface PluginServerOptions {
  /** The folder is made for it, and belongs to this run alone. */
  readonly socketPath: string
  /** Who runs Terraform, where that is somebody else than we: only they may enter the folder. */
  readonly owner?: { readonly uid: number; readonly gid: number }
  readonly log: Log
}

/** A provider that is being served, until it is disposed of. */
export interface PluginServer extends AsyncDisposable {
  /** The value of `TF_REATTACH_PROVIDERS`; `reattachProviders` joins those of several. */
  readonly reattach: string
}

/** The longest path of a socket that the kernel takes, in bytes. */
const socketPathBytesMax = 107

/** States and plans are small; a template with a large file in a script is not. */
const messageBytesMax = 64 * 1024 * 1024

/**
 * Serves a provider on a unix socket of its own, for one run of Terraform. Terraform is told of it by
 * `TF_REATTACH_PROVIDERS` and then neither downloads nor starts a provider of that name, whatever version the template
 * asks for. What the provider knows stays in this process.
 */
export async function servePlugin<Run>(
  provider: ProviderDefinition<Run>,
  { socketPath, owner, log }: PluginServerOptions,
): Promise<PluginServer> {
  await makeFolder(socketPath, owner)
  const server = new Server({
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
  })
  server.addService(service('terraform-plugin.proto', 'tfplugin5.Provider'), providerService(provider, log))
  for (const [name, answers] of Object.entries(besides))
    server.addService(service('plugin-services.proto', name), answers)
  await listen(server, socketPath)
  if (owner !== undefined) await chown(socketPath, owner.uid, owner.gid)
  return {
    reattach: reattachTo(provider.source, socketPath),
    // grpc-js removes the socket when it stops listening.
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  }
}

/** The value of `TF_REATTACH_PROVIDERS` for a run with several providers. */
export function reattachProviders(servers: readonly PluginServer[]): string {
  return JSON.stringify(Object.assign({}, ...servers.map(({ reattach }) => JSON.parse(reattach))))
}

/** What every plugin has to offer besides. It is we who end the server, so that a run can have several Terraforms. */
const besides: Readonly<Record<string, UntypedServiceImplementation>> = {
  'plugin.GRPCController': { Shutdown: (_: unknown, done: (error: null, answer: object) => void) => done(null, {}) },
  'plugin.GRPCBroker': {
    StartStream: (stream: NodeJS.ReadWriteStream) => {
      stream.on('error', () => {})
      stream.on('end', () => stream.end())
      stream.resume()
    },
  },
  // Stays open for as long as Terraform does: an end would be taken for the end of the plugin.
  'plugin.GRPCStdio': { StreamStdio: () => {} },
}

/** The definitions of each file, read when the first run needs them. */
const definitions = new Map<string, PackageDefinition>()

function service(file: string, name: string): ServiceDefinition {
  const known = definitions.get(file) ?? loadSync(join(import.meta.dirname, file), { longs: Number, defaults: true })
  definitions.set(file, known)
  // SAFETY: the names that we ask for are those of services in these two files.
  return known[name] as ServiceDefinition
}

async function makeFolder(socketPath: string, owner: PluginServerOptions['owner']): Promise<void> {
  if (Buffer.byteLength(socketPath) > socketPathBytesMax) {
    throw new Fault('internal', 'The path of the Terraform provider’s socket is too long', {
      detail: `${socketPath} has more than ${socketPathBytesMax} bytes`,
      fix: 'Use a working folder with a shorter path.',
    })
  }
  const folder = dirname(socketPath)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (((await stat(folder)).mode & 0o077) !== 0) {
    throw new Fault('internal', 'Others may enter the folder of the Terraform provider’s socket', { detail: folder })
  }
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid)
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((done, failed) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? done() : failed(error),
    )
  })
}

const registries = ['registry.terraform.io', 'registry.opentofu.org']

function reattachTo(source: string, socketPath: string): string {
  const plugin = {
    Protocol: 'grpc',
    ProtocolVersion: 5,
    Pid: process.pid,
    // Terraform does not end a provider under test.
    Test: true,
    Addr: { Network: 'unix', String: socketPath },
  }
  // A source that names no registry means one to Terraform and another to OpenTofu.
  const addresses = source.split('/').length > 2 ? [source] : registries.map((registry) => `${registry}/${source}`)
  return JSON.stringify(Object.fromEntries(addresses.map((address) => [address, plugin])))
}
