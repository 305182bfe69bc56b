/** Page script: the verdict on each target, the groups with bars, the deviations, and the profile. */
export const overviewScript = String.raw`
function renderTop() {
  const first = data.targets[0]
  const facts = [first.tool, 'catalogue ' + first.catalogue, first.started.replace('T', ' ').replace(/(:\d\d)?(\.\d+)?Z$/, ' UTC')]
  document.getElementById('top').replaceChildren(
    el('p.kicker', {}, factSpans(facts)),
    el('h1', {}, 'WebSocket conformance'),
    el('div.targets', {}, data.targets.map(targetCard)))
  document.getElementById('foot').replaceChildren(
    'This report covers what was exercised; it is not a certificate. ',
    el('span.keys', {}, el('kbd', {}, '/'), ' search  ', el('kbd', {}, 'j'), ' ', el('kbd', {}, 'k'), ' next, previous case  ', el('kbd', {}, 'Esc'), ' close'))
}

function targetCard(target) {
  const { judgement, counts } = target
  const chips = verdicts.filter((verdict) => counts[verdict] > 0).map((verdict) =>
    el('a.count.' + verdict, { href: hashOf({ ...defaults, tab: 'cases', v: verdict }) },
      el('b', {}, counts[verdict].toLocaleString('en')), ' ' + countWords[verdict]))
  return el('section.card.target.' + judgement.verdict, {},
    el('div.who', {},
      el('h2', {}, target.label),
      el('span.url', {}, target.url)),
    el('p.verdict', {}, el('strong', {}, judgement.word.toLowerCase()), judgement.reason ? ' ' + judgement.reason : ''),
    bar(counts),
    el('div.counts', {}, chips),
    el('p.facts', {}, factSpans([
      target.must.held + ' of ' + target.must.judged + ' MUST cases passed',
      target.strict_failed === 0 ? 'strict: conforming' : 'strict: ' + target.strict_failed + ' not met',
      counts.total.toLocaleString('en') + ' of ' + data.total.toLocaleString('en') + ' cases (' + (target.options.selection.join(', ') || 'core') + ')',
      ...(target.known > 0 ? [target.known + ' known to the baseline'] : []),
      formatDuration(target.duration_ms),
      'seed ' + target.options.seed,
    ])))
}

/** Shows facts side by side, with line breaks only between facts. */
function factSpans(facts) {
  return facts.flatMap((fact) => [el('span.nowrap', {}, fact), '   '])
}

function overview() {
  const deviations = data.findings.filter((finding) => !finding.known)
  const failed = deviations.filter((finding) => ['crash', 'fail', 'error'].includes(finding.verdict))
  const warned = deviations.filter((finding) => !failed.includes(finding))
  return [
    failed.length > 0 ? findingSection('Failures', failed) : '',
    el('section', {}, el('h2', {}, 'Groups'), el('div.groups' + (several ? '.several' : ''), {}, data.groups.map(groupRow))),
    warned.length > 0 ? findingSection('Warnings', warned) : '',
    ...data.targets.map(profileSection),
  ].filter(Boolean)
}

/** Sorts cases by severity, then in the order of the catalogue. */
function findingSection(title, findings) {
  const sorted = findings.slice().sort((left, right) => verdicts.indexOf(left.verdict) - verdicts.indexOf(right.verdict))
  return el('section', {}, el('h2', {}, title), el('div.findings', {}, sorted.map(findingCard)))
}

function groupRow(group) {
  const cases = data.cases.filter((row) => row.group === group.name)
  const bars = data.targets.map((target, index) => {
    const counts = countVerdicts(cases, index)
    const label = several ? el('span.label', {}, target.label) : ''
    return el('span.score', {}, label, bar(counts, target.label), el('span.number', { title: 'passed of judged' }, scoreOf(counts)))
  })
  return el('a.group', { href: hashOf({ ...defaults, tab: 'cases', group: group.name }) },
    el('span.name', {}, el('code', {}, group.name), el('span.title', {}, group.title)), bars)
}

function findingCard(finding) {
  const [id, ...others] = finding.ids
  const rule = ruleById.get(finding.rules[0])
  return el('article.card.finding.' + finding.verdict, {},
    el('header', {},
      verdictTag(finding.verdict),
      el('a.id', { href: linkTo({ case: id }) }, id),
      el('span.title', {}, prose(caseById.get(id).title)),
      el('span.rule', {}, several ? data.targets[finding.target].label + '  ·  ' : '', finding.level + ' ', rule ? ruleLink(rule) : '')),
    rule && rule.statement ? el('p.statement', {}, prose(rule.statement)) : '',
    el('dl.pair', {},
      el('dt', {}, 'expected'), el('dd', {}, prose(finding.expected)),
      el('dt', {}, 'received'), el('dd.received', {}, finding.received)),
    others.length > 0 ? alikeList(others) : '')
}

function alikeList(ids) {
  return el('details', {}, el('summary', {}, ids.length + ' similar cases'),
    el('p.ids', {}, ids.flatMap((id) => [el('a.id', { href: linkTo({ case: id }) }, id), ' '])))
}

function profileSection(target) {
  const entries = [
    ...target.profile.map(({ name, value }) => [name, value]),
    ...target.skips.map(({ group, count, reason }) => ['skipped ' + count + ' of ' + group, reason]),
  ]
  return el('section', {},
    el('h2', {}, several ? 'Profile of ' + target.label : 'Profile'),
    el('dl.card.profile', {}, entries.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))))
}
`
