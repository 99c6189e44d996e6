import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault, toError } from '@reeve/base'
import type { Mount } from './mounts.ts'

/** Files that lie over those of the machine inside the sandbox; gone with the session. */
export interface SessionFiles extends Disposable {
  readonly mounts: readonly Mount[]
  /** Where the bundle of certificates lies inside, for programs that are told by a variable. */
  readonly bundle: string
  /** The same file where the machine has it. */
  readonly bundleOutside: string
  /** The directory of all of them. */
  readonly folder: string
}

const bundlePath = '/run/reeve/ca-certificates.crt'

/** Nothing in them is secret: they are what the sandbox reads. Throws `Fault` where no temporary files can be made. */
export function writeSessionFiles(options: {
  readonly hostname: string
  /** The system's certificates and the session's own, PEM. */
  readonly certificates: string
  /** Where programs look for certificates. */
  readonly trustFiles: readonly string[]
}): SessionFiles {
  const folder = temporaryFolder()
  const put = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text, { mode: 0o644 })
    return path
  }
  const names = `127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 ${options.hostname}\n`
  const hosts = put('hosts', names)
  const resolver = put('resolv.conf', 'nameserver 127.0.0.1\noptions timeout:2 attempts:2\n')
  const bundle = put('ca-certificates.crt', options.certificates)
  return {
    mounts: [
      ...over(resolver, '/etc/resolv.conf'),
      ...over(hosts, '/etc/hosts'),
      ...options.trustFiles.flatMap((at) => over(bundle, at)),
      { kind: 'read', from: bundle, at: bundlePath },
    ],
    bundle: bundlePath,
    bundleOutside: bundle,
    folder,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'reeve-boundary-'))
  } catch (cause) {
    throw new Fault('unavailable', `There is no room for temporary files in ${tmpdir()}: ${toError(cause).message}`, {
      fix: 'Set TMPDIR to a folder that you may write to.',
      cause,
    })
  }
}

/** A name that leads to another file is followed, as a program would; where there is none, nothing is laid over it. */
function over(from: string, name: string): readonly Mount[] {
  try {
    return [{ kind: 'read', from, at: realpathSync(name) }]
  } catch {
    return []
  }
}
