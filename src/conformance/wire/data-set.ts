import { Random } from './random.ts'

/** The data that the compression cases send. It is generated, with the sizes of the files of Autobahn. */
export type DataSetName = 'json' | 'bitmap' | 'prose' | 'html' | 'pdf'

const SIZES: Record<DataSetName, number> = {
  json: 194_056,
  bitmap: 263_222,
  prose: 222_218,
  html: 263_647,
  pdf: 1_042_328,
}

const WORDS = `the of and to a in that he was it his had with as for her at on she him you said not be but is they
all have from there were out so one up when them little would been down could into time then over old then house king
went water mother came again about after before great golden away door night queen forest daughter father morning
thought looked nothing something through castle never beautiful travelled suddenly underneath`.split(/\s+/)

const GENERATORS: Record<DataSetName, (random: Random, size: number) => Buffer> = {
  json: (random, size) =>
    fill(
      size,
      counted((id) => `${jsonRecord(random, id)},\n`),
    ),
  prose: (random, size) => fill(size, () => sentence(random)),
  html: (random, size) => fill(size, () => htmlElement(random)),
  bitmap,
  pdf,
}

const made = new Map<DataSetName, Buffer>()

/** Returns the data of a kind, which is the same in every run. */
export function dataSet(name: DataSetName): Buffer {
  const data = made.get(name) ?? GENERATORS[name](new Random(1, name), SIZES[name])
  made.set(name, data)
  return data
}

/** Generates English-like text with repetitions. */
export function mixedText(random: Random, size: number): Buffer {
  return fill(size, () => (random.next() < 0.2 ? random.text(random.integer(1, 300)) : sentence(random)))
}

function fill(size: number, next: () => string): Buffer {
  const parts: string[] = []
  for (let length = 0; length < size; length += parts[parts.length - 1].length) parts.push(next())
  return Buffer.from(parts.join('')).subarray(0, size)
}

/** Returns a random word; those at the beginning of the list are more frequent. */
function word(random: Random): string {
  return WORDS[Math.floor(random.next() ** 2 * WORDS.length)]
}

function sentence(random: Random): string {
  const words = Array.from({ length: random.integer(4, 24) }, () => word(random)).join(' ')
  return `${words[0].toUpperCase()}${words.slice(1)}.${random.next() < 0.15 ? '\n\n' : ' '}`
}

/** Returns a function that calls `make` with 1, 2, 3 and so on. */
function counted(make: (number: number) => string): () => string {
  let number = 0
  return () => make(++number)
}

function jsonRecord(random: Random, id: number): string {
  const degrees = (range: number): number => random.integer(-range * 1000, range * 1000) / 1000
  return JSON.stringify({
    id,
    name: `${word(random)} ${word(random)}`,
    active: random.next() < 0.5,
    position: { lat: degrees(90), lon: degrees(180) },
    tags: Array.from({ length: random.integer(0, 5) }, () => word(random)),
  })
}

function htmlElement(random: Random): string {
  const name = ['p', 'li', 'td', 'h2', 'blockquote'][random.integer(0, 4)]
  const link = random.next() < 0.3 ? `<a href="/page/${random.integer(1, 9999)}.html" class="link">more</a>` : ''
  // Some characters need more than one byte, so that a message and its fragments end between and within them.
  const price = random.next() < 0.05 ? ` ${random.integer(1, 99)} €` : ''
  return `<${name} class="${word(random)}" id="e${random.integer(1, 99_999)}">${sentence(random)}${price}${link}</${name}>\n`
}

/** Generates a gray bitmap, 512 pixels wide: gradients with a little noise. */
function bitmap(random: Random, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let index = 0; index < size; index++) {
    const x = index & 511
    const y = index >> 9
    bytes[index] = Math.round(128 + 90 * Math.sin(x / 60) * Math.cos(y / 40) + random.next() * 3)
  }
  return bytes
}

/** Generates a document with compressed streams, of which only the text between the streams can be compressed. */
function pdf(random: Random, size: number): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.4\n')]
  for (let number = 1, length = 0; length < size; number++) {
    const stream = random.bytes(random.integer(500, 20_000))
    const head = `${number} 0 obj\n<< /Length ${stream.length} /Filter /FlateDecode >>\nstream\n`
    parts.push(Buffer.from(head), stream, Buffer.from('\nendstream\nendobj\n'))
    length += head.length + stream.length + 18
  }
  return Buffer.concat(parts).subarray(0, size)
}
