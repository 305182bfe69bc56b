/** Page script: the panel of one case. */
export const panelScript = `
function renderPanel() {
  const panel = document.getElementById('panel')
  const row = caseById.get(state.case)
  panel.hidden = !row
  document.body.classList.toggle('with-panel', Boolean(row))
  if (!row || panel.dataset.id === row.id) return markPanel(row)
  panel.dataset.id = row.id
  panel.setAttribute('aria-label', 'Case ' + row.id)
  panel.replaceChildren(panelHead(row), el('div.body', {}, ruleList(row), exchange(row), row.results.map((result, target) => targetResult(row, result, target))))
  panel.scrollTop = 0
  markPanel(row)
}

function markPanel(row) {
  if (!row) document.getElementById('panel').removeAttribute('data-id')
  for (const line of document.querySelectorAll('tr.case')) {
    const isOpen = Boolean(row) && line.dataset.id === row.id
    if (line.getAttribute('aria-selected') !== String(isOpen)) line.setAttribute('aria-selected', String(isOpen))
  }
}

function panelHead(row) {
  const step = (by, label, sign) => el('button.plain', { type: 'button', title: label, 'aria-label': label, onclick: () => stepCase(by) }, sign)
  return el('header', {},
    el('div.bar-of-buttons', {}, verdictTag(worstOf(row)), el('span.spacer', {}), step(-1, 'Previous case', '↑'), step(1, 'Next case', '↓'),
      el('button.plain', { type: 'button', id: 'close', title: 'Close', 'aria-label': 'Close', onclick: closePanel }, '✕')),
    el('h2', {}, prose(row.title)),
    el('p.names', {}, el('code', {}, row.id), row.aliases.map((alias) => el('code.alias', {}, alias)), el('span', {}, row.class === 'info' ? 'info' : row.class.toUpperCase())))
}

function closePanel() {
  const line = document.querySelector('tr.case[aria-selected=true] a')
  go({ case: '' })
  if (line) line.focus()
}

/** Creates a link to the next or previous case that matches the filters. */
function stepCase(by) {
  const ids = filteredCases().map(({ id }) => id)
  const at = ids.indexOf(state.case)
  const id = ids[at < 0 ? 0 : (at + by + ids.length) % ids.length]
  if (!id) return
  go({ case: id }, true)
  const line = document.querySelector('tr.case[data-id="' + CSS.escape(id) + '"]')
  if (line) line.scrollIntoView({ block: 'nearest' })
}

function ruleList(row) {
  const rules = row.requirements.map((id) => ruleById.get(id))
  return el('section', {}, el('h3', {}, rules.length === 1 ? 'Rule' : 'Rules'), el('ul.rules', {}, rules.map((rule) =>
    el('li', {}, el('span.level', {}, rule.level), ' ', prose(rule.statement), ' ', ruleLink(rule), ' ', el('code.dim', {}, rule.id)))))
}

function exchange(row) {
  return el('section', {}, el('dl.pair', {},
    el('dt', {}, 'sent'), el('dd', {}, prose(row.send)),
    el('dt', {}, 'expected'), el('dd', {}, prose(row.expect))))
}

function targetResult(row, result, target) {
  const label = several ? data.targets[target].label : 'Result'
  if (!result) return el('section', {}, el('h3', {}, label), el('p.calm', {}, 'Did not run.'))
  const received = receivedText(result) || 'as expected'
  return el('section.result.' + result.verdict, {},
    el('h3', {}, label, ' ', several ? verdictTag(result.verdict, result.known) : ''),
    el('dl.pair', {},
      el('dt', {}, 'received'), el('dd.received', {}, received),
      result.note && received !== result.note ? [el('dt', {}, 'note'), el('dd', {}, result.note)] : '',
      el('dt', {}, 'closed'), el('dd', {}, describeClose(result.close)),
      el('dt', {}, 'took'), el('dd', {}, formatDuration(result.duration_ms) + (result.attempts > 1 ? ', ' + result.attempts + ' attempts' : ''))),
    result.assertions.length > 0 ? assertionTable(result.assertions) : '',
    wireSection(row, target),
    el('h4', {}, 'Repeat this case'),
    el('div.command', {}, el('code', {}, result.repro), copyButton(result.repro)))
}

function describeClose(close) {
  const tcp = close.tcp === 'fin' ? 'TCP ended by FIN' : close.tcp === 'rst' ? 'TCP reset' : 'TCP end not seen'
  if (!close.by) return 'no Close frame; ' + tcp
  const code = close.code === null ? 'without a code' : String(close.code)
  const first = close.by === 'server' ? 'the server' : 'the client'
  return 'Close ' + code + (close.reason ? ' ' + JSON.stringify(close.reason) : '') + ', started by ' + first + '; ' + tcp
}

function assertionTable(assertions) {
  const rows = assertions.map((assertion) => {
    const rule = ruleById.get(assertion.requirement)
    return el('tr.' + (assertion.ok ? 'good' : 'bad'), {},
      el('td', {}, el('b', { title: assertion.ok ? 'passed' : 'failed' }, assertion.ok ? '✓' : '✗')),
      el('td', {}, el('span.nowrap', {}, assertion.class === 'info' ? 'info' : assertion.class.toUpperCase()), ' ', rule ? ruleLink(rule) : assertion.requirement),
      el('td', {}, prose(assertion.expected)), el('td', {}, assertion.actual))
  })
  return el('div.scroll', {}, el('table.assertions', {},
    el('thead', {}, el('tr', {}, ['Met', 'Rule', 'Expected', 'Received'].map((text) => el('th', {}, text)))), el('tbody', {}, rows)))
}

/**
 * Creates the wire log of a case. It is filled when the logs are decompressed, unless another case was opened in the
 * meantime.
 */
function wireSection(row, target) {
  const place = el('div', {})
  const say = (text) => place.replaceChildren(el('p.calm', {}, text))
  loadWire().then((logs) => {
    const events = logs[row.id] && logs[row.id][target]
    if (events) place.replaceChildren(wireTable(events))
    else say('No wire log: the result does not contain the logs of passed cases (-vv retains them).')
  }, () => say('This browser cannot decompress the wire log; the JSON report has it.'))
  return el('div', {}, el('h4', {}, 'On the wire'), place)
}

/** Copies the command. Selects it instead when the clipboard is not available. */
function copyButton(text) {
  const button = el('button', { type: 'button', onclick: () => {
    const clipboard = navigator.clipboard ? navigator.clipboard.writeText(text) : Promise.reject(new Error('no clipboard'))
    clipboard.then(() => { button.textContent = 'Copied' }, () => {
      getSelection().selectAllChildren(button.previousSibling)
      button.textContent = 'Selected'
    })
  } }, 'Copy')
  return button
}
`
