import { posix } from 'node:path'
import { Fault, type Problem, Secret, toError } from '@reeve/base'
import { type GatewayDoor, gatewayDoor } from './config-gateway.ts'
import { readMailCa, readNotifications } from './config-notifications.ts'
import { type Option, type OptionName, options, type Values } from './config-options.ts'
import { oidcConfig, readOidcClientKey } from './config-oidc.ts'
import { bedrockConfig } from './config-bedrock.ts'
import { providersConfig } from './config-providers.ts'
import { appsConfig, type AppsConfig } from './config-apps.ts'
import { provisioningConfig, type ProvisioningConfig } from './config-provisioning.ts'
import { workspaceTimes } from './config-workspaces.ts'
import type { Times } from './workspaces/deadlines.ts'
import { type RetentionSettings, retentionSettings } from './config-retention.ts'
import type { Roles } from './config-roles.ts'
import type { ProviderSetting } from './providers/offered.ts'
import type { OidcConfig } from './identity/oidc/settings.ts'
import { readExternalAuth } from './config-external-auth.ts'
import { type Given, readEnvironment, readFlags, readYaml, type Source } from './config-sources.ts'
import type { Address, Network } from './config-types.ts'
import { contradictions, isLocalOnly, isLoopback, isOpenHttp } from './config-rules.ts'
import { type TraceConfig, traceConfig } from './config-tracing.ts'
import { readProviderList, withList } from './config-provider-list.ts'
import type { Provider } from './external-auth/provider.ts'
import type { SealingKey } from './keyring/seal.ts'
import type { PublicKeys } from './licensing/public-keys.ts'
import type { NotifierSettings } from './notifications/notifier.ts'

/** What the server runs with. Made once, at the start, from flags over environment over file over defaults. */
export interface Config {
  readonly roles: Roles
  /** In how many processes requests are relayed. */
  readonly gatewayProcesses: number
  readonly http: Address
  readonly tls: { readonly cert: string; readonly key: Secret } | null
  /** Null until somebody sets it: the server then uses the address that it listens on. */
  readonly accessUrl: string | null
  readonly trustedProxies: readonly Network[]
  readonly dataDir: string
  readonly postgresUrl: Secret | null
  /** Null: the key file in the data directory. */
  readonly encryptionKeys: readonly SealingKey[] | null
  /** Whose licences are believed beside the vendor's. */
  readonly licensePublicKeys: PublicKeys
  readonly externalAuth: readonly Provider[]
  readonly sessionMs: number
  readonly sessionMaxMs: number
  /** Whom a password lets in. */
  readonly passwordSignIn: 'everyone' | 'owners'
  /** Null: nobody signs in through an identity provider. */
  readonly oidc: OidcConfig | null
  /** 0: nobody becomes dormant. */
  readonly dormancyAfterMs: number
  readonly tokens: { readonly defaultLifetimeMs: number; readonly maxLifetimeMs: number }
  /** Null: text on a terminal, else json. */
  readonly log: { readonly format: 'text' | 'json' | null; readonly verbose: boolean }
  readonly prometheus: Address | null
  /** Null: nothing is traced. */
  readonly trace: TraceConfig | null
  readonly shutdownGraceMs: number
  readonly retention: RetentionSettings
  readonly provisioning: ProvisioningConfig
  readonly apps: AppsConfig
  /** When workspaces stop, where neither they nor their templates say it. */
  readonly workspaceTimes: Times
  /** Private networks that the server may connect to. */
  readonly outboundAllowed: readonly Network[]
  readonly bridge: BridgeConfig
  readonly notifications: NotifierSettings
  /** Every setting as it stands, printable: no secret is in it. */
  readonly settings: readonly Setting[]
}

export interface BridgeConfig extends GatewayDoor {
  readonly enabled: boolean
  /** The providers, with a key or without. */
  readonly providers: readonly ProviderSetting[]
  readonly capture: 'full' | 'prompts' | 'metadata'
  readonly structuredLogging: boolean
  readonly masking: boolean
  readonly contentReasonRequired: boolean
  readonly bodyBytesMax: number
  readonly connectTimeoutMs: number
  readonly firstByteTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Whether clients may ask over WebSockets. */
  readonly webSockets: boolean
  /** Whether the built-in provider that answers from a script is offered. */
  readonly scripted: boolean
}

export interface Setting {
  readonly name: string
  readonly env: string
  readonly flag: string
  readonly yaml: string
  readonly description: string
  readonly value: string
  readonly default: string
  readonly source: Source | 'default'
}

export interface ConfigInput {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile: (path: string) => string
  /** Of the process; 0 is root. */
  readonly uid?: number
}

/** Throws one `Fault('invalid')` that names every problem with the place it was written at. */
export function readConfig({ argv, env, readFile, uid = process.getuid?.() ?? 1 }: ConfigInput): Config {
  const problems: Problem[] = []
  const read = (name: string, path: string): string | null => {
    try {
      return readFile(path)
    } catch (thrown) {
      problems.push({ field: name, detail: `cannot read ${path}: ${toError(thrown).message}` })
      return null
    }
  }

  const flags = readFlags(argv)
  const environment = readEnvironment(env)
  const configFile = flags.configFile ?? (env['REEVE_CONFIG'] || null)
  const content = configFile === null ? null : read(flags.configFile === null ? 'REEVE_CONFIG' : '--config', configFile)
  const file =
    configFile === null || content === null
      ? { given: [], problems: [], externalAuth: undefined }
      : readYaml(configFile, content)
  problems.push(...flags.problems, ...environment.problems, ...file.problems)
  const externalAuth = readExternalAuth({ env, list: file.externalAuth, read }, problems)

  const given = [...flags.given, ...environment.given, ...file.given]
  const settled = new Map<OptionName, Settled>()
  // SAFETY: `Object.keys` forgets the key type of a constant record.
  for (const name of Object.keys(options) as OptionName[]) settled.set(name, settle(name, given, read, problems))
  // SAFETY: `settle` reads each option with its own type, and this record has exactly the options' keys.
  const values = Object.fromEntries([...settled].map(([name, { value }]) => [name, value])) as Values

  const places = new Map([...settled].map(([name, { place }]) => [name, place]))
  const tls = readTls(values, read)
  const mailCa = readMailCa(values, read, problems)
  const clientKey = readOidcClientKey(values, read, problems)
  const isOpen = (url: string) => !values.insecureHttp && isOpenHttp(url)
  const list = readProviderList({ env, read, isOpen }, problems)
  const single = [...providersConfig(values), ...bedrockConfig(values)]
  const providers = withList(single, list.providers, problems)
  const dataDir = values.dataDir ?? defaultDataDir(env, uid)
  if (dataDir === null) problems.push({ field: options.dataDir.env, detail: 'must be set, as HOME is not' })
  const placeOf = (name: OptionName) => places.get(name) ?? options[name].env
  problems.push(...contradictions(values, placeOf, (name) => (places.get(name) ?? null) !== null))
  const wrong = problems.filter(({ field }) => values.traceEnable || !isForTraces(field))
  if (wrong.length > 0 || dataDir === null) {
    throw new Fault('invalid', `${wrong.length === 1 ? 'a setting is' : `${wrong.length} settings are`} wrong`, {
      problems: wrong,
    })
  }
  const settings = [
    ...settingsOf(settled, dataDir),
    ...externalAuth.said.map(externalAuthSetting),
    ...list.said.map(listedSetting),
  ]
  const notifications = readNotifications(values, isLoopback, mailCa)
  return {
    ...assemble(values, tls, clientKey, dataDir, settings, providers),
    externalAuth: externalAuth.providers,
    notifications,
  }
}

/** Variables that are set for all programs of a cluster, whatever each of them makes of it. */
const isForTraces = (field: string): boolean => field.startsWith('OTEL_')

const listedSetting = (said: { name: string; value: string; source: Source }): Setting => ({
  ...externalAuthSetting(said),
  description: 'Of a provider that the bridge passes requests on to.',
})

/** It has no flag, and stands under the name that was used for it. */
function externalAuthSetting({ name, value, source }: { name: string; value: string; source: Source }): Setting {
  const description = 'Of a provider that accounts can be linked at.'
  return { name, env: name, flag: '', yaml: name, description, value, default: '', source }
}

interface Settled {
  readonly value: unknown
  readonly shown: string
  readonly source: Setting['source']
  /** Where it was written, for messages; null for a default. */
  readonly place: string | null
}

type ReadFile = (name: string, path: string) => string | null

/** The value of one option: of the first source that has it, else the default. */
function settle(name: OptionName, all: readonly Given[], read: ReadFile, problems: Problem[]): Settled {
  const option: Option<unknown> = options[name]
  const ours = all.filter((given) => given.option === name)
  const source = ours[0]?.source
  const [first, ...others] = ours.filter((given) => given.source === source)
  const conflict = others.find((other) => other.text !== first?.text || other.isFile !== first.isFile)
  if (first !== undefined && conflict !== undefined) {
    problems.push({ field: first.name, detail: `says something else than ${conflict.name}, which is the same setting` })
  }
  const text = first === undefined ? option.fallback : first.isFile ? read(first.name, first.text)?.trim() : first.text
  const place = first?.name ?? null
  if (text === null || text === undefined) return { value: null, shown: '', source: first?.source ?? 'default', place }
  const reading = option.type.read(text)
  if ('problem' in reading) problems.push({ field: place ?? option.env, detail: reading.problem })
  const value = 'problem' in reading ? fallbackOf(option) : reading.value
  return { value, shown: option.secret ? '[secret]' : text, source: first?.source ?? 'default', place }
}

/** Stands in for a value that could not be read, so that the rules can look at the others. */
function fallbackOf(option: Option<unknown>): unknown {
  const reading = option.fallback === null ? null : option.type.read(option.fallback)
  return reading !== null && 'value' in reading ? reading.value : null
}

function readTls(values: Values, read: ReadFile): Config['tls'] {
  if (values.tlsCertFile === null || values.tlsKeyFile === null) return null
  const cert = read(options.tlsCertFile.env, values.tlsCertFile)
  const key = read(options.tlsKeyFile.env, values.tlsKeyFile)
  return cert === null || key === null ? null : { cert, key: new Secret(key) }
}

function defaultDataDir(env: ConfigInput['env'], uid: number): string | null {
  if (uid === 0) return '/var/lib/reeve'
  const home = env['XDG_DATA_HOME'] || (env['HOME'] ? posix.join(env['HOME'], '.local/share') : null)
  return home === null ? null : posix.join(home, 'reeve')
}

function settingsOf(settled: ReadonlyMap<OptionName, Settled>, dataDir: string): Setting[] {
  return [...settled].map(([name, { shown, source }]) => {
    const { env, flag, yaml, description, fallback, fallbackLabel } = options[name] satisfies Option<unknown>
    const value = name === 'dataDir' ? dataDir : shown
    return { name, env, flag, yaml, description, value, default: fallbackLabel ?? fallback ?? '', source }
  })
}

function assemble(
  values: Values,
  tls: Config['tls'],
  clientKey: ReturnType<typeof readOidcClientKey>,
  dataDir: string,
  settings: readonly Setting[],
  providers: readonly ProviderSetting[],
): Omit<Config, 'externalAuth' | 'notifications'> {
  return {
    roles: values.roles,
    gatewayProcesses: values.gatewayProcesses,
    http: values.httpAddress,
    tls,
    accessUrl: values.accessUrl,
    trustedProxies: values.proxyTrustedOrigins ?? [],
    dataDir: posix.resolve(dataDir),
    postgresUrl: values.postgresUrl,
    encryptionKeys: values.encryptionKeys,
    licensePublicKeys: values.licensePublicKeys ?? new Map(),
    sessionMs: values.sessionDuration,
    sessionMaxMs: values.sessionMaxDuration,
    passwordSignIn: values.disablePasswordAuth ? 'owners' : 'everyone',
    oidc: oidcConfig(values, clientKey),
    dormancyAfterMs: values.dormancyAfter,
    tokens: { defaultLifetimeMs: values.defaultTokenLifetime, maxLifetimeMs: values.maxTokenLifetime },
    log: { format: values.log, verbose: values.verbose },
    prometheus: values.prometheusEnable ? values.prometheusAddress : null,
    trace: traceConfig(values),
    shutdownGraceMs: values.shutdownGrace,
    retention: retentionSettings(values),
    provisioning: provisioningConfig(values),
    apps: appsConfig(values, tls === null && isLocalOnly(values.httpAddress.host, values.accessUrl)),
    workspaceTimes: workspaceTimes(values),
    outboundAllowed: values.outboundAllowedNetworks ?? [],
    bridge: {
      enabled: values.bridgeEnabled,
      providers,
      capture: values.capture,
      structuredLogging: values.structuredLogging,
      masking: values.masking,
      contentReasonRequired: values.contentReasonRequired,
      bodyBytesMax: values.maxBodyBytes,
      connectTimeoutMs: values.connectTimeout,
      firstByteTimeoutMs: values.firstByteTimeout,
      idleTimeoutMs: values.idleTimeout,
      webSockets: values.webSockets,
      ...gatewayDoor(values),
      scripted:
        values.scripted === 'auto'
          ? providers.every(({ keys, isNamed }) => keys.length === 0 && !isNamed)
          : values.scripted === 'true',
    },
    settings,
  }
}
