import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchDirectory } from '../audit/testing.ts'
import { linkHome } from './home-links.ts'

test('what is open of the home is found in the other one, once, and nothing else is', () => {
  using scratch = scratchDirectory()
  const [home, folder] = [join(scratch.path, 'home'), join(scratch.path, 'own')]
  mkdirSync(join(home, '.config/git'), { recursive: true })
  mkdirSync(join(home, '.codex'))
  writeFileSync(join(home, '.codex/config.toml'), 'model = "x"\n')
  mkdirSync(folder)
  linkHome(folder, home, [`${home}/.codex/config.toml`, `${home}/.codex`, `${home}/.config/git`, '/opt/tools', home])
  expect(readFileSync(join(folder, '.codex/config.toml'), 'utf8')).toBe('model = "x"\n')
  expect(lstatSync(join(folder, '.codex')).isSymbolicLink()).toBe(true)
  expect(lstatSync(join(folder, '.config')).isSymbolicLink()).toBe(false)
  expect(existsSync(join(folder, '.config/git'))).toBe(true)
  // Taken away, it takes nothing of the home with it.
  rmSync(folder, { recursive: true })
  expect(existsSync(join(home, '.codex/config.toml'))).toBe(true)
})
