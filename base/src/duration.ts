const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/**
 * Reads `90s`, `1h30m`, `190d`, `2w` (units ms, s, m, h, d, w; largest first is not required) as milliseconds. `0` needs
 * no unit. Returns null for anything else: the caller knows the name of the setting and says so.
 */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim()
  if (trimmed === '0') return 0
  let rest = trimmed
  let total = 0
  while (rest !== '') {
    const part = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/.exec(rest)
    if (part === null) return null
    total += Number(part[1]) * unitMs[part[2]!]!
    rest = rest.slice(part[0].length)
  }
  return trimmed === '' ? null : Math.round(total)
}

/** The shortest exact form of a duration in milliseconds: `190d`, `1h30m`, `250ms`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0'
  let rest = ms
  let text = ''
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const count = Math.floor(rest / unitMs[unit]!)
    if (count > 0) text += `${count}${unit}`
    rest -= count * unitMs[unit]!
  }
  return text
}
