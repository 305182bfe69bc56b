/** Page script: every requirement with the cases that name it. */
export const coverageScript = String.raw`
/** Of each requirement the cases that name it, with the verdict on exactly this rule for every target. */
function collectCoverage() {
  const byRule = new Map(data.requirements.map((rule) => [rule.id, []]))
  for (const row of data.cases) {
    for (const id of new Set(row.requirements)) {
      byRule.get(id).push({ row, verdicts: row.results.map((result) => result && verdictOnRule(result, id)) })
    }
  }
  return byRule
}

function verdictOnRule(result, id) {
  const assertion = result.assertions.find((each) => each.requirement === id)
  return assertion && assertion.ok && (result.verdict === 'fail' || result.verdict === 'warn') ? 'pass' : result.verdict
}

const coverage = collectCoverage()

/** crash … pass, or 'open' when nothing that ran names the rule. */
function statusOf(rule) {
  const seen = coverage.get(rule.id).flatMap((entry) => entry.verdicts).filter((verdict) => verdict && verdict !== 'skip')
  return verdicts.find((verdict) => seen.includes(verdict)) || 'open'
}

const ruleFilters = [['', 'All'], ['bad', 'Deviating'], ['done', 'Exercised'], ['open', 'Not exercised']]

function passesRuleFilter(rule, filter) {
  const status = statusOf(rule)
  if (filter === 'bad') return ['crash', 'fail', 'error', 'warn', 'flaky'].includes(status)
  if (filter === 'open') return status === 'open'
  return filter === '' || status !== 'open'
}

function coverageView() {
  const buttons = ruleFilters.map(([value, text]) => {
    const count = data.requirements.filter((rule) => passesRuleFilter(rule, value)).length
    return el('button.plain', { type: 'button', 'aria-pressed': String(state.rules === value), onclick: () => go({ rules: value }, true) }, text + ' ' + count)
  })
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = data.requirements.filter((rule) => passesRuleFilter(rule, state.rules) &&
    (!state.section || isUnder(rule.rfc + '/' + rule.section, state.section)) &&
    words.every((word) => (rule.id + ' ' + rule.level + ' ' + rule.who + ' ' + rule.statement).toLowerCase().includes(word)))
  const parts = []
  let section = ''
  for (const rule of shown) {
    if (rule.label !== section) {
      section = rule.label
      parts.push(el('h3.section-head', {}, ruleLink(rule)))
    }
    parts.push(ruleRow(rule))
  }
  return el('section', {},
    el('div.filters', {},
      el('input', { type: 'search', id: 'search', placeholder: 'Search rules …', 'aria-label': 'Free text', value: state.q, oninput: (event) => { go({ q: event.target.value }, true) } }),
      el('div.chips', { role: 'group', 'aria-label': 'Rules' }, buttons),
      choice('section', 'RFC section', sectionChoices())),
    el('div', { id: 'rules' }, el('p.showing', { role: 'status' }, shown.length + ' of ' + data.requirements.length + ' rules'), parts))
}

function ruleRow(rule) {
  const entries = coverage.get(rule.id)
  const counts = {}
  for (const entry of entries) for (const verdict of entry.verdicts) if (verdict) counts[verdict] = (counts[verdict] || 0) + 1
  const summary = verdicts.filter((verdict) => counts[verdict]).map((verdict) => counts[verdict] + ' ' + verdict).join(', ')
  const status = statusOf(rule)
  const unseen = rule.wire === 'not observable' ? 'cannot be seen from outside' : 'no case of this run names it'
  return el('article.rule-row', { 'data-rule': rule.id },
    verdictTag(status === 'open' ? '' : status),
    el('div', {},
      el('p', {}, el('span.level', {}, rule.level), ' ', rule.statement || rule.id),
      el('p.meta', {}, el('code', {}, rule.id), rule.who ? '  ·  ' + rule.who : '', '  ·  ', summary || unseen),
      entries.length > 0 ? el('p.squares', {}, entries.map(caseSquare)) : ''))
}

function caseSquare({ row, verdicts: seen }) {
  const worst = verdicts.find((verdict) => seen.includes(verdict)) || 'skip'
  const label = row.id + ': ' + (seen.length > 1 ? seen.map((verdict) => verdict || 'did not run').join(', ') : worst)
  return el('a.square.' + worst, { href: linkTo({ case: row.id }), title: label, 'aria-label': label })
}
`
