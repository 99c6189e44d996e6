import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { sourceOf } from './testing-provisioner.ts'
import { makeWorkplace } from './workplace.ts'

const contents = {
  buildId: null,
  source: sourceOf({ 'main.tf': 'locals {}\n' }),
  state: null,
  variables: '{}',
  ephemeral: null,
  cliConfig: '',
}

test('nobody else may look into the folder of a run', () => {
  using folder = temporaryFolder()
  const place = makeWorkplace(folder.path, null, contents)
  expect(statSync(place.source).mode & 0o777).toBe(0o700)
  expect(statSync(join(place.source, 'main.tf')).mode & 0o077).toBe(0)
  expect(statSync(place.variablesFile).mode & 0o777).toBe(0o400)
})

test('of a state that was being written when Terraform was killed, the whole one before it is taken', () => {
  using folder = temporaryFolder()
  const state = Buffer.from('{"serial":1}')
  const place = makeWorkplace(folder.path, null, { ...contents, state })
  expect(place.readState()).toEqual(state)
  const file = join(place.planFile, '../terraform.tfstate')
  writeFileSync(`${file}.backup`, '{"serial":2}')
  writeFileSync(file, '{"serial":3,"resou')
  expect(String(place.readState())).toBe('{"serial":2}')
  writeFileSync(join(place.source, 'errored.tfstate'), '{"serial":4}')
  expect(String(place.readState())).toBe('{"serial":4}')
})

test.each(['~reeve_override.tf.json', '~reeve_override.tofu.json', '~z_override.tf', 'ä_override.tf'])(
  'a template cannot bring %s over what we say of the state, and leaves nothing when it tries',
  (name) => {
    using folder = temporaryFolder()
    const source = sourceOf({ [name]: '{}' })
    expect(() => makeWorkplace(folder.path, null, { ...contents, source })).toThrow(name)
    expect(existsSync(folder.path) && readdirSync(folder.path)).toEqual([])
  },
)
