import { type ConnectionLimits, readLimits } from '../../../src/connection/limits.ts'
import type { Vitals } from '../../../src/connection/watch/snapshot.ts'
import { Clock, type Timed } from '../../../src/connection/watch/watchdog.ts'
import { now, wheel } from '../../../src/transport/timing-wheel.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'

const test = suite('clock')

/** A connection that notes what its clock does to it. */
class Patient implements Timed {
  readonly limits: ConnectionLimits
  state: Timed['state'] = 'open'
  readonly log: string[] = []
  readonly view: Vitals = {
    isHeld: false,
    receivedBytes: 0,
    takenBytes: 0,
    bufferedAmount: 0,
    frameCount: 0,
    receivedMessages: 0,
    sentMessages: 0,
    pending: null,
  }
  lastPing = Buffer.alloc(0)
  accounts = 0
  rests = 0

  constructor(limits: ConnectionLimits) {
    this.limits = limits
  }

  vitals(): Vitals {
    return { ...this.view }
  }
  account(): void {
    this.accounts++
  }
  rest(): void {
    this.rests++
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
  const clock = new Clock(patient)
  t.after(() => clock.stop())
  const begin = now()
  return { patient, clock, look: (seconds: number) => clock.onTimer(begin + seconds * 1_000 + 1) }
}

test('hangs in the wheel of the process once, and not any more when stopped', (t) => {
  const before = wheel.size
  const { clock } = start(t)
  assert.is(wheel.size, before + 1)
  clock.stop()
  clock.stop()
  assert.is(wheel.size, before)
})

test('accounts for memory at each look and looks again', (t) => {
  const { patient, clock, look } = start(t)
  look(1)
  assert.is(patient.accounts, 1)
  assert.is.not(clock.timerSlot, -1)
})

test('lets a connection rest when nothing came since the last look', (t) => {
  const { patient, look } = start(t)
  patient.view.receivedBytes = 10
  look(1)
  assert.is(patient.rests, 0)
  look(2)
  assert.is(patient.rests, 1)
})

test('pings, and cuts a peer that is silent after it', (t) => {
  const { patient, look } = start(t)
  for (const second of [10, 25, 40, 46]) look(second)
  assert.equal(patient.log, ['ping', 'terminate ERR_WS_KEEPALIVE'])
})

test('measures the round trip of its own ping, once', (t) => {
  const { patient, clock, look } = start(t)
  assert.is(clock.takePong(Buffer.from('unasked')), null)
  look(25)
  assert.is(clock.takePong(Buffer.from('unasked')), null)
  const latency = clock.takePong(patient.lastPing)
  assert.ok(latency !== null && latency >= 0 && latency < 20_000)
  assert.is(clock.takePong(patient.lastPing), null)
})

test('closes idle connections with 1000 and fails unfinished ones with 1008', (t) => {
  const idle = start(t, { idleTimeout: 1_000 })
  idle.look(2)
  assert.equal(idle.patient.log, ['close 1000'])
  const slow = start(t)
  slow.patient.view.pending = 'header'
  slow.look(1)
  slow.look(12)
  assert.equal(slow.patient.log, ['fail 1008 ERR_WS_HEADER_TIMEOUT'])
})

test('S-37: cuts a peer that has not ended within closeTimeout', (t) => {
  const { patient, clock, look } = start(t)
  patient.state = 'closing'
  clock.startClosing()
  assert.ok(clock.timerDue - now() > 4_000)
  look(5)
  assert.equal(patient.log, ['terminate ERR_WS_CLOSE_TIMEOUT'])
})

test('gives a peer the time again that reads what waits at 1 KB/s', (t) => {
  const { patient, clock, look } = start(t)
  patient.state = 'closing'
  patient.view.bufferedAmount = 1_000_000
  clock.startClosing()
  patient.view.takenBytes += 5_001
  look(5)
  assert.equal(patient.log, [])
  patient.view.takenBytes += 5_000
  look(10)
  assert.equal(patient.log, ['terminate ERR_WS_CLOSE_TIMEOUT'])
})

test('waits for the end for ever with closeTimeout Infinity', (t) => {
  const before = wheel.size
  const { patient, clock } = start(t, { closeTimeout: Number.POSITIVE_INFINITY })
  clock.startClosing()
  assert.is(wheel.size, before)
  assert.equal(patient.log, [])
})
