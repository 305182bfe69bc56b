import { loadWasm } from './load-wasm.ts'

/** The exports of `simd.wat`. Addresses are offsets in the memory, and so also in the window. */
interface Exports {
  memory: { readonly buffer: ArrayBuffer }
  unmask(start: number, end: number, key: number): number
  unmaskRun(start: number, end: number): number
  decode(start: number, end: number): number
}

/** Operations on bytes in the memory of WebAssembly, with SIMD: masking bytes and decoding text. */
export interface Simd {
  /** The whole memory, which never grows. */
  readonly memory: Buffer
  /** The part of the memory into which bytes are read. */
  readonly window: Buffer
  /** The memory after the window: for each message of the last `unmaskRun`, 128 when it is not ASCII, otherwise 0. */
  readonly flags: Uint8Array
  /** Unmasks `window[start, end)` in place. Returns 128 when the result is not ASCII, otherwise 0 (RFC 6455 §5.3). */
  unmask(start: number, end: number, key: number): number
  /**
   * Unmasks the consecutive whole, masked, unfragmented messages below 64 KiB in `window[start, end)`. Returns where
   * the first other frame begins. Sets the keys of the messages to zero, so that a second call changes nothing.
   */
  unmaskRun(start: number, end: number): number
  /**
   * Decodes `memory[start, end)`, which is valid UTF-8 of at most `PIECE_SIZE` bytes (RFC 3629). Returns where the text
   * ends. If that is at most `UNITS_AT`, the text is Latin-1 and begins at `PIECE_AT`; otherwise it is UTF-16 and
   * begins at `UNITS_AT`.
   */
  decode(start: number, end: number): number
}

/** Size of the window in bytes, which is the maximum of one read. */
export const WINDOW_SIZE = 65_536
/** Maximum number of bytes decoded at once, and their address when they are not in the window. */
export const PIECE_SIZE = 0x8000
export const PIECE_AT = 0x14000
/** The address of decoded UTF-16. */
export const UNITS_AT = 0x1c000

/** `simd.wat`, assembled and compressed; see `moduleBytes`. A test assembles it again and compares. */
export const moduleText =
  'bVPNahRBEK7q7unZTe+aEbxIDnZHwVy8ChHBrYNICMQYX2CDGwm7bMLObhZlkRnxZIIv4kFfIVcfwLN5BI9eOlrVs4sgLuzUT39fddVXM3A4HSMA4H' +
  '3b11VVYdVX6ZlxsBAHF7joK3YXfeRYr7UBEZU2WZYZRK3zLWPHR+PT8q0Ce3YyPpyOANqNc3B2AmgHR69OB0eg1s7z9gVTF6ryKt4MWvV0zwMVQ4+7' +
  'XfQQwYDX8UUwHryJjqOM7X7IEipAB5xrSB6fC+MBgFf0GyfTYDlpH3Gce1uGnNOtN0ExEZdEn1ONxCXjYKNkd+K+IJqK6tqEbNmKXbXChek9jmgVIR' +
  'NGqZwdBs3FI+yaHttreNaVdCsxlWD55plYXTJBEDtLRNDOM3fI85nmnoxj4zWZ0ZaCAqR9CQgeKm5UWmcBlu2DO0CsZPRCS+HYgX9+SbH/5wseM+Nm' +
  '6jrnoeZDzwWK1ob7wRvk3aLIkAeVZOCBR5v6aRcJuZtC/jsbM1mKLEg6Eg3L400rCrD/EZub2T0Xt2DXEs6GQWX07R5dIf2UWQ1fosrCrIhFtuQJmP' +
  'RJwn//jHSJzBHCXyzdKewKLTi2IJrlopQiwzkywToRShCNZsrd5jeJMyx7XI97Hvl5Nw6m5bHbBs5D7AJobW273VnqRp14gc0RKpPlrTXXvbE8esJN' +
  '7MsNvIVYxD2yCUv1NaSwFT8hA3pAl18/XL3jk3yS3gZBTMjOS3HrS5zQrXlyH3N21mTrX5rB87IcukOlKrVIO0HZXFDNXnZYDExb0MkWvBUtnwjX19' +
  'JBfGl6BOs8ecq/TpIh+WFAVom/IdVB5wjdHw=='

function load(): Simd | null {
  const exports = loadWasm<Exports>(moduleText)
  if (exports === null) return null
  const { memory, ...functions } = exports
  const { buffer } = memory
  const window = Buffer.from(buffer, 0, WINDOW_SIZE)
  const flags = new Uint8Array(buffer, WINDOW_SIZE, PIECE_AT - WINDOW_SIZE)
  return { memory: Buffer.from(buffer), window, flags, ...functions }
}

/** Null without WebAssembly or its SIMD. Unmasking is then 1.4 times slower at 1 KiB. */
export const simd = load()
