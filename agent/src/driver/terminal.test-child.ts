/**
 * A coding agent of the terminal that does what its messages say. It speaks as such agents do: in raw mode, with a box to
 * type into at the foot of the screen, which is drawn anew with each change, and a sign that turns while it works.
 */
const write = (text: string): void => void process.stdout.write(text)
const width = process.stdout.columns - 1
const signs = [...'⠋⠙⠹⠸⠼⠴⠦⠧']

let typed = ''
let drawn = 0
let turns = 0
let working: NodeJS.Timeout | null = null
let isDeaf = false
let menu: ((key: string) => void) | null = null

/** The lower part, which moves down as lines come above it. */
function draw(above: readonly string[] = []): void {
  const edge = '─'.repeat(width - 2)
  const inputs = typed.split('\n').map((line, n) => `│ ${n === 0 ? '>' : ' '} ${line}`.padEnd(width - 1) + '│')
  const busy = working === null ? [] : [` ${signs[turns++ % signs.length]} Thinking… (esc to interrupt)`, '']
  const foot = menu === null ? [`╭${edge}╮`, ...inputs, `╰${edge}╯`] : ['May it run?', ' ❯ 1. Yes', '   2. No']
  const lines = [...busy, ...foot, '  scripted-1   100% left']
  write(`${drawn === 0 ? '' : `\u001b[${drawn - 1}A\r\u001b[J`}${[...above, ...lines].join('\r\n')}`)
  drawn = lines.length
}

function work(...steps: readonly (() => void)[]): void {
  const left = [...steps]
  let ticks = 0
  working = setInterval(() => {
    if (++ticks % 4 === 0) left.shift()?.()
    if (left.length === 0 && working !== null) {
      clearInterval(working)
      working = null
    }
    draw()
  }, 40)
}

const tricks: Readonly<Record<string, (rest: string) => void>> = {
  say: (rest) => work(() => draw([`• ${rest}`, ''])),
  more: (rest) => work(...rest.split(' ').map((word) => () => draw([word]))),
  place: () => work(() => draw([`${process.env['TERM']} ${process.stdout.columns}x${process.stdout.rows}`])),
  ask: () =>
    work(() => {
      menu = (key) => {
        menu = null
        work(() => draw([`It was ${key === '1' ? 'allowed' : 'refused'}.`]))
      }
    }),
  deaf: () => (isDeaf = true),
  die: () => {
    write('\r\nit hurts\r\n')
    process.exit(7)
  },
}

function submit(): void {
  const message = typed
  typed = ''
  const [trick = '', ...rest] = message.split(/[ \n]/)
  draw(['', ...message.split('\n').map((line, n) => `${n === 0 ? '>' : ' '} ${line}`), ''])
  tricks[trick]?.(rest.join(' '))
}

function press(key: string): void {
  if (key === '\u0003') process.exit(0)
  if (menu !== null) menu(key)
  else if (isDeaf) return
  else if (key === '\r') submit()
  else typed += key
  draw()
}

process.stdin.setRawMode(true)
process.stdin.setEncoding('utf8').on('data', (piece: string) => {
  for (const [, paste, key] of piece.matchAll(/\u001b\[200~(.*?)\u001b\[201~|([^])/gs)) {
    if (key !== undefined) press(key)
    else if (!isDeaf) typed += paste
  }
  draw()
})
process.on('SIGINT', () => process.exit(0))
write('\u001b[?2004h\r\nScripted, an agent for tests\r\n\r\n')
draw()
