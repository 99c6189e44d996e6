import { Fault } from '@reeve/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { setToml, tomlValues } from './toml-edit.ts'

const change = {
  top: ['model_provider', 'reeve'] as const,
  table: ['model_providers', 'reeve'],
  values: { base_url: 'http://reeve/v1', token: 'rv_x' },
  gone: ['env_key', 'auth'],
}
const edit = (text: string) => setToml('config.toml', text, change)
const table = '[model_providers.reeve]\nbase_url = "http://reeve/v1"\ntoken = "rv_x"\n'

test.each([
  ['nothing', '', `model_provider = "reeve"\n\n${table}`],
  [
    'comments alone',
    '# mine\n\n[features] # on\na = true\n',
    `model_provider = "reeve"\n\n# mine\n\n[features] # on\na = true\n\n${table}`,
  ],
  ['no newline at the end', 'model = "x"', `model = "x"\nmodel_provider = "reeve"\n\n${table}`],
  [
    'another provider, with comments and an order of its own',
    '# top\nmodel_provider = "azure" # for work\nmodel = "x"\n\n# about\n[model_providers.azure]\nname = "Azure"\nquery_params = { v = "1" }\n\n[mcp_servers.y]\nargs = [\n  "a", # first\n  "b",\n]\n',
    `# top\nmodel_provider = "reeve" # for work\nmodel = "x"\n\n# about\n[model_providers.azure]\nname = "Azure"\nquery_params = { v = "1" }\n\n[mcp_servers.y]\nargs = [\n  "a", # first\n  "b",\n]\n\n${table}`,
  ],
  [
    'a text of several lines that looks like tables',
    'notes = """\n[model_providers.reeve]\nmodel_provider = "x"\n"""\n[a]\n',
    `notes = """\n[model_providers.reeve]\nmodel_provider = "x"\n"""\nmodel_provider = "reeve"\n[a]\n\n${table}`,
  ],
  [
    'an own table, whose other keys and sub-tables stay',
    'model_provider = "reeve"\n\n[model_providers.reeve]\n# own\nenv_key = "X" # gone with its line\nbase_url = "old" # new\nretries = 3\n[model_providers.reeve.http_headers]\nx = "y"\n',
    'model_provider = "reeve"\n\n[model_providers.reeve]\n# own\nbase_url = "http://reeve/v1" # new\nretries = 3\ntoken = "rv_x"\n[model_providers.reeve.http_headers]\nx = "y"\n',
  ],
  [
    'an own table that is empty',
    '[model_providers."reeve"]',
    `model_provider = "reeve"\n\n${table.replace('reeve]', '"reeve"]')}`,
  ],
  [
    'lines that end as on Windows, and a byte order mark',
    '\uFEFFmodel = "x"\r\n[a]\r\nb = 1\r\n',
    `\uFEFFmodel = "x"\r\nmodel_provider = "reeve"\r\n[a]\r\nb = 1\r\n\r\n${table.replaceAll('\n', '\r\n')}`,
  ],
])('%s: what is to be there is, and the rest as it was', (_, before, after) => {
  expect(edit(before).text).toBe(after)
  expect(edit(after)).toEqual({ text: after, names: [] })
})

test('what has changed is named', () => {
  expect(edit('').names).toEqual(['model_provider', 'model_providers.reeve'])
  const own = `model_provider = "reeve"\n${table.replace('token', 'env_key')}`
  expect(edit(own).names).toEqual(['model_providers.reeve.env_key', 'model_providers.reeve.token'])
})

test.each([
  ['a = 1\nb = \n', 'config.toml, line 3: this is not TOML'],
  ['a = 1\n\na = 2\n', 'config.toml, line 3: this is not TOML'],
  [
    'a = 1\nmodel_providers = { azure = { name = "A" } }\n',
    'config.toml, line 2: model_providers is written in a form',
  ],
  ['model_providers.reeve.name = "A"\n', 'config.toml, line 1: model_providers.reeve.name is written in a form'],
  ['[model_providers]\nreeve = { name = "A" }\n', 'config.toml, line 2: model_providers.reeve is written in a form'],
  ['[[model_providers]]\nname = "A"\n', 'config.toml, line 1: model_providers is written in a form'],
  ['[[model_providers.reeve]]\nname = "A"\n', 'config.toml, line 1: model_providers.reeve is written in a form'],
  ['model_providers = 3\n', 'config.toml, line 1: model_providers is written in a form'],
  [
    '[model_providers.reeve]\n[model_providers.reeve.auth]\ncommand = "x"\n',
    'config.toml, line 2: model_providers.reeve.auth says who signs in',
  ],
  ['[model_provider]\na = 1\n', 'model_provider cannot be set among what is there'],
])('%j is refused, and it is said where', (text, message) => {
  expect(() => edit(text)).toThrow(message)
  expect(() => edit(text)).toThrow(Fault)
})

test('whatever else is in there is there afterwards, line by line', () => {
  const pieces = [
    () => '# [model_providers.reeve]',
    () => '',
    (n: number) => `key-${n} = ${n} # model_provider = "x"`,
    (n: number) => `"a ${n}".b.c = [1979-05-27, 07:32:00, 0x1f, 1e3, inf]`,
    (n: number) => `  text${n} = '''\n[model_providers]\n\n"'''`,
    (n: number) => `list${n} = [\n  { x = "]" }, # one\n\n  { x = '#' },\n]`,
    (n: number) => `[table.t${n}] # of mine`,
    () => '[[many]]',
    (n: number) => `[model_providers.p${n}]\nname = "P"`,
    (n: number) => `[ model_providers . reeve . sub${n} ]`,
  ]
  const piece = fc.constantFrom(...pieces)
  const documents = fc.tuple(fc.array(piece, { maxLength: 12 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
  fc.assert(
    fc.property(documents, ([chosen, eol, isClosed]) => {
      const lines = chosen
        .map((make, index) => make(index))
        .join('\n')
        .split('\n')
      const before = lines.join(eol) + (isClosed ? eol : '')
      const { text } = edit(before)
      const after = text.split(/\r?\n/)
      let from = 0
      for (const one of lines) {
        from = after.indexOf(one, from) + 1
        expect(from, `${one} in ${text}`).toBeGreaterThan(0)
      }
      expect(tomlValues('', text)).toMatchObject({ ...tomlValues('', before), model_provider: 'reeve' })
      expect(edit(text)).toEqual({ text, names: [] })
    }),
  )
})
