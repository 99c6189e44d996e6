import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { serve } from './testing.ts'

/**
 * The corner of GitHub that linking needs, in GitHub's own shapes (docs.github.com, "Authorizing OAuth apps" and "OAuth
 * authorizations"): refusals with status 200, scopes with commas, `bad_refresh_token`, device codes, and grants that the
 * application ends. As a GitHub Enterprise Server it has its API under /api/v3.
 */
export interface FakeGitHub extends AsyncDisposable {
  readonly url: string
  readonly clientSecret: string
  /** Tokens that were handed out and not ended. */
  readonly live: Set<string>
  readonly everySecret: string[]
  /** What it was asked, as `POST /login/oauth/access_token`. */
  readonly asked: string[]
  /** What it does instead of answering well. */
  mood: 'well' | 'down' | 'redirects' | 'rate-limited' | 'refuses-refresh' | 'declines' | 'babbles' | 'misconfigured'
  readonly enterCode: (userCode: string) => void
  expires: boolean
}

interface Grant {
  readonly challenge: string | null
  readonly redirectUri: string
}

export async function fakeGitHub(): Promise<FakeGitHub> {
  const clientSecret = `ghsecret_${randomBytes(12).toString('hex')}`
  const codes = new Map<string, Grant>()
  const devices = new Map<string, { userCode: string; entered: boolean; asked: number }>()
  const refreshTokens = new Set<string>()
  const live = new Set<string>()
  const everySecret = [clientSecret]
  const asked: string[] = []

  const fresh = (prefix: string): string => {
    const token = `${prefix}_${randomBytes(18).toString('hex')}`
    everySecret.push(token)
    return token
  }
  const issue = (): object => {
    const access_token = fresh('gho')
    live.add(access_token)
    if (!github.expires) return { access_token, token_type: 'bearer', scope: 'repo,workflow' }
    const refresh_token = fresh('ghr')
    refreshTokens.add(refresh_token)
    return {
      access_token,
      expires_in: 28_800,
      refresh_token,
      refresh_token_expires_in: 15_897_600,
      scope: 'repo,workflow',
      token_type: 'bearer',
    }
  }
  const json = (res: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
    res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(JSON.stringify(body))
  const refuse = (res: ServerResponse, error: string) =>
    json(res, 200, { error, error_description: `No: ${clientSecret}`, error_uri: 'https://docs.github.com' })

  function authorize(url: URL, res: ServerResponse): void {
    const redirectUri = url.searchParams.get('redirect_uri') ?? ''
    const back = new URL(redirectUri)
    back.searchParams.set('state', url.searchParams.get('state') ?? '')
    if (github.mood === 'declines') {
      back.searchParams.set('error', 'access_denied')
    } else {
      const code = fresh('code')
      codes.set(code, { challenge: url.searchParams.get('code_challenge'), redirectUri })
      back.searchParams.set('code', code)
    }
    res.writeHead(302, { location: back.href }).end()
  }

  function token(form: URLSearchParams, res: ServerResponse): unknown {
    const grant = form.get('grant_type')
    if (github.mood === 'misconfigured') return refuse(res, 'incorrect_client_credentials')
    if (form.get('client_id') !== 'Iv1.test' || form.get('client_secret') !== clientSecret) {
      return refuse(res, 'incorrect_client_credentials')
    }
    if (grant === 'refresh_token') {
      const given = form.get('refresh_token') ?? ''
      if (github.mood === 'refuses-refresh' || !refreshTokens.delete(given)) return refuse(res, 'bad_refresh_token')
      return json(res, 200, issue())
    }
    if (grant === 'urn:ietf:params:oauth:grant-type:device_code') {
      const device = devices.get(form.get('device_code') ?? '')
      if (device === undefined) return refuse(res, 'expired_token')
      if (github.mood === 'declines') return refuse(res, 'access_denied')
      if (++device.asked === 2 && !device.entered) return refuse(res, 'slow_down')
      return device.entered ? json(res, 200, issue()) : refuse(res, 'authorization_pending')
    }
    const code = form.get('code') ?? ''
    const known = codes.get(code)
    codes.delete(code)
    const proof = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (known === undefined || known.redirectUri !== form.get('redirect_uri') || known.challenge !== proof) {
      return refuse(res, 'bad_verification_code')
    }
    return json(res, 200, issue())
  }

  function device(form: URLSearchParams, res: ServerResponse): void {
    if (form.get('client_id') !== 'Iv1.test') return void json(res, 404, { error: 'Not Found' })
    const device_code = fresh('device')
    const user_code = `WDJB-${randomBytes(2).toString('hex').toUpperCase()}`
    devices.set(device_code, { userCode: user_code, entered: false, asked: 0 })
    json(res, 200, {
      device_code,
      user_code,
      verification_uri: `${github.url}/login/device`,
      expires_in: 899,
      interval: 5,
    })
  }

  function user(req: IncomingMessage, res: ServerResponse): unknown {
    const bearer = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1] ?? ''
    if (github.mood === 'rate-limited') {
      return json(res, 403, { message: 'API rate limit exceeded' }, { 'x-ratelimit-remaining': '0' })
    }
    if (!live.has(bearer)) return json(res, 401, { message: 'Bad credentials', status: '401' })
    return json(res, 200, { login: 'octocat', id: 583231, name: 'The Octocat', html_url: 'https://github.com/octocat' })
  }

  function endGrant(req: IncomingMessage, body: string, res: ServerResponse): unknown {
    const expected = `Basic ${Buffer.from(`Iv1.test:${clientSecret}`).toString('base64')}`
    if (req.headers.authorization !== expected) return json(res, 401, { message: 'Requires authentication' })
    const { access_token } = JSON.parse(body)
    if (!live.delete(access_token)) return json(res, 404, { message: 'Not Found' })
    refreshTokens.clear()
    return res.writeHead(204).end()
  }

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '', 'http://github.test')
    const body = Buffer.concat(await Array.fromAsync<Buffer>(req)).toString()
    asked.push(`${req.method} ${url.pathname}`)
    if (github.mood === 'down') return void res.writeHead(503).end('down')
    if (github.mood === 'redirects') return void res.writeHead(307, { location: `${github.url}/elsewhere` }).end()
    if (github.mood === 'babbles') return void res.writeHead(200).end(`<html>${clientSecret}</html>`)
    if (url.pathname === '/login/oauth/authorize') return authorize(url, res)
    if (url.pathname === '/login/oauth/access_token') return void token(new URLSearchParams(body), res)
    if (url.pathname === '/login/device/code') return device(new URLSearchParams(body), res)
    if (url.pathname === '/api/v3/user') return void user(req, res)
    if (url.pathname === '/api/v3/applications/Iv1.test/grant') return void endGrant(req, body, res)
    json(res, 404, { message: 'Not Found' })
  }

  const server = await serve((req, res) => void handle(req, res))
  const github: FakeGitHub = {
    url: server.url,
    clientSecret,
    live,
    everySecret,
    asked,
    mood: 'well',
    expires: true,
    enterCode(userCode) {
      for (const each of devices.values()) if (each.userCode === userCode) each.entered = true
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
  return github
}
