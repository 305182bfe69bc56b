import { connect } from './live.js'
import { find, formatBytes } from './page.js'

const MAX_LINES = 1000
/** Pixels from the end that still count as the end. */
const NEAR_END = 40

const EVENTS = {
  rotated: () => 'rotated: a new file took its place',
  truncated: () => 'truncated: reading from its start',
  missing: () => 'missing: waiting for it',
  found: () => 'there it is',
  unreadable: ({ reason }) => `cannot be read: ${reason}`,
  skipped: ({ bytes }) => `${formatBytes(bytes)} passed over: it grew faster than it is read`,
  omitted: ({ count }) => `${count.toLocaleString('en')} lines left out: too many at once`,
  missed: ({ count }) => `${count.toLocaleString('en')} lines missed: this page was too slow`,
}

const CONDITIONS = { ENOENT: 'waited for' }

let receivedCount = 0
/** Whether the page scrolls with the file; not when the reader has scrolled up. */
let isFollowing = true

connect({
  onMessage(message) {
    const { files, number, recent, entries = recent, ...status } = JSON.parse(message)
    if (files !== undefined) begin(files, number)
    if (files?.length === 0) return showNothing('No file to follow: start the server with --tail FILE.')
    append(entries)
    showStatus(status)
  },
})

/** A new connection: the server sends the end of the file again. */
function begin(files, number) {
  find('log').replaceChildren()
  find('nothing').hidden = true
  find('file').textContent = files[number - 1] ?? 'none'
  find('files').hidden = files.length < 2
  find('files').replaceChildren(...files.map((name, index) => makeLink(name, index + 1, number)))
}

function makeLink(name, number, current) {
  const link = document.createElement('a')
  link.className = 'file'
  link.href = `/tail/${number}`
  link.textContent = name
  if (number === current) link.ariaCurrent = 'page'
  return link
}

function append(entries) {
  const shown = entries.slice(-MAX_LINES).map(makeLine)
  receivedCount += entries.filter((entry) => typeof entry === 'string').length
  find('log').append(...shown)
  while (find('log').children.length > MAX_LINES) find('log').firstElementChild.remove()
}

function makeLine(entry) {
  const line = document.createElement('div')
  const isText = typeof entry === 'string'
  line.className = isText ? 'line' : 'line event'
  line.textContent = isText ? entry : EVENTS[entry.event](entry)
  return line
}

function showStatus({ size, readBytes, rest, trouble, readers }) {
  find('condition').textContent = trouble === null ? 'followed' : (CONDITIONS[trouble] ?? `unreadable, ${trouble}`)
  find('size').textContent = formatBytes(size)
  find('read').textContent = formatBytes(readBytes)
  find('readers').textContent = String(readers)
  find('received').textContent = receivedCount.toLocaleString('en')
  find('rest').textContent = rest
  const isEmpty = find('log').childElementCount === 0 && rest === ''
  if (isEmpty) showNothing('The file is empty. New lines appear here.')
  else find('nothing').hidden = true
  if (isFollowing) toEnd()
}

function showNothing(text) {
  find('nothing').textContent = text
  find('nothing').hidden = false
}

function toEnd() {
  find('lines').scrollTop = find('lines').scrollHeight
}

find('lines').addEventListener('scroll', () => {
  const { scrollHeight, scrollTop, clientHeight } = find('lines')
  isFollowing = scrollHeight - scrollTop - clientHeight < NEAR_END
  find('to-end').hidden = isFollowing
})
find('to-end').addEventListener('click', toEnd)
