import { ACCEPT_CASE, ENCODER_CASES, MASK_CASES, TEXT_CASES } from './bytes.ts'
import type { MicroCase } from './case.ts'
import { PARSER_CASES } from './parser.ts'

/** The cases of `dwebsocket bench micro`. */
export const MICRO_CASES: readonly MicroCase[] = [
  ...PARSER_CASES,
  ...MASK_CASES,
  ...ENCODER_CASES,
  ...TEXT_CASES,
  ACCEPT_CASE,
]
