import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { transformSync } from 'esbuild'
import { assert, suite } from '../../support/unit.ts'

const test = suite('browser client: the built module')

test('the built module imports nothing and stays under 4.5 KB when it is minified and compressed', () => {
  const source = readFileSync(new URL('../../../dist/client/browser.js', import.meta.url), 'utf8')
  const { code } = transformSync(source, { format: 'esm', minify: true, target: 'es2022' })
  assert.not.match(code, /\bimport\b|\brequire\b|\bprocess\b|node:/)
  const size = gzipSync(code, { level: 9 }).length
  assert.ok(size < 4500, `${size} bytes`)
})
