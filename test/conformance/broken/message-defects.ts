import type { Defect } from './defect.ts'

/** Defects in messages: fragments and text (RFC 6455 §5.4, §8.1). */
export const messages = {
  'accepts-orphan-continuation': {
    sentence: 'takes a continuation of nothing for a text',
    rows: ['frag.orphan-fin1', 'frag.orphan-empty'],
  },
  'accepts-start-inside-message': {
    sentence: 'takes a new message inside another',
    rows: ['frag.text-inside-text', 'frag.binary-inside-text'],
  },
  'leaks-control-into-message': { sentence: 'mixes ping data into the message', rows: ['frag.ping-does-not-leak'] },
  'drops-empty-last-fragment': {
    sentence: 'does not end a message with an empty fragment',
    rows: ['frag.empty-last', 'frag.empty-binary'],
  },
  'echoes-fragmented-as-text': { sentence: 'echoes fragmented binary as text', rows: ['frag.binary-2'] },
  'echoes-unfinished-message': {
    sentence: 'echoes an unfinished message at the Close',
    rows: ['frag.unfinished-close', 'close.inside-message'],
  },
  'shares-message-buffer': {
    sentence: 'gathers the messages of all connections in one buffer',
    rows: ['robust.interleave-connections', 'frag.unfinished-fin'],
  },
  'echoes-text-as-binary': { sentence: 'echoes with the wrong type', rows: ['misc.echo-type'] },
  'checks-no-text': { sentence: 'does not check text', rows: ['utf8.surrogate-one-frame', 'utf8.lead-ff'] },
  'checks-64k-of-text': { sentence: 'checks the first 64 KiB of a text', rows: ['utf8.bad-last-of-1m'] },
  'checks-text-per-frame': {
    sentence: 'checks each fragment of a text for itself',
    rows: ['utf8.split-3', 'utf8.latin-1-byte'],
  },
  'checks-binary-as-text': { sentence: 'checks binary messages as text', rows: ['utf8.binary-any'] },
  'accepts-text-cut-short': {
    sentence: 'takes text that ends inside a code point',
    rows: ['utf8.incomplete-end', 'utf8.ab-6-1'],
  },
  'accepts-overlong': { sentence: 'takes overlong forms', rows: ['utf8.ab-17-1', 'utf8.ab-18-2'] },
  'accepts-surrogates': { sentence: 'takes surrogates', rows: ['utf8.ab-20-1', 'utf8.surrogate-1-byte'] },
  'accepts-above-10ffff': {
    sentence: 'takes code points above U+10FFFF',
    rows: ['utf8.ab-11-5', 'utf8.failfast-frame'],
  },
  'accepts-bytes-f5-to-ff': { sentence: 'takes the bytes F5 to FF', rows: ['utf8.lead-f5', 'utf8.lead-ff'] },
  'fails-text-with-1002': { sentence: 'fails bad text with 1002', rows: ['utf8.lead-ff', 'close.code-on-bad-utf8'] },
  'strips-byte-order-mark': { sentence: 'strips the byte order mark', rows: ['utf8.bom'] },
  'ends-text-at-nul': { sentence: 'ends a text at NUL', rows: ['utf8.nul'] },
  'normalises-text': { sentence: 'normalises text', rows: ['utf8.unnormalised'] },
  'normalises-line-ends': { sentence: 'normalises line ends', rows: ['utf8.newlines'] },
  'replaces-noncharacters': { sentence: 'replaces noncharacters', rows: ['utf8.ab-22-1', 'utf8.ab-23-7'] },
  'sends-text-in-latin-1': { sentence: 'sends text in Latin-1', rows: ['utf8.latin', 'inv.text-utf8'] },
} as const satisfies Record<string, Defect>
