import { canonicalHost } from './host.ts'
import { type CanonicalRequest, isRefusal, requestOfUrl } from './canonical.ts'
import { splitCommand } from './command-pattern.ts'
import type { Connection } from './decision.ts'
import type { PolicyTest } from './document.ts'
import type { Place, Reading } from './reading.ts'

export const readTests = (reading: Reading, place: Place): readonly PolicyTest[] =>
  reading.list(place).flatMap((item) => readTest(reading, item) ?? [])

function readTest(reading: Reading, place: Place): PolicyTest | null {
  const fields = reading.fields(place, ['request', 'command', 'expect', 'rule', 'exe'])
  if (fields === null) return null
  if (fields.expect.node === null) reading.error(place, 'expect is missing', 'expect: allow, deny or ask')
  const common = {
    expect: reading.oneOf(fields.expect, ['allow', 'deny', 'ask'], null) ?? 'deny',
    rule: fields.rule.node === null ? null : reading.text(fields.rule),
    exe: reading.texts(fields.exe).map(({ text }) => text),
  } as const
  if ((fields.request.node === null) === (fields.command.node === null)) {
    return reading.error(place, 'a test has either a request or a command')
  }
  if (fields.command.node === null) {
    const request = reading.text(fields.request) ?? ''
    const read = testRequest(request, common.exe)
    if (read === null) reading.error(fields.request, 'not a request', 'GET https://host/path, or tcp://host:port')
    else if ('refused' in read && common.expect !== 'deny')
      reading.error(fields.request, `always denied: ${read.refused}`)
    return { ...common, request }
  }
  const command = reading.text(fields.command) ?? ''
  if ((splitCommand(command) ?? []).length === 0) reading.error(fields.command, 'not a command line')
  return { ...common, command }
}

/** What a test asks for: a request, a raw connection, or something that has no canonical form and is denied as that. */
export function testRequest(
  text: string,
  exes: readonly string[],
): { readonly web: CanonicalRequest } | { readonly tcp: Connection } | { readonly refused: string } | null {
  const raw = /^(?:CONNECT )?tcp:\/\/(.+):(\d{1,5})$/.exec(text)
  if (raw !== null) {
    const host = canonicalHost(raw[1]!)
    return host === null ? { refused: 'authority' } : { tcp: { host, port: Number(raw[2]), exes } }
  }
  const words = /^(\S+) (https?:\/\/\S+)$/i.exec(text)
  if (words === null) return null
  const request = requestOfUrl(words[1]!, words[2]!, exes)
  return isRefusal(request) ? { refused: request.refused } : { web: request }
}
