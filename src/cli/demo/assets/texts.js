/** The translations of this page by their English texts; empty when the page is in English. */
const texts = JSON.parse(document.getElementById('texts').textContent)

/** The language of the page, for numbers and dates. */
export const language = document.documentElement.lang

/** Returns a text in the language of the page, in which the values replace `{0}`, `{1}` …. */
export function t(text, ...values) {
  return (texts[text] ?? text).replace(/\{(\d)\}/g, (_, index) => values[index])
}

export const formatTime = (date = new Date()) => date.toLocaleTimeString(undefined, { hourCycle: 'h23' })

export const formatCount = (count) => count.toLocaleString(language)

export const formatBytes = (count) => t(count === 1 ? '{0} byte' : '{0} bytes', formatCount(count))
