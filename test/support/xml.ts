/** An XML element as a test looks at it; `text` is the text directly inside. */
export interface XmlElement {
  name: string
  attributes: Record<string, string>
  children: XmlElement[]
  text: string
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Reads an XML document without DTD, CDATA and comments; throws at the first thing that is not well-formed. */
export function parseXml(text: string): XmlElement {
  const bad = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(text)
  if (bad) throw new Error(`character ${JSON.stringify(bad[0])} at ${bad.index} is not allowed in XML`)
  const start = /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*/.exec(text)
  if (!start) throw new Error('no XML declaration')
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' }
  const open = [root]
  const token = /<\/([\w:.-]+)>|<([\w:.-]+)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy
  token.lastIndex = start[0].length
  while (token.lastIndex < text.length) {
    const at = token.lastIndex
    const match = token.exec(text)
    if (!match) throw new Error(`not well-formed at ${at}: ${JSON.stringify(text.slice(at, at + 60))}`)
    const [, closing, opening, attributes, empty, data] = match
    if (data !== undefined) open.at(-1)!.text += decode(data)
    else if (closing !== undefined) closeElement(open, closing)
    else openElement(open, opening, attributes, empty === '/')
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)!.name}> is not closed`)
  if (root.children.length !== 1) throw new Error(`${root.children.length} root elements: want 1`)
  if (root.text.trim() !== '') throw new Error('text outside the root element')
  return root.children[0]
}

function openElement(open: XmlElement[], name: string, source: string, isEmpty: boolean): void {
  const attributes: Record<string, string> = {}
  for (const [, key, value] of source.matchAll(/([\w:.-]+)="([^"]*)"/g)) {
    if (key in attributes) throw new Error(`attribute ${key} twice on <${name}>`)
    attributes[key] = decode(value)
  }
  const element: XmlElement = { name, attributes, children: [], text: '' }
  open.at(-1)!.children.push(element)
  if (!isEmpty) open.push(element)
}

function closeElement(open: XmlElement[], name: string): void {
  const element = open.pop()
  if (element?.name !== name || open.length === 0) throw new Error(`</${name}> closes <${element?.name}>`)
}

function decode(text: string): string {
  return text.replace(/&(#?)(x?)([^;\s]*)(;?)/g, (all, number, hex, name, end) => {
    if (number === '#' && end === ';') return String.fromCodePoint(Number.parseInt(name, hex === 'x' ? 16 : 10))
    const value = entities[`${hex}${name}`]
    if (value === undefined || end !== ';') throw new Error(`${all} is no entity`)
    return value
  })
}
