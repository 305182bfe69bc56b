import type { WireEvent } from '../result.ts'
import { cutText, printable } from './plain-text.ts'

/**
 * Returns the last event sent before the closing handshake and those that arrived after it, at most four. These decide
 * most cases.
 */
export function decisiveEvents(wire: readonly WireEvent[]): WireEvent[] {
  const sent = wire
    .map((event, index) => ({ event, index }))
    .filter(({ event }) => event.dir === 'out' && carriesBytes(event))
  const last = (sent.findLast(({ event }) => !event.text.startsWith('close')) ?? sent.at(-1))?.index
  return last === undefined ? wire.slice(-4) : wire.slice(last, last + 4)
}

function carriesBytes({ kind }: WireEvent): boolean {
  return kind === 'http' || kind === 'frame' || kind === 'bytes'
}

/** Formats at most `bytes` bytes in hex: `81 85 37 fa`. */
export function formatHex(hex: string, bytes = 32): string {
  const pairs = hex.replaceAll(' ', '').match(/../g) ?? []
  return pairs.slice(0, bytes).join(' ') + (pairs.length > bytes ? ' …' : '')
}

/** Formats one event as a line: `-> 0.2 ms  text fin masked 5  81 85 …`. */
export function formatEvent(event: WireEvent, width: number): string {
  const arrow = event.dir === 'out' ? '->' : '<-'
  const head = `${arrow} ${event.t.toFixed(1).padStart(6)} ms  `
  const shown = event.kind === 'frame' || event.kind === 'bytes' ? formatHex(event.hex ?? '', 16) : ''
  const text = event.kind === 'http' ? event.text.trim().replace(/\r?\n/g, '; ') : event.text
  const size = event.size === undefined ? '' : ` (${event.size} bytes)`
  return cutText([`${head}${printable(text)}${size}`, shown].filter(Boolean).join('  '), width)
}
