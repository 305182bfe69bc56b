import type { Defect } from './defect.ts'

/** Defects in messages: fragments and text (RFC 6455 §5.4, §8.1). */
export const messages = {
  'accepts-orphan-continuation': {
    sentence: 'reads a continuation without a start as a text',
    cases: ['frag.orphan-fin1', 'frag.orphan-empty'],
  },
  'accepts-start-inside-message': {
    sentence: 'accepts a new message inside another',
    cases: ['frag.text-inside-text', 'frag.binary-inside-text'],
  },
  'leaks-control-into-message': { sentence: 'mixes ping data into the message', cases: ['frag.ping-does-not-leak'] },
  'drops-empty-last-fragment': {
    sentence: 'does not end a message with an empty fragment',
    cases: ['frag.empty-last', 'frag.empty-binary'],
  },
  'answers-pings-behind-long-messages': {
    sentence: 'answers a ping inside a message of more than 64 KiB when the message ends',
    cases: ['frag.long-ping-inside'],
  },
  'decodes-fragments-apart': {
    sentence: 'decodes each fragment of a text by itself behind its first 64 KiB',
    cases: ['frag.long-cut-characters'],
  },
  'cuts-continuations-at-128k': {
    sentence: 'reads at most 128 KiB of a continuation frame',
    cases: ['frag.long-growing'],
  },
  'ignores-close-in-long-message': {
    sentence: 'ignores a Close inside a message of more than 64 KiB',
    cases: ['frag.long-close-inside'],
  },
  'echoes-fragmented-as-text': { sentence: 'echoes fragmented binary as text', cases: ['frag.binary-2'] },
  'echoes-unfinished-message': {
    sentence: 'echoes an unfinished message at the Close',
    cases: ['frag.unfinished-close', 'close.inside-message'],
  },
  'shares-message-buffer': {
    sentence: 'gathers the messages of all connections in one buffer',
    cases: ['robust.interleave-connections', 'frag.unfinished-fin'],
  },
  'echoes-text-as-binary': { sentence: 'echoes with the wrong type', cases: ['misc.echo-type'] },
  'checks-no-text': { sentence: 'does not check text', cases: ['utf8.surrogate-one-frame', 'utf8.lead-ff'] },
  'checks-64k-of-text': { sentence: 'checks the first 64 KiB of a text', cases: ['utf8.bad-last-of-1m'] },
  'checks-text-per-frame': {
    sentence: 'checks each fragment of a text for itself',
    cases: ['utf8.split-3', 'utf8.latin-1-byte'],
  },
  'checks-binary-as-text': { sentence: 'checks binary messages as text', cases: ['utf8.binary-any'] },
  'accepts-text-cut-short': {
    sentence: 'accepts text that ends inside a code point',
    cases: ['utf8.incomplete-end', 'utf8.ab-6-1'],
  },
  'accepts-overlong': { sentence: 'accepts overlong forms', cases: ['utf8.ab-17-1', 'utf8.ab-18-2'] },
  'accepts-surrogates': { sentence: 'accepts surrogates', cases: ['utf8.ab-20-1', 'utf8.surrogate-1-byte'] },
  'accepts-above-10ffff': {
    sentence: 'accepts code points above U+10FFFF',
    cases: ['utf8.ab-11-5', 'utf8.failfast-frame'],
  },
  'accepts-bytes-f5-to-ff': { sentence: 'accepts the bytes F5 to FF', cases: ['utf8.lead-f5', 'utf8.lead-ff'] },
  'fails-text-with-1002': { sentence: 'fails bad text with 1002', cases: ['utf8.lead-ff', 'close.code-on-bad-utf8'] },
  'ends-text-at-nul': { sentence: 'ends a text at NUL', cases: ['utf8.nul'] },
  'normalises-text': { sentence: 'normalises text', cases: ['utf8.unnormalised'] },
  'normalises-line-ends': { sentence: 'normalises line ends', cases: ['utf8.newlines'] },
  'replaces-noncharacters': { sentence: 'replaces noncharacters', cases: ['utf8.ab-22-1', 'utf8.ab-23-7'] },
  'sends-text-in-latin-1': { sentence: 'sends text in Latin-1', cases: ['utf8.latin', 'inv.text-utf8'] },
} as const satisfies Record<string, Defect>
