import { dirname, join, resolve } from 'node:path'
import { Fault } from '@reeve/base'
import type { Io } from '../io.ts'
import { dotenvValues, setDotenv } from './dotenv-edit.ts'
import { type JsonText, jsonValues, setJson } from './json-edit.ts'
import { type OtherAgent, opencodeProvider } from './other-agents.ts'
import { type Edited, readSettings } from './settings-file.ts'
import { setToml, tomlValues } from './toml-edit.ts'

export interface Connection {
  readonly base_url: string
  readonly token: string
}

/** A file that an agent reads at its start, and how Reeve gets into it. */
export interface AgentFile {
  readonly file: string
  /** Whether the token stands in it: nobody else may read it then. */
  readonly secret: boolean
  edit(text: string, connection: Connection): Edited
}

export interface Found {
  readonly value: string
  readonly from: string
}

/** What an agent will use: null where it is not told. */
export interface InUse {
  readonly url: Found | null
  readonly token: Found | null
}

interface AgentSettings {
  files(io: Io): Promise<readonly AgentFile[]>
  /** What stands in those files. */
  written(io: Io): Promise<InUse>
  /** What is used in this shell and this folder, which may come before. */
  inUse(io: Io): Promise<InUse>
  /** Where an agent takes the token only if it was told to sign in so: what was chosen, null if nothing was. */
  readonly signIn?: { readonly setting: string; readonly wanted: string; chosen(io: Io): Promise<Found | null> }
}

/**
 * Told anything else, Gemini CLI sends nothing to the address that it was given; told nothing, it takes that for the
 * address of a gateway, and does not sign in at one.
 */
const geminiSignIn = { path: ['security', 'auth', 'selectedType'], wanted: 'gemini-api-key' } as const

/** Where each agent keeps its settings, as of Codex 0.169, Gemini CLI 0.61 and opencode 1.18. */
export const agentSettings: Readonly<Record<OtherAgent, AgentSettings>> = {
  codex: {
    files: async (io) => {
      const file = codexConfig(io)
      return [{ file, secret: true, edit: (text, connection) => setToml(file, text, codexChange(connection)) }]
    },
    written: async (io) => {
      const file = codexConfig(io)
      const { text } = await readSettings(file)
      const values = text === null ? {} : tomlValues(file, text)
      const table = at(values, 'model_providers', String(values['model_provider']))
      const key = at(table, 'env_key')
      const token = at(table, 'experimental_bearer_token')
      return {
        url: inFile(at(table, 'base_url'), file),
        token: typeof key === 'string' ? inEnvironment(io.env[key]) : inFile(token, file),
      }
    },
    inUse: async (io) => {
      const { REEVE_CODEX_BASE_URL: url = '', REEVE_CODEX_TOKEN: token } = io.env
      if (url === '') return agentSettings.codex.written(io)
      return { url: inEnvironment(url), token: inEnvironment(token) }
    },
  },
  gemini: {
    files: async (io) => {
      const [env, settings] = [join(geminiFolder(io), '.env'), join(geminiFolder(io), 'settings.json')]
      return [
        {
          file: env,
          secret: true,
          edit: (text, { base_url, token }) =>
            setDotenv(text, { GOOGLE_GEMINI_BASE_URL: base_url, GEMINI_API_KEY: token }),
        },
        {
          file: settings,
          secret: false,
          edit: (text) => setJson(geminiJson(settings, text), [[geminiSignIn.path, geminiSignIn.wanted]]),
        },
      ]
    },
    written: (io) => geminiEnv(join(geminiFolder(io), '.env')),
    inUse: async (io) => {
      const file = await geminiEnvFile(io)
      const { url, token } = file === null ? { url: null, token: null } : await geminiEnv(file)
      const { GOOGLE_GEMINI_BASE_URL: ownUrl, GEMINI_API_KEY: ownToken } = io.env
      // A variable that is there counts, even an empty one.
      return {
        url: ownUrl === undefined ? url : inEnvironment(ownUrl),
        token: ownToken === undefined ? token : inEnvironment(ownToken),
      }
    },
    signIn: {
      setting: geminiSignIn.path.join('.'),
      wanted: geminiSignIn.wanted,
      async chosen(io) {
        for (const [file, from = file] of geminiSettingsFiles(io)) {
          const { text } = await readSettings(file)
          const found = inFile(
            text === null ? null : at(jsonValues(geminiJson(file, text)), ...geminiSignIn.path),
            from,
          )
          if (found !== null) return found
        }
        return null
      },
    },
  },
  opencode: {
    files: async (io) => {
      const file = await opencodeConfig(io)
      return [{ file, secret: true, edit: (text, connection) => setOpencode(opencodeJson(file, text), connection) }]
    },
    written: async (io) => {
      const file = await opencodeConfig(io)
      const { text } = await readSettings(file)
      const options = at(text === null ? {} : jsonValues(opencodeJson(file, text)), 'provider', 'reeve', 'options')
      const key = at(options, 'apiKey')
      const variable = typeof key === 'string' ? /^\{env:(.+)\}$/.exec(key)?.[1] : undefined
      return {
        url: inFile(at(options, 'baseURL'), file),
        token: variable === undefined ? inFile(key, file) : inEnvironment(io.env[variable]),
      }
    },
    inUse: async (io) => {
      const { REEVE_OPENCODE_BASE_URL: url = '', REEVE_OPENCODE_TOKEN: token } = io.env
      if (url === '') return agentSettings.opencode.written(io)
      return { url: inEnvironment(url), token: inEnvironment(token) }
    },
  },
}

const codexChange = ({ base_url, token }: Connection) => ({
  top: ['model_provider', 'reeve'] as const,
  table: ['model_providers', 'reeve'],
  values: { name: 'Reeve', base_url, experimental_bearer_token: token, wire_api: 'responses' },
  // Each of them says in another way who signs in.
  gone: ['env_key', 'env_key_instructions', 'auth', 'gateway_oauth', 'requires_openai_auth'],
})

function setOpencode(json: JsonText, { base_url, token }: Connection): Edited {
  const path = ['provider', 'reeve']
  const reeve = opencodeProvider(base_url, token)
  const own = at(jsonValues(json), ...path)
  if (own === undefined) return setJson(json, [[path, reeve]])
  return setJson(json, [
    [[...path, 'npm'], reeve.npm],
    [[...path, 'options', 'baseURL'], base_url],
    [[...path, 'options', 'apiKey'], token],
    ...(at(own, 'models') === undefined ? [[[...path, 'models'], reeve.models] as const] : []),
  ])
}

const geminiJson = (file: string, text: string): JsonText => ({ file, text, trailingCommas: false })
const opencodeJson = (file: string, text: string): JsonText => ({ file, text, trailingCommas: true })

function codexConfig(io: Io): string {
  const folder = io.env['CODEX_HOME'] ?? ''
  return join(folder === '' ? join(homeOf(io, 'CODEX_HOME'), '.codex') : resolve(io.cwd, folder), 'config.toml')
}

function geminiFolder(io: Io): string {
  const home = io.env['GEMINI_CLI_HOME'] ?? ''
  return join(home === '' ? homeOf(io, 'GEMINI_CLI_HOME') : resolve(io.cwd, home), '.gemini')
}

/** The first of them that says something counts, and where from that is to be told. */
function geminiSettingsFiles(io: Io): readonly (readonly [file: string, from?: string])[] {
  const machine = io.runtime.platform.startsWith('darwin')
    ? '/Library/Application Support/GeminiCli/settings.json'
    : '/etc/gemini-cli/settings.json'
  const { GEMINI_CLI_SYSTEM_SETTINGS_PATH: system = '', GEMINI_CLI_SYSTEM_DEFAULTS_PATH: defaults = '' } = io.env
  const first = resolve(io.cwd, system === '' ? machine : system)
  const own = join(geminiFolder(io), 'settings.json')
  const here = join(resolve(io.cwd), '.gemini', 'settings.json')
  return [
    [first],
    ...(here === own ? [] : [[here, `${here}, if Gemini CLI trusts this folder`] as const]),
    [own],
    [defaults === '' ? join(dirname(first), 'system-defaults.json') : resolve(io.cwd, defaults)],
  ]
}

async function geminiEnv(file: string): Promise<InUse> {
  const values = dotenvValues((await readSettings(file)).text ?? '')
  return {
    url: inFile(values.get('GOOGLE_GEMINI_BASE_URL'), file),
    token: inFile(values.get('GEMINI_API_KEY'), file),
  }
}

/** The one `.env` that Gemini CLI reads here: the nearest, from this folder upwards, and only then its own. */
async function geminiEnvFile(io: Io): Promise<string | null> {
  const own = geminiFolder(io)
  const settings = join(own, 'settings.json')
  const { text } = await readSettings(settings)
  const ignoresProjects =
    text !== null && at(jsonValues(geminiJson(settings, text)), 'advanced', 'ignoreLocalEnv') === true
  const candidates: string[] = []
  for (let folder = resolve(io.cwd); ; folder = dirname(folder)) {
    candidates.push(join(folder, '.gemini', '.env'))
    if (!ignoresProjects || folder === dirname(own)) candidates.push(join(folder, '.env'))
    if (folder === dirname(folder)) break
  }
  candidates.push(join(own, '.env'), join(dirname(own), '.env'))
  for (const file of candidates) if ((await readSettings(file)).text !== null) return file
  return null
}

/** Of the files that opencode lays over each other the last one that is there. */
async function opencodeConfig(io: Io): Promise<string> {
  const xdg = io.env['XDG_CONFIG_HOME'] ?? ''
  const folder = join(xdg.startsWith('/') ? xdg : join(homeOf(io, 'XDG_CONFIG_HOME'), '.config'), 'opencode')
  const withComments = join(folder, 'opencode.jsonc')
  return (await readSettings(withComments)).text === null ? join(folder, 'opencode.json') : withComments
}

function homeOf(io: Io, variable: string): string {
  if (io.home !== '') return io.home
  throw new Fault('invalid', 'there is no home directory', { fix: `set ${variable}` })
}

const inEnvironment = (value: string | undefined): Found | null => inFile(value, 'the environment')
const inFile = (value: unknown, from: string): Found | null =>
  typeof value === 'string' && value !== '' ? { value, from } : null

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => Object(inner)[key], value)
}
