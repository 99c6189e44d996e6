/** A coding agent that talks as Claude Code does and does what its messages say. It resumes anything but `lost`. */
import { createInterface } from 'node:readline'

const resume = process.argv.indexOf('--resume')
const resumed = resume === -1 ? null : process.argv[resume + 1]!
const session = resumed ?? 'session-1'
const write = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const text = (said: string, more: object = {}): void =>
  write({ type: 'assistant', message: { content: [{ type: 'text', text: said }] }, ...more })

const tricks: Readonly<Record<string, (rest: string) => void>> = {
  say: (rest) => text(rest),
  subagent: (rest) => text(rest, { parent_tool_use_id: 'toolu_1' }),
  repeat: (rest) => {
    for (let n = 0; n < 100; n++) text(rest.repeat(8 * 1024))
  },
  garble: () => {
    process.stdout.write('not json\n{"type":"assistant","message":{"content":{"text":1}}}\n[]\nnull\n{"type":\n7\n')
    write({ type: 'assistant', message: { content: [null, { type: 'text', text: 5 }, { type: 'text' }] } })
    text('still here')
  },
  endless: () => {
    const piece = 'x'.repeat(1024 * 1024)
    for (let n = 0; n < 20; n++) process.stdout.write(piece)
    process.stdout.write('\n')
    text('still here')
  },
  resumed: () => text(`resumed ${resumed}`),
  fail: (rest) => {
    write({ type: 'result', subtype: 'error_during_execution', is_error: true, errors: [rest] })
  },
  die: () => {
    process.stderr.write('it hurts\n')
    process.exit(7)
  },
  hang: () => process.on('SIGINT', () => {}),
}

if (resumed === 'lost') {
  write({ type: 'result', is_error: true, errors: ['No conversation found with session ID: lost'] })
  process.exit(1)
}
for await (const line of createInterface(process.stdin)) {
  const said = JSON.parse(line)
  if (said.type === 'control_request') {
    write({ type: 'control_response', response: { subtype: 'success', request_id: said.request_id } })
    continue
  }
  const [trick = '', ...rest] = String(said.message.content[0].text).split(' ')
  write({ type: 'system', subtype: 'init', session_id: session })
  tricks[trick]?.(rest.join(' '))
  if (trick !== 'hang' && trick !== 'fail') write({ type: 'result', subtype: 'success', is_error: false })
}
