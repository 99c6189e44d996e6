import type { Capture } from '@reeve/sdk'
import type { Item, RequestReading, ResponseReading } from './reading.ts'

/**
 * Cuts what was read down to the capture level, before any of it is written anywhere:
 *
 *   full      everything
 *   prompts   what people typed, and the names of tools; what a model or a tool said is left out
 *   metadata  the names of tools
 *
 * Lengths, ids and numbers are facts about content and stay. An error text of the provider may quote the request, so it
 * goes with the content; its type stays.
 */
export function requestWithin(level: Capture, reading: RequestReading): RequestReading {
  if (level === 'full') return reading
  return { ...reading, items: reading.items.map((item) => itemWithin(level, item)) }
}

export function responseWithin(level: Capture, reading: ResponseReading): ResponseReading {
  if (level === 'full') return reading
  return {
    ...reading,
    items: reading.items.map((item) => itemWithin(level, item)),
    errorMessage: null,
    usageRaw: reading.usageRaw === null ? null : numbersOf(reading.usageRaw),
  }
}

function itemWithin(level: Capture, item: Item): Item {
  const kept = item.origin === 'gateway' || (level === 'prompts' && item.kind === 'prompt' && item.origin === 'human')
  return kept || item.text === null ? item : { ...item, text: null, truncated: false, notCaptured: true }
}

function numbersOf(usage: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => typeof value === 'number'))
}
