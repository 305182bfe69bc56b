import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Class, type MethodDefinition, type Node, parseSync, visitorKeys } from 'oxc-parser'

/** A named function, a method or an accessor. */
export interface SourceFunction {
  readonly name: string
  readonly lineCount: number
}

export interface SourceClass {
  readonly name: string
  readonly lineCount: number
  readonly fieldCount: number
  readonly methodCount: number
  /** Names of the public methods: neither `#x` nor `private` nor `protected`. */
  readonly publicMethods: readonly string[]
}

/** A TypeScript file, as the architecture test uses it. */
export interface SourceFile {
  /** Path from the root of the project, with `/`. */
  readonly path: string
  readonly text: string
  readonly lineCount: number
  /** The specifiers of every import and re-export, including types: `node:net`, `./mask.ts`. */
  readonly imports: readonly string[]
  /** Paths of the imported files, each once. */
  readonly importedFiles: readonly string[]
  readonly functions: readonly SourceFunction[]
  readonly classes: readonly SourceClass[]
  /** Variables outside of functions that are declared with `let` or `var`. */
  readonly mutableVariables: readonly string[]
  /** Every identifier that occurs in the file. */
  readonly identifiers: ReadonlySet<string>
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Reads every TypeScript file below a folder of the project, except declaration files. */
export function readSourceFiles(folder: string, root = ROOT): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .filter((path) => /(?<!\.d)\.ts$/.test(path) && !path.includes('node_modules/'))
    .sort()
    .map((path) => readSourceFile(path, readFileSync(join(root, path), 'utf8')))
}

function readSourceFile(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`)
  const imports: string[] = []
  const functions: SourceFunction[] = []
  const classes: SourceClass[] = []
  const identifiers = new Set<string>()
  const lineCountOf = ({ start, end }: Node): number => text.slice(start, end).split('\n').length
  for (const node of nodesOf(program)) {
    if (node.type === 'Identifier') identifiers.add(node.name)
    if ('source' in node && node.source?.type === 'Literal') imports.push(String(node.source.value))
    if (node.type === 'ClassDeclaration') classes.push({ lineCount: lineCountOf(node), ...describeClass(node) })
    const name = functionNameOf(node)
    if (name !== null) functions.push({ name, lineCount: lineCountOf(node) })
  }
  const variables = program.body.filter((node) => node.type === 'VariableDeclaration' && node.kind !== 'const')
  return {
    path,
    text,
    lineCount: text.split('\n').length - 1,
    imports,
    importedFiles: [
      ...new Set(imports.filter((name) => name.startsWith('.')).map((name) => posix.join(posix.dirname(path), name))),
    ],
    functions,
    classes,
    mutableVariables: variables.flatMap((node) =>
      node.type === 'VariableDeclaration' ? node.declarations.map(({ id }) => text.slice(id.start, id.end)) : [],
    ),
    identifiers,
  }
}

/** Yields a node and everything below it, depth first. */
function* nodesOf(node: Node): Generator<Node> {
  yield node
  for (const key of visitorKeys[node.type] ?? []) {
    const child = (node as unknown as Record<string, Node | (Node | null)[] | null | undefined>)[key]
    for (const each of Array.isArray(child) ? child : [child]) if (each) yield* nodesOf(each)
  }
}

/** Returns the name of a function with a body; `null` for other nodes and for functions without a name. */
function functionNameOf(node: Node): string | null {
  if (node.type === 'FunctionDeclaration' && node.body !== null) return node.id?.name ?? 'default'
  if (node.type === 'MethodDefinition' && node.value.body !== null) return keyOf(node)
  if (node.type === 'PropertyDefinition' && isFunction(node.value)) return keyOf(node)
  if (node.type === 'Property' && isFunction(node.value)) return keyOf(node)
  if (node.type === 'VariableDeclarator' && isFunction(node.init) && node.id.type === 'Identifier') return node.id.name
  return null
}

function isFunction(node: Node | null): boolean {
  return node?.type === 'ArrowFunctionExpression' || node?.type === 'FunctionExpression'
}

function keyOf({ key }: { key: Node }): string {
  if (key.type === 'PrivateIdentifier') return `#${key.name}`
  if (key.type === 'Identifier') return key.name
  return key.type === 'Literal' ? String(key.value) : '[computed]'
}

function describeClass({ id, body }: Class): Omit<SourceClass, 'lineCount'> {
  const methods = body.body.filter((member): member is MethodDefinition => member.type === 'MethodDefinition')
  const fields = body.body.filter((member) => member.type === 'PropertyDefinition')
  return {
    name: id?.name ?? 'default',
    fieldCount: fields.length,
    methodCount: methods.length,
    publicMethods: methods
      .filter(({ key, accessibility }) => key.type !== 'PrivateIdentifier' && (accessibility ?? 'public') === 'public')
      .map(keyOf),
  }
}
