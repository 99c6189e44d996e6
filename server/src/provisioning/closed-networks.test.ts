import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { whyNoTerraform } from '../../../test/support/terraform/run-terraform.ts'
import { whySkipped } from '../../../test/support/why-skipped.ts'
import { closeNetworks, whyNoNetwork } from './closed-networks.ts'
import { requireCoder, testAccount, testProvisioner, testRun } from './testing-provisioner.ts'

/** An address of this machine that stands for the metadata service of a cloud. */
const address = '127.77.0.1'
const table = `reeve_test_${process.pid}`

const isRootWithNft = process.getuid?.() === 0 && existsSync('/usr/sbin/nft')
const why = whySkipped('networks that are closed', isRootWithNft ? null : 'it takes root and nftables')

async function metadataService() {
  const server = createServer((_, res) => res.end('credentials of the machine'))
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  // SAFETY: a server that listens on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${address}:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe.skipIf(why !== null || whyNoTerraform('networks that are closed') !== null)('a network that is closed', () => {
  test('is not there for what a template runs, and is for the server', async () => {
    await using service = await metadataService()
    await using opened = await testProvisioner()
    const template = `${requireCoder}
      resource "terraform_data" "thief" {
        provisioner "local-exec" {
          command = "curl --silent --max-time 5 ${service.url} || echo it is closed"
        }
      }
    `
    const run = async () => {
      const running = testRun(template)
      expect((await opened.provisioner.apply(running)).failure).toBe(null)
      return running.lines.map(({ text }) => text).join('\n')
    }
    expect(await run()).toContain('credentials of the machine')
    await closeNetworks(await testAccount(), ['127.77.0.0/16', 'fd00:ec2::254'], table)
    try {
      const said = await run()
      expect(said).toContain('it is closed')
      expect(said).not.toContain('credentials of the machine')
      expect(await (await fetch(service.url)).text()).toBe('credentials of the machine')
      // A server that starts again puts the same rules in place of the ones that are there.
      await closeNetworks(await testAccount(), ['127.77.0.0/16'], table)
      expect(await run()).toContain('it is closed')
    } finally {
      execFileSync('/usr/sbin/nft', ['delete', 'table', 'inet', table])
    }
  })
})

test('without an account of its own, no network is closed, and that is said', async () => {
  await expect(closeNetworks(null, ['169.254.0.0/16'])).rejects.toMatchObject({ code: 'unavailable' })
  await closeNetworks(null, [])
})

test('what is no network is told', () => {
  for (const good of ['169.254.169.254', '169.254.0.0/16', 'fd00:ec2::254', '::/0'])
    expect(whyNoNetwork(good)).toBe(null)
  for (const bad of ['', 'metadata', '1.2.3.4/33', '1.2.3.4/', '1.2.3.4/8/8', '1.2.3.4; flush ruleset', '::1/129']) {
    expect(whyNoNetwork(bad)).not.toBe(null)
  }
})
