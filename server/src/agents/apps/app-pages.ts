import type { ServerResponse } from 'node:http'

/** What a person is shown in place of an app. Words of ours only: nothing that anybody else wrote is in it. */
export interface AppPage {
  readonly status: number
  readonly title: string
  readonly text: string
  /** The app may be there in a moment: the page looks again. */
  readonly retries?: boolean
}

const policy = "default-src 'none'; style-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
const retrySeconds = 5

export function writePage(res: ServerResponse, { status, title, text, retries = false }: AppPage): void {
  if (res.headersSent || res.destroyed) return void res.destroy()
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head><body><h1>${title}</h1><p>${text}</p></body></html>\n`
  res.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
    ...(retries ? { Refresh: String(retrySeconds) } : {}),
  })
  res.end(body)
}

export const pages = {
  noSuchApp: { status: 404, title: 'No such app', text: 'There is no such app, or it is not for you.' },
  signInFirst: { status: 401, title: 'Sign in', text: 'Open this app in a window of its own to sign in.' },
  signInAtConsole: {
    status: 401,
    title: 'Sign in',
    text: 'Sign in at the console of this deployment, and open this address again.',
  },
  noHosts: {
    status: 404,
    title: 'Apps are not served here',
    text: 'An app of a workspace needs a host name of its own: with the console’s it could do what you may do. Whoever runs this deployment gives apps a domain with REEVE_WILDCARD_ACCESS_URL, for example *.apps.example.com.',
  },
  foreign: { status: 403, title: 'Not from there', text: 'A page of another site asked for this app.' },
  badTicket: {
    status: 400,
    title: 'Not signed in',
    text: 'This way in has ended, or is for another browser. Open the app again.',
  },
  notConnected: {
    status: 503,
    title: 'The workspace is not connected',
    text: 'It is stopped, is being started, or its agent has lost its way here.',
    retries: true,
  },
  notListening: {
    status: 502,
    title: 'The app is not there yet',
    text: 'The workspace runs, and nothing listens on the port of this app.',
    retries: true,
  },
  broken: { status: 502, title: 'The app does not answer', text: 'What it said is no answer, or it broke off.' },
} as const satisfies Record<string, AppPage>
