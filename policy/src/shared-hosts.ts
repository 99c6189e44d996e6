/**
 * Hosts where anybody can put things under an account of their own. A rule that allows writing there without naming
 * paths lets data out to whoever has an account, so people are told. Not complete, and nothing is decided by it.
 */
const domains = [
  'amazonaws.com',
  'appspot.com',
  'azurewebsites.net',
  'blob.core.windows.net',
  'bitbucket.org',
  'cloudfront.net',
  'codeberg.org',
  'discord.com',
  'docker.io',
  'dropboxapi.com',
  'firebaseio.com',
  'gist.github.com',
  'ghcr.io',
  'github.com',
  'api.github.com',
  'uploads.github.com',
  'githubusercontent.com',
  'gitlab.com',
  'googleapis.com',
  'gcr.io',
  'herokuapp.com',
  'hooks.slack.com',
  'huggingface.co',
  'netlify.app',
  'ngrok.io',
  'ngrok-free.app',
  'pages.dev',
  'pastebin.com',
  'r2.cloudflarestorage.com',
  'sentry.io',
  'slack.com',
  'sourceforge.net',
  'storage.googleapis.com',
  'telegram.org',
  'transfer.sh',
  'trycloudflare.com',
  'vercel.app',
  'webhook.site',
  'workers.dev',
] as const

/** The shared domain that a host of a rule is of, or null. */
export function riskyShared(host: string): string | null {
  const name = host.toLowerCase().replace(/^(\*\.)+/, '')
  return domains.find((domain) => name === domain || name.endsWith(`.${domain}`)) ?? null
}
