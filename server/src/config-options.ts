import type { Secret } from '@reeve/base'
import type { SealingKey } from './keyring/seal.ts'
import { appOptions } from './config-apps.ts'
import { notificationOptions } from './config-notifications.ts'
import { option, type Option, optional } from './config-option.ts'
import { oidcOptions } from './config-oidc.ts'
import { gatewayOptions } from './config-gateway.ts'
import { traceOptions } from './config-tracing.ts'
import { licenseOptions } from './config-licenses.ts'
import { bedrockOptions } from './config-bedrock.ts'
import { bridgeNames, providerOptions } from './config-providers.ts'
import { provisioningOptions } from './config-provisioning.ts'
import { workspaceOptions } from './config-workspaces.ts'
import { rolesOptions } from './config-roles.ts'
import { retentionOptions } from './config-retention.ts'
import * as types from './config-types.ts'

export type { Option } from './config-option.ts'

const second = 1_000
const hour = 3_600 * second
const day = 24 * hour
const century = 36_500 * day

/**
 * Every setting of the server, once. The flags, the environment variables, the keys of the YAML file, `--help`, the
 * reference page and the settings page of the dashboard are all made from this table.
 */
export const options = {
  httpAddress: option('Server', '127.0.0.1:3000', {
    env: 'REEVE_HTTP_ADDRESS',
    yaml: 'http.address',
    type: types.address,
    description: 'Where the server listens. Port 0 takes a free one.',
    aliases: ['CODER_HTTP_ADDRESS'],
  }),
  accessUrl: optional<string>('Server', {
    env: 'REEVE_ACCESS_URL',
    yaml: 'http.access_url',
    type: types.httpOrigin,
    fallbackLabel: 'the address that it listens on',
    description: 'The address under which people and agents reach the server. Links, cookies and origin checks use it.',
    aliases: ['CODER_ACCESS_URL'],
  }),
  tlsCertFile: optional<string>('Server', {
    env: 'REEVE_TLS_CERT_FILE',
    yaml: 'http.tls_cert_file',
    type: types.text,
    description: 'Certificate chain (PEM). With it the server speaks https.',
    aliases: ['CODER_TLS_CERT_FILE'],
  }),
  tlsKeyFile: optional<string>('Server', {
    env: 'REEVE_TLS_KEY_FILE',
    yaml: 'http.tls_key_file',
    type: types.text,
    description: 'Private key (PEM) of the certificate.',
    aliases: ['CODER_TLS_KEY_FILE'],
  }),
  insecureHttp: option('Server', 'false', {
    env: 'REEVE_INSECURE_HTTP',
    yaml: 'http.insecure',
    type: types.boolean,
    description: 'Allow passwords, tokens and provider keys to cross the network without encryption.',
  }),
  proxyTrustedOrigins: optional<readonly types.Network[]>('Server', {
    env: 'REEVE_PROXY_TRUSTED_ORIGINS',
    yaml: 'http.proxy_trusted_origins',
    type: types.networks,
    description: 'Proxies whose X-Forwarded-For is believed when it says where a request came from.',
    aliases: ['CODER_PROXY_TRUSTED_ORIGINS'],
  }),
  dataDir: optional<string>('Server', {
    env: 'REEVE_DATA_DIR',
    yaml: 'data_dir',
    type: types.text,
    fallbackLabel: '/var/lib/reeve for root, else reeve in $XDG_DATA_HOME (~/.local/share)',
    description: 'Folder of the built-in database and of the journal.',
  }),
  postgresUrl: optional<Secret>('Server', {
    env: 'REEVE_POSTGRES_URL',
    yaml: 'postgres_url',
    type: types.postgresUrl,
    fallbackLabel: 'the built-in PostgreSQL',
    description: 'A PostgreSQL of your own, 15 or newer.',
    secret: true,
    aliases: ['REEVE_PG_CONNECTION_URL', 'CODER_PG_CONNECTION_URL'],
  }),
  encryptionKeys: optional<readonly SealingKey[]>('Server', {
    env: 'REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS',
    yaml: 'encryption_keys',
    type: types.sealingKeys,
    fallbackLabel: 'a key that Reeve makes, in the file keyring of the data directory',
    description:
      'What secrets in the database are sealed with: tokens of other services, webhook secrets. The first key seals, all ' +
      'of them open. Several servers on one database need the same keys.',
    secret: true,
    aliases: ['CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS'],
  }),
  ...licenseOptions,
  ...rolesOptions,
  sessionDuration: option('Sign-in', '1d', {
    env: 'REEVE_SESSION_DURATION',
    yaml: 'sign_in.session_duration',
    type: types.duration(60 * second, century),
    description: 'How long a session lives without being used. Use prolongs it.',
    aliases: ['CODER_SESSION_DURATION'],
  }),
  sessionMaxDuration: option('Sign-in', '30d', {
    env: 'REEVE_SESSION_MAX_DURATION',
    yaml: 'sign_in.session_max_duration',
    type: types.duration(60 * second, century),
    description: 'How long a session lives however much it is used. A session of `reeve login` has this time at once.',
  }),
  disablePasswordAuth: option('Sign-in', 'false', {
    env: 'REEVE_DISABLE_PASSWORD_AUTH',
    yaml: 'sign_in.disable_password_auth',
    type: types.boolean,
    description: 'Let nobody but owners sign in with a password: for when an identity provider signs people in.',
    aliases: ['CODER_DISABLE_PASSWORD_AUTH'],
  }),
  dormancyAfter: option('Sign-in', '90d', {
    env: 'REEVE_DORMANCY_AFTER',
    yaml: 'sign_in.dormancy_after',
    type: types.duration(day, century, { zero: true }),
    description: 'People who were not seen for so long are marked as dormant, until they are; 0 marks nobody.',
  }),
  defaultTokenLifetime: option('Sign-in', '30d', {
    env: 'REEVE_DEFAULT_TOKEN_LIFETIME',
    yaml: 'sign_in.default_token_lifetime',
    type: types.duration(60 * second, century),
    description: 'Lifetime of an API token whose creator names none.',
    aliases: ['CODER_DEFAULT_TOKEN_LIFETIME'],
  }),
  maxTokenLifetime: option('Sign-in', '365d', {
    env: 'REEVE_MAX_TOKEN_LIFETIME',
    yaml: 'sign_in.max_token_lifetime',
    type: types.duration(60 * second, century),
    description: 'The longest lifetime that an API token may have.',
    aliases: ['CODER_MAX_TOKEN_LIFETIME'],
  }),
  ...oidcOptions,
  log: optional<'text' | 'json'>('Operation', {
    env: 'REEVE_LOG',
    yaml: 'log.format',
    type: types.choice('text', 'json'),
    fallbackLabel: 'text on a terminal, else json',
    description: 'Form of the log on standard error.',
  }),
  verbose: option('Operation', 'false', {
    env: 'REEVE_VERBOSE',
    yaml: 'log.verbose',
    type: types.boolean,
    description: 'Log details for finding faults. Never content, never secrets.',
    aliases: ['CODER_VERBOSE'],
  }),
  prometheusEnable: option('Operation', 'false', {
    env: 'REEVE_PROMETHEUS_ENABLE',
    yaml: 'prometheus.enable',
    type: types.boolean,
    description: 'Serve /metrics on an address of its own.',
    aliases: ['CODER_PROMETHEUS_ENABLE'],
  }),
  prometheusAddress: option('Operation', '127.0.0.1:2112', {
    env: 'REEVE_PROMETHEUS_ADDRESS',
    yaml: 'prometheus.address',
    type: types.address,
    description: 'Where /metrics is served. It asks for no credential.',
    aliases: ['CODER_PROMETHEUS_ADDRESS'],
  }),
  ...traceOptions,
  outboundAllowedNetworks: optional<readonly types.Network[]>('Operation', {
    env: 'REEVE_OUTBOUND_ALLOWED_NETWORKS',
    yaml: 'outbound.allowed_networks',
    type: types.networks,
    fallbackLabel: 'none',
    description:
      'Private networks that the server may connect to for what was configured: webhooks, providers of external auth. ' +
      'Public addresses need no permission.',
    aliases: ['REEVE_NOTIFICATIONS_WEBHOOK_ALLOWED_NETWORKS'],
  }),
  shutdownGrace: option('Operation', '30s', {
    env: 'REEVE_SHUTDOWN_GRACE',
    yaml: 'shutdown_grace',
    type: types.duration(second, hour, { zero: true }),
    description: 'How long open streams may go on after the server was asked to stop.',
  }),
  bridgeEnabled: option('AI Bridge', 'true', {
    ...bridgeNames('ENABLED'),
    type: types.boolean,
    description: 'Relay and record requests to models.',
  }),
  ...providerOptions,
  ...bedrockOptions,
  scripted: option('AI Bridge', 'auto', {
    ...bridgeNames('SCRIPTED'),
    type: types.choice('auto', 'true', 'false'),
    description: 'The built-in provider that answers from a script. auto: while no provider key is set.',
  }),
  ...retentionOptions,
  ...provisioningOptions,
  ...appOptions,
  ...workspaceOptions,
  capture: option('AI Bridge', 'full', {
    ...bridgeNames('CAPTURE'),
    type: types.choice('full', 'prompts', 'metadata'),
    description: 'What is kept of the content: everything, what people and clients wrote, or nothing.',
  }),
  structuredLogging: option('AI Bridge', 'false', {
    ...bridgeNames('STRUCTURED_LOGGING'),
    type: types.boolean,
    description: 'Write each record to standard output as a line of JSON as well.',
  }),
  masking: option('AI Bridge', 'true', {
    ...bridgeNames('MASKING'),
    type: types.boolean,
    description: 'Mask secrets (tokens, keys, passwords in URLs) in what is kept. What is relayed is never changed.',
  }),
  contentReasonRequired: option('AI Bridge', 'false', {
    env: 'REEVE_CONTENT_REASON_REQUIRED',
    yaml: 'content.reason_required',
    type: types.boolean,
    description: 'Show the words of other people only to those who say why they read them.',
  }),
  maxBodyBytes: option('AI Bridge', '64MiB', {
    ...bridgeNames('MAX_BODY_BYTES'),
    type: types.byteSize(1024, 1024 ** 3),
    description: 'The largest request that is relayed.',
  }),
  connectTimeout: option('AI Bridge', '10s', {
    ...bridgeNames('CONNECT_TIMEOUT'),
    type: types.duration(100, hour),
    description: 'How long connecting to a provider may take.',
  }),
  firstByteTimeout: option('AI Bridge', '10m', {
    ...bridgeNames('FIRST_BYTE_TIMEOUT'),
    type: types.duration(100, day),
    description: 'How long a provider may take to begin its answer.',
  }),
  idleTimeout: option('AI Bridge', '5m', {
    ...bridgeNames('IDLE_TIMEOUT'),
    type: types.duration(100, day),
    description: 'How long a provider may be silent within its answer; it is noticed up to a quarter of that later.',
  }),
  webSockets: option('AI Bridge', 'true', {
    ...bridgeNames('WEBSOCKETS'),
    type: types.boolean,
    description: 'Let clients ask over WebSockets, as Codex does where it can. Without, they are told to use HTTP.',
  }),
  ...gatewayOptions,
  ...notificationOptions,
} as const

export type Options = typeof options
export type OptionName = keyof Options
/** What the settings read as. */
export type Values = { readonly [K in OptionName]: Options[K] extends Option<infer T> ? T : never }
