/** How numbers, durations and sizes read; the exact value goes into a title beside the short one. */

const exactNumber = new Intl.NumberFormat('en-GB')

export const exact = (value: number): string => exactNumber.format(value)

/** `412 k`, `1.8 M`: three digits at most. */
export function compact(value: number): string {
  if (value < 10_000) return exact(value)
  for (const [unit, size] of [
    ['k', 1e3],
    ['M', 1e6],
    ['G', 1e9],
  ] as const) {
    const scaled = value / size
    if (Math.round(scaled) < 1000) return `${scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${unit}`
  }
  return `${Math.round(value / 1e12)} T`
}

/** `240 ms`, `8.2 s`, `14 m 41 s`, `2 h 3 m`, `5 d 2 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const s = Math.round(ms / 1000)
  if (s < 60) return `${s} s`
  const [d, h, m] = [Math.floor(s / 86_400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60]
  if (d > 0) return h === 0 ? `${d} d` : `${d} d ${h} h`
  if (h > 0) return m === 0 ? `${h} h` : `${h} h ${m} m`
  return s % 60 === 0 ? `${m} m` : `${m} m ${s % 60} s`
}

/** `512 B`, `4.2 kB`, `1.1 MB`. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`
  if (count < 999_500) return `${count < 9_950 ? (count / 1e3).toFixed(1) : Math.round(count / 1e3)} kB`
  if (count < 999_500_000) return `${count < 9_950_000 ? (count / 1e6).toFixed(1) : Math.round(count / 1e6)} MB`
  return `${(count / 1e9).toFixed(1)} GB`
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${exact(count)} ${count === 1 ? one : many}`

/** The beginning and end of an id: enough to recognise, short enough for a line. */
export const shortId = (id: string): string => (id.length > 14 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id)

/** What stands in place of words that retention removed. Its days are UTC days. */
export const removedOn = (at: string): string => `content removed by retention on ${at.slice(0, 10)}`
