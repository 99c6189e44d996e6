import { readFileSync } from 'node:fs'
import { testProvisioner, testRun } from './testing-provisioner.ts'

/** A server whose templates are run and which is killed in the middle: applies the template of a file. */
const [file = '', isolation = 'auto'] = process.argv.slice(2)
const { provisioner } = await testProvisioner({ isolation: isolation === 'none' ? 'none' : 'auto' })
const onLog = ({ text }: { text: string }) => process.stdout.write(`${text}\n`)
const { failure } = await provisioner.apply(testRun(readFileSync(file, 'utf8'), { onLog }))
process.stdout.write(`ended ${JSON.stringify(failure)}\n`)
