import { agentSocketPath, sockets as webSockets } from '@reeve/sdk'
import type { Registry } from 'prom-client'
import type { AgentRoom } from './agents/agent-room.ts'
import type { Dial } from './agents/dial.ts'
import { appDoor } from './agents/apps/app-door.ts'
import { factRoutes } from './agents/facts.ts'
import { appHosts } from './agents/apps/app-hosts.ts'
import { type AppProxy, appProxy } from './agents/apps/app-proxy.ts'
import { appSessions } from './agents/apps/app-session.ts'
import { appRoutes } from './agents/apps/routes.ts'
import { serveMetadata } from './agents/metadata.ts'
import { openRelay, relayPath } from './agents/relay.ts'
import { openAgentSockets } from './agents/sockets.ts'
import { createStreamMeter } from './agents/stream-meter.ts'
import { serveStreams } from './agents/stream-socket.ts'
import { agentStreams } from './agents/streams.ts'
import { serveTerminal } from './agents/terminal-socket.ts'
import { useNotes } from './agents/use-notes.ts'
import { userSockets, type UserSocketOptions } from './agents/user-sockets.ts'
import type { UpgradeRest } from './app-entrance.ts'
import type { AppsConfig } from './config-apps.ts'
import { pathOf } from './http/front-door.ts'
import type { Route } from './http/implement.ts'

/** The agents' connections, and whatever goes through them. */
export interface Streaming extends AsyncDisposable {
  readonly dial: Dial
  readonly routes: readonly Route[]
  /** Null where apps are not served. */
  readonly apps: AppProxy | null
  /** Takes the paths of apps at the console's own address. */
  readonly appDoor: ReturnType<typeof appDoor>
  readonly upgrade: UpgradeRest
}

export interface StreamingOptions extends Omit<UserSocketOptions, 'handlers' | 'room' | 'used'> {
  readonly room: AgentRoom
  readonly config: AppsConfig
  readonly metrics: Registry
  /** Aborts when the server begins to stop. */
  readonly stopping: AbortSignal
}

export async function openStreaming(options: StreamingOptions): Promise<Streaming> {
  const { room, config, metrics, stopping } = options
  await using undo = new AsyncDisposableStack()
  const { relayUrl } = config
  const meter = createStreamMeter(metrics)
  const sockets = undo.use(openAgentSockets({ room, metrics, meter, relayUrl, stopping }))
  const { streamsTo } = sockets
  const relay = undo.use(openRelay({ room, streamsTo, relayUrl }))
  const streams = agentStreams({ room, streamsTo, openFar: relay.openFar, relayUrl, meter })
  const used = useNotes(room)
  const people = undo.use(
    userSockets({
      ...options,
      used,
      handlers: [
        { endpoint: webSockets.openAgentTerminal, serve: (given) => void serveTerminal(streams, given) },
        { endpoint: webSockets.openAgentStreams, serve: (given) => serveStreams(streams, given) },
        { endpoint: webSockets.watchAgentMetadataOverSocket, serve: (given) => void serveMetadata(room, given) },
      ],
    }),
  )
  // A server that stops waits for nobody who would stay connected.
  const leave = (): void => {
    people.cut()
    relay[Symbol.dispose]()
  }
  stopping.addEventListener('abort', leave, { once: true })
  const upgrades: Readonly<Record<string, { readonly upgrade: typeof relay.upgrade }>> = {
    [agentSocketPath]: sockets,
    [relayPath]: relay,
  }
  const { wildcard } = config
  const hosts = wildcard === null ? null : appHosts(wildcard, room.accessUrl)
  const sessions = appSessions(room, options.https)
  const { dial } = streams
  const { authenticate, sourceAddress } = options
  const running = undo.move()
  return {
    dial,
    routes: [...appRoutes({ room, streams, hosts, sessions }), ...factRoutes(room, streams)],
    apps: hosts === null ? null : appProxy({ room, hosts, sessions, dial, authenticate, sourceAddress, used }),
    appDoor: appDoor({ room, hosts, authenticate, https: options.https }),
    upgrade(req, res, socket, head) {
      const taker = upgrades[pathOf(req)]
      if (taker === undefined) return people.upgrade(req, res, socket, head)
      taker.upgrade(req, res, socket, head)
      return true
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
