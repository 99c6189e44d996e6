import { Fault } from '@reeve/base'
import { expect, test } from 'vitest'
import { settingsOf } from './settings-form.ts'

const template = {
  display_name: 'Desk',
  description: '',
  icon: '',
  deprecation_message: '',
  default_ttl_ms: 28_800_000,
  activity_bump_ms: 3_600_000,
  failure_ttl_ms: 0,
  dormant_ttl_ms: 0,
  delete_ttl_ms: 0,
  autostart_requirement: { days_of_week: ['tuesday' as const, 'monday' as const] },
  autostop_requirement: { days_of_week: [], weeks: 1 },
  allow_user_autostart: true,
  allow_user_autostop: true,
  allow_user_cancel_workspace_jobs: true,
  require_active_version: false,
  max_port_share_level: 'owner' as const,
}

/** As the page fills it in for that template. */
function filled(): FormData {
  const form = new FormData()
  const given = {
    display_name: 'Desk',
    default_ttl_ms: '8',
    activity_bump_ms: '1',
    failure_ttl_ms: '0',
    dormant_ttl_ms: '0',
    delete_ttl_ms: '0',
    weeks: '1',
    max_port_share_level: 'owner',
  }
  for (const [name, value] of Object.entries(given)) form.set(name, value)
  for (const name of ['allow_user_autostart', 'allow_user_autostop', 'allow_user_cancel_workspace_jobs'])
    form.set(name, 'on')
  for (const day of ['monday', 'tuesday']) form.append('autostart_days', day)
  return form
}

test('a form that nobody changed asks for nothing, in whatever order the days were kept', () => {
  expect(settingsOf(filled(), template)).toEqual({})
})

test('only what differs is asked for, in milliseconds', () => {
  const form = filled()
  form.set('default_ttl_ms', '1,5')
  form.set('dormant_ttl_ms', '30')
  form.delete('allow_user_autostop')
  form.append('autostop_days', 'sunday')
  form.set('weeks', '2')
  form.set('max_port_share_level', 'organization')
  expect(settingsOf(form, template)).toEqual({
    default_ttl_ms: 5_400_000,
    dormant_ttl_ms: 2_592_000_000,
    allow_user_autostop: false,
    autostop_requirement: { days_of_week: ['sunday'], weeks: 2 },
    max_port_share_level: 'organization',
  })
})

test('a length that is no number is refused beside its field', () => {
  const form = filled()
  form.set('failure_ttl_ms', 'soon')
  form.set('delete_ttl_ms', '-1')
  const thrown = (() => {
    try {
      return settingsOf(form, template)
    } catch (error) {
      return error
    }
  })()
  expect(thrown).toBeInstanceOf(Fault)
  expect(thrown).toMatchObject({ problems: [{ field: 'failure_ttl_ms' }, { field: 'delete_ttl_ms' }] })
})
