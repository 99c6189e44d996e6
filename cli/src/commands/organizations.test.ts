import { expect, test } from 'vitest'
import { runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

test('that an organization’s models need a boundary is changed only where it is named', async () => {
  await using deployment = await serveContract(everything(false))
  const edit = (...words: string[]) =>
    runCli(['organizations', 'edit', 'default', ...words], {
      env: { REEVE_URL: deployment.url, REEVE_TOKEN: 'rv_kept' },
    })
  expect(await edit('--require-boundary', 'perhaps')).toMatchObject({ code: 2 })
  expect(deployment.asked).toEqual([])
  for (const [word, require_boundary] of [
    ['yes', true],
    ['no', false],
  ] as const) {
    expect(await edit('--require-boundary', word)).toMatchObject({ code: 0 })
    expect(deployment.asked.at(-1)).toMatchObject({ name: 'updateOrganization', body: { require_boundary } })
  }
  expect(await edit('--description', 'Labs')).toMatchObject({ code: 0 })
  expect(deployment.asked.at(-1)?.body).toEqual({ description: 'Labs' })
})
