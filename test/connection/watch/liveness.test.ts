import { limitCloseCodes } from '../../../src/connection/limit-close-code.ts'
import { type ConnectionLimits, defaultLimits, readLimits } from '../../../src/connection/limits.ts'
import {
  beginRareState,
  judgeLiveness,
  type LivenessState,
  timeToCheck,
} from '../../../src/connection/watch/liveness.ts'
import type { LivenessAction } from '../../../src/connection/watch/liveness-action.ts'
import type { Snapshot } from '../../../src/connection/watch/snapshot.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('liveness')

const closeCodeOf = (action: LivenessAction): number | null =>
  action.action === 'close' ? limitCloseCodes[action.code] : null

const quiet: Snapshot = {
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

/** A connection that is checked once a second on a simulated clock. */
class Watched {
  readonly snapshot = { ...quiet }
  readonly limits: ConnectionLimits
  readonly state: LivenessState
  time = 0

  constructor(limits: Parameters<typeof readLimits>[0] = {}) {
    this.limits = readLimits(limits)
    this.state = {
      aliveAt: 0,
      receivedBytes: 0,
      acceptedBytes: 0,
      pingedAt: null,
      rare: beginRareState(this.limits, 0),
    }
  }

  /**
   * Checks once a second for `seconds` seconds, and returns the actions with their seconds. `eachSecond` is called
   * before each check.
   */
  pass(seconds: number, eachSecond: (snapshot: Snapshot) => void = () => {}): [number, LivenessAction][] {
    const said: [number, LivenessAction][] = []
    for (let i = 0; i < seconds; i++) {
      this.time += 1_000
      eachSecond(this.snapshot)
      const action = judgeLiveness(this.state, this.time, 1_000, this.snapshot, this.limits)
      if (action !== null) said.push([this.time / 1_000, action])
    }
    return said
  }
}

/** Formats each second with its action, or with the code of the error. */
const brief = (said: [number, LivenessAction][]): string[] =>
  said.map(([second, action]) => `${second} ${'code' in action ? action.code : action.action}`)

test('pings after 25 s without a byte and terminates 20 s later', () => {
  const said = new Watched().pass(45)
  assert.equal(brief(said), ['25 ping', '45 ERR_WS_KEEPALIVE'])
  assert.is(said[1][1].action, 'terminate')
})

test('treats any byte as a sign of life, before the ping and after it', () => {
  const watched = new Watched()
  assert.equal(
    watched.pass(100, (snapshot) => {
      snapshot.receivedBytes += 1
    }),
    [],
  )
  assert.equal(brief(watched.pass(44)), ['125 ping'])
  watched.snapshot.receivedBytes++
  assert.equal(brief(watched.pass(45)), ['170 ping'])
})

test('treats a peer that reads the bytes waiting for it as alive, and one that does not as gone', () => {
  const reader = new Watched()
  reader.snapshot.unacceptedBytes = 1_000_000
  assert.equal(
    reader.pass(200, (snapshot) => {
      snapshot.acceptedBytes += 10
    }),
    [],
  )
  assert.equal(brief(reader.pass(45)), ['225 ping', '245 ERR_WS_KEEPALIVE'])
})

test('does not treat bytes that only a buffer of the system has accepted as a sign of life', () => {
  const sender = new Watched()
  const said = sender.pass(45, (snapshot) => {
    snapshot.acceptedBytes += 10
  })
  assert.equal(brief(said), ['25 ping', '45 ERR_WS_KEEPALIVE'])
})

test('timeouts of an unfinished message do not run while reading is paused, as long as the peer shows signs of life', () => {
  const watched = new Watched()
  watched.snapshot.pending = 'header'
  watched.pass(5)
  watched.snapshot.isPaused = true
  assert.equal(
    watched.pass(1_000, (snapshot) => {
      snapshot.receivedBytes += 1
    }),
    [],
  )
  watched.snapshot.isPaused = false
  assert.equal(brief(watched.pass(20)), ['1011 ERR_WS_HEADER_TIMEOUT', ...seconds(1012, 1025, 'ERR_WS_HEADER_TIMEOUT')])
})

test('pings a peer that is paused, and terminates one whose pong cannot be read ahead', () => {
  const watched = new Watched()
  watched.snapshot.isPaused = true
  assert.equal(brief(watched.pass(30)), ['25 readAhead', '26 ping'])
  watched.snapshot.receivedBytes += 6
  assert.equal(brief(watched.pass(47)), ['56 readAhead', '57 ping', '77 ERR_WS_KEEPALIVE'])
})

test('does not ping a paused peer as long as there is something to read ahead', () => {
  const watched = new Watched()
  watched.snapshot.isPaused = true
  watched.pass(25)
  watched.snapshot.receivedBytes += 1000
  assert.equal(brief(watched.pass(25)), [])
  assert.equal(brief(watched.pass(1)), ['51 readAhead'])
})

test('makes the system probe a paused peer with much unread input, and pings the peer when the pause is over', () => {
  const watched = new Watched()
  watched.snapshot.isPaused = true
  watched.snapshot.backlogBytes = 64 * 1024
  assert.equal(brief(watched.pass(27)), ['25 probe', '26 probe', '27 probe'])
  watched.snapshot.isPaused = false
  assert.equal(brief(watched.pass(21)), ['28 ping', '48 ERR_WS_KEEPALIVE'])
})

test('delivers what waits when a paused peer has ended, after pingInterval', () => {
  const watched = new Watched()
  watched.snapshot.isPaused = true
  watched.snapshot.hasEnded = true
  assert.equal(brief(watched.pass(49)), ['25 deliver'])
})

test('counts the time for reading what waits from the pause on', () => {
  const watched = new Watched()
  watched.pass(24)
  watched.snapshot.isPaused = true
  watched.snapshot.unacceptedBytes = 1_000_000
  assert.equal(brief(watched.pass(45)), ['69 ERR_WS_KEEPALIVE'])
})

const seconds = (first: number, last: number, code: string): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => `${first + i} ${code}`)

test('S-52: closes with 1013 when a header is not complete in 10 s', () => {
  const watched = new Watched()
  watched.snapshot.pending = 'header'
  const said = watched.pass(11, (snapshot) => {
    snapshot.receivedBytes += 0.1
  })
  assert.equal(brief(said), ['11 ERR_WS_HEADER_TIMEOUT'])
  assert.equal([said[0][1].action, closeCodeOf(said[0][1])], ['close', 1013])
})

test('each header has its own timeout, also after a long payload', () => {
  const watched = new Watched({ messageTimeout: Number.POSITIVE_INFINITY })
  let second = 0
  const said = watched.pass(300, (snapshot) => {
    snapshot.receivedBytes += 2_000
    const phase = second++ % 30
    if (phase === 0) snapshot.frameCount++
    snapshot.pending = phase < 25 ? 'payload' : 'header'
  })
  assert.equal(said, [])
})

test('S-52: closes with 1013 when a payload arrives at less than 1 KB/s over 10 s, and accepts 1 KB/s', () => {
  for (const [bytes, expected] of [
    [1_000, ['11 ERR_WS_TOO_SLOW']],
    [1_024, []],
  ] as const) {
    const watched = new Watched()
    watched.snapshot.pending = 'payload'
    const said = watched.pass(11, (snapshot) => {
      snapshot.receivedBytes += bytes
    })
    assert.equal(brief(said), expected)
  }
})

test('accepts a payload at any rate with minPayloadRate 0', () => {
  const watched = new Watched({ minPayloadRate: 0, messageTimeout: Number.POSITIVE_INFINITY })
  watched.snapshot.pending = 'payload'
  const said = watched.pass(100, (snapshot) => {
    snapshot.receivedBytes += 1
  })
  assert.equal(said, [])
})

test('measures the payload over each ten seconds, not on the average', () => {
  const watched = new Watched()
  watched.snapshot.pending = 'payload'
  let second = 0
  const said = watched.pass(25, (snapshot) => {
    if (second++ < 11) snapshot.receivedBytes += 100_000
  })
  assert.equal(brief(said), ['21 ERR_WS_TOO_SLOW'])
})

test('S-52: closes with 1013 when a message is not complete in 60 s, pings and fragments notwithstanding', () => {
  const watched = new Watched()
  const said = watched.pass(61, (snapshot) => {
    snapshot.receivedBytes += 10_000
    snapshot.frameCount++
    snapshot.pending = snapshot.frameCount % 2 === 0 ? 'message' : 'payload'
  })
  assert.equal(brief(said), ['61 ERR_WS_MESSAGE_TIMEOUT'])
})

test('starts again with each message', () => {
  const watched = new Watched()
  let second = 0
  const said = watched.pass(300, (snapshot) => {
    snapshot.receivedBytes += 10_000
    snapshot.frameCount++
    snapshot.pending = 'message'
    if (++second % 50 === 0) snapshot.receivedMessages++
  })
  assert.equal(said, [])
  watched.snapshot.pending = null
  assert.equal(watched.pass(20), [])
})

test('closes with 1001 after idleTimeout without a message in either direction; pings do not count', () => {
  const watched = new Watched({ idleTimeout: 5_000 })
  let second = 0
  const said = watched.pass(14, (snapshot) => {
    snapshot.receivedBytes += 6
    second++
    if (second === 4) snapshot.receivedMessages++
    if (second === 8) snapshot.sentMessages++
  })
  assert.equal(brief(said), ['13 ERR_WS_IDLE', '14 ERR_WS_IDLE'])
  assert.is(closeCodeOf(said[0][1]), 1001)
})

test('closes with 1001 after maxLifetime whatever happens, paused or not', () => {
  for (const isPaused of [false, true]) {
    const watched = new Watched({ maxLifetime: 5_000 })
    watched.snapshot.isPaused = isPaused
    const said = watched.pass(5, (snapshot) => {
      snapshot.receivedMessages++
      snapshot.receivedBytes += 10
    })
    assert.equal(brief(said), ['5 ERR_WS_LIFETIME'])
    assert.is(closeCodeOf(said[0][1]), 1001)
  }
})

test('never acts when every time is Infinity', () => {
  const never = Number.POSITIVE_INFINITY
  const watched = new Watched({
    headerTimeout: never,
    messageTimeout: never,
    pingInterval: never,
    pingTimeout: never,
    minPayloadRate: 0,
  })
  for (const pending of [null, 'header', 'payload', 'message'] as const) {
    watched.snapshot.pending = pending
    assert.equal(watched.pass(1_000), [])
  }
})

test('checks twice in the shortest time, between 50 ms and 1 s', () => {
  const alive = { aliveAt: 5_000, pingedAt: null }
  assert.is(timeToCheck(alive, 5_000, false, defaultLimits), 1_000)
  assert.is(timeToCheck(alive, 5_000, false, readLimits({ headerTimeout: 600 })), 300)
  assert.is(timeToCheck(alive, 5_000, false, readLimits({ headerTimeout: 1 })), 50)
  assert.is(timeToCheck(alive, 5_000, true, readLimits({ pingTimeout: 600 })), 300)
})

test('checks when the next ping is due, or its answer, unless reading is paused', () => {
  const limits = readLimits({ pingInterval: 800, pingTimeout: 600 })
  assert.is(timeToCheck({ aliveAt: 5_000, pingedAt: null }, 5_100, false, limits), 700)
  assert.is(timeToCheck({ aliveAt: 5_000, pingedAt: 5_800 }, 5_900, false, limits), 500)
  assert.is(timeToCheck({ aliveAt: 5_000, pingedAt: null }, 9_000, false, limits), 50)
  assert.is(timeToCheck({ aliveAt: 5_000, pingedAt: null }, 5_100, true, limits), 300)
})
