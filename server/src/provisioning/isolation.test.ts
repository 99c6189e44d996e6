import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { whyNoTerraform } from '../../../test/support/terraform/run-terraform.ts'
import { processesUsing } from '../../../test/support/processes.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { whySkipped } from '../../../test/support/why-skipped.ts'
import { whyNotPassed } from './terraform-environment.ts'
import { said, testProvisioner, testRun } from './testing-provisioner.ts'

const noTerraform = whyNoTerraform('isolation of templates')
const isRoot = process.getuid?.() === 0
const noRoot = whySkipped('what only root sets up for templates', isRoot ? null : 'needs root')
const noJail = noTerraform !== null ? noTerraform : await whyNoJail()

async function whyNoJail(): Promise<string | null> {
  await using opened = await testProvisioner({ isolation: isRoot ? 'auto' : 'none' })
  return whySkipped(
    'templates in bubblewrap',
    opened.provisioner.isolation === 'bubblewrap' ? null : 'it does not work here',
  )
}

/** A template that runs a shell script in each way that a template can. */
const running = (script: string) => `
resource "terraform_data" "x" {
  provisioner "local-exec" {
    command = <<-EOT
      ${script}
    EOT
  }
}
`

const canary = 'canary-c0ffee-of-the-server'

describe.skipIf(noJail !== null)('in bubblewrap', () => {
  test('neither the environment nor the files of the server are there for a template', async () => {
    using secrets = temporaryFolder()
    writeFileSync(join(secrets.path, 'key'), canary)
    chmodSync(secrets.path, 0o755)
    process.env['REEVE_TEST_CANARY'] = canary
    await using opened = await testProvisioner({}, { env: { ...process.env, CLOUD_KEY: 'for-templates' } })
    const look = `
      env; cat /proc/*/environ | tr '\\0' '\\n'; cat ${join(secrets.path, 'key')}; ls ${secrets.path}
      ls -A / /root /home /var/lib; cat /etc/shadow; echo here is the end
    `
    const run = testRun(running(look.replaceAll('\n', '\n      ')))
    const built = await opened.provisioner.apply(run)
    delete process.env['REEVE_TEST_CANARY']
    expect(said(run)).toContain('here is the end')
    expect(said(run)).not.toContain(canary)
    expect(said(run)).not.toMatch(/root:[*$!]/)
    expect(said(run)).not.toContain('for-templates')
    expect(built.failure).toBe(null)
  })

  test('what a plan reads, and a provider that it starts, see nothing of the server either', async () => {
    using secrets = temporaryFolder()
    chmodSync(secrets.path, 0o755)
    const key = join(secrets.path, 'key')
    writeFileSync(key, canary)
    const platform = `linux_${process.arch === 'arm64' ? 'arm64' : 'amd64'}`
    for (const registry of ['registry.terraform.io', 'registry.opentofu.org']) {
      const folder = join(secrets.path, 'mirror', registry, 'hashicorp/external/2.3.0', platform)
      mkdirSync(folder, { recursive: true })
      const program = join(folder, 'terraform-provider-external_v2.3.0')
      // What a provider says that is none is shown by Terraform.
      writeFileSync(program, `#!/bin/sh\necho "provider in $HOME sees $(cat ${key} 2>&1)"\n`, { mode: 0o755 })
    }
    await using opened = await testProvisioner({ mirror: join(secrets.path, 'mirror') })
    const template = `
output "x" {
  value = fileexists("${key}") ? file("${key}") : "none"
}
data "external" "x" {
  program = ["cat", "${key}"]
}
`
    const built = await opened.provisioner.apply(testRun(template))
    expect(JSON.stringify(built.failure)).toMatch(/provider in \S+\/home sees cat: .*No such file or directory/)
    expect(JSON.stringify(built)).not.toContain(canary)
    const read = await opened.provisioner.apply(testRun(template.replace(/data "external"[^]*/, '')))
    expect(String(read.state)).toContain('"value": "none"')
  })

  test('what the operator names is passed on and can be reached, and nothing else', async () => {
    using shared = temporaryFolder()
    chmodSync(shared.path, 0o755)
    const socket = join(shared.path, 'engine.sock')
    writeFileSync(join(shared.path, 'file'), 'within reach')
    await using server = createServer((_, response) => response.end('engine here')).listen(socket)
    await once(server, 'listening')
    chmodSync(socket, 0o777)
    const keys = { CLOUD_KEY: 'for-templates-only', OTHER_KEY: 'for-nobody-1234' }
    const env = { ...process.env, ...keys, DOCKER_HOST: `unix://${socket}` }
    const passedVariables = ['CLOUD_KEY', 'DOCKER_HOST']
    await using opened = await testProvisioner({ reachable: [shared.path], passedVariables }, { env })
    const look = `echo "$CLOUD_KEY" | rev; echo "other $OTHER_KEY."; cat ${join(shared.path, 'file')}; curl -s --unix-socket ${socket} http://x/; touch ${shared.path}/new`
    const run = testRun(running(look))
    await opened.provisioner.apply(run)
    expect(said(run)).toContain('ylno-setalpmet-rof')
    expect(said(run)).toContain('other .')
    expect(said(run)).toContain('within reach')
    expect(said(run)).toContain('engine here')
    expect(readdirSync(shared.path).toSorted()).toEqual(['engine.sock', 'file'])
    // It is a secret of the operator's, so that it does not go into logs.
    const shown = testRun(running('echo "shown $CLOUD_KEY at $DOCKER_HOST"'))
    await opened.provisioner.apply(shown)
    expect(said(shown)).toContain(`shown [secret] at unix://${socket}`)
  })

  test.skipIf(noRoot !== null).each([
    ['/run', '/var/run'],
    ['/var/run', '/run'],
  ])(
    'what lies in %s and can be reached is in %s too, where a container engine is looked for',
    async (named, asked) => {
      const folder = mkdtempSync(join(named, 'reeve-test-'))
      try {
        chmodSync(folder, 0o755)
        await using server = createServer((_, response) => response.end('engine here')).listen(
          join(folder, 'engine.sock'),
        )
        await once(server, 'listening')
        chmodSync(join(folder, 'engine.sock'), 0o777)
        await using opened = await testProvisioner({ reachable: [join(folder, 'engine.sock')] })
        const looked = join(asked, basename(folder), 'engine.sock')
        const run = testRun(running(`curl -s --unix-socket ${looked} http://x/; echo; ls -A /run`))
        expect((await opened.provisioner.apply(run)).failure).toBe(null)
        expect(said(run)).toContain('engine here')
        expect(said(run)).not.toContain('lock')
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  )

  test.skipIf(noRoot !== null)(
    'files in /etc that no program needs, and what is hidden within what is shown, are not there',
    async () => {
      using shared = temporaryFolder()
      chmodSync(shared.path, 0o755)
      const folders = [mkdtempSync('/etc/reeve-test-'), join(shared.path, 'data')]
      mkdirSync(folders[1]!)
      try {
        for (const folder of folders) {
          writeFileSync(join(folder, 'reeve.yaml'), canary)
          chmodSync(folder, 0o755)
        }
        await using opened = await testProvisioner({ reachable: [shared.path], hidden: [folders[1]!] })
        const files = folders.map((folder) => join(folder, 'reeve.yaml')).join(' ')
        const run = testRun(running(`cat ${files}; getent passwd root; getent hosts localhost; echo end`))
        await opened.provisioner.apply(run)
        expect(said(run)).toContain('root:x:0')
        expect(said(run)).toMatch(/(127\.0\.0\.1|::1) +localhost/)
        expect(said(run)).toContain('end')
        expect(said(run)).not.toContain(canary)
      } finally {
        rmSync(folders[0]!, { recursive: true })
      }
    },
  )

  test('core dumps are off, files have an end, and so has the number of processes where the user is the runs’ own', async () => {
    await using opened = await testProvisioner()
    const run = testRun(running('echo "core $(ulimit -c) file $(ulimit -f) processes $(ulimit -p)."'))
    await opened.provisioner.apply(run)
    // Of files in blocks of 512 bytes.
    expect(said(run)).toContain(`core 0 file ${2 ** 24}`)
    if (isRoot) expect(said(run)).toContain('processes 4096.')
  })

  test('a link that a template puts in place of the state does not make us read for it', async () => {
    using secrets = temporaryFolder()
    writeFileSync(join(secrets.path, 'key'), JSON.stringify({ canary }))
    await using opened = await testProvisioner()
    const target = join(secrets.path, 'key')
    const swap = `rm -f ../state/terraform.tfstate* errored.tfstate; ln -s ${target} errored.tfstate; exit 1`
    const built = await opened.provisioner.apply(testRun(running(swap)))
    expect(String(built.state)).not.toContain(canary)
  })

  test('when the server is killed nothing goes on, not even what a template put into the background', async () => {
    using folder = temporaryFolder()
    chmodSync(folder.path, 0o755)
    const script =
      'setsid sleep 61234 > /dev/null 2>&1 & nohup sleep 61235 > /dev/null 2>&1 & echo ready to be killed; sleep 61236'
    const file = join(folder.path, 'main.tf')
    writeFileSync(file, running(script))
    const child = spawn(process.execPath, [join(import.meta.dirname, 'provisioner.test-child.ts'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // What it leaves goes away with the folder.
      env: { ...process.env, TMPDIR: folder.path },
    })
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.includes('(local-exec): ready to be killed')) break
    }
    expect(sleepers().length).toBeGreaterThan(0)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await expect.poll(sleepers).toEqual([])
    await expect.poll(() => processesUsing(`reeve-run-${child.pid}-`)).toEqual([])
  })

  test('a server that is killed while it starts a command leaves nothing of it, at whatever moment', async () => {
    const seconds = 61_300 + (process.pid % 100)
    const killed = [0, 2, 5, 10, 20, 40, 80].map(async (afterMs) => {
      const file = join(import.meta.dirname, 'command.test-child.ts')
      const child = spawn(process.execPath, [file, `${seconds}`, `${afterMs}`], { stdio: 'inherit' })
      const [, signal] = await once(child, 'exit')
      expect(signal).toBe('SIGKILL')
    })
    await Promise.all(killed)
    await expect.poll(() => sleepers(`${seconds}`)).toEqual([])
  })

  test('what a template leaves running ends with the run', async () => {
    await using opened = await testProvisioner()
    const built = await opened.provisioner.apply(testRun(running('setsid sleep 61237 > /dev/null 2>&1 & true')))
    expect(built.failure).toBe(null)
    await expect.poll(() => sleepers('61237')).toEqual([])
  })
})

describe.skipIf(noTerraform !== null)('canceled', () => {
  test('Terraform is asked to end, what it has made is kept, and it does not begin the rest', async () => {
    await using opened = await testProvisioner()
    const cancel = new AbortController()
    const template = `
resource "terraform_data" "first" {}
resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "echo it runs; sleep 61238" }
}
resource "terraform_data" "after" { depends_on = [terraform_data.slow] }
`
    const run = testRun(template, { signal: cancel.signal })
    const onLog: typeof run.onLog = (line) => {
      run.lines.push(line)
      if (line.text.includes('(local-exec): it runs')) cancel.abort()
    }
    const built = await opened.provisioner.apply({ ...run, onLog })
    expect(built.failure).toMatchObject({ code: 'CANCELED' })
    expect(String(built.state)).toContain('"first"')
    expect(said(run)).not.toContain('terraform_data.after: Creating')
    expect(sleepers('61238')).toEqual([])
  })

  test('one that does not listen is killed with all that it has started, and the state is kept', async () => {
    await using opened = await testProvisioner()
    const [cancel, force] = [new AbortController(), new AbortController()]
    const template = `
resource "terraform_data" "first" {}
resource "terraform_data" "deaf" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    interpreter = ["/bin/sh", "-c"]
    command     = "trap '' INT TERM; echo it runs; while :; do sleep 0.1; done"
  }
}
`
    const run = testRun(template, { signal: cancel.signal, force: force.signal })
    const onLog: typeof run.onLog = (line) => {
      run.lines.push(line)
      if (line.text.includes('(local-exec): it runs')) {
        cancel.abort()
        force.abort()
      }
    }
    const built = await opened.provisioner.apply({ ...run, onLog })
    expect(built.failure).toMatchObject({ code: 'CANCELED' })
    expect(String(built.state)).toContain('"first"')
    expect(processesUsing(opened.folder)).toEqual([])
  })

  test('a run that is canceled before it begins starts nothing', async () => {
    await using opened = await testProvisioner()
    const run = testRun(running('echo it runs'), { signal: AbortSignal.abort() })
    expect(await opened.provisioner.apply(run)).toMatchObject({ failure: { code: 'CANCELED' }, state: null })
    expect(run.lines).toEqual([])
  })
})

describe.skipIf(noTerraform !== null)('without bubblewrap', () => {
  test.skipIf(noRoot !== null)('root runs templates as another user, for whom the server is closed', async () => {
    process.env['REEVE_TEST_CANARY'] = canary
    await using opened = await testProvisioner({ isolation: 'none' })
    expect(opened.provisioner.isolation).toBe('user')
    const run = testRun(running(`id -un; cat /proc/${process.pid}/environ /etc/shadow; env; sleep 2; echo end`))
    const built = await opened.provisioner.apply(run)
    delete process.env['REEVE_TEST_CANARY']
    expect(built.failure).toBe(null)
    expect(said(run)).toContain('reeve-terraform')
    expect(said(run)).toContain('end')
    expect(said(run)).not.toContain(canary)
  })
})

test('variables that steer Terraform, the loader or the server are not passed on', () => {
  for (const name of [
    'TF_CLI_ARGS',
    'TF_LOG',
    'TF_CLI_CONFIG_FILE',
    'LD_PRELOAD',
    'NODE_OPTIONS',
    'REEVE_POSTGRES_URL',
    'PATH',
    'a b',
  ]) {
    expect(whyNotPassed(name), name).not.toBe(null)
  }
  for (const name of ['AWS_PROFILE', 'KUBECONFIG', 'HTTPS_PROXY']) expect(whyNotPassed(name), name).toBe(null)
})

/** Sleeps that only these tests start. */
function sleepers(seconds = '6123[456]'): string[] {
  const wanted = new RegExp(`sleep\0${seconds}\0`)
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return wanted.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'))
    } catch {
      return false
    }
  })
}
