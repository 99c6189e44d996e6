import { everything } from './testing-data.ts'

const provider = (name: string) => ({ name, type: 'x', base_url: '', ready: true, scripted: false, detail: '' })

/** For tests: a deployment that agents of every kind are connected to, with a provider for each of them. */
export const connectHandlers = {
  ...everything(false),
  getBridgeStatus: () => ({
    enabled: true,
    capture: 'full',
    providers: [provider('openai'), provider('gemini')],
    journal: { healthy: true, detail: '', pending_bytes: 0, drain_lag_seconds: 0 },
  }),
}
