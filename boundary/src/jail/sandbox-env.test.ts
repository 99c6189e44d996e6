import { expect, test } from 'vitest'
import { sandboxEnvironment } from './sandbox-env.ts'

test('what signs in at the control plane stays outside, what an agent asks models with goes along', () => {
  const agent = { REEVE_CODEX_TOKEN: 'a', REEVE_OPENCODE_TOKEN: 'b', ANTHROPIC_AUTH_TOKEN: 'c', HOME: '/home/dana' }
  const kept = sandboxEnvironment(
    {
      ...agent,
      REEVE_SESSION_TOKEN: 's',
      REEVE_TOKEN: 's',
      REEVE_URL: 'https://reeve.example.com',
      REEVE_CODEX_TOKEN_2: 's',
      REEVE_BOUNDARY_MIN_TIER: '1',
      CODER_AGENT_TOKEN: 's',
      CODER_SESSION_TOKEN: 's',
      SSH_AUTH_SOCK: '/run/ssh',
      HTTPS_PROXY: 'http://proxy.corp:3128',
      UNSET: undefined,
    },
    { SSL_CERT_FILE: '/x' },
  )
  expect(kept).toEqual({ ...agent, SSL_CERT_FILE: '/x' })
})
