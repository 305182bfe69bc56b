/** Page script: the data, a function that creates elements, and the state of the view in the hash of the URL. */
export const baseScript = `
'use strict'

const data = JSON.parse(document.getElementById('data').textContent)
const verdicts = ['crash', 'fail', 'error', 'warn', 'flaky', 'info', 'skip', 'pass']
const countWords = {
  crash: 'crashed', fail: 'failed', error: 'not judged', warn: 'warned',
  flaky: 'flaky', info: 'noted', skip: 'skipped', pass: 'passed',
}
const several = data.targets.length > 1
const caseById = new Map(data.cases.map((row) => [row.id, row]))
const ruleById = new Map(data.requirements.map((rule) => [rule.id, rule]))

/** Creates an element: el('a.chip', { href }, 'text', child). Strings are text and not markup. */
function el(selector, properties, ...children) {
  const [tag, ...classes] = selector.split('.')
  const node = document.createElement(tag)
  if (classes.length > 0) node.className = classes.join(' ')
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value)
    else node.setAttribute(name, value === true ? '' : value)
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ''))
  return node
}

const defaults = { tab: 'overview', v: '', class: '', group: '', section: '', q: '', differ: '', rules: '', case: '' }
let state = readState()

function readState() {
  const hash = new URLSearchParams(location.hash.slice(1))
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, hash.get(name) || value]))
}

/** Formats the hash of a view. It contains only what differs from the defaults. */
function hashOf(view) {
  const kept = Object.entries(view).filter(([name, value]) => value !== defaults[name])
  return '#' + new URLSearchParams(kept).toString()
}

/** Returns the link that changes these parts of the view. */
function linkTo(changes) {
  return hashOf({ ...state, ...changes })
}

/** Changes the view. Typing replaces the entry of the history instead of adding entries. */
function go(changes, replace) {
  const hash = linkTo(changes)
  if (replace) history.replaceState(null, '', hash)
  else history.pushState(null, '', hash)
  state = readState()
  render()
}

function formatDuration(ms) {
  if (ms < 1000) return Math.round(ms * 10) / 10 + ' ms'
  if (ms < 60000) return (ms / 1000).toFixed(1) + ' s'
  return Math.floor(ms / 60000) + ' min ' + Math.round((ms % 60000) / 1000) + ' s'
}

function verdictTag(verdict, known) {
  if (!verdict) return el('span.tag.none', { title: 'did not run' }, '–')
  return el('span.tag.' + verdict, {}, known ? 'known' : verdict)
}

/** Shows a text of the catalogue, in which bytes and code are between backticks. */
function prose(text) {
  return text.split('\x60').map((part, index) => index % 2 === 1 ? el('code', {}, part) : part)
}

function worstOf(row) {
  const seen = row.results.map((result) => result && result.verdict)
  return verdicts.find((verdict) => seen.includes(verdict))
}

/** Creates a bar with one part per verdict. Parts are at least two pixels wide. */
function bar(counts, title) {
  const shown = verdicts.slice().reverse().filter((verdict) => counts[verdict] > 0)
  const parts = shown.map((verdict) => el('i.' + verdict, { style: 'flex-grow:' + counts[verdict] }))
  const words = shown.map((verdict) => counts[verdict] + ' ' + countWords[verdict]).join(', ')
  return el('span.bar', { role: 'img', 'aria-label': words, title: (title ? title + ': ' : '') + words }, parts)
}

function countVerdicts(cases, target) {
  const counts = {}
  for (const row of cases) {
    const result = row.results[target]
    if (result) counts[result.verdict] = (counts[result.verdict] || 0) + 1
  }
  return counts
}

/** Formats passed and judged cases. Skipped and noted cases are not judged. */
function scoreOf(counts) {
  const judged = verdicts.filter((verdict) => verdict !== 'skip' && verdict !== 'info')
    .reduce((sum, verdict) => sum + (counts[verdict] || 0), 0)
  return judged === 0 ? '–' : (counts.pass || 0) + '/' + judged
}

function ruleLink(rule) {
  return el('a.section', { href: rule.link, target: '_blank', rel: 'noreferrer', title: 'Read the section at rfc-editor.org' }, rule.label)
}
`
