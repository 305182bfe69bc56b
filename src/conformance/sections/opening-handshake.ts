import type { Case } from '../case.ts'
import { acceptAndProbe } from '../verb.ts'

/** Requests that have to be accepted (RFC 6455 §4.2.1): `hs.ok`. */
export const acceptedHandshakes: Case[] = [{ id: 'hs.ok.minimal', run: (t) => acceptAndProbe(t) }]
