import { SaxesParser } from 'saxes'

/** An XML element. `text` is the text directly inside it. */
export interface XmlElement {
  name: string
  attributes: Record<string, string>
  children: XmlElement[]
  text: string
}

/** Parses an XML document. Throws when the document is not well-formed (XML 1.0) or has no declaration. */
export function parseXml(document: string): XmlElement {
  if (!document.startsWith('<?xml version="1.0" encoding="UTF-8"?>')) throw new Error('no XML declaration')
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' }
  const open = [root]
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    const element: XmlElement = { name, attributes, children: [], text: '' }
    open.at(-1)!.children.push(element)
    open.push(element)
  })
  parser.on('closetag', () => open.pop())
  parser.on('text', (text) => {
    open.at(-1)!.text += text
  })
  parser.write(document).close()
  return root.children[0]
}
