import { expect, test } from 'vitest'
import { remedy } from './remedy.ts'

/** As `kreuzwerker/docker` 4.6.0 says it. */
const pinging =
  'failed to create Docker client: Error pinging Docker server, please make sure that unix:///var/run/docker.sock is ' +
  "reachable and has a  '_ping' endpoint. Error: "
const refused =
  'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Head ' +
  '"http://%2Fvar%2Frun%2Fdocker.sock/_ping": dial unix /var/run/docker.sock: connect: permission denied'

test('an engine whose socket is not shown to templates names the settings that show it', () => {
  const summary = `${pinging}Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?`
  for (const words of [
    { summary, detail: '' },
    { summary: 'the image cannot be had', detail: summary },
  ]) {
    expect(remedy(words)).toMatch(/^\. Templates see .*REEVE_TERRAFORM_REACHABLE.*REEVE_TERRAFORM_PASSED_VARIABLES/)
  }
})

test('an engine whose socket is shown and not open to templates names the user that they run as', () => {
  expect(remedy({ summary: pinging + refused, detail: '' })).toMatch(/^\. .*the user reeve-terraform.* the group/)
})

test('what an engine answers is not taken for an engine that is missing', () => {
  for (const said of [
    'Unable to create container: Error response from daemon: container create: no such image',
    'unable to pull image node:24: error pulling image node:24: Error response from daemon: connect: connection refused',
  ]) {
    expect(remedy({ summary: said, detail: '' })).toBe('')
  }
})
