import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { outcomeCodes } from '../cli/src/commands/task-wait.ts'
import { parseCommandLine } from '../cli/src/program.ts'

/** The examples for pipelines, which nobody runs here: their scripts are shell, and their commands are commands. */

const folder = resolve(import.meta.dirname, '../docs/examples')
const files = readdirSync(folder).filter((name) => name.endsWith('.yml'))

test.each(files)('%s is YAML whose scripts a shell can read', (name) => {
  for (const script of scriptsOf(name)) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: script })
    expect(status, `${script}\n${stderr.toString()}`).toBe(0)
  }
})

describe.each(files)('%s', (name) => {
  const commands = scriptsOf(name).flatMap(commandsIn)

  test('has a task that is created and waited for', () => {
    const created = commands.find((words) => words.join(' ').startsWith('tasks create'))
    for (const flag of ['--wait', '--idempotency-key', '--timeout']) expect(created).toContain(flag)
  })

  test.each(commands.map((words) => [words.join(' '), words] as const))('reeve %s is a command line', (_, words) => {
    expect(parseCommandLine(words, 100)).toHaveProperty('command')
  })

  test('tells apart only outcomes that there are', () => {
    const codes = Object.values(outcomeCodes)
    for (const script of scriptsOf(name)) {
      for (const [, code] of script.matchAll(/^\s*(\d+)\) /gm)) expect(codes).toContain(Number(code))
    }
  })
})

test('the page of tasks has every exit code of an outcome', () => {
  const page = readFileSync(join(folder, '../users/tasks.md'), 'utf8')
  for (const code of Object.values(outcomeCodes)) expect(page).toMatch(new RegExp(`^\\| ${code} `, 'm'))
})

/** What stands under `run`, `script` and the like, wherever that is. */
function scriptsOf(name: string): string[] {
  const found: string[] = []
  const look = (value: unknown, isScript: boolean): void => {
    if (typeof value === 'string') {
      if (isScript) found.push(value)
    } else if (Array.isArray(value)) for (const one of value) look(one, isScript)
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) look(inner, /^(?:run|(?:before_|after_)?script)$/.test(key))
    }
  }
  look(parse(readFileSync(join(folder, name), 'utf8')), false)
  return found
}

/** The words behind each `reeve` that begins a command, up to where the shell would end it. */
function commandsIn(script: string): string[][] {
  const lines = script.replaceAll('\\\n', ' ').split('\n')
  return lines.flatMap((line) => {
    const rest = /^\s*reeve (.*)$/.exec(line)?.[1]
    if (rest === undefined) return []
    const words = rest.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []
    const end = words.findIndex((word) => /^(?:[|&;>]|\d>)/.test(word))
    return [words.slice(0, end === -1 ? words.length : end).map((word) => word.replaceAll(/["']/g, ''))]
  })
}
