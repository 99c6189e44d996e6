import { createHash } from 'node:crypto'
import { ask } from '../support/client.ts'
import { messageEvents, messageJson } from '../support/messages.ts'
import { chunk, eventStreamHead, json, lastChunk, wait } from '../support/replies.ts'
import { startUpstream, type Step, type Upstream } from '../support/upstream.ts'
import { randomFrom } from './random.ts'

/** What both sides of the gateway know about one request: the truth that the record is held against. */
export interface Truth {
  readonly requestSha256: string
  readonly streaming: boolean
  /** The provider received it. */
  providerSaw: boolean
  /** The provider handed over its whole answer, or broke it off on purpose. */
  providerSent: 'nothing' | 'part' | 'all' | 'broke off'
  readonly answerSha256: string
  /** What the client has: a complete answer, a part that it gave up on purpose, or less than it wanted. */
  client: 'waiting' | 'complete' | 'hung up' | 'lost'
  beganAt: number
  endedAt: number
}

export interface Traffic extends AsyncDisposable {
  readonly upstream: Upstream
  readonly truths: ReadonlyMap<string, Truth>
  /** Many agents at once, until the signal. Returns when every one of them has stopped. */
  run(endpoint: () => { url: string; token: string }, agents: number, signal: AbortSignal): Promise<void>
}

const hangUpShare = 0.1
const providerBreaksShare = 0.03
const wholeAnswerShare = 0.1

export async function startTraffic(seed: number): Promise<Traffic> {
  const random = randomFrom(seed)
  const truths = new Map<string, Truth>()
  const bodies = new Map<string, Plan>()
  const upstream = await startUpstream((request) => {
    const sha = sha256(request.body)
    const truth = truths.get(sha)
    const plan = bodies.get(sha)
    // A body that nobody sent was changed on the way: the test sees it as a request without a truth.
    if (truth === undefined || plan === undefined) throw new Error('the provider got a request that no client sent')
    truth.providerSaw = true
    return plan.steps(truth)
  })

  function begin(): { body: string; truth: Truth; plan: Plan } {
    const streaming = random() >= wholeAnswerShare
    const plan = planOf(random, truths.size, streaming)
    const prompt = `request ${truths.size} of seed ${seed}`
    const body = JSON.stringify({
      model: 'claude-scripted',
      max_tokens: 1000,
      messages: [{ role: 'user', content: [{ type: 'text', text: prompt }] }],
      stream: streaming,
    })
    const requestSha256 = sha256(body)
    const truth: Truth = {
      requestSha256,
      streaming,
      providerSaw: false,
      providerSent: 'nothing',
      answerSha256: plan.answerSha256,
      client: 'waiting',
      beganAt: performance.now(),
      endedAt: 0,
    }
    truths.set(requestSha256, truth)
    bodies.set(requestSha256, plan)
    return { body, truth, plan }
  }

  async function agent(endpoint: () => { url: string; token: string }, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { body, truth, plan } = begin()
      const { url, token } = endpoint()
      const hangsUp = random() < hangUpShare
      try {
        const answer = await ask(`${url}/v1/messages`, {
          headers: [
            ['x-api-key', token],
            ['Content-Type', 'application/json'],
            ['X-Claude-Code-Session-Id', plan.sessionId],
          ],
          body,
          ...(hangsUp ? { hangUpAfterBytes: 1 + Math.floor(random() * plan.answerBytes) } : {}),
        })
        const whole = answer.complete && answer.status === 200 && sha256(answer.body) === plan.answerSha256
        truth.client = whole ? 'complete' : hangsUp && !answer.complete ? 'hung up' : 'lost'
      } catch {
        truth.client = 'lost'
        await pause(20 + random() * 60)
      }
      truth.endedAt = performance.now()
    }
  }

  return {
    upstream,
    truths,
    async run(endpoint, agents, signal) {
      await Promise.all(Array.from({ length: agents }, () => agent(endpoint, signal)))
    },
    [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
  }
}

interface Plan {
  readonly answerSha256: string
  readonly answerBytes: number
  readonly sessionId: string
  steps(truth: Truth): readonly Step[]
}

/** What the provider will answer, decided when the client asks, so that both know it. */
function planOf(random: () => number, number: number, streaming: boolean): Plan {
  const turn = {
    id: `msg_${number}`,
    blocks: [
      { type: 'thinking', thinking: `about ${number}` },
      { type: 'text', text: `The answer to ${number}. `.repeat(1 + Math.floor(random() * 12)) },
    ],
    usage: { input_tokens: 100 + (number % 900), output_tokens: 10 + (number % 90) },
  } as const
  const events = messageEvents(turn)
  const answer = streaming ? events.join('') : JSON.stringify(messageJson(turn))
  const breaks = streaming && random() < providerBreaksShare
  const everyMs = random() * 12
  const breakAt = 1 + Math.floor(random() * (events.length - 1))
  const hex = Math.floor(number / 40)
    .toString(16)
    .padStart(12, '0')

  /** Notes, as a step of its own, how far the provider has come. */
  const note = (truth: Truth, sent: Truth['providerSent']): Step => ({
    do: 'note',
    run: () => {
      truth.providerSent = sent
    },
  })
  return {
    answerSha256: sha256(answer),
    answerBytes: Buffer.byteLength(answer),
    sessionId: `00000000-0000-4000-8000-${hex}`,
    steps(truth) {
      if (!streaming) return [wait(everyMs * 5), note(truth, 'all'), ...json(messageJson(turn))]
      const paced = events.flatMap((event) => (random() < 0.3 ? [wait(everyMs), chunk(event)] : [chunk(event)]))
      if (breaks) {
        return [eventStreamHead(), note(truth, 'broke off'), ...paced.slice(0, breakAt), { do: 'reset' }]
      }
      return [
        eventStreamHead(),
        note(truth, 'part'),
        ...paced.slice(0, -1),
        note(truth, 'all'),
        paced.at(-1)!,
        lastChunk,
      ]
    },
  }
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
