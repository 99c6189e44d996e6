import type { Clock, Log, Uuid } from '@reeve/base'
import { cliConfig } from './cli-config.ts'
import { type Outcome, runCommand } from './command.ts'
import { type Diagnostic, type Failure, failure } from './diagnostic.ts'
import { type OwnerWord, wordsOfModules } from './downloaded-modules.ts'
import { type Engine, isAtLeast } from './engine.ts'
import type { HclReader } from './hcl-reader.ts'
import { masker } from './mask.ts'
import { progressReader } from './progress.ts'
import type { serveProvider } from './provider/serve-provider.ts'
import { remedy } from './remedy.ts'
import type { LogLine, Run, Timing } from './run.ts'
import type { Account, Sandbox } from './sandbox.ts'
import { terraformEnvironment } from './terraform-environment.ts'
import { makeWorkplace } from './workplace.ts'

/** What all runs of this server share. */
export interface Tools {
  readonly engine: Engine
  readonly sandbox: Sandbox
  readonly account: Account | null
  readonly hcl: HclReader
  /** Answers Terraform for one build. */
  readonly serve: typeof serveProvider
  readonly clock: Clock
  readonly log: Log
  /** Where runs have their folders. */
  readonly runsFolder: string
  /** A folder of providers that goes before the network. */
  readonly mirror: string | null
  /** Providers that were downloaded once; null where runs could spoil it for one another. */
  readonly cache: string | null
  /** One at a time writes to the cache: Terraform does not lock it. */
  readonly withCache: <T>(work: () => Promise<T>) => Promise<T>
  /** What is passed on of the server's environment, by name. */
  readonly passed: Readonly<Record<string, string>>
}

/** Terraform in a folder of its own, with one template and one provider that answers for one build. */
export interface Terraform extends AsyncDisposable {
  readonly timings: readonly Timing[]
  init(): Promise<Failure | null>
  /** What the modules that `init` has fetched name of the owner. */
  wordsOfModules(): readonly OwnerWord[]
  plan(): Promise<Failure | null>
  apply(onChange?: () => void): Promise<Failure | null>
  destroy(onChange?: () => void): Promise<Failure | null>
  /** What `show -json` prints of the plan, and of the state. */
  showPlan(): Promise<{ failure: Failure } | { failure: null; json: unknown }>
  showState(): Promise<{ failure: Failure } | { failure: null; json: unknown }>
  graph(): Promise<{ failure: Failure } | { failure: null; dot: string }>
  readState(): Buffer | null
}

/** What it goes on from, and for which build that is kept; a run that makes nothing has neither. */
export interface Kept {
  readonly buildId: Uuid | null
  readonly state: Uint8Array | null
}

interface Contents extends Kept {
  readonly variables: string
  readonly ephemeral: string | null
  readonly secrets: Iterable<string>
}

const canceled: Failure = failure('it was canceled', 'CANCELED')

export async function openTerraform(tools: Tools, run: Run, contents: Contents): Promise<Terraform> {
  const { engine, clock } = tools
  const mask = masker([...contents.secrets, ...secretsPassed(tools), ...secretsOf(run)])
  await using stack = new AsyncDisposableStack()
  const place = stack.use(
    makeWorkplace(tools.runsFolder, tools.account, {
      buildId: contents.buildId,
      source: run.source,
      state: contents.state,
      variables: contents.variables,
      ephemeral: contents.ephemeral,
      cliConfig: cliConfig(tools),
    }),
  )
  const owner = tools.account === null ? {} : { owner: tools.account }
  const provider = stack.use(await tools.serve(run.context, { socketPath: place.socketPath, log: tools.log, ...owner }))
  const env = terraformEnvironment(tools, place, provider.reattach)
  const timings: Timing[] = []
  const say = (stage: string, source: LogLine['source'], level: LogLine['level'], text: string) =>
    run.onLog({ at: clock.now(), level, stage, source, text: mask(text).slice(0, lineCharsMax) })

  /** A command whose output goes to whoever watches, as it comes. */
  const watched = async (
    stage: string,
    args: readonly string[],
    options: WatchOptions = {},
  ): Promise<Failure | null> => {
    const startedAt = clock.now()
    const diagnostics: Diagnostic[] = []
    const read = progressReader(stage)
    const onLine = (line: string) => {
      const { lines, diagnostic, timing, hasChanged } = read(line)
      for (const { level, text } of lines) say(stage, 'terraform', level, text)
      if (diagnostic !== null) diagnostics.push(masked(diagnostic, mask))
      if (timing !== null) timings.push(timing)
      if (hasChanged) options.onChange?.()
    }
    const outcome = await command(args, { onLine, ...options })
    timings.push({ stage, resource: '', action: '', source: engine.name, startedAt, endedAt: clock.now() })
    return whyFailed(stage, outcome, diagnostics, run, mask)
  }

  const command = (args: readonly string[], { onLine, writesCache = false }: CommandOptions = {}): Promise<Outcome> => {
    const cache = tools.cache === null ? [] : [tools.cache]
    const mirror = tools.mirror === null ? [] : [tools.mirror]
    const view = place.view(
      writesCache
        ? { writable: cache, readable: [engine.path, ...mirror] }
        : { readable: [engine.path, ...mirror, ...cache] },
    )
    const argv = [engine.path, ...args] as const
    const watch = onLine === undefined ? {} : { onLine }
    return runCommand(tools.sandbox, { argv, env, view, signal: run.signal, force: run.force, ...watch })
  }

  const printed = async (stage: string, args: readonly string[]) => {
    const startedAt = clock.now()
    const outcome = await command(args)
    timings.push({ stage, resource: '', action: '', source: engine.name, startedAt, endedAt: clock.now() })
    const failed = whyFailed(stage, outcome, [], run, mask)
    return failed === null ? { failure: null, text: outcome.stdout } : { failure: failed }
  }
  const shown = async (args: readonly string[]) => {
    const result = await printed('show', ['show', '-json', ...args])
    // SAFETY: it is looked through field by field where it is used.
    return result.failure === null ? { failure: null, json: JSON.parse(result.text) as unknown } : result
  }

  // What is opened so far goes with the value that is returned.
  const opened = stack.move()
  const inputs = ['-input=false', '-no-color']
  return {
    timings,
    init: () => {
      const json = isAtLeast(engine, 1, 9) ? ['-json'] : []
      return tools.withCache(() => watched('init', ['init', ...json, ...inputs], { writesCache: true }))
    },
    wordsOfModules: () => wordsOfModules(place.source),
    plan: () => {
      const variables = `-var-file=${place.variablesFile}`
      return watched('plan', ['plan', '-json', ...inputs, variables, `-out=${place.planFile}`])
    },
    apply: (onChange) => {
      const variables = place.ephemeralFile === null ? [] : [`-var-file=${place.ephemeralFile}`]
      return watched('apply', ['apply', '-json', ...inputs, ...variables, place.planFile], watching(onChange))
    },
    destroy: (onChange) => {
      const variables = `-var-file=${place.variablesFile}`
      return watched('destroy', ['destroy', '-json', '-auto-approve', ...inputs, variables], watching(onChange))
    },
    showPlan: () => shown([place.planFile]),
    showState: () => shown([]),
    graph: async () => {
      const result = await printed('graph', ['graph', '-type=plan'])
      return result.failure === null ? { failure: null, dot: result.text } : result
    },
    readState: () => place.readState(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

interface CommandOptions {
  readonly onLine?: (line: string) => void
  readonly writesCache?: boolean
}

interface WatchOptions extends CommandOptions {
  readonly onChange?: () => void
}

const lineCharsMax = 16 * 1024

const watching = (onChange: (() => void) | undefined): WatchOptions => (onChange === undefined ? {} : { onChange })

/** Null where it went well. Terraform says what is wrong as diagnostics; before it can, on its error output. */
function whyFailed(
  stage: string,
  { code, stderr }: Outcome,
  diagnostics: readonly Diagnostic[],
  { signal, force }: Run,
  mask: (text: string) => string,
): Failure | null {
  if (code === 0) return null
  if (signal.aborted || force.aborted) return { ...canceled, diagnostics }
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  const [first] = errors
  if (first !== undefined) {
    const where = first.file === null ? '' : `${first.file}${first.line === null ? '' : ` line ${first.line}`}: `
    return { message: `${where}${first.summary}${remedy(first)}`, diagnostics, code: null }
  }
  const said = mask(stderr)
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '')
  const last = said.slice(-20).join('\n')
  return { message: `terraform ${stage} failed${last === '' ? '' : `: ${last}`}`, diagnostics, code: null }
}

function masked(diagnostic: Diagnostic, mask: (text: string) => string): Diagnostic {
  const { summary, detail, snippet } = diagnostic
  return {
    ...diagnostic,
    summary: mask(summary),
    detail: mask(detail),
    snippet: snippet === null ? null : mask(snippet),
  }
}

/** A socket's address is none, and the error of an engine that does not answer names it. */
const secretsPassed = ({ passed }: Tools): string[] =>
  Object.values(passed).filter((value) => !value.startsWith('unix://'))

/** What a build is told in confidence, and a template may print. */
function secretsOf({ context }: Run): string[] {
  const { owner, externalAuth, secrets, agentTokens } = context
  const named = [owner.sessionToken, owner.oidcAccessToken, owner.sshPrivateKey]
  return [...named, ...externalAuth.values(), ...secrets.values(), ...agentTokens.values()].flatMap((secret) =>
    secret === null ? [] : [secret.reveal()],
  )
}
