import { type Command, command, required } from './command.ts'
import { choice, count, flag, text, texts } from './option.ts'

/** The commands of the LLM APIs that the bridge passes requests on to. */

const provider = required('name or id')
const made = {
  baseUrl: text('url', 'where it is, with the path that its routes have in common'),
  displayName: text('text', 'what people read'),
  icon: text('url', 'a path or an https address of an image'),
  keyFile: text('file', 'a file with a key on each line, in the order in which they are fallen back on'),
  region: text('region', 'for which region requests are signed (bedrock)'),
  settings: text('file', 'a file with the settings of its type in JSON, as providers show -o json prints them'),
  keyStdin: flag('read a key from stdin'),
  weight: count('the share of these keys of the requests; 0: asked when those before fail (default)'),
}

export const providerCommands: readonly Command[] = [
  command({
    path: 'providers list',
    summary: 'The LLM APIs that are offered, and whether requests are passed on to them',
    run: async (context) => (await import('./commands/providers.ts')).listProviders(context),
  }),
  command({
    path: 'providers show',
    summary: 'One provider with hints of its keys, and how it does now at each gateway',
    details:
      'Each gateway process finds out for itself, from the answers of the provider, which keys can be used and which models\n' +
      'answer, and tells it every few seconds. A key is usable; limited or busy (the provider answered 429, with or without\n' +
      'saying until when); or refused (it answered 401). It rests with each model by itself, and is used with the others. A\n' +
      'model that failed again and again is left alone for a while (its breaker is open), and then tried with a few requests\n' +
      '(half open). -o json has all of it under gateways.',
    args: { provider },
    run: async (context, input) => (await import('./commands/providers.ts')).showProvider(context, input),
  }),
  command({
    path: 'providers types',
    summary: 'The kinds of providers that there can be',
    run: async (context) => (await import('./commands/providers.ts')).listTypes(context),
  }),
  command({
    path: 'providers create',
    summary: 'Offer another provider, on every replica within seconds',
    args: { name: required('part of the path: small letters, digits and hyphens') },
    options: {
      type: text('type', 'as reeve providers types lists them'),
      ...made,
      allowPrivate: flag('the address may be in a private network, and http'),
      disabled: flag('do not pass anything on to it yet'),
    },
    examples: [
      'reeve providers create openai --type openai --key-file openai.key',
      'reeve providers create bedrock --type bedrock --region eu-central-1 --key-file aws.key',
    ],
    run: async (context, input) => (await import('./commands/providers.ts')).createProvider(context, input),
  }),
  command({
    path: 'providers update',
    summary: 'Change a provider; what is not named stays',
    details:
      'Keys that are given are added behind those that there are, or take their place with --replace-keys. A base URL at\n' +
      'another host drops the keys so far: they are sent nowhere that they were not entered for.',
    args: { provider },
    options: {
      ...made,
      replaceKeys: flag('the keys that are given take the place of all others'),
      removeKey: texts('id', 'a key to remove: its id or its hint; may be repeated'),
      privateAddresses: choice(['allow', 'refuse'], 'whether the address may be in a private network'),
      state: choice(['on', 'off'], 'off: requests are answered with 503'),
    },
    examples: ['reeve providers update openai --state off', 'reeve providers update openai --key-file next.key'],
    run: async (context, input) => (await import('./commands/providers.ts')).updateProvider(context, input),
  }),
  command({
    path: 'providers test',
    summary: 'Ask a provider for its models with each of its keys; exit code 1 when one fails',
    args: { provider },
    run: async (context, input) => (await import('./commands/providers.ts')).testProvider(context, input),
  }),
  command({
    path: 'providers remove',
    summary: 'Take a provider and its keys away; open requests go on',
    args: { provider },
    run: async (context, input) => (await import('./commands/providers.ts')).deleteProvider(context, input),
  }),
]
