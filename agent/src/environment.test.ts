import { expect, test } from 'vitest'
import { environmentOf } from './environment.ts'
import { manifest as bare } from './testing.ts'

const commands = {
  bin: '/run/reeve/bin',
  scripts: '/run/reeve/scripts',
  environment: { GIT_ASKPASS: '/run/reeve/git-askpass' },
}
const manifest = { ...bare, port_proxy_uri: 'https://{{port}}--main--billing--dana.apps.test' }

test('programs are told where they are and where their models are, and not what the agent proves with who it is', () => {
  const env = environmentOf(manifest, { PATH: '/bin', CODER_AGENT_TOKEN: 'secret' }, commands)
  expect(env).toMatchObject({
    PATH: '/run/reeve/bin:/bin:/run/reeve/scripts/bin',
    GIT_ASKPASS: '/run/reeve/git-askpass',
    CODER: 'true',
    VSCODE_PROXY_URI: 'https://{{port}}--main--billing--dana.apps.test',
    REEVE_WORKSPACE_NAME: 'billing',
    CODER_WORKSPACE_OWNER_NAME: 'dana',
    ANTHROPIC_BASE_URL: 'https://reeve.test/api/v2/ai-gateway/anthropic',
    OPENAI_BASE_URL: 'https://reeve.test/api/v2/ai-gateway/openai/v1',
    GEMINI_API_KEY: 'gateway-token',
  })
  expect(JSON.stringify(env)).not.toContain('secret')
})

test('an agent that came another way than by the access URL sends programs the way it came', () => {
  const own = { PATH: '/bin', CODER_AGENT_URL: 'http://host.docker.internal:3000' }
  expect(environmentOf(manifest, own, commands)).toMatchObject({
    REEVE_AGENT_URL: 'http://host.docker.internal:3000',
    ANTHROPIC_BASE_URL: 'http://host.docker.internal:3000/api/v2/ai-gateway/anthropic',
  })
})

test('the template has the last word, by the merge that it names', () => {
  const env = [
    { name: 'PATH', value: '/opt/bin', merge: 'prepend' as const },
    { name: 'ANTHROPIC_BASE_URL', value: 'http://elsewhere', merge: 'replace' as const },
    { name: 'NEW', value: 'made', merge: 'append' as const },
  ]
  const made = environmentOf({ ...manifest, env }, { PATH: '/bin' }, commands)
  expect(made).toMatchObject({
    PATH: '/run/reeve/bin:/opt/bin:/bin:/run/reeve/scripts/bin',
    ANTHROPIC_BASE_URL: 'http://elsewhere',
    NEW: 'made',
  })
  const twice = [{ name: 'PATH', value: '/opt/bin', merge: 'error' as const }]
  expect(() => environmentOf({ ...manifest, env: twice }, { PATH: '/bin' }, commands)).toThrow('PATH')
})

test('the libraries that the agent came with are its own', () => {
  const own = { REEVE_AGENT_LIBRARIES: '/tmp/a/lib', LD_LIBRARY_PATH: '/tmp/a/lib' }
  expect(environmentOf(manifest, own, commands)).not.toHaveProperty('LD_LIBRARY_PATH')
  const both = { ...own, LD_LIBRARY_PATH: '/tmp/a/lib:/opt/lib' }
  expect(environmentOf(manifest, both, commands)).toMatchObject({ LD_LIBRARY_PATH: '/opt/lib' })
})
