import { afterAll, expect, test } from 'vitest'
import { openHclReader } from './hcl-reader.ts'
import { readTemplate } from './read-template.ts'
import { sourceOf } from './testing-provisioner.ts'

const hcl = openHclReader()
afterAll(() => hcl[Symbol.asyncDispose]())

const terraform = { name: 'terraform', version: '1.11.4' } as const
const read = (files: Readonly<Record<string, string>>, given: [string, string][] = []) =>
  readTemplate(sourceOf(files), new Map(given), hcl, terraform)

test('variables are read with type, default, sensitivity and what they are checked by', async () => {
  const main = `
variable "image" {
  description = "What runs"
  type        = string
  default     = "debian"
}
variable "ports" {
  type    = list(object({ port = number }))
  default = [{ port = 80 }]
}
variable "key" {
  sensitive = true
  ephemeral = true
  validation {
    condition     = length(var.key) > 3
    error_message = "Too short."
  }
}
`
  const json = JSON.stringify({ variable: { zone: { type: 'string', default: null } } })
  const found = await read({ 'main.tf': main, 'more.tf.json': json, 'module/x.tf': 'variable "inner" {}\n' })
  expect(found).toMatchObject({
    failure: null,
    variables: [
      {
        name: 'image',
        description: 'What runs',
        type: 'string',
        defaultValue: 'debian',
        required: false,
        sensitive: false,
      },
      {
        name: 'key',
        type: '',
        defaultValue: null,
        required: true,
        sensitive: true,
        ephemeral: true,
        validations: [{ condition: 'length(var.key) > 3', errorMessage: 'Too short.' }],
      },
      { name: 'ports', type: 'list(object({ port = number }))', defaultValue: '[{"port":80}]', required: false },
      { name: 'zone', type: 'string', defaultValue: '', required: false },
    ],
  })
})

test('an override is laid over what it overrides, in the order of names', async () => {
  const found = await read({
    'a_override.tf': 'variable "image" { default = "first" }\n',
    'b_override.tf.json': JSON.stringify({ variable: { image: { default: 'second' } } }),
    'main.tf': 'variable "image" {\n  description = "What runs"\n}\n',
    'override.tf': 'data "coder_workspace_tags" "t" { tags = { zone = "eu" } }\n',
    'tags.tf': 'data "coder_workspace_tags" "t" { tags = { zone = "us", cluster = "c1" } }\n',
  })
  expect(found).toMatchObject({
    variables: [{ name: 'image', description: 'What runs', defaultValue: 'second', required: false }],
  })
  expect(found.failure === null && found.tags).toEqual({ zone: 'eu' })
})

test('JSON may have lists where it has labels, and comments', async () => {
  const variable = [{ a: { default: '1' } }, { '//': 'two more', b: [{ default: '2' }], c: {} }]
  const tags = { coder_workspace_tags: [{ t: { tags: { a: '${var.a}', b: '${var.b}' } } }] }
  const found = await read({ 'main.tf.json': JSON.stringify([{ '//': 'a template' }, { variable, data: [tags] }]) })
  expect(found).toMatchObject({ variables: [{ name: 'a' }, { name: 'b' }, { name: 'c', required: true }] })
  expect(found.failure === null && found.tags).toEqual({ a: '1', b: '2' })
})

test('a file of OpenTofu’s goes before the one of Terraform’s with the same name, with OpenTofu from 1.8', async () => {
  const variable = (name: string) => `variable "${name}" {}\n`
  const files = {
    'a.tf': variable('terraform'),
    'a.tofu': variable('tofu'),
    'b.tf.json': JSON.stringify({ variable: { json: {} } }),
    'b.tofu.json': JSON.stringify({ variable: { tofu_json: {} } }),
    'c.tofu': variable('alone'),
  }
  const names = async (name: 'terraform' | 'tofu', version: string) => {
    const found = await readTemplate(sourceOf(files), new Map(), hcl, { name, version })
    return found.failure === null && found.variables.map((one) => one.name)
  }
  expect(await names('tofu', '1.8.0')).toEqual(['alone', 'tofu', 'tofu_json'])
  expect(await names('tofu', '1.7.9')).toEqual(['json', 'terraform'])
  expect(await names('terraform', '1.11.4')).toEqual(['json', 'terraform'])
})

test('a variable that a file of the template sets needs no value', async () => {
  const files = { 'main.tf': 'variable "a" {}\nvariable "b" {}\nvariable "c" {}\n' }
  const set = { ...files, 'terraform.tfvars': 'a = "1"\n', 'x.auto.tfvars.json': '{"b":"2"}' }
  const found = await read(set)
  expect(found.failure === null && found.variables.map(({ required }) => required)).toEqual([false, false, true])
})

test('tags are made of text, variables and defaults of parameters', async () => {
  const main = `
variable "zone" { default = "eu" }
data "coder_parameter" "size" {
  name    = "Size"
  default = "big"
}
data "coder_parameter" "cached" {
  name    = "Cached"
  type    = "bool"
  default = false
}
data "coder_workspace_tags" "tags" {
  tags = {
    cached                           = data.coder_parameter.cached.value
    cluster                          = "c1"
    zone                             = var.zone
    "\${data.coder_parameter.size.value}" = "\${var.zone}-1"
  }
}
`
  expect(await read({ 'main.tf': main }, [['zone', 'us']])).toMatchObject({
    tags: { cached: 'false', cluster: 'c1', zone: 'us', big: 'us-1' },
  })
  const unknown = main.replace('"c1"', 'data.other.x.id')
  expect(await read({ 'main.tf': unknown })).toMatchObject({ tags: { zone: 'eu', big: 'eu-1' } })
})

test('every file with an error is named, with line, column and the line itself', async () => {
  const found = await read({ 'a.tf': 'locals {\n  x = \n}\n', 'b.tf': 'a = 1\na = 2\nresource {\n', 'c.tf.json': '{' })
  expect(found.failure?.message).toBe('a.tf line 2: Invalid expression')
  expect(found.failure?.diagnostics).toMatchObject([
    { file: 'a.tf', line: 2, column: 7, snippet: '  x = ' },
    { file: 'b.tf', line: 2, summary: 'Attribute redefined', snippet: 'a = 2' },
    { file: 'b.tf', line: 3, summary: 'Unclosed configuration block' },
    { file: 'c.tf.json', line: null },
  ])
})

test('a template without a file of Terraform’s, and one that is nested beyond sense, are refused', async () => {
  expect((await read({ 'README.md': '# x' })).failure?.message).toContain('no file that ends in .tf')
  const deep = ['[', '{a=', '"${', '!'].map((part) => `x = ${part.repeat(100_000)}`)
  for (const [index, text] of deep.entries()) {
    expect((await read({ [`deep${index}.tf`]: text })).failure?.message).toContain(`deep${index}.tf`)
  }
  expect((await read({ 'main.tf': 'locals {}\n' })).failure).toBe(null)
})

test('the read-me comes along whatever the case of its name', async () => {
  expect(await read({ 'main.tf': 'locals {}\n', 'Readme.md': '# Harbour' })).toMatchObject({ readme: '# Harbour' })
})

test('a text that the parser does not come to an end with is given up, and the next one is read', async () => {
  await using impatient = openHclReader({ timeoutMs: 0 })
  const found = await readTemplate(sourceOf({ 'main.tf': 'locals {}\n' }), new Map(), impatient, terraform)
  expect(found.failure?.diagnostics).toMatchObject([{ file: 'main.tf', detail: 'it took longer than 0 seconds' }])
  expect((await read({ 'main.tf': 'locals {}\n' })).failure).toBe(null)
})
