import { expect, test } from 'vitest'
import { shellBlocks } from './blocks.ts'

test('blocks come in order, with their kind and line', () => {
  const page = ['text', '```sh', 'one', 'two', '```', '```json', '{}', '```', '```sh server', 'npm start', '```'].join(
    '\n',
  )
  expect(shellBlocks(page)).toEqual([
    { kind: 'run', text: 'one\ntwo', line: 2 },
    { kind: 'server', text: 'npm start', line: 9 },
  ])
})

test('a shell block under another name is refused, so that none goes unexecuted unseen', () => {
  expect(() => shellBlocks('```bash\nrm -rf x\n```')).toThrow('line 1')
})

test('a block that is never closed is refused', () => {
  expect(() => shellBlocks('```sh\nls')).toThrow('never closed')
})
