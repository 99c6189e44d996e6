import { readdirSync, readFileSync } from 'node:fs'

/** A recorded-style answer of a provider, and what should be read out of it. One story a file. */
export interface Fixture {
  readonly name: string
  readonly story: string
  readonly status: number
  readonly contentType: string
  readonly bytes: Buffer
  /** Of the reading, as far as the story is about it. */
  readonly reading: unknown
}

/** The formats that have fixtures: the folders beside each other. */
export type FixtureFormat = 'anthropic-messages' | 'openai-chat' | 'openai-responses' | 'gemini'

/**
 * A file holds the story, then `== answer <status> <content type> [crlf]` with the bytes, then `== reading` with JSON.
 * `crlf`: each line of the answer ends with CR and LF on the wire.
 */
export function fixturesOf(format: FixtureFormat): readonly Fixture[] {
  const folder = new URL(`../../fixtures/${format}/`, import.meta.url)
  return readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .sort()
    .map((file) => parseFixture(file.slice(0, -4), readFileSync(new URL(file, folder), 'utf8')))
}

function parseFixture(name: string, text: string): Fixture {
  const parts = /^([^]*?)\n== answer (\d{3}) (\S+)( crlf)?\n([^]*)\n== reading\n([^]*)$/.exec(text)
  if (parts === null) throw new Error(`the fixture ${name} has no answer or no reading`)
  const [, story, status, contentType, crlf, answer, reading] = parts
  return {
    name,
    story: story!.trim(),
    status: Number(status),
    contentType: contentType!,
    bytes: Buffer.from(crlf === undefined ? answer! : answer!.replaceAll('\n', '\r\n')),
    reading: JSON.parse(reading!),
  }
}
