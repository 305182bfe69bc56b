/** What the demo pages share: the log and the form. */

const MAX_LOG_ENTRIES = 200

export const find = (id) => document.getElementById(id)

// On a phone the navigation is wider than the screen.
document.querySelector('.top [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })

/** Shows an error under the status line; an empty text removes it. */
export function showAlert(text) {
  find('alert').textContent = text
  find('alert').hidden = text === ''
}

/** Creates a log entry from `parts`: strings, and `[tag, text]` pairs for elements. */
export function makeEntry(className, ...parts) {
  const entry = document.createElement('div')
  entry.className = className
  for (const part of parts) {
    if (typeof part === 'string') {
      entry.append(part)
      continue
    }
    const element = document.createElement(part[0])
    element.textContent = part[1]
    entry.append(element)
  }
  return entry
}

/** Appends an entry to #log, or inserts it before another, and scrolls to it unless the reader has scrolled up. */
export function appendEntry(entry, before = null) {
  const log = find('log')
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40
  log.insertBefore(entry, before)
  while (log.children.length > MAX_LOG_ENTRIES) log.firstElementChild.remove()
  if (isAtEnd) log.scrollTop = log.scrollHeight
}

/** Inserts an entry at the top of #log. */
export function prependEntry(entry) {
  const log = find('log')
  log.prepend(entry)
  while (log.children.length > MAX_LOG_ENTRIES) log.lastElementChild.remove()
}

/** Calls `onText` with the text of #text whenever #composer is submitted; the field is emptied when it returns true. */
export function onSubmit(onText) {
  const field = find('text')
  find('composer').addEventListener('submit', (event) => {
    event.preventDefault()
    if (field.value !== '' && onText(field.value)) field.value = ''
    field.focus()
  })
}
