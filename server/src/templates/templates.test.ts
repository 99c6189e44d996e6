import { afterAll, beforeAll, expect, test } from 'vitest'
import { failure } from '../provisioning/diagnostic.ts'
import type { Run } from '../provisioning/run.ts'
import { mayWithTemplate, visibleTemplates } from './policy.ts'
import { findTemplate, selectTemplates } from './queries.ts'
import { found, type TemplateWorld, templateWorld } from './testing.ts'

/** What the next import finds; the last run is kept to be looked at. */
let finds: (run: Run) => ReturnType<typeof found> | { failure: ReturnType<typeof failure> } = () => found()
let lastRun: Run | null = null
let world: TemplateWorld
let owner: string
let dev: string
let admin: string

beforeAll(async () => {
  world = await templateWorld({
    async importVersion(run) {
      lastRun = run
      run.onLog({ at: new Date(), level: 'info', stage: 'init', source: 'provisioner', text: 'begun' })
      return finds(run)
    },
  })
  owner = await world.identity.owner()
  dev = await world.identity.person('dev')
  admin = await world.identity.person('tess', 'template-admin')
})
afterAll(() => world[Symbol.asyncDispose]())

const main = { 'main.tf': 'resource "terraform_data" "x" {}' }
const call = (method: string, path: string, token: string, body?: unknown) =>
  world.identity.call(method, `/api/v2/${path}`, { token, ...(body === undefined ? {} : { body }) })

async function made(name: string, more: object = {}) {
  const version = await world.push(admin, main)
  const { json } = await call('POST', 'organizations/default/templates', admin, {
    name,
    template_version_id: version.id,
    ...more,
  })
  return json
}

test('a pushed archive is imported, and a template is made of what was found', async () => {
  finds = () => found({ readme: '# Hello', hasAiTask: true })
  const version = await world.push(admin, main, { message: 'the first one' })
  expect(version).toMatchObject({ name: 'v1', readme: '# Hello', has_ai_task: true, job: { status: 'succeeded' } })
  expect(lastRun?.source.map(({ path }) => path)).toEqual(['main.tf'])
  // Templates that allow certain names only let these through, which they have always been imported by.
  expect(lastRun?.context).toMatchObject({ owner: { name: 'default' }, workspace: { name: 'default' } })
  const template = await call('POST', 'organizations/default/templates', admin, {
    name: 'first',
    template_version_id: version.id,
  })
  expect(template.status).toBe(201)
  expect(template.json).toMatchObject({ name: 'first', active_version_id: version.id, everyone: true })
  const again = await call('GET', `templateversions/${version.id}`, admin)
  expect(again.json).toMatchObject({ template_id: template.json.id, active: true })
  const log = await call('GET', `templateversions/${version.id}/logs`, dev)
  expect(log.json).toMatchObject([{ id: 1, output: 'begun', stage: 'init', log_source: 'provisioner_daemon' }])
  finds = () => found()
})

test('the audit log says which bytes were pushed, by whom, and what was set without its values', async () => {
  const version = await world.push(admin, main, { user_variable_values: [{ name: 'token', value: 'hush' }] })
  const events = await world.identity.audit()
  const pushed = events.findLast(({ resource_type: type }) => type === 'template_version')
  expect(pushed).toMatchObject({
    action: 'create',
    diff: { sha256: { new: version.sha256 }, variables: { new: ['token'] } },
  })
  expect(JSON.stringify(events)).not.toContain('hush')
  expect(lastRun?.variables).toEqual(new Map([['token', 'hush']]))
})

test('an import that fails says why, and nothing is made of it', async () => {
  finds = () => ({ failure: failure('main.tf, line 1: an argument is missing', 'REQUIRED_TEMPLATE_VARIABLES') })
  const version = await world.push(admin, main)
  finds = () => found()
  expect(version.job).toMatchObject({ status: 'failed', error_code: 'REQUIRED_TEMPLATE_VARIABLES' })
  expect(version.job.error).toContain('line 1')
  const refused = await call('POST', 'organizations/default/templates', admin, {
    name: 'never',
    template_version_id: version.id,
  })
  expect(refused.status).toBe(400)
  expect(JSON.stringify(refused.json)).toContain('its import failed')
})

test('an archive that reaches out of its folder is refused when it is sent', async () => {
  await expect(world.upload(admin, { '../main.tf': '' })).rejects.toThrow('../main.tf')
})

test('only who pushes templates uploads, and a file of somebody else cannot be pushed or read', async () => {
  await expect(world.upload(dev, main)).rejects.toThrow('403')
  const file = await world.upload(owner, main)
  const stolen = await call('POST', 'organizations/default/templateversions', admin, { file_id: file })
  expect(stolen.status).toBe(400)
  expect((await call('GET', `files/${file}`, admin)).status).toBe(404)
})

test('whoever may change a template reads the files of its versions, as far as they are text that can be shown', async () => {
  const template = await made('read')
  const files = { ...main, 'a/logo.png': '\u0000PNG', 'long.txt': 'x'.repeat(512 * 1024 + 1) }
  const next = await world.push(admin, files, { template_id: template.id })
  const { json } = await call('GET', `templateversions/${next.id}/files`, admin)
  expect(json).toMatchObject([
    { path: 'a/logo.png', bytes: 4, text: null },
    { path: 'long.txt', bytes: 524_289, text: null },
    { path: 'main.tf', executable: false, text: main['main.tf'], sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ])
  const refused = await call('GET', `templateversions/${next.id}/files`, dev)
  expect([refused.status, refused.json.code]).toEqual([403, 'forbidden'])
})

test('the next version is active when it is made so, and not before', async () => {
  const template = await made('rolling')
  const next = await world.push(admin, main, { template_id: template.id })
  expect(next).toMatchObject({ name: 'v2', active: false })
  expect((await call('GET', `templates/${template.id}`, dev)).json.active_version_name).toBe('v1')
  await call('PATCH', `templates/${template.id}/versions`, admin, { id: next.id })
  expect((await call('GET', `templates/${template.id}`, dev)).json.active_version_name).toBe('v2')
  const active = await call('POST', `templateversions/${next.id}/archive`, admin)
  expect(active.status).toBe(409)
  const archived = await call('POST', `templates/${template.id}/versions/archive`, admin, { all: true })
  expect(archived.json.archived_ids).toEqual([template.active_version_id])
  const gone = await call('PATCH', `templates/${template.id}/versions`, admin, { id: template.active_version_id })
  expect(gone.status).toBe(400)
})

test('names of templates and versions are given once', async () => {
  const template = await made('taken')
  const version = await world.push(admin, main)
  const again = { name: 'Taken'.toLowerCase(), template_version_id: version.id }
  expect((await call('POST', 'organizations/default/templates', admin, again)).status).toBe(409)
  const twice = await world.push(admin, main, { template_id: template.id, name: 'v1' })
  expect(twice.message).toContain('already')
})

test('what is sensitive is told to nobody', async () => {
  finds = () =>
    found({
      variables: [
        {
          name: 'token',
          description: '',
          type: 'string',
          defaultValue: 'from the template',
          required: false,
          sensitive: true,
          ephemeral: false,
          validations: [],
        },
      ],
    })
  const version = await world.push(admin, main, { user_variable_values: [{ name: 'token', value: 'hush' }] })
  finds = () => found()
  const { json } = await call('GET', `templateversions/${version.id}/variables`, admin)
  expect(json).toMatchObject([{ name: 'token', sensitive: true, value: '', default_value: '' }])
})

test('a template that is not for everyone is for its list, and for those who administer templates', async () => {
  const template = await made('closed', { disable_everyone_group_access: true })
  expect((await call('GET', `templates/${template.id}`, dev)).status).toBe(404)
  const { json: person } = await call('GET', 'users/dev', owner)
  const acl = await call('PATCH', `templates/${template.id}/acl`, admin, { user_perms: { [person.id]: 'use' } })
  expect(acl.json).toMatchObject({ everyone: false, users: [{ username: 'dev', role: 'use' }] })
  expect((await call('GET', `templates/${template.id}`, dev)).status).toBe(200)
  expect((await call('PATCH', `templates/${template.id}`, dev, { icon: 'x' })).status).toBe(403)
  await call('PATCH', `templates/${template.id}/acl`, admin, { user_perms: { [person.id]: 'admin' } })
  expect((await call('PATCH', `templates/${template.id}`, dev, { icon: 'x' })).status).toBe(200)
  expect(await world.push(dev, main, { template_id: template.id })).toMatchObject({ name: 'v2' })
  await call('PATCH', `templates/${template.id}/acl`, admin, { user_perms: { [person.id]: '' } })
  expect((await call('GET', `templates/${template.id}`, dev)).status).toBe(404)
  const everyone = { group_perms: { [template.organization_id]: 'use' } }
  await call('PATCH', `templates/${template.id}/acl`, admin, everyone)
  expect((await call('GET', `templates/${template.id}`, dev)).status).toBe(200)
})

test('what a list shows is what one may read, for everybody and every template', async () => {
  await made('open')
  await made('hidden', { disable_everyone_group_access: true })
  const auditor = await world.identity.person('audrey', 'auditor')
  const rows = await world.room.db.sql.selectFrom('templates').select('id').where('deleted_at', 'is', null).execute()
  for (const token of [owner, dev, admin, auditor]) {
    const actor = await world.actorOf(token)
    const shown = await selectTemplates(world.room.db.sql, visibleTemplates(actor), {
      organizationId: null,
      limit: 1_000,
    })
    const readable = await Promise.all(
      rows.map(async ({ id }) => {
        const row = await findTemplate(world.room.db.sql, id)
        return row !== undefined && mayWithTemplate(actor, 'template:read', row) ? [id] : []
      }),
    )
    expect(shown.map(({ id }) => id).toSorted()).toEqual(readable.flat().toSorted())
  }
})

test('a deleted template is gone, its name is free, and its versions stay', async () => {
  const template = await made('brief')
  expect((await call('DELETE', `templates/${template.id}`, admin)).status).toBe(204)
  expect((await call('GET', `templates/${template.id}`, admin)).status).toBe(404)
  expect((await made('brief')).id).not.toBe(template.id)
})

test('a change says what it was before, and one that changes nothing says nothing', async () => {
  const template = await made('said')
  const before = (await world.identity.audit()).length
  await call('PATCH', `templates/${template.id}`, admin, { default_ttl_ms: 3_600_000 })
  const events = await world.identity.audit()
  expect(events.at(-1)).toMatchObject({ action: 'write', diff: { default_ttl_ms: { old: 0, new: 3_600_000 } } })
  await call('PATCH', `templates/${template.id}`, admin, { default_ttl_ms: 3_600_000 })
  expect(await world.identity.audit()).toHaveLength(before + 1)
})
