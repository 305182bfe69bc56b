import { runCommand } from '../support/command.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('cli/main', { timeLimit: 60_000 })
const commands = ['serve', 'echo', 'conform', 'bench']

test('names its commands when asked for help', async () => {
  for (const args of [['--help'], ['-h']]) {
    const { exitCode, stdout } = await runCommand(...args)
    assert.is(exitCode, 0)
    for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, 'm'))
  }
})

test('exits with 2 without a command, and names them', async () => {
  const { exitCode, stdout } = await runCommand()
  assert.is(exitCode, 2)
  assert.match(stdout, /^dwebsocket <command>/)
})

test('exits with 2 for an unknown command, and names those there are', async () => {
  const { exitCode, stdout, stderr } = await runCommand('ehco')
  assert.is(exitCode, 2)
  assert.is(stdout, '')
  assert.is(stderr, `dwebsocket: unknown command "ehco"; commands: ${commands.join(', ')}\n`)
})

test('every command explains itself', async () => {
  for (const command of commands) {
    const { exitCode, stdout } = await runCommand(command, '--help')
    assert.is(exitCode, 0, command)
    assert.ok(stdout.includes(`dwebsocket ${command}`), command)
  }
})
