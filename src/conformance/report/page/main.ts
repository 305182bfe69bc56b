/** Page script: the tabs, the keys, and the start. */
export const mainScript = `
const tabs = [['overview', 'Overview', overview], ['cases', 'Cases', caseTable], ['coverage', 'RFC coverage', coverageView]]
let drawn = ''

function renderTabs() {
  const counts = { cases: data.cases.length, coverage: data.requirements.length }
  document.getElementById('tabs').replaceChildren(...tabs.map(([name, title]) =>
    el('a', { href: linkTo({ tab: name }), 'aria-current': state.tab === name ? 'page' : undefined }, title,
      counts[name] ? el('span.number', {}, counts[name].toLocaleString('en')) : '')))
}

/** Returns the part of the state on which the main view depends. Opening a case changes only the panel. */
function viewKey() {
  return hashOf({ ...state, case: '' })
}

/** Draws the view. The active input field keeps its focus and caret. */
function render() {
  renderTabs()
  if (viewKey() !== drawn) {
    drawn = viewKey()
    document.body.dataset.tab = state.tab
    const active = document.activeElement
    const typing = active && active.id === 'search' ? active.selectionStart : -1
    const focused = active && active.getAttribute('aria-pressed') ? active.textContent : ''
    const draw = (tabs.find(([name]) => name === state.tab) || tabs[0])[2]
    document.getElementById('view').replaceChildren(...[draw()].flat())
    const search = document.getElementById('search')
    if (search && typing >= 0) { search.focus(); search.setSelectionRange(typing, typing) }
    if (focused) for (const button of document.querySelectorAll('[aria-pressed]')) if (button.textContent === focused) button.focus()
  }
  renderPanel()
}

function onKey(event) {
  const isTyping = event.target.matches('input, select, textarea')
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === 'Escape' && state.case) return closePanel()
  if (isTyping) return
  if (event.key === '/') {
    event.preventDefault()
    if (state.tab === 'overview') go({ tab: 'cases' })
    document.getElementById('search').focus()
  }
  if (event.key === 'j') stepCase(1)
  if (event.key === 'k') stepCase(-1)
}

function onNavigate() {
  state = readState()
  render()
}

document.body.classList.toggle('compared', several)
renderTop()
render()
addEventListener('popstate', onNavigate)
addEventListener('hashchange', onNavigate)
addEventListener('keydown', onKey)
`
