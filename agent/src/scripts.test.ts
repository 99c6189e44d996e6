import { existsSync } from 'node:fs'
import { silentLog, systemClock } from '@reeve/base'
import type { AgentManifest } from '@reeve/sdk'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { makeCommandFolder } from './command-folder.ts'
import { environmentOf } from './environment.ts'
import { createScripts } from './scripts.ts'
import { manifest } from './testing.ts'

const script = (id: string, text: string, ...after: string[]): AgentManifest['scripts'][number] => ({
  id,
  source: id,
  script: text,
  stages: ['start'],
  cron: '',
  log_path: '',
  timeout_seconds: 0,
  after: after.map((other) => ({ script: other, stage: 'start', requires: 'success' })),
})

test('a script puts a command where the others find it, and has a folder of its own; both go with the agent', async () => {
  using place = temporaryFolder()
  const lines: string[] = []
  const paths: string[] = []
  {
    using commands = makeCommandFolder(['/bin/true'], place.path)
    paths.push(commands.scripts)
    const scripts = createScripts({
      scripts: [
        script('use', 'archive; echo "$CODER_SCRIPT_DATA_DIR"; test -d "$CODER_SCRIPT_DATA_DIR"', 'make'),
        script(
          'make',
          'printf "#!/bin/sh\\necho packed\\n" > "$CODER_SCRIPT_BIN_DIR/archive"; chmod +x "$CODER_SCRIPT_BIN_DIR/archive"; echo "$CODER_SCRIPT_DATA_DIR"',
        ),
      ],
      env: environmentOf(manifest, process.env, commands),
      directory: place.path,
      folder: commands.scripts,
      clock: systemClock,
      log: silentLog,
      onLine: (source, _, text) => void lines.push(`${source}: ${text}`),
      onRun: () => {},
    })
    expect(await scripts.run('start', 0, new AbortController().signal)).toBe('ok')
    const [made, packed, used] = lines
    expect(packed).toBe('use: packed')
    expect(used?.replace('use: ', '')).not.toBe(made?.replace('make: ', ''))
  }
  expect(paths.filter((path) => existsSync(path))).toEqual([])
})
