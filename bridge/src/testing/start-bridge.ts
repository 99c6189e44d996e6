import { createServer, type IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { type Log, Secret, silentLog, systemClock, uuidv7 } from '@reeve/base'
import { type Bridge, createBridge } from '../bridge.ts'
import { type BridgeEvent, noActorHeaders, type Upgrade } from '../exchange.ts'
import { defaultLimits, type Limits } from '../limits.ts'
import type { Masker } from '../masking/masker.ts'
import { anthropicProvider } from '../providers/anthropic.ts'
import { bedrockProvider } from '../providers/bedrock.ts'
import { geminiProvider } from '../providers/gemini.ts'
import { openaiProvider } from '../providers/openai.ts'
import { vertexProvider } from '../providers/vertex.ts'
import type { ProviderKey } from '../pool/pool.ts'
import { type Connect, oneKey, type ProviderSettings } from '../providers/provider.ts'
import { everythingAllowed, type Policy } from '../policy.ts'
import type { Actor } from '../recorder.ts'
import type { StoredObjects } from '../stored/stored-objects.ts'
import { noTracer, type Tracer } from '../tracer.ts'
import type { Refusal } from '../wire/wire-format.ts'
import { counter } from './counter.ts'
import { type MemoryRecorder, memoryRecorder } from './memory-recorder.ts'
import { clientToken, listening } from './raw-http.ts'

export const testActor: Actor = {
  userId: '01900000-0000-7000-8000-000000000001',
  organizationId: '01900000-0000-7000-8000-000000000002',
  apiKeyId: 'abcdefghij',
}

export const providerKey = 'sk-upstream-key-of-the-provider'

const factories = {
  anthropic: anthropicProvider,
  openai: openaiProvider,
  gemini: geminiProvider,
  bedrock: bedrockProvider,
  vertex: vertexProvider,
} as const

/** For tests that are not about it. */
const everyonesOwn: StoredObjects = { verdict: () => Promise.resolve('own'), note: () => Promise.resolve() }

export interface TestBridge extends AsyncDisposable {
  readonly port: number
  readonly bridge: Bridge
  readonly recorder: MemoryRecorder
  readonly events: readonly BridgeEvent[]
  /** Resolves when so many responses have closed, complete or not. */
  closed(count: number): Promise<void>
}

/** A bridge behind a real listener, with one provider, which takes everybody for one actor. */
export async function startBridge(
  baseUrl: string,
  options: {
    limits?: Partial<Limits>
    recorder?: MemoryRecorder
    masker?: Masker | null
    log?: Log
    actor?: Actor | null
    /** The provider, by the name that it has then too. */
    provider?: keyof typeof factories
    keys?: readonly ProviderKey[]
    settings?: ProviderSettings
    connect?: Connect
    stored?: StoredObjects
    policy?: Policy
    tracer?: Tracer
    /** What each request over a WebSocket is refused with. */
    refuse?: Refusal
  } = {},
): Promise<TestBridge> {
  const recorder = options.recorder ?? memoryRecorder()
  const events: BridgeEvent[] = []
  const name = options.provider ?? 'anthropic'
  const made = factories[name]({
    name,
    baseUrl,
    keys: options.keys ?? oneKey(new Secret(providerKey)),
    settings: options.settings,
  })
  const provider = options.connect === undefined ? made : { ...made, connect: options.connect }
  const providers = new Map([[name, provider]])
  const bridge = createBridge({
    providers: () => providers,
    recorder,
    stored: options.stored ?? everyonesOwn,
    policy: options.policy ?? everythingAllowed,
    masker: options.masker ?? null,
    clock: systemClock,
    log: options.log ?? silentLog,
    newId: () => uuidv7(systemClock.now()),
    tracer: options.tracer ?? noTracer,
    observe: (event) => events.push(event),
    limits: { ...defaultLimits, ...options.limits },
  })
  const closed = counter()
  const handle = (req: IncomingMessage, res: ServerResponse, upgrade?: Upgrade): void => {
    res.once('close', closed.add)
    const actor = options.actor === undefined ? testActor : options.actor
    void bridge.handle({
      req,
      res,
      actor,
      providerName: name,
      path: req.url ?? '',
      sourceIp: '127.0.0.1',
      token: clientToken,
      own: null,
      actorHeaders: noActorHeaders,
      ownHeaders: [],
      ...(upgrade !== undefined && { upgrade }),
    })
  }
  const server = createServer({ noDelay: true, requestTimeout: 0 }, (req, res) => handle(req, res))
  server.on('checkContinue', (req, res) => handle(req, res))
  server.on('upgrade', (req, socket, head) => {
    const res = new ServerResponse(req)
    if (socket instanceof Socket) res.assignSocket(socket)
    res.once('finish', () => socket.end())
    handle(req, res, { socket, head, enter: () => options.refuse ?? { leave() {} } })
  })
  const port = await listening(server)
  return {
    port,
    bridge,
    recorder,
    events,
    closed: closed.reached,
    async [Symbol.asyncDispose]() {
      await bridge.close({ graceMs: 0 })
      server.closeAllConnections()
      server.close()
    },
  }
}
