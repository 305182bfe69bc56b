/** Page script: the table of cases and its filters. */
export const caseTableScript = String.raw`
function sectionKeys(row) {
  return row.requirements.map((id) => {
    const rule = ruleById.get(id)
    return rule.rfc + '/' + rule.section
  })
}

/** Returns the text of a case for the search. */
function searchText(row) {
  if (!row.text) {
    const notes = row.results.map((result) => (result && result.note) || '')
    row.text = [row.id, row.title, row.send, row.expect, ...row.aliases, ...row.requirements, ...notes].join(' ').toLowerCase()
  }
  return row.text
}

function isUnder(key, section) {
  return key === section || key.startsWith(section + '.')
}

/** Returns the cases that match the filters. An empty filter matches all cases. */
function filteredCases() {
  const wanted = state.v ? state.v.split(',') : verdicts
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean)
  return data.cases.filter((row) =>
    row.results.some((result) => result && wanted.includes(result.verdict)) &&
    (!state.class || row.class === state.class) &&
    (!state.group || row.group === state.group || row.group.startsWith(state.group + '.')) &&
    (!state.section || sectionKeys(row).some((key) => isUnder(key, state.section))) &&
    (!state.differ || new Set(row.results.map((result) => result && result.verdict)).size > 1) &&
    words.every((word) => searchText(row).includes(word)))
}

function toggleVerdict(verdict) {
  const chosen = new Set(state.v ? state.v.split(',') : [])
  if (!chosen.delete(verdict)) chosen.add(verdict)
  go({ v: verdicts.filter((each) => chosen.has(each)).join(',') }, true)
}

function filterBar() {
  const chosen = state.v.split(',')
  const chips = verdicts.filter((verdict) => data.targets.some((target) => target.counts[verdict] > 0))
    .map((verdict) => el('button.tag.' + verdict, {
      type: 'button', 'aria-pressed': String(chosen.includes(verdict)), onclick: () => toggleVerdict(verdict),
    }, verdict))
  return el('div.filters', {},
    el('input', {
      type: 'search', id: 'search', placeholder: 'Search names, bytes, rules …', 'aria-label': 'Free text', value: state.q,
      oninput: (event) => { go({ q: event.target.value }, true) },
    }),
    el('div.chips', { role: 'group', 'aria-label': 'Verdict' }, chips),
    choice('class', 'Class', [['must', 'MUST'], ['should', 'SHOULD'], ['info', 'info']]),
    choice('group', 'Group', groupChoices()),
    choice('section', 'RFC section', sectionChoices()),
    several ? el('label.differ', {}, el('input', { type: 'checkbox', checked: state.differ === '1', onchange: (event) => go({ differ: event.target.checked ? '1' : '' }, true) }), ' only where they differ') : '',
    el('button.plain', { type: 'button', id: 'reset', onclick: () => go({ ...defaults, tab: 'cases', case: state.case }, true) }, 'Reset'))
}

function choice(name, label, options) {
  const items = [['', label + ': all'], ...options].map(([value, text]) =>
    el('option', { value, selected: state[name] === value }, text))
  return el('select', { 'aria-label': label, name, onchange: (event) => go({ [name]: event.target.value }, true) }, items)
}

function groupChoices() {
  const tops = data.groups.map(({ name }) => name.split('.')[0])
  return data.groups.flatMap(({ name, title }, index) => {
    const top = tops[index]
    const opens = name !== top && tops.indexOf(top) === index
    return [...(opens ? [[top, top + ' – all']] : []), [name, name + ' – ' + title]]
  })
}

/** Returns the sections of the cases, in the order of the RFCs. */
function sectionChoices() {
  const counts = new Map()
  for (const row of data.cases) for (const key of new Set(sectionKeys(row))) counts.set(key, (counts.get(key) || 0) + 1)
  return data.requirements.map((rule) => rule.rfc + '/' + rule.section)
    .filter((key, index, all) => counts.has(key) && all.indexOf(key) === index)
    .map((key) => [key, 'RFC ' + key.replace('/', ' §') + ' (' + counts.get(key) + ')'])
}

function caseTable() {
  return el('section', {}, filterBar(), el('div', { id: 'cases' }, caseRows()))
}

function caseRows() {
  const shown = filteredCases()
  const columns = data.targets.map((target) => el('th.v', { scope: 'col' }, several ? target.label : 'Verdict'))
  const width = 4 + columns.length
  const body = []
  let group = ''
  for (const row of shown) {
    if (row.group !== group) {
      group = row.group
      body.push(el('tr.head', {}, el('th', { colspan: width, scope: 'colgroup' }, el('code', {}, group), '  ' + data.groups.find(({ name }) => name === group).title)))
    }
    body.push(caseRow(row))
  }
  return [
    el('p.showing', { role: 'status' }, shown.length === data.cases.length ? 'All ' + shown.length + ' cases' : shown.length + ' of ' + data.cases.length + ' cases'),
    shown.length === 0
      ? el('p.calm', {}, 'No case matches these filters.')
      : el('div.scroll', {}, el('table.cases', {},
          el('thead', {}, el('tr', {}, columns, el('th', {}, 'Case'), el('th.wide', {}, 'Class'), el('th.wide', {}, 'RFC'), el('th.wide.ms', {}, 'Time'))),
          el('tbody', {}, body))),
  ]
}

function caseRow(row) {
  const times = row.results.filter(Boolean).map((result) => result.duration_ms)
  const sections = [...new Set(sectionKeys(row))]
  return el('tr.case', { 'data-id': row.id, 'aria-selected': String(state.case === row.id), onclick: (event) => { if (!event.target.closest('a')) go({ case: row.id }) } },
    row.results.map((result) => el('td.v', {}, verdictTag(result && result.verdict, result && result.known))),
    el('td.what', {}, el('a.id', { href: linkTo({ case: row.id }) }, row.id), el('span.title', {}, prose(row.title)), remarkOf(row)),
    el('td.wide', {}, row.class),
    el('td.wide.rfc', {}, sections.slice(0, 2).map((key) => key.replace('/', ' §')).join(', ') + (sections.length > 2 ? ' …' : '')),
    el('td.wide.ms', {}, formatDuration(Math.max(...times))))
}

/** Returns what was received in a case that did not simply pass. With several targets, the panel shows it. */
function remarkOf(row) {
  const [result] = row.results
  if (several || result.verdict === 'pass') return ''
  const remark = receivedText(result)
  return remark ? el('span.remark', {}, remark) : ''
}

/** Returns what was received instead of the expected, or the note of the case. */
function receivedText(result) {
  const broken = result.assertions.filter((assertion) => !assertion.ok)
  return [...new Set(broken.map((assertion) => assertion.actual))].join('; ') || result.note || ''
}
`
