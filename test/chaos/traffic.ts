import { ask } from '../support/client.ts'
import { chunk, head, json, lastChunk, wait } from '../support/replies.ts'
import { startUpstream, type Step, type Upstream } from '../support/upstream.ts'
import { type Dialect, dialects, type Piece } from './dialects.ts'
import { randomFrom } from './random.ts'
import { type SocketUpstream, startSocketUpstream } from './sockets.ts'
import { type Endpoint, newTruth, pause, sha256, shares, type Truth, type Truths } from './truth.ts'
import { type Tokens, type Turn, turnOf } from './turn.ts'

export interface Traffic extends AsyncDisposable {
  readonly upstream: Upstream
  readonly sockets: SocketUpstream
  readonly truths: Truths
  /** Many agents at once in every format, until the signal. Returns when every one of them has stopped. */
  run(
    endpoint: (provider: string) => Endpoint,
    options: { agents: number; sockets: number },
    signal: AbortSignal,
  ): Promise<void>
}

/** What the provider will answer, decided when the client asks, so that both know it. */
interface Plan {
  readonly truth: Truth
  readonly steps: readonly Step[]
}

export async function startTraffic(seed: number): Promise<Traffic> {
  const random = randomFrom(seed)
  const truths: Truths = new Map()
  const plans = new Map<string, Plan>()
  let number = 0
  const upstream = await startUpstream((request) => {
    const plan = plans.get(sha256(request.body))
    // A body that nobody sent was changed on the way: the test sees it as a request without a truth.
    if (plan === undefined) throw new Error('the provider got a request that no client sent')
    plan.truth.providerSaw = true
    return plan.steps
  })
  const nextTurn = (): Turn => turnOf(number++, random)
  const sockets = await startSocketUpstream({ seed, truths, random, nextTurn })

  async function agent(dialect: Dialect, endpoint: () => Endpoint, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const turn = nextTurn()
      const streaming = random() >= shares.wholeAnswer
      const { url, token, gateway } = endpoint()
      const body = JSON.stringify(dialect.body(`request ${turn.number} of seed ${seed}`, streaming))
      const pieces = streaming ? dialect.stream(turn) : []
      const answer = streaming ? bytesOf(pieces) : Buffer.from(JSON.stringify(dialect.whole(turn)))
      const keptSha256 = sha256(streaming ? keptOf(pieces) : answer)
      const facts = { format: dialect.name, streaming, answerSha256: sha256(answer), keptSha256, through: gateway }
      const truth = newTruth(truths, facts, body)
      const steps = streaming
        ? streamSteps(truth, dialect, pieces, random)
        : wholeSteps(truth, dialect.whole(turn), dialect.counts(turn), random)
      plans.set(truth.requestSha256, { truth, steps })
      const hangsUp = random() < shares.hangUp
      try {
        const got = await ask(url + dialect.path(streaming), {
          headers: headersOf(dialect, token, turn),
          body,
          ...(hangsUp ? { hangUpAfterBytes: 1 + Math.floor(random() * answer.length) } : {}),
        })
        const whole = got.complete && got.status === 200 && sha256(got.body) === truth.answerSha256
        truth.client = whole ? 'complete' : hangsUp && !got.complete ? 'hung up' : 'lost'
      } catch {
        truth.client = 'lost'
        await pause(200 + random() * 300)
      }
    }
  }

  return {
    upstream,
    sockets,
    truths,
    async run(endpoint, { agents, sockets: connections }, signal) {
      const each = dialects.flatMap((dialect) =>
        Array.from({ length: agents }, () => agent(dialect, () => endpoint(dialect.provider), signal)),
      )
      const over = Array.from({ length: connections }, () => sockets.agent(endpoint, signal))
      await Promise.all([...each, ...over])
    },
    async [Symbol.asyncDispose]() {
      await sockets[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

const bytesOf = (pieces: readonly Piece[]): Buffer => Buffer.concat(pieces.map(({ bytes }) => Buffer.from(bytes)))

const keptOf = (pieces: readonly Piece[]): Buffer =>
  Buffer.concat(pieces.map(({ bytes, kept = bytes }) => Buffer.from(kept)))

/** Forty requests in a row are one session, whichever gateway they come through. */
function headersOf({ provider }: Dialect, token: string, { number }: Turn): (readonly [string, string])[] {
  const type = ['Content-Type', 'application/json'] as const
  if (provider !== 'anthropic') return [['Authorization', `Bearer ${token}`], type]
  const session = Math.floor(number / 40)
    .toString(16)
    .padStart(12, '0')
  return [['x-api-key', token], type, ['X-Claude-Code-Session-Id', `00000000-0000-4000-8000-${session}`]]
}

/** Notes, as a step of its own, how far the provider has come. */
const note = (run: () => void): Step => ({ do: 'note', run })

function wholeSteps(truth: Truth, answer: object, counts: Tokens, random: () => number): Step[] {
  const sent = note(() => {
    truth.providerSent = 'all'
    truth.stated.push(counts)
  })
  const begun = note(() => (truth.providerSent = 'part'))
  return [begun, wait(random() * 60), sent, ...json(answer)]
}

function streamSteps(truth: Truth, dialect: Dialect, pieces: readonly Piece[], random: () => number): Step[] {
  const everyMs = random() * 80
  const breaks = random() < shares.providerBreaks
  const breakAt = 1 + Math.floor(random() * (pieces.length - 1))
  const begin = head(200, { 'content-type': dialect.contentType, 'transfer-encoding': 'chunked' })
  const steps: Step[] = [begin, note(() => (truth.providerSent = breaks ? 'broke off' : 'part'))]
  for (const [index, { bytes, states }] of pieces.entries()) {
    if (breaks && index === breakAt) return [...steps, { do: 'reset' }]
    if (random() < 0.3) steps.push(wait(everyMs))
    if (states !== null) steps.push(note(() => truth.stated.push(states)))
    if (index === pieces.length - 1) steps.push(note(() => (truth.providerSent = 'all')))
    steps.push(chunk(bytes))
  }
  return [...steps, lastChunk]
}
