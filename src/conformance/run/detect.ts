import { TLSSocket } from 'node:tls'
import { type CatalogueEntry, findEntry } from '../catalogue/index.ts'
import { Ledger, Mismatch, WireLog } from '../peer/index.ts'
import { type RunContext, Skip, Trial } from '../script/index.ts'
import { fieldTokens, fieldValue, Random } from '../wire/index.ts'
import { unlessAborted } from './abort.ts'
import { pollRunning } from './run-delay.ts'

/** Makes a trial that belongs to no case, to examine the target before and between cases. */
function lookAt(context: RunContext, timeout: number = context.timeout): Trial {
  const entry = findEntry('hs.ok.minimal') as CatalogueEntry
  const quiet: RunContext = { ...context, timeout, ledger: new Ledger(), observations: {}, recover: undefined }
  return new Trial(entry, quiet, new Random(context.seed, `look-${performance.now()}`), new WireLog())
}

/** How to detect whether the target echoes. */
export interface DetectOptions {
  /** `auto`: by sending a text message. */
  echo: 'auto' | 'plain' | 'none'
  echoPrefix: string
  /** Ends the detection early. */
  signal?: AbortSignal | undefined
}

/**
 * Detects the capabilities of the target: echo, permessage-deflate, Server field. Returns why the target cannot be
 * tested.
 */
export function detect(context: RunContext, options: DetectOptions): Promise<string | undefined> {
  return unlessAborted(detectAll(context, options), undefined, options.signal)
}

async function detectAll(context: RunContext, options: DetectOptions): Promise<string | undefined> {
  const trial = lookAt(context, Math.max(LEAST_PATIENCE, context.timeout * PATIENCE))
  const { capabilities } = context
  try {
    const began = performance.now()
    const { peer, response } = await trial.handshake({ add: [['Sec-WebSocket-Extensions', 'permessage-deflate']] })
    adaptTimeout(context, performance.now() - began)
    if (response === null) return `${context.target.url} does not respond to a plain handshake`
    const { stream } = peer.transport
    if (stream instanceof TLSSocket) capabilities.tls = stream.getProtocol()
    capabilities.serverHeader = fieldValue(response, 'server')
    if (response.status !== 101)
      return `${context.target.url} responds to a plain handshake with “${response.statusLine}”`
    capabilities.pmd = fieldTokens(response, 'sec-websocket-extensions').some((one) =>
      one.startsWith('permessage-deflate'),
    )
    // Some targets serve one connection at a time.
    trial.release(peer)
    const first = options.echo === 'none' ? NO_ECHO : await echoes(context, trial, options.echoPrefix)
    capabilities.echo = options.echo === 'plain' || first.isEcho
    const count = async (): Promise<number> =>
      first.isEcho
        ? (await echoes(context, trial, options.echoPrefix)).greetings
        : countBeforePong(trial, context.timeout)
    return await detectGreetings(context, first.isEcho ? first.greetings : await count(), count)
  } catch (error) {
    if (error instanceof Mismatch) return `${context.target.url}: ${error.actual}`
    if (error instanceof Skip) return `${context.target.url}: ${error.message}`
    throw error
  } finally {
    trial.close()
  }
}

/** How many timeouts a target may take for its first connections and responses, and the minimum in milliseconds. */
const PATIENCE = 5
const LEAST_PATIENCE = 10_000
/** The timeout is at least this multiple of the time for one response. */
const MARGIN = 4

/** Increases the timeout for a slow target, so that it does not appear to be silent. */
function adaptTimeout(context: RunContext, milliseconds: number): void {
  const needed = Math.round(milliseconds * MARGIN)
  if (needed <= context.timeout) return
  context.timeout = needed
  context.observations.timeout_raised_to_ms = needed
}

/** The rules that a wrong echo violates. */
const ECHO_RULES = ['inv.frame-grammar', 'inv.rsv', 'inv.message-order', 'inv.text-utf8']

const NO_ECHO: Echoing = { isEcho: false, greetings: 0 }

/** What the target does after a text message. */
interface Echoing {
  isEcho: boolean
  /** How many messages came before the echo. */
  greetings: number
}

/**
 * Detects whether the target echoes. A wrong echo also counts, so that the cases judge it. A target that sends nothing,
 * ends, or sends something else is not an echo server.
 */
async function echoes(context: RunContext, trial: Trial, prefix: string): Promise<Echoing> {
  const peer = await trial.open()
  const text = `echo-${trial.random.integer(0, 1e9)}`
  const began = performance.now()
  await peer.sendText(text)
  let greetings = 0
  const event = await peer.skipWhile((one) => {
    if (one.kind !== 'message') return false
    adaptTimeout(context, performance.now() - began)
    const isGreeting = one.message.payload.length !== prefix.length + text.length
    if (isGreeting) greetings++
    return isGreeting
  })
  trial.release(peer)
  if (event?.kind === 'message') return { isEcho: true, greetings }
  if (event === null || event.kind === 'end')
    return { isEcho: ECHO_RULES.some((rule) => trial.context.ledger.breachesOf(rule).length > 0), greetings: 0 }
  // The target treats a text message as a violation, or violates the protocol itself.
  return { isEcho: event.kind !== 'close' || event.code === 1002 || event.code === 1007, greetings: 0 }
}

/** Counts the messages before the first answer of a target that does not echo. */
async function countBeforePong(trial: Trial, timeout: number): Promise<number> {
  const peer = await trial.open()
  await peer.sendPing()
  let greetings = 0
  const event = await peer.skipWhile((one) => one.kind === 'message' && ++greetings > 0, timeout)
  trial.release(peer)
  return event?.kind === 'pong' ? greetings : 0
}

/**
 * Records how many messages the target sends on each connection before it answers, so that no case sees them. Returns why
 * it cannot be tested: when the number varies, a message of its own cannot be told from an answer.
 */
async function detectGreetings(
  { target, capabilities, observations }: RunContext,
  first: number,
  count: () => Promise<number>,
): Promise<string | undefined> {
  if (first === 0) return undefined
  const second = await count()
  if (second !== first) return `${target.url} sends ${first} messages before an answer, then ${second}. ${CONTRACT}`
  capabilities.greetings = first
  observations.greetings = first
  return undefined
}

/** What a target may send besides answers. */
const CONTRACT = 'A target may greet each client with the same number of messages, and otherwise only answers'

/** The errors of a target that has ended, by TCP and by a Unix socket. */
const REFUSALS: ReadonlySet<string | undefined> = new Set(['ECONNREFUSED', 'ENOENT'])

/** Resolves to whether the target accepts TCP connections. A target that is too busy for that also counts. */
export async function acceptsConnection({ target, timeout }: RunContext): Promise<boolean> {
  try {
    const { stream } = await target.connectPlain(timeout)
    stream.destroy()
    return true
  } catch (error) {
    return !REFUSALS.has((error as NodeJS.ErrnoException).code)
  }
}

/** Resolves to whether the target currently serves a new connection. */
export async function serves(context: RunContext): Promise<boolean> {
  const trial = lookAt(context)
  try {
    const first = await trial.attempt()
    // A target that limits the rate of connections serves.
    if (first.response?.status === 429) return true
    const peer = first.response?.status === 101 ? first.peer : await trial.open()
    if (!context.capabilities.echo) return true
    await peer.sendText('alive')
    return (await peer.nextMeaningful())?.kind === 'message'
  } catch {
    return false
  } finally {
    trial.close()
  }
}

/** The time in which a target that stopped serving may recover: at least these milliseconds and these timeouts. */
const GRACE = 3_000
const GRACE_TIMEOUTS = 4

/**
 * Waits until a target serves again. Resolves to false when it does not.
 *
 * @param runDelay the milliseconds for which the process of the target has waited for a processor.
 */
export function waitUntilServing(
  isServing: () => Promise<boolean>,
  context: RunContext,
  runDelay: () => number,
): Promise<boolean> {
  return pollRunning(isServing, patienceFor(context), runDelay)
}

/** Returns the milliseconds for which to wait for a target that does not serve. */
export function patienceFor({ timeout }: RunContext): number {
  return Math.max(GRACE, timeout * GRACE_TIMEOUTS)
}
