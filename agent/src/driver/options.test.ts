import { Fault } from '@reeve/base'
import { expect, test } from 'vitest'
import { helpText, readOptions } from './options.ts'

test('the command says what agent it is, and the rest has its defaults', () => {
  expect(readOptions(['--', '/opt/bin/claude', '--model', 'opus'], {})).toEqual({
    type: 'claude',
    transport: 'acp',
    command: ['/opt/bin/claude', '--model', 'opus'],
    size: { columns: 80, rows: 1000 },
    host: '127.0.0.1',
    port: 3284,
    allowedHosts: ['localhost', '127.0.0.1', '[::1]'],
    allowedOrigins: ['http://localhost:3284', 'http://localhost:3000', 'http://localhost:3001'],
    initialPrompt: '',
    stateFile: null,
    pidFile: null,
  })
})

test('a flag goes before the environment, and the words of templates for AgentAPI are understood', () => {
  const env = { AGENTAPI_PORT: '4000', AGENTAPI_STATE_FILE: '/state.json', AGENTAPI_ALLOWED_HOSTS: 'Box, other' }
  const words = ['--type', 'codex', '--port', '5000', '--term-width', '67', '--term-height=1190']
  expect(readOptions([...words, '--load-state=false', '--', 'my-codex', '--help'], env)).toMatchObject({
    type: 'codex',
    port: 5000,
    command: ['my-codex', '--help'],
    size: { columns: 67, rows: 1190 },
    allowedHosts: ['box', 'other'],
    stateFile: { path: '/state.json', load: false, save: true },
  })
  expect(readOptions(['--help'], {})).toBe(null)
  expect(helpText).toContain('--state-file <path>')
})

test('all that is wrong is said at once', () => {
  const wrong = (...argv: readonly string[]) => {
    try {
      readOptions(argv, {})
    } catch (thrown) {
      if (thrown instanceof Fault) return thrown.problems.map(({ field }) => field)
    }
    return null
  }
  expect(wrong('--port', 'x', '--state-file', 's', '--save-state', 'maybe')).toEqual([
    'command',
    '--port',
    '--save-state',
  ])
  expect(wrong('--type', 'goos', '--term-width=9', '--term-height', '1e9', '--', 'goose')).toEqual([
    '--type',
    '--term-width',
    '--term-height',
  ])
  expect(wrong('--unheard', '--', 'claude')).toEqual([])
})

test('every agent of the terminal has a kind, by its flag or by what its command is called', () => {
  const kind = (...argv: readonly string[]) => readOptions(argv, {})?.type
  expect(kind('--', '/usr/bin/goose', 'session')).toBe('goose')
  expect(kind('--', 'cursor-agent')).toBe('cursor')
  expect(kind('--type', 'q', '--', 'my-agent')).toBe('amazonq')
  expect(kind('--', 'my-agent')).toBe('custom')
  expect(kind('--', 'constructor')).toBe('custom')
})

test('an agent is driven by what was made for programs where it has that, and otherwise as was asked for', () => {
  const transport = (env: Record<string, string>, ...argv: readonly string[]) => readOptions(argv, env)?.transport
  expect(transport({}, '--', 'gemini')).toBe('acp')
  expect(transport({}, '--', 'goose')).toBe('pty')
  expect(transport({}, '--transport', 'pty', '--', 'gemini')).toBe('pty')
  expect(transport({}, '--experimental-acp', '--', 'goose', 'acp')).toBe('acp')
  expect(transport({ AGENTAPI_EXPERIMENTAL_ACP: 'true' }, '--', 'goose', 'acp')).toBe('acp')
  expect(() => readOptions(['--transport', 'smoke', '--', 'goose'], {})).toThrow(Fault)
})
