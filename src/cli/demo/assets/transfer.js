import { connect } from './live.js'
import { find } from './page.js'
import { formatBytes, t } from './texts.js'

const NAMES = {
  none: t('No file yet'),
  uploading: t('Uploading…'),
  uploaded: t('Uploaded'),
  hashed: t('Uploaded and hashed; too large to be stored for a download'),
  downloading: t('Downloading…'),
  paused: t('Paused'),
  downloaded: t('Downloaded'),
  same: t('Downloaded: the same bytes'),
  different: t('Downloaded, but the bytes differ from those uploaded'),
  gone: t('The connection was lost: choose the file again'),
}

let socket
let state = 'none'
/** The file that was chosen, and its digest as the server knows it. */
let file
let digest
/** The pieces of the download that have arrived. */
let pieces = []
let received = 0
/** When the transfer began or continued, and how many bytes had arrived by then. */
let startedAt = 0
let startedWith = 0

socket = connect({
  // A session that reads messages in parts does not answer heartbeats.
  heartbeatInterval: 0,
  onMessage(data) {
    if (typeof data !== 'string') return addPiece(data)
    const news = JSON.parse(data)
    if (news.from !== undefined) return continueFrom(news.from)
    showProgress(news.size)
    if (news.memory !== undefined) find('memory').textContent = formatBytes(news.memory)
    if (news.digest === undefined) return
    digest = news.digest
    find('digest').textContent = digest
    show(news.isStored ? 'uploaded' : 'hashed')
  },
  onState(name) {
    if (name !== 'open' && state !== 'none') show('gone')
    else show(state)
  },
})

/** Sends the whole file as one message: the browser reads it from the disk, the server reads its parts. */
function upload(chosen) {
  if (chosen === undefined || socket.readyState !== WebSocket.OPEN) return
  file = chosen
  find('name').textContent = file.name
  find('size').textContent = formatBytes(file.size)
  find('digest').textContent = '–'
  find('save').hidden = true
  begin('uploading', 0)
  socket.send(file)
}

function begin(name, bytes) {
  startedAt = performance.now()
  startedWith = bytes
  show(name)
  showProgress(bytes)
}

/** Called when the server sends the file from an offset on. Later pieces that have arrived are sent again. */
function continueFrom(offset) {
  while (received > offset) received -= pieces.pop().byteLength
  begin('downloading', received)
  finishMaybe()
}

function addPiece(piece) {
  pieces.push(piece)
  received += piece.byteLength
  showProgress(received)
  finishMaybe()
}

async function finishMaybe() {
  if (received !== file.size) return
  show('downloaded')
  const blob = new Blob(pieces)
  find('save').href = URL.createObjectURL(blob)
  find('save').download = file.name
  find('save').hidden = false
  // Only secure origins, which include localhost, can hash.
  if (crypto.subtle === undefined) return
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()))
  const own = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
  if (state === 'downloaded') show(own === digest ? 'same' : 'different')
}

function showProgress(bytes) {
  const percent = file.size === 0 ? 100 : (100 * bytes) / file.size
  const seconds = (performance.now() - startedAt) / 1000
  find('bar').value = percent
  find('percent').textContent = `${Math.floor(percent)} %`
  find('transferred').textContent = formatBytes(bytes)
  if (seconds > 0.05) find('speed').textContent = `${((bytes - startedWith) / seconds / 1e6).toFixed(1)} MB/s`
}

function show(name) {
  state = name
  const isDown = ['downloaded', 'same', 'different'].includes(name)
  find('transfer').dataset.transfer = name
  find('transfer-state').textContent = NAMES[name]
  find('download').disabled = name !== 'uploaded' && !isDown
  find('pause').disabled = name !== 'downloading' && name !== 'paused'
  find('pause').textContent = name === 'paused' ? t('Resume') : t('Pause')
  find('file').disabled = socket?.readyState !== WebSocket.OPEN || name === 'uploading'
}

function download() {
  pieces = []
  received = 0
  socket.send(JSON.stringify({ from: 0 }))
}

/** The page says where to continue, so the server remembers nothing about a pause. */
function pauseOrResume() {
  const isPaused = state === 'paused'
  socket.send(JSON.stringify(isPaused ? { from: received } : {}))
  if (!isPaused) show('paused')
}

find('file').addEventListener('change', () => upload(find('file').files[0]))
find('download').addEventListener('click', download)
find('pause').addEventListener('click', pauseOrResume)
for (const type of ['dragover', 'dragleave', 'drop']) {
  find('transfer').addEventListener(type, (event) => {
    event.preventDefault()
    find('transfer').classList.toggle('over', type === 'dragover')
    if (type === 'drop' && !find('file').disabled) upload(event.dataTransfer.files[0])
  })
}
