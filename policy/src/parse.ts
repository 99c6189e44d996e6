import type { PolicyDocument } from './document.ts'
import { readCommands } from './parse-commands.ts'
import { readFiles } from './parse-files.ts'
import { readNetwork } from './parse-network.ts'
import { readTests } from './parse-tests.ts'
import type { PolicyProblem } from './problem.ts'
import { type Place, type Reading, readText } from './reading.ts'

/** Reads a policy, YAML or JSON. `policy` is null where any problem is an error: whatever was in force stays. */
export function parsePolicy(text: string): {
  readonly policy: PolicyDocument | null
  readonly problems: readonly PolicyProblem[]
} {
  const reading = readText(text)
  const document = reading.problems.length === 0 ? readDocument(reading) : null
  const refused = reading.problems.some(({ level }) => level === 'error')
  return { policy: refused ? null : document, problems: reading.problems }
}

const keys = ['apiVersion', 'name', 'mode', 'min_tier', 'network', 'files', 'commands', 'tests'] as const

function readDocument(reading: Reading): PolicyDocument | null {
  const fields = reading.fields(reading.root, keys)
  if (fields === null) return null
  if (fields.apiVersion.node === null) {
    reading.error(reading.root, 'apiVersion is missing', 'begin with apiVersion: reeve/v1')
  }
  reading.oneOf(fields.apiVersion, ['reeve/v1'], null)
  return {
    apiVersion: 'reeve/v1',
    name: readName(reading, fields.name),
    mode: reading.oneOf(fields.mode, ['enforce', 'observe'], 'enforce') ?? 'enforce',
    min_tier: reading.oneOf(fields.min_tier, [1, 2, 3], 3) ?? 1,
    network: readNetwork(reading, fields.network),
    files: readFiles(reading, fields.files),
    commands: readCommands(reading, fields.commands),
    tests: readTests(reading, fields.tests),
  }
}

function readName(reading: Reading, place: Place): string {
  const name = place.node === null ? null : reading.text(place)
  if (place.node === null) reading.error(reading.root, 'name is missing', 'name: a word for this policy')
  else if (name !== null && !/^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/.test(name)) {
    reading.error(place, 'a name is 1 to 64 lower-case letters, digits and -')
  }
  return name ?? ''
}
