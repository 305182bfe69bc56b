import { baseScript } from './base.ts'
import { caseTableScript } from './case-table.ts'
import { coverageScript } from './coverage.ts'
import { mainScript } from './main.ts'
import { overviewScript } from './overview.ts'
import { panelScript } from './panel.ts'
import { wireScript } from './wire.ts'

export { style } from './style.ts'

/** The script of the page. The order matters only for `main`, which starts the page. */
export const script = [
  baseScript,
  wireScript,
  overviewScript,
  caseTableScript,
  panelScript,
  coverageScript,
  mainScript,
].join('\n')
