import { Fault } from '@reeve/base'
import { afterEach, expect, test, vi } from 'vitest'
import { writeSessionFiles } from './session-files.ts'

afterEach(() => vi.unstubAllEnvs())

test('where no temporary files can be made, it says where and what to do', () => {
  vi.stubEnv('TMPDIR', '/nowhere/at/all')
  const write = () => writeSessionFiles({ hostname: 'here', certificates: '', trustFiles: [] })
  expect(write).toThrow(Fault)
  expect(write).toThrow('temporary files in /nowhere/at/all')
})
