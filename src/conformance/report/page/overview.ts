/** Page script: the verdict on every target, the groups with bars, what deviates, the profile. */
export const overviewScript = String.raw`
function renderTop() {
  const first = data.targets[0]
  const facts = [first.tool, 'catalogue ' + first.catalogue, first.started.replace('T', ' ').replace(/(:\d\d)?(\.\d+)?Z$/, ' UTC')]
  document.getElementById('top').replaceChildren(
    el('p.kicker', {}, facts.join('  ·  ')),
    el('h1', {}, 'WebSocket conformance'),
    el('div.targets', {}, data.targets.map(targetCard)))
  document.getElementById('foot').replaceChildren(
    'A report of what was exercised, no certificate. ',
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
    el('p.facts', {}, [
      target.must.held + ' of ' + target.must.judged + ' MUST cases hold',
      target.strict_failed === 0 ? 'strict: conforming' : 'strict: ' + target.strict_failed + ' not met',
      counts.total.toLocaleString('en') + ' of ' + data.total.toLocaleString('en') + ' cases (' + (target.options.selection.join(', ') || 'core') + ')',
      formatDuration(target.duration_ms),
      'seed ' + target.options.seed,
    ].join('  ·  ')))
}

function overview() {
  const deviations = data.findings.filter((finding) => !finding.known)
  return [
    el('section', {}, el('h2', {}, 'Groups'), el('div.groups' + (several ? '.several' : ''), {}, data.groups.map(groupRow))),
    el('section', {}, el('h2', {}, 'What deviates'),
      deviations.length === 0
        ? el('p.calm', {}, 'Nothing. Every judged case holds.')
        : el('div.findings', {}, deviations.map(findingCard))),
    el('section', {}, el('h2', {}, 'Profile'), el('div.profiles', {}, data.targets.map(profileTable))),
  ]
}

function groupRow(group) {
  const cases = data.cases.filter((row) => row.group === group.name)
  const bars = data.targets.map((target, index) => {
    const counts = countVerdicts(cases, index)
    return el('span.score', {}, bar(counts, target.label), el('span.number', { title: 'passed of judged' }, scoreOf(counts)))
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
      el('span.title', {}, caseById.get(id).title),
      el('span.rule', {}, several ? data.targets[finding.target].label + '  ·  ' : '', finding.level + ' ', rule ? ruleLink(rule) : '')),
    rule && rule.statement ? el('p.statement', {}, rule.statement) : '',
    el('dl.pair', {},
      el('dt', {}, 'expected'), el('dd', {}, finding.expected),
      el('dt', {}, 'received'), el('dd', {}, finding.received)),
    others.length > 0 ? alikeList(others) : '')
}

function alikeList(ids) {
  return el('details', {}, el('summary', {}, ids.length + ' more alike'),
    el('p.ids', {}, ids.flatMap((id) => [el('a.id', { href: linkTo({ case: id }) }, id), ' '])))
}

function profileTable(target) {
  const rows = target.profile.map(({ name, value }) => [el('dt', {}, name), el('dd', {}, value)])
  const skips = target.skips.map(({ group, count, reason }) => [el('dt', {}, 'skipped ' + group), el('dd', {}, count + ': ' + reason)])
  return el('div.card', {}, several ? el('h3', {}, target.label) : '', el('dl.profile', {}, rows.flat(), skips.flat()))
}
`
