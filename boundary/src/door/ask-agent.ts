import { request } from 'node:http'
import { Fault } from '@reeve/base'

/** What the agent of the workspace answered: its status, and the members of its object. */
export interface AgentAnswer {
  readonly status: number
  readonly fields: Readonly<Record<string, unknown>>
}

export interface AgentQuestion {
  readonly method: 'GET' | 'POST'
  /** With its query. */
  readonly path: string
  readonly body?: object
  readonly signal: AbortSignal
}

const answerBytesMax = 65_536
/** The agent itself waits for up to 90 s. */
const withinMs = 100_000

/** Asks over the agent's own socket, which nothing in the sandbox reaches. Throws `unavailable` where nobody answers. */
export async function askAgent(
  socketPath: string,
  { method, path, body, signal }: AgentQuestion,
): Promise<AgentAnswer> {
  try {
    return await new Promise((resolve, reject) => {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
      const asked = request({ socketPath, method, path, agent: false, signal: deadline }, (answer) => {
        const pieces: Buffer[] = []
        let bytes = 0
        answer.on('data', (piece: Buffer) => {
          bytes += piece.length
          if (bytes > answerBytesMax) answer.destroy(new Error('too long an answer'))
          else pieces.push(piece)
        })
        answer.once('error', reject)
        answer.once('end', () => {
          const fields = fieldsOf(Buffer.concat(pieces).toString('utf8'))
          if (fields === null) reject(new Error('no object'))
          else resolve({ status: answer.statusCode ?? 500, fields })
        })
      })
      asked.once('error', reject)
      asked.end(body === undefined ? undefined : JSON.stringify(body))
    })
  } catch (cause) {
    throw new Fault('unavailable', 'the agent of this workspace does not answer', { cause })
  }
}

function fieldsOf(text: string): AgentAnswer['fields'] | null {
  if (text === '' || text === 'null') return {}
  try {
    const value: unknown = JSON.parse(text)
    // SAFETY: an object, each member of which is looked at before it is used.
    return typeof value === 'object' && value !== null ? (value as AgentAnswer['fields']) : null
  } catch {
    return null
  }
}
