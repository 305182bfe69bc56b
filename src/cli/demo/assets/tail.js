import { connect } from './live.js'
import { find } from './page.js'
import { formatBytes, formatCount, t } from './texts.js'

const MAX_LINES = 1000
/** Pixels from the end that still count as the end. */
const NEAR_END = 40

const EVENTS = {
  rotated: () => t('rotated: a new file has replaced it'),
  truncated: () => t('truncated: reading from the start'),
  missing: () => t('missing: waiting for the file'),
  found: () => t('the file exists again'),
  unreadable: ({ reason }) => t('cannot be read: {0}', reason),
  skipped: ({ bytes }) => t('{0} skipped: the file grows faster than it is read', formatBytes(bytes)),
  omitted: ({ count }) => t('{0} lines omitted: too many at once', formatCount(count)),
  missed: ({ count }) => t('{0} lines missed: this page was too slow', formatCount(count)),
}

const CONDITIONS = { ENOENT: t('missing') }

let receivedCount = 0
/** Whether the page scrolls with the file; not when the reader has scrolled up. */
let isFollowing = true

connect({
  onMessage(message) {
    const { files, number, recent, entries = recent, ...status } = JSON.parse(message)
    if (files !== undefined) begin(files, number)
    if (files?.length === 0) return showNothing(t('No file to follow: start the server with --tail FILE.'))
    append(entries)
    showStatus(status)
  },
})

/** Called on a new connection, on which the server sends the end of the file again. */
function begin(files, number) {
  receivedCount = 0
  find('log').replaceChildren()
  find('nothing').hidden = true
  find('file').textContent = files[number - 1] ?? t('none')
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
  find('condition').textContent =
    trouble === null ? t('followed') : (CONDITIONS[trouble] ?? t('unreadable, {0}', trouble))
  find('size').textContent = formatBytes(size)
  find('read').textContent = formatBytes(readBytes)
  find('readers').textContent = String(readers)
  find('received').textContent = formatCount(receivedCount)
  find('rest').textContent = rest
  const isEmpty = find('log').childElementCount === 0 && rest === ''
  if (isEmpty) showNothing(t('The file is empty. New lines appear here.'))
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
