import { type CatalogueEntry, findEntry } from '../../catalogue/index.ts'
import { type Agent, type CaseReception, type EventLog, sendAnswer } from '../../client/index.ts'
import { Mismatch, WireLog } from '../../peer/index.ts'
import { Trial } from '../../script/index.ts'
import { fieldValue, Random } from '../../wire/index.ts'

/** The number of the connection on which capabilities are detected. */
export const DETECTION = 0

/**
 * Milliseconds by which an event of the driver, which uses another channel, may arrive later than the bytes of the
 * client.
 */
const EVENT_DELAY = 1_000

/**
 * Detects whether the client connects and echoes, and whether its driver reports events. Returns why the client cannot
 * be tested.
 */
export async function detectClient(agent: Agent, reception: CaseReception): Promise<string | undefined> {
  const { context } = agent
  const entry = findEntry('client.resp.ok') as CatalogueEntry
  const trial = new Trial(entry, context, new Random(context.seed, 'detection'), new WireLog())
  let reported: EventLog | undefined
  try {
    const { peer, request, events } = await reception.next(trial)
    reported = events
    await sendAnswer(peer, request)
    await peer.sendText('detection')
    const event = await peer.nextMeaningful()
    context.capabilities.echo = event?.kind === 'message'
    agent.reportsEvents = (await events.waitFor('open', EVENT_DELAY)) !== null
    const userAgent = fieldValue(request, 'user-agent')
    if (userAgent !== null) context.observations.user_agent = userAgent
    return undefined
  } catch (error) {
    if (error instanceof Mismatch) return `the client does not connect (${error.actual})${outputOf(agent)}`
    throw error
  } finally {
    await reception.finish(trial)
    // A client that has ended has reported everything, however late.
    agent.reportsEvents ||= reported?.find('open') !== undefined
  }
}

function outputOf({ launcher }: Agent): string {
  const output = launcher?.output.trim()
  return output ? `; its last output: ${output.split('\n').slice(-5).join('\n')}` : ''
}
