import { systemClock } from '@reeve/base'
import { call, result, say } from './seed.ts'
import { startMock } from './server.ts'
import { addRequest, endRequest } from './story.ts'

/** `node dashboard/mock-api/main.ts [port]`: a deployment to develop the console against. dana@example.com owns it. */
const mock = await startMock({ port: Number(process.argv[2] ?? 3000) })
console.log(
  `${mock.url}  sign in as dana@example.com, eli@example.com or ava@example.com; password: correct horse battery`,
)

/** The live session goes on, so that live views have something to show. */
const live = mock.world.sessions.at(-1)!
let turn = 0
setInterval(() => {
  turn += 1
  const open = live.interceptions.at(-1)!
  endRequest(live, open, systemClock.now(), [
    say('Still rolling out; I will look again.'),
    call('Bash', { command: 'deploy status --wait 30' }, `w${turn}`),
  ])
  addRequest(live, {
    model: open.model,
    seconds: 0,
    said: [result('Bash', `w${turn}`, `still rolling out: ${3 + turn} of 800`)],
    outcome: 'live',
  })
  mock.changed(live.session.id)
}, 5000)
