import { parseArgs } from 'node:util'
import { cpuUse, diskUse, memoryUse, type Use } from './measure.ts'
import type { CommandRun } from './command-run.ts'

const help = `Usage: reeve stat cpu|mem|disk [--host] [--path <folder>] [--prefix None|Ki|Mi|Gi|Ti] [--output text|json]

How much of the workspace is used: of its container, or with --host of the machine that it runs on. Without a word, all.
`

const prefixes: Readonly<Record<string, number>> = {
  none: 1,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
}

/** `stat`: what the metadata of templates calls to show how full a workspace is. */
export async function stat({ argv, env, out, err }: CommandRun): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      host: { type: 'boolean', default: false },
      path: { type: 'string', default: '/' },
      prefix: { type: 'string', default: 'Gi' },
      output: { type: 'string', short: 'o', default: 'text' },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  })
  const [what, ...more] = positionals
  const { host, path, output } = values
  const scale = prefixes[values.prefix.toLowerCase()]
  const isKnown = what === undefined || ['cpu', 'mem', 'disk'].includes(what)
  if (values.help || !isKnown || more.length > 0 || scale === undefined || !['text', 'json'].includes(output)) {
    ;(values.help ? out : err)(help)
    return values.help ? 0 : 2
  }
  const unit = values.prefix.toLowerCase() === 'none' ? 'B' : `${values.prefix}B`
  const scaled = ({ used, total }: Use): Figure => ({
    used: used / scale,
    total: total === null ? null : total / scale,
    unit,
  })
  const measures: Readonly<Record<string, () => Promise<Figure> | Figure>> = {
    cpu: async () => ({ ...(await cpuUse(host)), unit: 'cores' }),
    mem: () => scaled(memoryUse(host)),
    disk: () => scaled(diskUse(path)),
  }
  if (what !== undefined) {
    const figure = await measures[what]!()
    out(output === 'json' ? `${JSON.stringify(figure)}\n` : `${textOf(figure)}\n`)
    return 0
  }
  const all = {
    host_cpu: { ...(await cpuUse(true)), unit: 'cores' },
    host_memory: scaled(memoryUse(true)),
    home_disk: scaled(diskUse(env['HOME'] ?? '/')),
    container_cpu: { ...(await cpuUse(false)), unit: 'cores' },
    container_memory: scaled(memoryUse(false)),
  }
  if (output === 'json') out(`${JSON.stringify(all)}\n`)
  else for (const [name, figure] of Object.entries(all)) out(`${name.replace('_', ' ').padEnd(18)}${textOf(figure)}\n`)
  return 0
}

interface Figure extends Use {
  readonly unit: string
}

/** `1.5/8 GiB (19%)` */
function textOf({ used, total, unit }: Figure): string {
  const short = (value: number): string => String(Number(value.toPrecision(3)))
  if (total === null || total === 0) return `${short(used)} ${unit}`
  return `${short(used)}/${short(total)} ${unit} (${Math.round((used / total) * 100)}%)`
}
