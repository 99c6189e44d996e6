import { join } from 'node:path'
import { silentLog } from '@reeve/base'
import type { BuildContext } from '../../../server/src/provisioning/build-context.ts'
import { coderProvider } from '../../../server/src/provisioning/provider/coder/coder-provider.ts'
import type { ProviderDefinition } from '../../../server/src/provisioning/provider/definition.ts'
import {
  reattachProviders,
  servePlugin,
  type PluginServer,
} from '../../../server/src/provisioning/provider/plugin-server.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { standIns } from './stand-in.ts'

/** Serves our provider for a build, and stand-ins for all others that the template in a folder needs. */
export async function serveAll(folder: string, context: BuildContext): Promise<PluginServer> {
  await using stack = new AsyncDisposableStack()
  const sockets = stack.use(temporaryFolder())
  const serve = async <Run>(definition: ProviderDefinition<Run>) => {
    const socketPath = join(sockets.path, `${definition.source.replace('/', '-')}.sock`)
    return stack.use(await servePlugin(definition, { socketPath, log: silentLog }))
  }
  const served = [await serve(coderProvider(context))]
  for (const definition of await standIns(folder)) served.push(await serve(definition))
  const all = stack.move()
  return { reattach: reattachProviders(served), [Symbol.asyncDispose]: () => all[Symbol.asyncDispose]() }
}
