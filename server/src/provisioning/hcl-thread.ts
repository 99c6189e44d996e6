import { createRequire } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { toError } from '@reeve/base'

export interface HclQuestion {
  readonly path: string
  readonly text: string
}

export type HclAnswer =
  | { readonly kind: 'parsed'; readonly parsed: unknown }
  /** What the parser has to say of the text, with places in it. */
  | { readonly kind: 'complaint'; readonly message: string }
  /** The parser did not get to an end. */
  | { readonly kind: 'broken'; readonly message: string }

// Not by `import`: its types bring those of the browser along, which change what this whole program may say.
// SAFETY: this is the signature of its function, of which the result is looked through field by field.
const { parse } = createRequire(import.meta.url)('@cdktf/hcl2json') as {
  parse(fileName: string, text: string): Promise<unknown>
}

/** The thread of `hcl-reader.ts`. What is not a complaint of the parser's leaves it in a state that nobody knows. */
parentPort?.on('message', ({ path, text }: HclQuestion) => {
  const answer = (one: HclAnswer) => parentPort?.postMessage(one)
  parse(path, text).then(
    (parsed) => answer({ kind: 'parsed', parsed }),
    (thrown: unknown) => {
      const message = toError(thrown).message.slice(0, 20_000)
      answer({ kind: message.startsWith('parse config:') ? 'complaint' : 'broken', message })
    },
  )
})
