/** Page script: all requirements with their cases. */
export const coverageScript = String.raw`
/** Returns the cases of each requirement, with the verdict on exactly this requirement for each target. */
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

/** A verdict takes precedence over a note. */
const byWeight = [...verdicts.filter((verdict) => verdict !== 'info'), 'info']

/**
 * Returns the verdict on a rule. Without one, returns 'open', or 'other' when the rule binds the side that was not
 * tested.
 */
function statusOf(rule) {
  const seen = coverage.get(rule.id).flatMap((entry) => entry.verdicts).filter((verdict) => verdict && verdict !== 'skip')
  const binds = !rule.who || rule.who === 'both' || data.targets.some((target) => target.side === rule.who)
  return byWeight.find((verdict) => seen.includes(verdict)) || (binds ? 'open' : 'other')
}

const ruleFilters = [['', 'All'], ['bad', 'Deviating'], ['done', 'Exercised'], ['open', 'Not exercised'], ['other', 'Other side']]

function passesRuleFilter(rule, filter) {
  const status = statusOf(rule)
  if (filter === 'bad') return ['crash', 'fail', 'error', 'warn', 'flaky'].includes(status)
  if (filter === 'done') return verdicts.includes(status)
  return filter === '' || status === filter
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
  const status = statusOf(rule)
  return el('article.rule-row', { 'data-rule': rule.id },
    verdictTag(verdicts.includes(status) ? status : ''),
    el('div', {},
      el('p', {}, el('span.level', {}, rule.level), ' ', prose(rule.statement || rule.id)),
      el('p.meta', {}, factSpans([el('code', {}, rule.id), rule.who, coverageWords(rule, entries, status)].filter(Boolean))),
      entries.length > 0 ? data.targets.map((target, index) => squareRow(target, entries, index)) : ''))
}

/** Formats the counts, for example “11 pass, 1 fail”, or the reason why there are none. */
function coverageWords(rule, entries, status) {
  const seen = entries.flatMap((entry) => entry.verdicts)
  const words = verdicts.map((verdict) => [seen.filter((each) => each === verdict).length, verdict])
    .filter(([count]) => count > 0).map(([count, verdict]) => count + ' ' + verdict)
  if (words.length > 0) return words.join(', ')
  if (rule.wire === 'not observable') return 'cannot be observed from outside'
  return status === 'other' ? 'binds the other side' : 'no case of this run checks it'
}

function squareRow(target, entries, index) {
  const squares = entries.filter((entry) => entry.verdicts[index]).map(({ row, verdicts: seen }) => {
    const label = row.id + ': ' + seen[index]
    return el('a.square.' + seen[index], { href: linkTo({ case: row.id }), title: label, 'aria-label': label })
  })
  return el('p.squares', {}, several ? el('span.label', {}, target.label) : '', squares)
}
`
