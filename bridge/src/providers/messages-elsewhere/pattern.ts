/** Whether the text is as the pattern says, in which `*` stands for anything. In linear time: both come from elsewhere. */
export function fits(pattern: string, text: string): boolean {
  const [first = '', ...parts] = pattern.split('*')
  const last = parts.pop()
  if (last === undefined) return pattern === text
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  for (const part of parts) {
    const found = text.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return at <= text.length - last.length
}

/** What the only `*` of a pattern stands for in a text that fits it; empty where there are none or several. */
export function starOf(pattern: string, text: string): string {
  const [first = '', last, ...more] = pattern.split('*')
  return last === undefined || more.length > 0 ? '' : text.slice(first.length, text.length - last.length)
}
