import { connect, makeKey } from './live.js'
import { find, showAlert } from './page.js'
import { formatCount, t } from './texts.js'

/** Milliseconds without progress after which the page warns that the job may have stopped. */
const DOUBT_AFTER = 5000
const NAMES = {
  none: t('No job yet'),
  asked: t('Starting…'),
  sought: t('Looking for your job…'),
  running: t('Running'),
  done: t('Done'),
  gone: t('Gone: the server was restarted'),
  busy: t('Too many jobs are running: try again in a few seconds'),
}

let key = sessionStorage.getItem('job key')
let state = key === null ? 'none' : 'sought'
let doubt
let socket

function follow() {
  socket?.close()
  const mine = connect({
    query: { job: key },
    onMessage(data) {
      if (mine !== socket) return
      const message = JSON.parse(data)
      if (message.data !== undefined) showNews(JSON.parse(message.data))
      else if (message.isBusy) show('busy')
      else if (message.isKnown === false) onUnknown()
    },
    onState: () => clearTimeout(doubt),
  })
  socket = mine
}

/** The server does not know the job: it has not been started, or ended with its process. */
function onUnknown() {
  if (state === 'asked') socket.send('start')
  else if (state === 'sought' || state === 'running') show('gone')
}

function start() {
  const isFirst = state === 'none'
  if (!isFirst) key = makeKey()
  sessionStorage.setItem('job key', key)
  showNews({ percent: 0, found: 0, milliseconds: 0 }, 'asked')
  if (isFirst) socket.send('start')
  else follow()
}

function showNews({ percent, found, milliseconds }, name = percent === 100 ? 'done' : 'running') {
  find('bar').value = percent
  find('percent').textContent = `${Math.round(percent)} %`
  find('found').textContent = formatCount(found)
  find('below').textContent = formatCount(percent * 30_000)
  find('time').textContent = `${(milliseconds / 1000).toFixed(1)} s`
  show(name)
}

function show(name) {
  state = name
  find('job').dataset.job = name
  find('job-state').textContent = NAMES[name]
  find('start').disabled = ['asked', 'sought', 'running'].includes(name)
  find('start').textContent = name === 'none' ? t('Start the job') : t('Start another')
  document.title = `${name === 'running' ? find('percent').textContent : name === 'done' ? `✓ ${t('Done')}` : t('Job')} · dwebsocket`
  clearTimeout(doubt)
  if (name === 'done' || name === 'running') showAlert('')
  if (name === 'running') doubt = setTimeout(showDoubt, DOUBT_AFTER)
}

function showDoubt() {
  showAlert(t('No progress for several seconds. If the process that runs the job has stopped, start another job.'))
  find('start').disabled = false
}

find('start').addEventListener('click', start)
key ??= makeKey()
show(state)
follow()
