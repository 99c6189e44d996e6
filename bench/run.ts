import { cpus, release, totalmem } from 'node:os'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { type Finding, isMet, section, withSections } from './finding.ts'
import { boundaryPeer } from './questions/boundary-peer.ts'
import { boundaryProxy } from './questions/boundary-proxy.ts'
import { boundaryRules } from './questions/boundary-rules.ts'
import { fidelity } from './questions/fidelity.ts'
import { history } from './questions/history.ts'
import { logLines } from './questions/log-lines.ts'
import { many } from './questions/many.ts'
import { memory } from './questions/memory.ts'
import { outage } from './questions/outage.ts'
import { steady } from './questions/steady.ts'
import { storage } from './questions/storage.ts'
import { streams } from './questions/streams.ts'
import { templates } from './questions/templates.ts'
import { workspaces } from './questions/workspaces.ts'
import { workspaceStreams } from './questions/workspace-streams.ts'
import { throughput } from './questions/throughput.ts'
import { goals } from './goals.ts'
import { type Rig, type RigOptions, startRig } from './rig.ts'
import type { Plan } from './rounds.ts'

/**
 * Runs every question, or those that are named, prints the findings and writes them to RESULTS.md. Ends with 1 when a
 * target is missed or a figure is doubtful.
 *
 *   node bench/run.ts [--only steady,memory] [--rounds 3] [--seconds 4] [--compile 10] [--outage-minutes 1] [--foreign-max 0.3] [--no-write] [--no-portkey]
 */
const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    'outage-minutes': { type: 'string', default: '1' },
    compile: { type: 'string', default: '10' },
    'foreign-max': { type: 'string', default: '0.3' },
    'node-flags': { type: 'string', default: '' },
    write: { type: 'boolean', default: true },
    portkey: { type: 'boolean', default: true },
  },
  allowNegative: true,
})

const plan: Plan = {
  rounds: Number(flags.rounds),
  measureMs: Number(flags.seconds) * 1000,
  warmupMs: 1_000,
  compileMs: Number(flags.compile) * 1000,
  foreignCoresMax: Number(flags['foreign-max']),
}

const { portkey } = flags
const nodeFlags = flags['node-flags'].split(' ').filter((flag) => flag !== '')
/** Each question has a server of its own, so that none inherits the other's memory or backlog. */
const onRig =
  (ask: (rig: Rig, plan: Plan) => Promise<Finding>, options: RigOptions = {}) =>
  async (): Promise<Finding> => {
    await using rig = await startRig({ ...options, nodeFlags })
    missing ||= rig.missing
    return await ask(rig, plan)
  }
let missing = ''

const questions: readonly { name: string; ask: () => Promise<Finding> }[] = [
  { name: 'fidelity', ask: onRig(fidelity, { sha256: true }) },
  { name: 'throughput', ask: onRig(throughput, { portkey }) },
  { name: 'steady', ask: onRig(steady, { portkey }) },
  { name: 'streams', ask: onRig(streams, { portkey }) },
  { name: 'memory', ask: onRig(memory) },
  { name: 'many', ask: onRig(many) },
  { name: 'outage', ask: () => outage(Number(flags['outage-minutes'])) },
  { name: 'storage', ask: onRig(storage) },
  { name: 'history', ask: history },
  { name: 'boundary-rules', ask: boundaryRules },
  { name: 'boundary-proxy', ask: () => boundaryProxy(plan) },
  { name: 'boundary-peer', ask: () => boundaryPeer(plan) },
  { name: 'templates', ask: templates },
  { name: 'workspaces', ask: workspaces },
  { name: 'log-lines', ask: () => logLines(plan) },
  { name: 'workspace-streams', ask: () => workspaceStreams(plan) },
]

const chosen = questions.filter(({ name }) => flags.only === undefined || flags.only.split(',').includes(name))
const findings: Finding[] = []
for (const { name, ask } of chosen) {
  process.stderr.write(`${name}\n`)
  const finding = await ask()
  findings.push(finding)
  process.stdout.write(`${section(finding)}\n`)
}

const summary = flags.only === undefined ? [goals(findings, portkey ? missing : 'left out')] : []
for (const text of summary) process.stdout.write(`${text}\n`)

if (flags.write) {
  const path = join(import.meta.dirname, 'RESULTS.md')
  const before = flags.only === undefined || !existsSync(path) ? heading() : readFileSync(path, 'utf8')
  const text = withSections(before, [...summary, ...findings.map((finding) => dated(section(finding)))])
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }))
}
const failed = findings.filter((finding) => finding.doubts.length > 0 || !finding.targets.every(isMet))
process.exitCode = failed.length === 0 ? 0 : 1

function heading(): string {
  const cpu = cpus()[0]?.model ?? 'unknown processor'
  const system = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux'
  return [
    '# Results',
    '',
    'Written by `npm run bench`. What is measured, and how, is in [README.md](README.md).',
    '',
    `${cpus().length} cores of ${cpu}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${system}, Linux ${release()}, Node ${process.version}.\n\n`,
  ].join('\n')
}

/** A run of single questions leaves the others as they were, so each says when it was asked. */
function dated(text: string): string {
  const day = new Date().toISOString().slice(0, 10)
  const { rounds, measureMs, foreignCoresMax } = plan
  return `${text}\n${day}, ${rounds} rounds of ${measureMs / 1000} s each; more than ${foreignCoresMax} cores of foreign load are a doubt.\n`
}
