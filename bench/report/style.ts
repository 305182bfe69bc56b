/** The style sheet of the report: without external resources, light or dark as configured in the system. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --paper: #f6f5f1; --card: #ffffff; --ink: #1b1d21; --soft: #5b606a; --line: #dfdcd4; --accent: #0c6b5c;
  --good: #14804a; --bad: #b3261e; --wait: #9a6700;
  --s1: var(--accent); --s2: #d9480f; --s3: #9c36b5; --s4: #7d6000; --s5: #1f6feb; --s6: #c2255c; --s7: #5c7c1f; --s8: #5f656e; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #111315; --card: #191c1f; --ink: #e8e9ea; --soft: #9aa1a9; --line: #2c3136; --accent: #63d2bb;
    --good: #57c98a; --bad: #ff8a80; --wait: #e0b04a;
    --s1: var(--accent); --s2: #ff8a5c; --s3: #d28df0; --s4: #e3b341; --s5: #6ea8fe; --s6: #f783ac; --s7: #a9cf54; --s8: #9aa0a8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 2rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0 0 .75rem; } p { margin: .25rem 0 .75rem; }
a { color: var(--accent); } .soft { color: var(--soft); } code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
section.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1rem; margin: 1rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; width: 100%; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; } th:first-child, td:first-child { text-align: left; }
td.text { text-align: left; white-space: normal; }
.ok { color: var(--good); } .missed { color: var(--bad); } ul { margin: .75rem 0 0; padding-left: 1.2rem; font-size: .9rem; }
.warn { color: var(--wait); }
svg { display: block; width: 100%; height: auto; max-width: 36rem; margin: .5rem 0; font: 12px system-ui, sans-serif; }
svg text { fill: var(--ink); } svg .tick, svg .axis { fill: var(--soft); } svg .value { font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--line); stroke-width: 1; } svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
${[1, 2, 3, 4, 5, 6, 7, 8]
  .map((n) => `svg .line.s${n} { stroke: var(--s${n}); } svg .fill.s${n}, svg .name.s${n} { fill: var(--s${n}); }`)
  .join('\n')}
`
