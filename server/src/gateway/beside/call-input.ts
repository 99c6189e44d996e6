import type { BoundaryEvent } from '@reeve/sdk'

/** What the input of a tool call names that a process, a connection or a file may be known by. */
export interface CallInput {
  readonly commands: readonly string[]
  /** Base names of the words of the commands. */
  readonly words: ReadonlySet<string>
  readonly hosts: ReadonlySet<string>
  readonly paths: ReadonlySet<string>
}

const commandKeys = /^(?:command|commands|cmd|script|args|argv)$/i
const pathKeys = /path|file/i
const depthMax = 8
/** Shorter ones are in the command line of anything. */
const commandCharsMin = 3

/** The input as it was recorded, JSON mostly; one that was cut off names nothing. */
export function readInput(text: string): CallInput {
  const commands: string[] = []
  const paths = new Set<string>()
  const hosts = new Set<string>()
  const take = (value: unknown, key: string, depth: number): void => {
    if (typeof value === 'string') {
      if (commandKeys.test(key)) commands.push(value.trim())
      else if (pathKeys.test(key)) paths.add(value)
      for (const [, host] of value.matchAll(/https?:\/\/([^\s/"'<>:@?#]+)/gi)) {
        if (host !== undefined) hosts.add(host.toLowerCase())
      }
    } else if (typeof value === 'object' && value !== null && depth < depthMax) {
      for (const [name, inner] of Object.entries(value)) take(inner, Array.isArray(value) ? key : name, depth + 1)
    }
  }
  take(parsed(text), '', 0)
  const words = commands.flatMap((command) => command.split(/[\s;&|()<>"'`$={}]+/)).map(baseName)
  return { commands, words: new Set(words.filter((word) => word !== '')), hosts, paths }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const baseName = (path: string): string => path.split('/').at(-1) ?? ''

/** In between of anything: they tell nothing. */
const shells = new Set(['sh', 'bash', 'zsh', 'dash', 'ash', 'fish', 'env', 'sudo', 'busybox', 'timeout', 'xargs'])

/** How much a decision looks like the work of a call: 0 for not at all. A whole command weighs more than a program's name. */
export function likeness(input: CallInput, event: BoundaryEvent): number {
  const { process, net, file, exec } = event
  const lines = [process?.argv ?? [], exec?.argv ?? []]
  const isScript = input.commands.some(
    (command) => command.length >= commandCharsMin && lines.flat().some((word) => word.includes(command)),
  )
  if (isScript) return 8
  const isNamed = programsOf(event).some((name) => input.words.has(name))
  const isHost = net !== null && input.hosts.has(net.host.toLowerCase())
  const isPath = file !== null && [...input.paths].some((path) => isSamePath(file.path, path))
  return (isPath ? 4 : 0) + (isNamed ? 2 : 0) + (isHost ? 1 : 0)
}

/** The programs between the agent and what was decided about. The agent itself, the outermost, is in every tree. */
function programsOf({ process, exec }: BoundaryEvent): string[] {
  const tree = process?.tree ?? []
  const own = tree.length > 1 ? (process?.argv ?? []).slice(0, 2) : []
  // Some programs write their whole command line where their name belongs.
  const words = [...own, ...(exec?.argv ?? []).slice(0, 2), exec?.path ?? ''].map((word) => word.split(' ')[0] ?? '')
  return [...tree.slice(1), ...words].map(baseName).filter((name) => name !== '' && !shells.has(name))
}

/** A path in an input may begin where the agent stands. */
function isSamePath(whole: string, named: string): boolean {
  const path = named.replace(/^\.\//, '')
  return path !== '' && (whole === path || (!path.startsWith('/') && whole.endsWith(`/${path}`)))
}
