import { parseArgs } from 'node:util'
import { parseDuration } from '@reeve/base'
import { askAgent } from './ask-agent.ts'
import type { CommandRun } from './command-run.ts'

const help = `Usage: reeve exp sync want <unit> <dependency>...
       reeve exp sync start <unit> [--timeout 5m]
       reeve exp sync complete <unit>
       reeve exp sync status <unit> | list | ping [--output text|json]

Lets scripts of the workspace wait for one another. \`want\` says what a unit waits for, \`start\` returns when all of that
is complete, \`complete\` lets the others go.
`

/** `exp sync`: what scripts of templates call to run in the order that they need. */
export async function sync({ argv, env, out, err }: CommandRun): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      timeout: { type: 'string', default: '5m' },
      output: { type: 'string', short: 'o', default: 'text' },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  })
  const [what = '', unit = '', ...dependencies] = positionals
  const timeoutMs = parseDuration(values.timeout)
  const post = async (body: object) => {
    await askAgent(env, 'POST', `/units/${what}`, { body })
    out('Success\n')
  }
  const show = async (names: (unit: string) => boolean) => {
    const found = listed((await askAgent(env, 'GET', '/units'))['units']).filter((one) => names(one.unit))
    if (values.output === 'json') return out(`${JSON.stringify(found)}\n`)
    for (const one of found) out(`${one.unit}  ${one.status}  ${one.ready ? 'ready' : 'waiting'}\n`)
  }
  if (values.help) out(help)
  else if (what === 'ping' && unit === '') out((await askAgent(env, 'GET', '/units'), 'Success\n'))
  else if (what === 'list' && unit === '') await show(() => true)
  else if (what === 'status' && unit !== '') await show((name) => name === unit)
  else if (what === 'want' && dependencies.length > 0) await post({ unit, dependencies })
  else if (what === 'start' && unit !== '' && timeoutMs !== null) await post({ unit, timeout_ms: timeoutMs })
  else if (what === 'complete' && unit !== '') await post({ unit })
  else return (err(help), 2)
  return 0
}

const listed = (value: unknown): { unit: string; status: string; ready: boolean }[] =>
  (Array.isArray(value) ? value : []).map((one) => ({
    unit: String(Object(one).unit),
    status: String(Object(one).status),
    ready: Object(one).ready === true,
  }))
