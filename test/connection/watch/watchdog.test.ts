import { mock } from 'node:test'
import type { PublicConnection } from '../../../src/connection/host.ts'
import { type ConnectionLimits, readLimits } from '../../../src/connection/limits.ts'
import type { Snapshot } from '../../../src/connection/watch/snapshot.ts'
import { isKeepalivePong, Watchdog, type Watched } from '../../../src/connection/watch/watchdog.ts'
import { now, wheel } from '../../../src/transport/timing-wheel.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'

const test = suite('watchdog')

/** A connection that records the calls of its watchdog. */
class Patient implements Watched {
  readonly connection = this
  readonly limits: ConnectionLimits
  state: PublicConnection['state'] = 'open'
  readonly log: string[] = []
  readonly view: Snapshot = {
    isPaused: false,
    backlogBytes: 0,
    hasEnded: false,
    receivedBytes: 0,
    acceptedBytes: 0,
    unacceptedBytes: 0,
    bufferedAmount: 0,
    frameCount: 0,
    receivedMessages: 0,
    sentMessages: 0,
    pending: null,
  }
  canProbe = true
  lastPing = Buffer.alloc(0)
  accounts = 0
  releases = 0

  constructor(limits: ConnectionLimits) {
    this.limits = limits
  }

  snapshot(): Snapshot {
    return { ...this.view }
  }
  account(): void {
    this.accounts++
  }
  releaseIdleMemory(): void {
    this.releases++
  }
  readAhead(): void {
    this.log.push('read ahead')
  }
  probe(): boolean {
    this.log.push('probe')
    return this.canProbe
  }
  deliverBacklog(): void {
    this.log.push('deliver')
  }
  ping(payload: Uint8Array): void {
    this.lastPing = Buffer.from(payload)
    this.log.push('ping')
  }
  close(code: number): void {
    this.log.push(`close ${code}`)
    this.state = 'closing'
  }
  fail(closeCode: number, code: string): void {
    this.log.push(`fail ${closeCode} ${code}`)
    this.state = 'closed'
  }
  terminate(error: Error & { code?: string }): void {
    this.log.push(`terminate ${error.code}`)
    this.state = 'closed'
  }
}

function start(t: TestContext, limits: Partial<ConnectionLimits> = {}) {
  const patient = new Patient(readLimits(limits))
  const watchdog = new Watchdog(patient)
  t.after(() => watchdog.stop())
  const begin = now()
  const look = (seconds: number): void => watchdog.onTimer(begin + seconds * 1_000 + 1)
  /** Checks at this second, as if the last check was one second earlier. */
  const lookNext = (seconds: number): void => {
    watchdog.checkedAt = begin + (seconds - 1) * 1_000
    look(seconds)
  }
  return { patient, watchdog, look, lookNext }
}

test('is scheduled in the wheel of the process once, and no longer when stopped', (t) => {
  const before = wheel.size
  const { watchdog } = start(t)
  assert.is(wheel.size, before + 1)
  watchdog.stop()
  watchdog.stop()
  assert.is(wheel.size, before)
})

test('accounts for memory at each check and schedules the next', (t) => {
  const { patient, watchdog, look } = start(t)
  look(1)
  assert.is(patient.accounts, 1)
  assert.is.not(watchdog.timerSlot, -1)
})

test('releases idle memory when nothing was received since the last check', (t) => {
  const { patient, look } = start(t)
  patient.view.receivedBytes = 10
  look(1)
  assert.is(patient.releases, 0)
  look(2)
  assert.is(patient.releases, 1)
})

test('pings, and terminates a peer that stays silent', (t) => {
  const { patient, look } = start(t)
  for (const second of [10, 25, 40, 46]) look(second)
  assert.equal(patient.log, ['ping', 'terminate ERR_WS_KEEPALIVE'])
})

test('measures the round trip of its own ping, once', (t) => {
  const { patient, watchdog, look } = start(t)
  assert.is(watchdog.acceptPong(Buffer.from('unasked'), 0), null)
  const clock = mock.method(performance, 'now', () => 40.25)
  t.after(() => clock.mock.restore())
  look(25)
  assert.is(watchdog.acceptPong(Buffer.from('unasked'), 0), null)
  assert.is(watchdog.latency, null)
  clock.mock.mockImplementation(() => 52.5)
  assert.is(watchdog.acceptPong(patient.lastPing, 0), 12.25)
  assert.is(watchdog.latency, 12.25)
  assert.is(watchdog.acceptPong(patient.lastPing, 0), null)
})

test('connections that are pinged at the same time share the payload, and each measures its own pong', (t) => {
  t.after(() => clock.mock.restore())
  let time = 2_000_000
  const clock = mock.method(performance, 'now', () => time)
  const [first, second, third] = [start(t), start(t), start(t)]
  time += 25_000
  first.watchdog.onTimer(time)
  time += 0.05
  second.watchdog.onTimer(time)
  time += 0.1
  third.watchdog.onTimer(time)
  assert.equal(second.patient.lastPing, first.patient.lastPing)
  assert.not.equal(third.patient.lastPing, first.patient.lastPing)
  time += 10
  assert.is(second.watchdog.acceptPong(third.patient.lastPing, 0), null)
  assert.ok(Math.abs(second.watchdog.acceptPong(second.patient.lastPing, 0)! - 10.15) < 0.001)
  time += 10
  assert.ok(Math.abs(first.watchdog.acceptPong(first.patient.lastPing, 0)! - 20.15) < 0.001)
})

test('a peer that answers each ping is checked once for each, and only to ping it again', (t) => {
  t.after(() => clock.mock.restore())
  let time = 1_000
  const clock = mock.method(performance, 'now', () => time)
  const { patient, watchdog } = start(t, { pingInterval: 1_000 })
  const delays: number[] = []
  for (let pings = 1; pings <= 4; pings++) {
    delays.push(watchdog.timerDue - time)
    time = watchdog.timerDue
    watchdog.onTimer(time)
    assert.is(patient.log.length, pings)
    patient.view.receivedBytes += 30
    wheel.time = time
    watchdog.acceptPong(patient.lastPing, patient.view.receivedBytes)
  }
  assert.equal(delays, [1_000, 1_000, 1_000, 1_000])
  assert.is(patient.releases, 0)
})

test('reads ahead before it pings a paused peer and for the pong, and delivers what was read before it terminates', (t) => {
  const { patient, watchdog, lookNext } = start(t)
  patient.view.isPaused = true
  for (const second of [10, 25, 26, 46]) lookNext(second)
  assert.equal(patient.log, ['read ahead', 'ping', 'read ahead', 'deliver', 'terminate ERR_WS_KEEPALIVE'])
  // The pong is read only when the pause ends, so the round trip would include the pause.
  assert.is(watchdog.acceptPong(patient.lastPing, 0), null)
  assert.ok(isKeepalivePong(patient.lastPing))
  assert.not(isKeepalivePong(Buffer.from('dweb')))
})

test('does not terminate a peer whose Close frame was in what was read ahead', (t) => {
  const { patient, lookNext } = start(t)
  patient.view.isPaused = true
  patient.deliverBacklog = () => {
    patient.state = 'closed'
  }
  for (const second of [10, 25, 26, 46]) lookNext(second)
  assert.equal(patient.log, ['read ahead', 'ping', 'read ahead'])
})

test('makes the system probe a paused peer with much unread input at each check, and pings the peer where the system cannot', (t) => {
  for (const canProbe of [true, false]) {
    const { patient, lookNext } = start(t)
    patient.canProbe = canProbe
    patient.view.isPaused = true
    patient.view.backlogBytes = 64 * 1024
    for (const second of [24, 25, 26, 50]) lookNext(second)
    assert.equal(patient.log, canProbe ? ['probe', 'probe', 'probe'] : ['probe', 'ping', 'probe', 'ping'])
  }
})

test('closes idle connections with 1001 and fails unfinished ones with 1013', (t) => {
  const idle = start(t, { idleTimeout: 1_000 })
  idle.look(2)
  assert.equal(idle.patient.log, ['close 1001'])
  const slow = start(t)
  slow.patient.view.pending = 'header'
  slow.look(1)
  slow.look(12)
  assert.equal(slow.patient.log, ['fail 1013 ERR_WS_HEADER_TIMEOUT'])
})

test('S-37: terminates a peer that has not ended within closeTimeout', (t) => {
  const { patient, watchdog, look } = start(t)
  patient.state = 'closing'
  watchdog.startClosing()
  assert.ok(watchdog.timerDue - now() > 4_000)
  look(5)
  assert.equal(patient.log, ['terminate ERR_WS_CLOSE_TIMEOUT'])
})

test('extends the timeout for a peer that reads unsent data at 1 KB/s', (t) => {
  const { patient, watchdog, look } = start(t)
  patient.state = 'closing'
  patient.view.bufferedAmount = 1_000_000
  watchdog.startClosing()
  patient.view.acceptedBytes += 5_001
  look(5)
  assert.equal(patient.log, [])
  patient.view.acceptedBytes += 5_000
  look(10)
  assert.equal(patient.log, ['terminate ERR_WS_CLOSE_TIMEOUT'])
})

test('waits without limit for the end with closeTimeout Infinity', (t) => {
  const before = wheel.size
  const { patient, watchdog } = start(t, { closeTimeout: Number.POSITIVE_INFINITY })
  watchdog.startClosing()
  assert.is(wheel.size, before)
  assert.equal(patient.log, [])
})
