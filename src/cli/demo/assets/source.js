import { t } from './texts.js'

/** Milliseconds for which a button says that it has copied. */
const SHOWN_FOR = 2000

/** The buttons of the source panel, which copy the file below them. */
for (const button of document.querySelectorAll('[data-copy]')) {
  const code = button.parentElement.querySelector('code:not(summary *)')
  button.addEventListener('click', async () => {
    button.textContent = (await copy(code)) ? t('Copied') : t('Press Ctrl+C')
    setTimeout(() => {
      button.textContent = t('Copy')
    }, SHOWN_FOR)
  })
}

/**
 * Returns whether the text was copied to the clipboard. Without access to it, as on plain HTTP, selects the text
 * instead.
 */
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent)
    return true
  } catch {
    getSelection().selectAllChildren(element)
    return false
  }
}
