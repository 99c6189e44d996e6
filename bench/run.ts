import { cpus, release, totalmem } from 'node:os'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Finding, isMet, section } from './finding.ts'
import { fidelity } from './questions/fidelity.ts'
import { memory } from './questions/memory.ts'
import { steady } from './questions/steady.ts'
import { storage } from './questions/storage.ts'
import { streams } from './questions/streams.ts'
import { throughput } from './questions/throughput.ts'
import { type Rig, startRig } from './rig.ts'
import type { Plan } from './rounds.ts'

/**
 * Runs every question, prints the findings and writes them to RESULTS.md. Ends with 1 when a target is missed or a
 * figure is doubtful.
 *
 *   node bench/run.ts [--only steady,memory] [--rounds 3] [--seconds 4] [--foreign-max 0.3] [--no-write]
 */
const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    'foreign-max': { type: 'string', default: '0.3' },
    'node-flags': { type: 'string', default: '' },
    write: { type: 'boolean', default: true },
  },
  allowNegative: true,
})

const plan: Plan = {
  rounds: Number(flags.rounds),
  measureMs: Number(flags.seconds) * 1000,
  warmupMs: 1_000,
  foreignCoresMax: Number(flags['foreign-max']),
}

const questions: readonly { name: string; sha256: boolean; ask: (rig: Rig, plan: Plan) => Promise<Finding> }[] = [
  { name: 'fidelity', sha256: true, ask: fidelity },
  { name: 'throughput', sha256: false, ask: throughput },
  { name: 'steady', sha256: false, ask: steady },
  { name: 'streams', sha256: false, ask: streams },
  { name: 'memory', sha256: false, ask: memory },
  { name: 'storage', sha256: false, ask: storage },
]

const chosen = questions.filter(({ name }) => flags.only === undefined || flags.only.split(',').includes(name))
const findings: Finding[] = []
for (const { name, sha256, ask } of chosen) {
  process.stderr.write(`${name}\n`)
  // Each question has a server of its own, so that none inherits the other's memory or backlog.
  const nodeFlags = flags['node-flags'].split(' ').filter((flag) => flag !== '')
  await using rig = await startRig({ sha256, nodeFlags })
  const finding = await ask(rig, plan)
  findings.push(finding)
  process.stdout.write(`${section(finding)}\n`)
}

if (flags.write && flags.only === undefined) {
  const text = ['# Results', '', ...machine(), '', ...findings.map(section)].join('\n')
  writeFileSync(join(import.meta.dirname, 'RESULTS.md'), text)
}
const failed = findings.filter((finding) => finding.doubts.length > 0 || !finding.targets.every(isMet))
process.exitCode = failed.length === 0 ? 0 : 1

function machine(): string[] {
  const cpu = cpus()[0]?.model ?? 'unknown processor'
  const system = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux'
  return [
    'Written by `npm run bench`. What is measured, and how, is in [README.md](README.md).',
    '',
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores of ${cpu}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${system}, Linux ${release()}, Node ${process.version}.`,
    `${plan.rounds} rounds of ${plan.measureMs / 1000} s each, medians; runs with more than ${plan.foreignCoresMax} cores of foreign load repeated.`,
  ]
}
