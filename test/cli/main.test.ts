import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { MAIN, runCommand } from '../support/command.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('cli/main', { timeLimit: 60_000 })
const commands = ['serve', 'echo', 'conform', 'bench']

test('lists its commands with --help', async () => {
  for (const args of [['--help'], ['-h']]) {
    const { exitCode, stdout } = await runCommand(...args)
    assert.is(exitCode, 0)
    for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, 'm'))
  }
})

test('prints only the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const { exitCode, stdout, stderr } = await runCommand('--version')
  assert.equal([exitCode, stdout, stderr], [0, `${version}\n`, ''])
})

test('exits with 2 without a command, and lists the commands', async () => {
  const { exitCode, stdout } = await runCommand()
  assert.is(exitCode, 2)
  assert.match(stdout, /^dwebsocket <command>/)
})

test('exits with 2 for an unknown command, and lists the commands', async () => {
  const { exitCode, stdout, stderr } = await runCommand('ehco')
  assert.is(exitCode, 2)
  assert.is(stdout, '')
  assert.is(stderr, `dwebsocket: unknown command "ehco"; commands: ${commands.join(', ')}\n`)
})

test('every command has --help', async () => {
  for (const command of commands) {
    const { exitCode, stdout } = await runCommand(command, '--help')
    assert.is(exitCode, 0, command)
    assert.ok(stdout.includes(`dwebsocket ${command}`), command)
  }
})

test('exits normally when its output is closed early', async () => {
  const child = spawn(process.execPath, [MAIN, 'echo', '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  await once(child.stdout, 'data')
  child.stdout.destroy()
  child.kill('SIGTERM')
  const [exitCode] = await once(child, 'exit')
  assert.equal([exitCode, errors], [0, ''])
})
