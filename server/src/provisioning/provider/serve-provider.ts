import { dirname, join } from 'node:path'
import type { BuildContext } from '../build-context.ts'
import { coderProvider } from './coder/coder-provider.ts'
import { type PluginServer, type PluginServerOptions, reattachProviders, servePlugin } from './plugin-server.ts'
import { reeveProvider } from './reeve/reeve-provider.ts'

/** Serves the providers `coder/coder` and `reeve/reeve` for one run of Terraform, from the context of its build. */
export async function serveProvider(context: BuildContext, options: PluginServerOptions): Promise<PluginServer> {
  await using stack = new AsyncDisposableStack()
  const coder = stack.use(await servePlugin(coderProvider(context), options))
  const socketPath = join(dirname(options.socketPath), 'reeve.sock')
  const reeve = stack.use(await servePlugin(reeveProvider(context), { ...options, socketPath }))
  const both = stack.move()
  return { reattach: reattachProviders([coder, reeve]), [Symbol.asyncDispose]: () => both.disposeAsync() }
}
