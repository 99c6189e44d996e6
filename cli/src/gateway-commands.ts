import { type Command, command } from './command.ts'

export const gatewayCommands: readonly Command[] = [
  command({
    path: 'gateways',
    summary: 'The gateways of the deployment: which are there, and what of their record is not in the database yet',
    details:
      'A gateway that is silent was not heard of for 20 seconds and did not say that it stops. What it has pending is on\n' +
      'the disk of its machine and nowhere else.',
    run: async (context) => (await import('./commands/gateways.ts')).listGateways(context),
  }),
]
