/** The conformance tester, as the command line uses it. */
export * from './catalogue/index.ts'
export { EventLog } from './client/event-log.ts'
export { CommandLauncher, type Launcher } from './client/launcher.ts'
export { Recorder } from './peer/recorder.ts'
export { parseTarget, type Target } from './peer/target.ts'
export {
  diffResults,
  formatDiff,
  formatScript,
  formats,
  matrixHtml,
  matrixMarkdown,
  matrixText,
  Progress,
  parseResults,
  type ReportContext,
} from './report/index.ts'
export * from './result.ts'
export { unlessAborted } from './run/abort.ts'
export * from './run/baseline.ts'
export type { ClientOutcome, ClientRunOptions } from './run/client/client-run.ts'
export { runClients } from './run/client/run-clients.ts'
export type { RunHead, RunOptions } from './run/options.ts'
export { findFreePort, ServerProcess } from './run/process.ts'
export { runServer } from './run/run-server.ts'
export { clientEntries, SelectionError, type SelectionOptions, selectCases, serverEntries } from './run/select.ts'
export { Exit, exitCodeOf, type FailOn, worstExitCode } from './run/verdict.ts'
export { findCase } from './sections/index.ts'
export { poll } from './wire/poll.ts'
