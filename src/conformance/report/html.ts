import type { RunResult } from '../result.ts'
import type { ReportContext } from './context.ts'
import { buildPageData, packWire } from './page/data.ts'
import { script, style } from './page/index.ts'
import { judge } from './verdict.ts'

/** Formats one page that contains everything and loads nothing from the network. */
export function formatHtml(results: RunResult[], context: ReportContext): string {
  const labels = results.map(({ target }) => target.label).join(', ')
  const verdict = results.map((result) => `${result.target.label}: ${judge(result, context).word}`).join('; ')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escapeHtml(`WebSocket conformance: ${labels}`)}</title>
<style>
${style}
</style>
</head>
<body>
<header id="top"></header>
<nav id="tabs" aria-label="Views"></nav>
<main id="view"></main>
<aside id="panel" hidden></aside>
<footer id="foot"></footer>
<noscript><p>${escapeHtml(verdict)}. The cases need JavaScript to be shown; the JSON report has them too.</p></noscript>
<script type="application/json" id="data">${embedJson(buildPageData(results, context))}</script>
<script type="text/plain" id="wire">${packWire(results)}</script>
<script>
${script}
</script>
</body>
</html>
`
}

/** Formats JSON that cannot end the script element around it. */
function embedJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

/** Escapes text for HTML elements and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
