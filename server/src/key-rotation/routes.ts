import { endpoints } from '@reeve/sdk'
import { implement, type Route } from '../http/implement.ts'
import type { Rotation } from './rotation.ts'

export const keyringRoutes = (rotation: Rotation): Route[] => [
  implement(endpoints.getKeyring, () => rotation.report()),
  implement(endpoints.rotateKeyring, async (_, scope) => {
    const { resealed } = await rotation.rotate(scope)
    return { ...(await rotation.report()), resealed }
  }),
]
