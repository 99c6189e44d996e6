import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalRequest, isRefusal, requestOfUrl } from './canonical.ts'
import { splitCommand } from './command-pattern.ts'
import { matchesPath, matchesWord, pathPattern } from './glob.ts'
import { canonicalHost } from './host.ts'
import { importAllowlist } from './allowlist.ts'
import { parsePolicy } from './parse.ts'
import { canonicalPath, readings } from './path.ts'

const pieces = ['/', '//', '.', '..', '%2e', '%2E', '%2f', '%5c', '\\', ';', '%3b', '%25', '%252e', '%00', '%0a', 'a', '*', '%61', '?', '#', '%', '@', 'é', '\u0000', ' ', '~', '%7E', '"'] // prettier-ignore
const hostilePath = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => `/${parts.join('')}`)

const decode = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** How careless servers read a path: everything decoded, twice, parameters cut, slashes of both kinds. */
function carelessly(path: string): readonly string[] {
  const cut = (text: string) => text.replace(/;[^/]*/g, '')
  return [
    path,
    decode(path),
    decode(decode(path)),
    cut(decode(path)),
    cut(path),
    decode(cut(path)),
    cut(decode(decode(path))),
  ]
}

describe('hostile text', () => {
  test('a path has one form, which is its own, and climbs for nobody', () => {
    fc.assert(
      fc.property(hostilePath, (raw) => {
        const path = canonicalPath(raw)
        if (path === null) return
        expect(canonicalPath(path)).toBe(path)
        expect(path).toMatch(/^\/(?!\/)[\x21-\x7e]*$/)
        for (const way of carelessly(path)) {
          expect(way.split(/[/\\]/), `${raw} as ${way}`).not.toContain('..')
          // oxlint-disable-next-line no-control-regex -- they are what must not come out
          expect(way).not.toMatch(/[\u0000-\u001f]/)
        }
        for (const way of readings(path) ?? [[]]) expect(way[0]).toBe('')
      }),
      { numRuns: 5_000 },
    )
  })

  test('what a browser would ask for at a path is what is decided', () => {
    fc.assert(
      fc.property(hostilePath, (raw) => {
        const path = canonicalPath(raw)
        if (path === null) return
        const theirs = new URL(`https://a.test${raw}`).pathname
        const ours = new URL(`https://a.test${path}`).pathname
        const bare = (text: string) => decode(text).replace(/\/+/g, '/')
        // Empty segments are made one before dots are resolved, as most servers do; browsers keep them.
        if (!raw.includes('//')) expect(bare(ours)).toBe(bare(theirs))
      }),
      { numRuns: 5_000 },
    )
  })

  test('a host has one form, which is its own and what a URL calls it', () => {
    const text = fc.array(fc.constantFrom('a', 'B', '.', '-', '1', '0x7f', '127', ':', '[', ']', '::1', 'ffff', '%', '@', '/', '\\', '\t', '。', 'ß', 'xn--', 'ａ', '_', '\u00ad', '*'), { maxLength: 8 }) // prettier-ignore
    fc.assert(
      fc.property(text, (parts) => {
        const host = canonicalHost(parts.join(''))
        if (host === null) return
        expect(canonicalHost(host)).toBe(host)
        expect(host).toMatch(/^[a-z0-9_.:-]+$/)
        const inUrl = host.includes(':') ? `[${host}]` : host
        expect(new URL(`https://${inUrl}/`).hostname).toBe(inUrl)
      }),
      { numRuns: 5_000 },
    )
  })

  test('nothing throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        parsePolicy(text)
        importAllowlist([text, `domain=${text}`, `path=${text}`])
        splitCommand(text)
        requestOfUrl('GET', `https://a.test/${text}`)
        const request = { method: text, scheme: 'https', authority: text, target: text, exes: [] } as const
        expect(isRefusal(canonicalRequest(request)) || /^[A-Z]/.test(text)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  test('deep and long policies are refused, not died of', () => {
    const head = 'apiVersion: reeve/v1\nname: web\n'
    for (const text of [
      `${head}network: ${'['.repeat(200_000)}`,
      `${head}network: ${'{a: '.repeat(50_000)}`,
      `${'- '.repeat(300_000)}x`,
      'x'.repeat(2_000_000),
    ]) {
      const { policy, problems } = parsePolicy(text)
      expect(policy).toBeNull()
      expect(problems[0]?.level).toBe('error')
      expect(problems.length).toBeLessThanOrEqual(100)
    }
  })

  test('a pattern of many stars is matched without trying every way', () => {
    const word = 'a'.repeat(5_000)
    expect(matchesWord(`${'*a'.repeat(200)}b`, word)).toBe(false)
    const path = Array.from({ length: 2_000 }, () => 'a')
    expect(matchesPath(pathPattern(`${'**/a/'.repeat(100)}b`), path)).toBe(false)
  })
})
