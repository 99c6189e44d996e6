import { silentLog } from '@reeve/base'
import { describe, expect, test } from 'vitest'
import { template, whyNoTerraform } from '../../../../test/support/terraform/run-terraform.ts'
import type { BuildContext } from '../build-context.ts'
import { buildContext } from '../testing.ts'
import { serveProvider } from './serve-provider.ts'

const noTerraform = whyNoTerraform('diagnostics of the Terraform provider')

/** What a template says wrongly, the words that Terraform prints of it, and the line that it shows. */
const mistakes: Readonly<Record<string, readonly [template: string, said: string, line: string]>> = {
  'the system of an agent': [
    agent('os = "solaris"', ''),
    '"linux", "darwin" or "windows", not "solaris"',
    'os = "solaris"',
  ],
  'the processor of an agent': [agent('os = "linux"', '', 'x86'), '"amd64", "armv7" or "arm64"', 'arch = "x86"'],
  'a key of metadata twice': [
    agent('os = "linux"', metadata('cpu') + metadata('cpu')),
    '"cpu" is there more than once',
    'key = "cpu"',
  ],
  'a threshold beyond 100': [agent('os = "linux"', monitoring(101)), 'between 0 and 100', 'threshold = 101'],
  'a negative timeout': [
    agent('os = "linux"', 'connection_timeout = -1'),
    'at least 0, not -1',
    'connection_timeout = -1',
  ],
  'half of an order': [agent('os = "linux"', 'order = 1.5'), 'whole number', 'order = 1.5'],
  'a slug': [app('slug = "My_App"', ''), 'lower-case letters and digits', 'slug = "My_App"'],
  'two ways into an app': [
    app('slug = "a"', 'command = "sh"\nurl = "http://localhost"'),
    'either command or url',
    'command = "sh"',
  ],
  'a command with a name of its own': [
    app('slug = "a"', 'command = "sh"\nsubdomain = true'),
    'leave subdomain out',
    'command = "sh"',
  ],
  'a link that is shared': [
    app('slug = "a"', 'url = "https://a.test"\nexternal = true\nshare = "public"'),
    'leave share out',
    'external = true',
  ],
  'a name that no variable has': [
    block('resource "coder_env" "a"', 'agent_id = "x"\nname = "MY-VALUE"'),
    'letters, digits and underscores',
    'name = "MY-VALUE"',
  ],
  'a task without an app that there is': [block('resource "coder_ai_task" "a"', 'app_id = "chat"'), 'an id', 'app_id'],
  'schedules that contradict each other': [
    preset(
      `prebuilds {\ninstances = 1\nscheduling {\ntimezone = "UTC"\n${schedule('* 8-18 * * 1-5')}${schedule('* 18 * * 5')}}\n}`,
    ),
    'have hours in common',
    'cron = "* 18 * * 5"',
  ],
  'who may open an app': [
    app('slug = "a"', 'share = "everyone"'),
    '"owner", "organization", "authenticated" or "public"',
    'share = "everyone"',
  ],
  'a name that is too long': [
    app('slug = "a"', `display_name = "${'x'.repeat(65)}"`),
    'at most 64 characters long, not 65',
    'display_name',
  ],
  'a script without a trigger': [
    script(''),
    'at least one of run_on_start, run_on_stop and cron',
    'resource "coder_script" "a"',
  ],
  'a script that is waited for and not run': [
    script('run_on_stop = true\nstart_blocks_login = true'),
    'set run_on_start',
    'start_blocks_login = true',
  ],
  'a schedule of four fields': [script('cron = "8 * * *"'), 'has 6 fields here', 'cron = "8 * * *"'],
  'an hour that does not exist': [script('cron = "0 0 25 * * *"'), 'The hour of the schedule', 'cron ='],
  'a merge strategy': [
    block('resource "coder_env" "a"', 'agent_id = "x"\nname = "A"\nmerge_strategy = "glue"'),
    '"replace", "append", "prepend" or "error"',
    'merge_strategy = "glue"',
  ],
  'a task without an app': [block('resource "coder_ai_task" "a"', ''), 'Set app_id', 'resource "coder_ai_task" "a"'],
  'a key of an item twice': [
    block('resource "coder_metadata" "a"', 'resource_id = "x"\nitem {\nkey = "k"\n}\nitem {\nkey = "k"\n}'),
    '"k" is there more than once',
    'key = "k"',
  ],
  'a form': [parameter('form_type = "slider"'), '"input" or "textarea", not "slider"', 'form_type = "slider"'],
  'a default that is no option': [
    parameter('default = "c"\noption {\nname = "A"\nvalue = "a"\n}'),
    '"c" is none of them',
    'default = "c"',
  ],
  'a pattern': [
    parameter('default = ""\nvalidation {\nregex = "("\nerror = "no"\n}'),
    'missing closing )',
    'regex = "("',
  ],
  'a value that was never chosen': [parameter(''), 'no value was chosen for it', 'name = "size"'],
  'how long a prebuilt workspace is kept': [
    preset('prebuilds {\ninstances = 1\nexpiration_policy {\nttl = 60\n}\n}'),
    'between 3600 (an hour)',
    'ttl = 60',
  ],
  'a time zone': [
    preset(
      'prebuilds {\ninstances = 1\nscheduling {\ntimezone = "Mars/Base"\nschedule {\ncron = "* 8 * * *"\ninstances = 1\n}\n}\n}',
    ),
    'not the name of an IANA time zone',
    'timezone = "Mars/Base"',
  ],
  'a long description of a preset': [preset(`description = "${'x'.repeat(129)}"`), 'at most 128', 'description ='],
  'a rule of scripts that names none': [
    block('data "coder_script_order" "a"', 'rule {\nrun = []\nafter = ["coder_script.b"]\n}'),
    'name a script or a module',
    'run = []',
  ],
  'an outcome that no script has': [
    block('data "coder_script_order" "a"', 'rule {\nrun = ["module.a"]\nafter = ["module.b"]\nrequires = "begin"\n}'),
    '"success" or "completion"',
    'requires = "begin"',
  ],
  'a secret for two places': [secret('env = "A"\nfile = "/a"'), 'Set either env or file', 'file = "/a"'],
  'a secret that is missing': [secret('env = "A"'), 'Put it into your settings.', 'env = "A"'],
  'the address of the deployment': [
    `${block('provider "coder"', 'url = "reeve"')}data "coder_workspace" "me" {}\n`,
    'http:// or https://',
    'url = "reeve"',
  ],
}

describe.skipIf(noTerraform !== null)('a mistake in a template is told with file and line', () => {
  test.each(Object.entries(mistakes))('%s', async (_, [wrong, said, line]) => {
    const { code, told } = await plan(wrong, {})
    expect(code).toBe(1)
    expect(told).toContain(said)
    expect(told).toMatch(/on workspace\.tf line \d+/)
    expect(told).toContain(line)
  })

  test('a value of the owner’s, with the line of the rule that it breaks', async () => {
    const validation = 'type = "number"\nmutable = true\nvalidation {\nmin = 2\nmonotonic = "increasing"\n}'
    const chosen = (value: string) => ({
      parameters: new Map([['size', value]]),
      previousParameters: new Map([['size', '8']]),
    })
    expect((await plan(parameter(validation), chosen('1'))).told).toContain('min = 2')
    expect((await plan(parameter(validation), chosen('4'))).told).toContain('may only grow, and was 8')
    expect((await plan(parameter(validation), chosen('9'))).code).toBe(0)
  })

  test('what earlier releases let through goes through', async () => {
    const command = app('slug = "a"', 'command = "sh"\nsubdomain = false')
    const old = block('provider "coder"', 'feature_use_managed_variables = true')
    const options = Array.from({ length: 70 }, (_, n) => `option {\nname = "${n}"\nvalue = "${n}"\n}`).join('\n')
    expect(await plan(old + command + parameter(`default = "1"\n${options}`), {})).toMatchObject({ code: 0 })
  })

  test('every mistake of a template at once', async () => {
    const { told } = await plan(app('slug = "A b"', 'open_in = "moon"') + script(''), {})
    expect(told.match(/Error: /g)).toHaveLength(3)
  })
})

async function plan(text: string, context: Partial<BuildContext>): Promise<{ code: number; told: string }> {
  using workspace = template({ 'workspace.tf': head + text })
  const options = { socketPath: workspace.socketPath, log: silentLog }
  await using served = await serveProvider(buildContext(context), options)
  const { code, stderr } = await workspace.run(served.reattach, 'plan', '-no-color')
  // Terraform breaks its lines at 80 columns where it takes them for prose.
  return { code, told: stderr.replaceAll(/\s+/g, ' ') }
}

const head = 'terraform {\nrequired_providers {\ncoder = {\nsource = "coder/coder"\n}\n}\n}\n'

function block(opening: string, body: string): string {
  return `${opening} {\n${body}\n}\n`
}

function agent(os: string, more: string, arch = 'amd64'): string {
  return block('resource "coder_agent" "a"', `${os}\narch = "${arch}"\n${more}`)
}

function metadata(key: string): string {
  return block('metadata', `key = "${key}"\nscript = "true"\ninterval = 5`)
}

function monitoring(threshold: number): string {
  return block('resources_monitoring', block('memory', `enabled = true\nthreshold = ${threshold}`))
}

function app(slug: string, more: string): string {
  return block('resource "coder_app" "a"', `agent_id = "x"\n${slug}\n${more}`)
}

function script(more: string): string {
  return block('resource "coder_script" "a"', `agent_id = "x"\ndisplay_name = "A"\nscript = "true"\n${more}`)
}

function parameter(more: string): string {
  return block('data "coder_parameter" "a"', `name = "size"\n${more}`)
}

function preset(more: string): string {
  return block('data "coder_workspace_preset" "a"', `name = "A"\n${more}`)
}

function schedule(cron: string): string {
  return block('schedule', `cron = "${cron}"\ninstances = 1`)
}

function secret(more: string): string {
  return block('data "coder_secret" "a"', `help_message = "Put it into your settings."\n${more}`)
}
