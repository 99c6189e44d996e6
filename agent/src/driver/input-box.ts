/** What the foot of a screen says, of terminal agents that nobody has made readable for programs. */

/** Below where a person types there are hints, the model's name and so on: so many lines with something in them. */
const footerLinesMax = 6
/** An input box that holds several lines, or a title, is no higher above its last one. */
const boxLinesMax = 12
const menuLinesMax = 14

/** The upper edge of a box, or a line across the screen. */
const rule = /^\s*[╭┌┏╔]?[─━═▄▀_-]{20,}[╮┐┓╗]?\s*$/
/** The first line of an input: a sign and then what was typed, or words that stand there until something is. */
const ruledPrompt = /^\s*[│┃║|]?\s*[>›❯»*!$→](\s|$)/
/** The end of a bar at the left, as opencode draws it around an input. */
const barEnd = /^\s*╹▀{20,}\s*$/
const bar = /^\s*┃/
/** Without a box only an empty input tells itself from what was said. */
const barePrompt = /^\s*(?:[\w()~/.-]{1,24} ?){0,2}[>›❯»](\s+Press Enter to send.*)?\s*$|^\s*\( O\)>/
/** The line of a menu on which the choice stands. */
const chosen =
  /^[\s│┃║|]*(?:[>›❯●➤→▶*]\s*\d{1,2}[.)]\s+\S|[>›❯➤→▶]\s*(?:Yes|No|Allow|Deny|Accept|Reject|Approve|Trust|Log ?in|Sign in)\b)/
/** A line that ends with the letters to type, as aider's and amp's do. */
const lettersAsked = /(?:\(y\)es[/, ]+\(n\)o|[[(]y(?:es)?\s*[/|]\s*no?[\])]).{0,60}[\]):?]\s*$|[[(]y\/n[\])]\s*$/i
const secretAsked =
  /^\W*(?:paste|enter) (?:your|the) (?:log-?in|sign-?in|auth\w*|api|access) (?:code|key|token|json)\b/im
const signIn = /\b(?:log|sign)(?:ged|ging)?[ -]?in\b|\bauthenticat/i
const keysTold = /\benter to\b[^]*\besc to (?:cancel|exit|quit|reject)\b|\bpress (?:return|enter) to (?!send)/i

/** Where the part begins in which a person types, with all that is below it; null where none is seen. */
export function inputBoxAt(lines: readonly string[]): number | null {
  const foot = footFrom(lines, footerLinesMax + 1)
  for (let at = lines.length - 1; at >= Math.max(0, foot - boxLinesMax); at--) {
    const line = lines[at]!
    if (at >= foot && barEnd.test(line)) return lines.findLastIndex((one, index) => index < at && !bar.test(one)) + 1
    if (at >= foot && barePrompt.test(line)) return ruleAbove(lines, at) ?? at
    if (ruledPrompt.test(line) && !chosen.test(line)) {
      const top = ruleAbove(lines, at)
      if (top !== null) return top
    }
  }
  return null
}

/** The question that only a choice answers, such as whether a command may run; null where none is open. */
export function choiceAsked(lines: readonly string[]): string | null {
  const foot = lines.slice(footFrom(lines, menuLinesMax))
  const text = foot.join('\n')
  const isMenu = foot.some((line) => chosen.test(line)) || keysTold.test(text) || secretAsked.test(text)
  if (!isMenu && !lettersAsked.test(lines.findLast((line) => line.trim() !== '') ?? '')) return null
  if (inputBoxAt(lines) !== null) return null
  return foot
    .map((line) => line.replaceAll(/^[\s│┃║|]+|[\s│┃║|]+$/g, ''))
    .filter((line) => /[\p{L}\p{N}]/u.test(line))
    .join('\n')
}

/** Whether a question is how to sign in, or who may. */
export const isSignIn = (question: string): boolean => signIn.test(question)

/** What stands near the place to type for as long as an agent works, whether it turns or not. */
const busy =
  /\besc(?:ape)?\b[^\p{L}]{0,4}(?:esc |to |again to )?(?:interrupt|cancel|stop)\b|^\s*\S? ?Working\b.*\besc\b/iu

/** Whether the agent shows that it works. */
export const isBusy = (lines: readonly string[]): boolean =>
  lines.slice(footFrom(lines, footerLinesMax + 4)).some((line) => busy.test(line))

/** The nearest one above, with nothing in between but what belongs to an input. */
function ruleAbove(lines: readonly string[], at: number): number | null {
  for (let above = at - 1; above >= Math.max(0, at - 4); above--) if (rule.test(lines[above]!)) return above
  return null
}

/** Where the last `count` lines begin that have something in them. */
function footFrom(lines: readonly string[], count: number): number {
  let from = lines.length
  for (let left = count; from > 0 && left > 0; from--) if (lines[from - 1]!.trim() !== '') left--
  return from
}
