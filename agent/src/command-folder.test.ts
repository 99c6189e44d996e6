import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCommandFolder } from './command-folder.ts'

test('what is shown behind a boundary is what the commands are made of, and neither the socket nor the key for Git', () => {
  let bin: string
  {
    using commands = makeCommandFolder(['env', 'LD_LIBRARY_PATH=/run/agent/lib', '/run/agent/reeve-agent'])
    bin = commands.bin
    const folder = dirname(bin)
    expect(commands.shown).toEqual([bin, join(folder, 'git-askpass'), '/run/agent/lib', '/run/agent/reeve-agent'])
    expect(commands.shown.some((path) => `${commands.socket}/`.startsWith(`${path}/`))).toBe(false)
    expect(readFileSync(join(bin, 'reeve'), 'utf8')).toContain("'/run/agent/reeve-agent' 'command' 'reeve' \"$@\"")
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  }
  expect(existsSync(bin)).toBe(false)
})
