/**
 * What templates, the runs of them and the workspaces they make are held to, by the numbers of the threat model's group T:
 * by which tests, and what is open with the reason.
 */
export type Held = { readonly file: string; readonly title: string } | { readonly open: string }

const by = (file: string, ...titles: readonly string[]): Held[] => titles.map((title) => ({ file, title }))
const open = (why: string): Held => ({ open: why })

const archive = 'server/src/provisioning/read-archive.test.ts'
const isolation = 'server/src/provisioning/isolation.test.ts'
const provisioner = 'server/src/provisioning/provisioner.test.ts'
const provider = 'server/src/provisioning/provider/serve-provider.test.ts'
const templates = 'server/src/templates/templates.test.ts'
const workspaces = 'server/src/workspaces/workspaces.test.ts'
const builds = 'server/src/workspaces/builds.test.ts'
const jobs = 'server/src/jobs/jobs.test.ts'
const tokens = 'server/src/identity/tokens/workspace-tokens.test.ts'

export const groupT: Readonly<Record<string, readonly Held[]>> = {
  'T1 archives that reach out, burst or collide': by(
    archive,
    'links, devices and pipes in a tar are refused by name',
    'a symbolic link in a zip is refused by name',
    'setuid, setgid and sticky files are refused',
    'names that are there twice, or would be on another machine, are refused',
    'a bomb is refused before it is unpacked',
    'a zip whose entry is longer than it says is refused',
    'more entries than the limit are refused',
  ),
  'T2 programs of a template on the machine of the server': [
    ...by(
      isolation,
      'neither the environment nor the files of the server are there for a template',
      'what a plan reads, and a provider that it starts, see nothing of the server either',
      'what the operator names is passed on and can be reached, and nothing else',
      'core dumps are off, files have an end',
      'what a template leaves running ends with the run',
    ),
    ...by(
      'server/src/provisioning/closed-networks.test.ts',
      'is not there for what a template runs, and is for the server',
    ),
    open('which networks are closed is for the operator to say: by default templates reach what the machine reaches'),
  ],
  'T3 where providers and modules come from': [
    ...by(isolation, 'variables that steer Terraform, the loader or the server are not passed on'),
    ...by(
      provisioner,
      'a template that brings a backend and state of its own gets ours',
      'modules that came with the template are used without the network',
    ),
    ...by('server/src/provisioning/lock-file.test.ts', 'keeps a provider out that is not the one it was written for'),
    open('a list of providers that are allowed, with hashes, is a mirror: with one nothing else is installed'),
  ],
  'T4 what is secret in the state': [
    ...by(workspaces, 'the state is sealed where it is kept, and told to nobody who may not change the template'),
    ...by(provisioner, 'what is sensitive is hidden in logs, also where a program of the template prints it'),
  ],
  'T5 values that look like code': by(
    provisioner,
    'variables and parameters are data: what looks like code in them is text',
  ),
  'T6 a build is of the very bytes that were pushed': by(templates, 'the audit log says which bytes were pushed'),
  'T7 what an agent’s token is good for': [
    ...by(
      provider,
      'within one run the token of an agent is one and the same',
      'a start makes the agent’s token and what hangs on it anew',
    ),
    ...by(tokens, 'it calls models as the owner and does nothing else', 'it ends with its workspace'),
    ...by('test/compat/templates.test.ts', 'several agents have tokens of their own'),
    ...by('test/e2e/workspace-agent.test.ts', 'what is not of the protocol, or of no agent, is refused'),
  ],
  'T8 a build that is canceled or killed': [
    ...by(
      isolation,
      'when the server is killed nothing goes on, not even what a template put into the background',
      'Terraform is asked to end, what it has made is kept',
      'one that does not listen is killed with all that it has started, and the state is kept',
    ),
    ...by(builds, 'a worker that is not heard of leaves the last state that it kept'),
    ...by(jobs, 'a worker that comes back after its job was given up is stopped, and changes nothing'),
  ],
  'T9 two builds of one workspace at once': by(
    builds,
    'of two builds at once one is made, and the other is told of it',
  ),
  'T10 the meter': [
    ...by(
      'server/src/licensing/ledger.test.ts',
      'a build is counted once however often its end is reported',
      'replicas that report the same end at once count it once',
      'a clock that was set back puts no build before what was seen',
    ),
    ...by(
      'server/src/licensing/routes.test.ts',
      'at the limit administrators are told once for the period, and builds go on',
    ),
    ...by('server/src/tasks/metering.test.ts', 'creating a task counts one, and each resumption one more'),
  ],
  'T11 the prompt of a task': by(
    'test/compat/templates.test.ts',
    'a task reaches the scripts, the containers and the metadata',
  ),
  'T12 names of workspaces': by(workspaces, 'a name is taken once by a person and fits everywhere'),
  'T13 more than its share': [
    ...by(jobs, 'a log has an end, and says so'),
    ...by('server/src/workspaces/quota.test.ts', 'of builds that ask at once only as many pass as there is for'),
    open(
      'the memory of a run is not limited: Terraform and providers reserve more than they use, and a cgroup of their own takes a host that lets us make one',
    ),
  ],
}
