import { script } from './page-script.ts'
import type { Plan } from './plan.ts'

const style = `
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a404b); --good: light-dark(#1a7f45, #5ecb8b);
  --bad: light-dark(#b3261e, #ff8a80); --warn: light-dark(#8a5a00, #f0b64c); --dim: light-dark(#5b6472, #9aa4b2); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
form { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: 1.5rem 0 1rem; }
label { display: grid; gap: .25rem; font-size: .875rem; }
input, button { font: inherit; padding: .4rem .75rem; border: 1px solid var(--line); border-radius: .4rem; }
button { background: light-dark(#1f4fbf, #7ea6ff); color: light-dark(#fff, #10151f); border-color: transparent; }
button:disabled, input:disabled { opacity: .55; }
progress { width: 100%; accent-color: light-dark(#1f4fbf, #7ea6ff); }
p { margin: .5rem 0; } .dim { color: var(--dim); } #verdict { font-size: 1.25rem; font-weight: 600; }
table { border-collapse: collapse; width: 100%; margin-top: 1rem; font-size: .875rem; }
th, td { text-align: start; padding: .3rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td:first-child { font-weight: 600; } .pass { color: var(--good); } .warn, .flaky { color: var(--warn); }
.fail, .crash, .error { color: var(--bad); } code { font-size: .8125rem; }
`

/** The page that tests the browser in which it is opened: a name, a start button, and the results (RFC 6455 §4.1). */
export function formatPage({ cases, total }: Plan): string {
  // The data is inside a script element, which no text of the catalogue may end.
  const titles = JSON.stringify(cases.map(({ entry: { id, title }, first, count }) => ({ id, title, first, count })))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>dwebsocket conform: this browser</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Test this browser</h1>
<p class="dim">${cases.length} cases on ${total} WebSocket connections to this tool. Keep this page in front.</p>
<form id="form">
<label>Name in the report <input id="agent" required maxlength="80" autocomplete="off"></label>
<button id="start">Start</button>
</form>
<progress id="progress" max="${total}" value="0" aria-label="Connections"></progress>
<p id="status" role="status" class="dim">Not started.</p>
<p id="verdict"></p>
<p id="links" hidden><a id="json">The result as JSON</a></p>
<table id="results" hidden>
<thead><tr><th>Verdict</th><th>Case</th><th>Received</th></tr></thead>
<tbody></tbody>
</table>
</main>
<script>const cases = ${titles.replaceAll('<', '\\u003c')}
const total = ${total}
${script}</script>
</body>
</html>
`
}
