import { Command as Program, CommanderError, Option as ProgramOption } from 'commander'
import { Fault, toError } from '@reeve/base'
import { commands, elsewhere } from './commands.ts'
import { aliases, groups } from './nouns.ts'
import { type Globals, globalOptions, globalShorts, readGlobals } from './globals.ts'
import { argumentForm, type Command } from './command.ts'
import { type AnyOption, kebab } from './option.ts'

export interface Invocation {
  readonly command: Command
  readonly input: Readonly<Record<string, unknown>>
  readonly globals: Globals
}

/** A text that was asked for instead of a command, or that has to replace one that is not complete. */
export interface Help {
  readonly help: string
  readonly asked: boolean
}

/** Reads a command line. Throws a `Fault('invalid')` that says what is wrong with it. */
export function parseCommandLine(argv: readonly string[], columns: number): Invocation | Help {
  let matched: { command: Command; positional: unknown[]; leaf: Program } | null = null
  let written = ''
  const write = (text: string) => void (written += text)
  const root = buildProgram(columns, write, (command, positional, leaf) => {
    matched = { command, positional, leaf }
  })
  try {
    root.parse(argv, { from: 'user' })
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    if (thrown.code === 'commander.helpDisplayed') return { help: written, asked: true }
    if (thrown.code === 'commander.help') return { help: written, asked: argv.length === 0 }
    throw new Fault('invalid', thrown.message.replace(/^error: /, '').replace(/\n/g, ' '))
  }
  if (matched === null) return { help: root.helpInformation(), asked: true }
  const dashes = argv.indexOf('--')
  return readInvocation(matched, dashes < 0 ? 0 : argv.length - dashes - 1)
}

type Matched = (command: Command, positional: unknown[], leaf: Program) => void

/**
 * The programs of all commands, which help lists by name. Options, which are most of the work, get only those that the
 * words lead to.
 */
function buildProgram(columns: number, write: (text: string) => void, onMatch: Matched): Program {
  const root = new Program('reeve')
    .description('The control plane for AI coding agents: sign in, connect agents, read what they did.')
    .helpCommand(false)
    .helpOption('-h, --help', 'show help; with -o json, the command as data')
    .enablePositionalOptions()
  // Whatever is made of it inherits this.
  root.exitOverride().configureOutput({
    getOutHelpWidth: () => columns,
    getErrHelpWidth: () => columns,
    writeOut: write,
    writeErr: write,
  })
  root.configureHelp({
    subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' '),
  })
  addGlobals(root, 'Options of every command:')
  const later: Later = new Map()
  fillWhenReached(root, later)
  for (const command of commands) {
    const parent = command.path
      .slice(0, -1)
      .reduce((at, _, depth) => childOf(at, command.path.slice(0, depth + 1), later), root)
    addCommand(parent, command, onMatch, later)
  }
  for (const { name, summary } of elsewhere) {
    root
      .command(name)
      .description(summary)
      .allowExcessArguments()
      .allowUnknownOption()
      .action(() => {
        throw new Fault('not_found', `${name} is not part of this installation`)
      })
  }
  return root
}

type Later = Map<Program, () => void>

function fillWhenReached(parent: Program, later: Later): void {
  parent.hook('preSubcommand', (_, child) => later.get(child)?.())
}

function childOf(parent: Program, path: readonly string[], later: Later): Program {
  const name = path.at(-1)!
  const existing = parent.commands.find((candidate) => candidate.name() === name)
  if (existing !== undefined) return existing
  const child = parent
    .command(name)
    .description(groups[path.join(' ')] ?? '')
    .helpCommand(false)
    .enablePositionalOptions()
  child.aliases(aliases[name] ?? [])
  later.set(child, () => addGlobals(child, null))
  fillWhenReached(child, later)
  return child
}

function addCommand(parent: Program, command: Command, onMatch: Matched, later: Later): void {
  const name = command.path.at(-1)!
  const leaf = parent.command(name).description(command.summary).helpCommand(false).enablePositionalOptions()
  leaf.aliases([...(aliases[name] ?? []), ...(aliases[command.path.join(' ')] ?? [])]).allowExcessArguments(false)
  for (const [key, argument] of Object.entries(command.args)) {
    leaf.argument(argumentForm(key, argument), argument.description)
  }
  leaf.action((...args: unknown[]) => onMatch(command, args.slice(0, Object.keys(command.args).length), leaf))
  later.set(leaf, () => addOptions(leaf, command))
}

function addOptions(leaf: Program, command: Command): void {
  for (const [key, option] of Object.entries(command.options)) leaf.addOption(programOption(key, option))
  addGlobals(leaf, null)
  const examples = command.examples.map((example) => `  ${example}`)
  const after = [command.details, examples.length === 0 ? '' : `Examples:\n${examples.join('\n')}`].filter(
    (part) => part !== '',
  )
  if (after.length > 0) leaf.addHelpText('after', `\n${after.join('\n\n')}`)
}

/** Every command takes them; only `reeve --help` lists them. */
function addGlobals(program: Program, heading: string | null): void {
  for (const [key, option] of Object.entries(globalOptions)) {
    const made = programOption(key, option)
    program.addOption(heading === null ? made.hideHelp() : made.helpGroup(heading))
  }
  if (heading === null) program.addHelpText('after', '\nOptions of every command: reeve --help')
}

const argumentTerm = (argument: { name(): string; required: boolean }): string =>
  argument.required ? `<${argument.name()}>` : `[${argument.name()}]`

function programOption(key: string, option: AnyOption): ProgramOption {
  const letter = option.short ?? globalShorts[key]
  const short = letter === undefined ? '' : `${letter}, `
  const made = new ProgramOption(
    `${short}--${kebab(key)}${option.value === null ? '' : ` <${option.value}>`}`,
    option.description,
  )
  if (option.repeats) made.argParser((given: string, before: string[] | undefined) => [...(before ?? []), given])
  return made
}

/** Words after `--` are those of the other command, also where an argument before them was left out. */
function placed({ args }: Command, positional: readonly unknown[], afterDashes: number): readonly unknown[] {
  const known = Object.values(args)
  const at = known.findIndex(({ words }) => words === true)
  const all = positional.flat().filter((word) => word !== undefined)
  const before = all.length - afterDashes
  if (afterDashes === 0 || before < 0 || before >= at) return positional
  if (known.slice(before, at).some(({ required }) => required)) return positional
  return [...all.slice(0, before), ...Array.from({ length: at - before }), all.slice(before)]
}

interface Match {
  readonly command: Command
  readonly positional: readonly unknown[]
  readonly leaf: Program
}

function readInvocation({ command, positional, leaf }: Match, afterDashes: number): Invocation {
  const globals: Record<string, unknown> = {}
  const input: Record<string, unknown> = {}
  for (let at: Program | null = leaf; at !== null; at = at.parent) {
    for (const [key, option] of Object.entries(globalOptions)) globals[key] ??= readOption(at, key, option)
  }
  for (const [key, option] of Object.entries(command.options)) {
    input[key] = readOption(leaf, key, option) ?? (option.value === null ? false : undefined)
  }
  const given = placed(command, positional, afterDashes)
  for (const [i, key] of Object.keys(command.args).entries()) input[key] = given[i]
  return { command, input, globals: readGlobals(globals) }
}

/** What was given for one option, read; undefined when it was not given. */
function readOption(program: Program, key: string, option: AnyOption): unknown {
  const negated = /^no[A-Z]/.test(key) && option.value === null
  const given: unknown = program.getOptionValue(negated ? key.charAt(2).toLowerCase() + key.slice(3) : key)
  if (option.value === null) return negated ? (given === false ? true : undefined) : given
  if (option.repeats) return Array.isArray(given) ? given.map((one) => parseValue(key, option, String(one))) : []
  return given === undefined ? undefined : parseValue(key, option, String(given))
}

function parseValue(key: string, option: AnyOption, given: string): unknown {
  try {
    return option.parse(given)
  } catch (thrown) {
    throw new Fault('invalid', `--${kebab(key)}: "${given}" ${toError(thrown).message}`, { cause: thrown })
  }
}
