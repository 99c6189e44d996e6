import { expect, test } from 'vitest'
import { type Capabilities, strongestTier } from './capabilities.ts'
import { findings } from './check.ts'

const whole: Capabilities = {
  userNamespaces: 0,
  networkNamespace: 0,
  notifications: 0,
  landlock: 7,
  bubblewrap: true,
  nft: true,
  cgroup: true,
}
const remedies = (
  found: Partial<Capabilities>,
  obstacle: 'apparmor' | 'sysctl' | 'limit' | 'container' = 'container',
) =>
  Object.fromEntries(
    findings({ ...whole, ...found }, obstacle).flatMap(({ name, remedy }) => (remedy === null ? [] : [[name, remedy]])),
  )

test('the strongest tier that works is chosen', () => {
  expect(strongestTier(whole)).toBe(1)
  expect(strongestTier({ ...whole, nft: false })).toBe(1)
  expect(strongestTier({ ...whole, networkNamespace: 1 })).toBe(2)
  expect(strongestTier({ ...whole, bubblewrap: null })).toBe(2)
  expect(strongestTier({ ...whole, bubblewrap: false, landlock: 0 })).toBe(3)
  expect(strongestTier({ ...whole, networkNamespace: 1, notifications: 16 })).toBe(3)
})

test('each thing that is missing has a remedy that can be copied', () => {
  expect(remedies({})).toEqual({})
  expect(remedies({ bubblewrap: null, nft: false })).toEqual({
    bubblewrap: 'as root: apt-get install bubblewrap',
    nftables: 'as root: apt-get install nftables',
  })
  const refused = { userNamespaces: 1, networkNamespace: 1, bubblewrap: false }
  expect(remedies(refused, 'apparmor')['user namespaces']).toContain('kernel.apparmor_restrict_unprivileged_userns=0')
  expect(remedies(refused, 'sysctl')['user namespaces']).toContain('kernel.unprivileged_userns_clone=1')
  expect(remedies(refused, 'limit')['user namespaces']).toContain('user.max_user_namespaces=15000')
  expect(remedies(refused)['user namespaces']).toMatch(
    /docker run --security-opt seccomp=unconfined[^]*procMount: Unmasked/,
  )
  // Namespaces work and a fresh /proc does not: the container masks its own.
  expect(remedies({ bubblewrap: false })['bubblewrap']).toContain('systempaths=unconfined')
})
