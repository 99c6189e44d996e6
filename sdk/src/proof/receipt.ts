/**
 * A receipt of what retention removed, as the text of a signed note. Each names the hash of the text of the one before,
 * so that none can be left out of the middle, and the audit event of the same removal names the hash of this one.
 */
export interface Receipt {
  readonly origin: string
  readonly number: number
  /** SHA-256 of the text of the receipt before, in hexadecimal digits; of the first, zeros. */
  readonly before: string
  readonly dataClass: string
  readonly unit: string
  /** `-` for what belongs to no organization, as the two below for what has none. */
  readonly organization: string
  readonly day: string
  readonly removed: number
  /** SHA-256 over the ids that went, each on a line, in order. */
  readonly ids: string
  readonly keepDays: number
  readonly policyVersion: number
  /** A user's id, or `settings`. */
  readonly setBy: string
  readonly setAt: string
  readonly time: string
}

export const noReceipt = '0'.repeat(64)

export const receiptText = (receipt: Receipt): string => `${receipt.origin}/retention
${receipt.number}
before ${receipt.before}
class ${receipt.dataClass}
unit ${receipt.unit}
organization ${receipt.organization}
day ${receipt.day}
removed ${receipt.removed}
ids ${receipt.ids}
kept-for ${receipt.keepDays} days
policy ${receipt.policyVersion} set by ${receipt.setBy} at ${receipt.setAt}
time ${receipt.time}
`

const pattern = new RegExp(
  [
    String.raw`^(\S+)/retention`,
    String.raw`(\d{1,15})`,
    String.raw`before ([0-9a-f]{64})`,
    String.raw`class (\S+)`,
    String.raw`unit (\S+)`,
    String.raw`organization (\S+)`,
    String.raw`day (\S+)`,
    String.raw`removed (\d{1,15})`,
    String.raw`ids ([0-9a-f]{64})`,
    String.raw`kept-for (\d{1,9}) days`,
    String.raw`policy (\d{1,15}) set by (\S+) at (\S+)`,
    String.raw`time (\S+)\n$`,
  ].join('\n'),
)

/** Null for what is no such text. */
export function parseReceipt(text: string): Receipt | null {
  const found = pattern.exec(text)
  if (found === null) return null
  const [, origin = '', number, before = '', dataClass = '', unit = '', organization = '', day = '', removed] = found
  const [ids = '', keepDays, policyVersion, setBy = '', setAt = '', time = ''] = found.slice(9)
  return {
    origin,
    number: Number(number),
    before,
    dataClass,
    unit,
    organization,
    day,
    removed: Number(removed),
    ids,
    keepDays: Number(keepDays),
    policyVersion: Number(policyVersion),
    setBy,
    setAt,
    time,
  }
}
