/** The style sheet of the page: light and dark, wide and narrow, screen and paper. */
export const style = `
:root {
  --paper: #f6f5f1; --card: #ffffff; --sunk: #efede7; --ink: #1b1d21; --soft: #5b606a; --line: #dfdcd4; --accent: #0c6b5c;
  --good: #14804a; --wait: #9a6700; --bad: #b3261e;
  --crash: #93278f; --info: #2f5f9f; --flaky: #9c4510; --error: #6148c0;
  --h0: #9c4510; --h1: #2f5f9f; --key: #5b606a; --data: #14713f;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
  --panel: min(46rem, 52vw);
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #111315; --card: #191c1f; --sunk: #0c0e10; --ink: #e8e9ea; --soft: #9aa1a9; --line: #2c3136; --accent: #63d2bb;
    --good: #57c98a; --wait: #e0b04a; --bad: #ff8a80;
    --crash: #e08adc; --info: #86b2f2; --flaky: #eb9b63; --error: #b1a4f7;
    --h0: #eb9b63; --h1: #86b2f2; --key: #9aa1a9; --data: #57c98a;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%; }
body { margin: 0; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
#top, #tabs, #view, #foot { max-width: 78rem; margin: 0 auto; padding: 0 1.5rem; }
h1, h2, h3, h4, p, dl, dd, ul { margin: 0; padding: 0; }
h1 { font-size: 1.6rem; line-height: 1.2; letter-spacing: -.015em; }
h2 { font-size: 1.1rem; letter-spacing: -.005em; }
a { color: var(--accent); text-decoration: none; }
a:hover, a.section { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
code, pre, .id, .hex, kbd { font-family: var(--mono); font-size: .87em; }
.dim, .kicker, .facts, .url, .showing, .calm, .meta, .legend, #foot { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.25rem; min-width: 0; }
.scroll { overflow-x: auto; }
.nowrap { white-space: nowrap; }

#top { padding-top: 2rem; }
.kicker { font-size: .82rem; margin-bottom: .2rem; }
.targets { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(21rem, 100%), 1fr)); gap: 1rem; margin-top: 1.1rem; }
.target { border-top: 4px solid var(--tone); }
.target.conforming { --tone: var(--good); } .target.nonconforming { --tone: var(--bad); } .target.incomplete { --tone: var(--wait); }
.who { display: flex; flex-wrap: wrap; gap: .1rem .7rem; align-items: baseline; }
.url { font-family: var(--mono); font-size: .82rem; overflow-wrap: anywhere; }
.verdict { font-size: 1rem; color: var(--soft); margin: .35rem 0 .7rem; }
.verdict strong { font-size: 1.65rem; font-weight: 650; letter-spacing: -.02em; color: var(--tone); display: inline-block; margin-right: .35rem; }
.verdict strong::first-letter { text-transform: uppercase; }
.target .bar { height: 10px; }
.counts { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: .7rem 0; }
.count { color: var(--ink); white-space: nowrap; }
.count::before { content: ""; display: inline-block; width: .6em; height: .6em; border-radius: 2px; margin-right: .4em; background: var(--tone); }
.facts { font-size: .82rem; } .facts .nowrap, .kicker .nowrap, .meta .nowrap { margin-right: .7em; }
.profile { columns: 19rem; column-gap: 2.5rem; font-size: .86rem; }
.profile div { display: grid; grid-template-columns: 10.5rem minmax(0, 1fr); gap: .8rem; break-inside: avoid; padding: .12rem 0; }
.profile dd { overflow-wrap: anywhere; }
body:not([data-tab=overview]) .facts, body:not([data-tab=overview]) .kicker { display: none; }
body:not([data-tab=overview]) .target { padding-top: .7rem; padding-bottom: .2rem; } body:not([data-tab=overview]) .verdict strong { font-size: 1.15rem; }
body.compared:not([data-tab=overview]) .counts { display: none; } body.compared:not([data-tab=overview]) .target { padding-bottom: .9rem; }
body:not([data-tab=overview]) .verdict { margin: 0 0 .5rem; } body:not([data-tab=overview]) #top { padding-top: 1.2rem; } body:not([data-tab=overview]) h1 { font-size: 1.15rem; }

.pass { --tone: var(--good); } .warn { --tone: var(--wait); } .fail { --tone: var(--bad); } .crash { --tone: var(--crash); }
.info { --tone: var(--info); } .skip { --tone: var(--soft); } .flaky { --tone: var(--flaky); } .error { --tone: var(--error); } .none { --tone: var(--soft); }
.bar { display: flex; gap: 1px; height: 8px; border-radius: 4px; overflow: hidden; background: var(--sunk); }
.bar i { flex: 1 1 0; min-width: 3px; background: var(--tone); }
.bar i.pass { opacity: .82; }
.tag { display: inline-block; min-width: 3.5em; padding: .08em .55em; border-radius: 99px; font-size: .78rem; line-height: 1.5; font-weight: 600; text-align: center; white-space: nowrap;
  color: color-mix(in srgb, var(--tone) 80%, var(--ink)); background: color-mix(in srgb, var(--tone) 13%, transparent); border: 1px solid transparent; }
.tag.skip { color: var(--soft); } .tag.none { background: none; color: var(--soft); font-weight: 400; }

#tabs { position: sticky; top: 0; z-index: 2; display: flex; gap: 1.6rem; margin-top: 1.4rem; background: var(--paper); }
#tabs::after { content: ""; position: absolute; inset: auto 1.5rem 0; border-bottom: 1px solid var(--line); }
#tabs a { padding: .6rem 0; color: var(--soft); border-bottom: 2px solid transparent; z-index: 1; white-space: nowrap; }
#tabs a:hover { text-decoration: none; color: var(--ink); }
#tabs a[aria-current] { color: var(--ink); font-weight: 600; border-color: var(--accent); }
#tabs .number { margin-left: .4rem; font-size: .78rem; font-weight: 400; color: var(--soft); }
#view { padding-top: 1.4rem; padding-bottom: 3rem; }
#view > section + section { margin-top: 2.2rem; }
#view > section > h2 { margin-bottom: .7rem; }

.groups { columns: 27rem; column-gap: 2.5rem; }
.group { display: grid; grid-template-columns: minmax(0, 13.5rem) 1fr; gap: .1rem 1rem; align-items: center; padding: .42rem 0; color: var(--ink); border-bottom: 1px solid var(--line); break-inside: avoid; }
.group:hover { text-decoration: none; } .group:hover .title { color: var(--accent); }
.group .name { display: flex; flex-direction: column; line-height: 1.3; }
.group .title { font-size: .8rem; color: var(--soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.score { display: grid; grid-template-columns: 1fr 4.6rem; gap: .7rem; align-items: center; }
.several .group { grid-template-columns: minmax(0, 11rem) 1fr; align-items: start; } .several .score { grid-column: 2; grid-template-columns: 6rem 1fr 4rem; } .several .name { grid-row: span 9; }
.label { font-size: .78rem; color: var(--soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.number { font-variant-numeric: tabular-nums; text-align: right; font-size: .84rem; color: var(--soft); }

.findings { display: grid; gap: .8rem; }
.finding { border-left: 4px solid var(--tone); padding: .8rem 1.1rem; }
.finding header { display: flex; flex-wrap: wrap; gap: .15rem .7rem; align-items: baseline; }
.finding .rule { margin-left: auto; font-size: .82rem; color: var(--soft); }
.id { overflow-wrap: anywhere; }
.statement { margin-top: .35rem; max-width: 62rem; }
.pair { display: grid; grid-template-columns: 5.2rem minmax(0, 1fr); gap: .2rem .8rem; margin-top: .45rem; }
.pair dt, .profile dt { color: var(--soft); font-size: .84rem; line-height: 1.65; }
.pair dd { overflow-wrap: anywhere; }
details { margin-top: .45rem; font-size: .88rem; } summary { cursor: pointer; color: var(--soft); }
.ids { margin-top: .3rem; line-height: 1.8; } .ids a { margin-right: .7rem; }

.filters { display: flex; flex-wrap: wrap; gap: .55rem; align-items: center; }
input[type=search], select, button { font: inherit; font-size: .88rem; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: .36rem .6rem; }
input[type=search] { flex: 1 1 14rem; min-width: 0; } select { max-width: 14rem; flex: 0 1 auto; }
button { cursor: pointer; } button:hover { border-color: var(--soft); }
.chips { display: flex; flex-wrap: wrap; gap: .3rem; }
button.tag { padding: .2em .75em; font-size: .8rem; border-radius: 99px; border: 1px solid color-mix(in srgb, var(--tone) 35%, transparent); background: none; }
button.tag[aria-pressed=true] { background: var(--tone); border-color: var(--tone); color: var(--card); }
.plain[aria-pressed=true] { border-color: var(--accent); color: var(--accent); font-weight: 600; }
.showing { margin: .8rem 0 .5rem; font-size: .84rem; } .calm { margin: .6rem 0; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-size: .78rem; font-weight: 500; color: var(--soft); }
.cases td, .cases th { padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
.cases .head th { padding: 1.2rem 0 .35rem; font-size: .84rem; } .cases .head code { color: var(--ink); font-weight: 600; margin-right: .3rem; }
.cases .v { width: 1%; min-width: 5rem; white-space: nowrap; }
.cases th.v { max-width: 9rem; overflow: hidden; text-overflow: ellipsis; }
.what .id { display: inline-block; min-width: 13rem; margin-right: .8rem; } .what .title { overflow-wrap: anywhere; }
.remark { margin-left: .9rem; font-size: .86rem; color: var(--soft); overflow-wrap: anywhere; }
.case { cursor: pointer; } .case:hover { background: var(--sunk); }
.case[aria-selected=true] { background: color-mix(in srgb, var(--accent) 13%, transparent); box-shadow: -4px 0 0 var(--accent); }
.wide { white-space: nowrap; font-size: .84rem; color: var(--soft); } .ms { text-align: right; font-variant-numeric: tabular-nums; }
.cases th.wide { font-size: .78rem; } .differ { display: flex; gap: .4rem; align-items: center; font-size: .88rem; }
.cases td.ms, .cases th.ms { text-align: right; padding-right: 0; }

#panel { position: fixed; inset: 0 0 0 auto; z-index: 3; width: var(--panel); overflow-y: auto; background: var(--card); border-left: 1px solid var(--line); box-shadow: -12px 0 40px rgb(0 0 0 / .12); }
#panel > header { position: sticky; top: 0; z-index: 1; padding: .8rem 1.4rem .7rem; background: var(--card); border-bottom: 1px solid var(--line); }
.bar-of-buttons { display: flex; gap: .35rem; align-items: center; margin-bottom: .35rem; } .spacer { flex: 1; }
.bar-of-buttons button { min-width: 2.2rem; padding: .25rem .5rem; }
.names { display: flex; flex-wrap: wrap; gap: .1rem .8rem; font-size: .88rem; color: var(--soft); } .names code:first-child { color: var(--ink); }
#panel .body { padding: 1rem 1.4rem 3rem; display: grid; gap: 1.3rem; grid-template-columns: minmax(0, 1fr); }
#panel h3 { font-size: .95rem; margin-bottom: .3rem; } #panel h4 { font-size: .84rem; font-weight: 600; margin: 1.1rem 0 .35rem; }
.rules { list-style: none; display: grid; gap: .35rem; }
.level { font-size: .76rem; font-weight: 650; letter-spacing: .02em; color: var(--soft); } .section { white-space: nowrap; }
.result { border-top: 1px solid var(--line); padding-top: 1.1rem; }
.received { font-weight: 600; } .finding .received { font-weight: 400; } .fail .received, .crash .received, .warn .received { color: var(--tone); }
.assertions { margin-top: .8rem; font-size: .86rem; } .assertions td, .assertions th { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.good b { color: var(--good); } .bad b { color: var(--bad); }
.wire td, .wire th { vertical-align: top; padding: .4rem .6rem .4rem 0; border-top: 1px solid var(--line); } .wire th { border: 0; padding-bottom: .1rem; }
.wire td:last-child { width: 100%; min-width: 0; overflow-wrap: anywhere; }
.wire .time { font-variant-numeric: tabular-nums; font-size: .8rem; color: var(--soft); text-align: right; line-height: 1.9; }
.wire .dir { font-weight: 700; } .out .dir { color: var(--h1); } .in .dir { color: var(--h0); }
.frame { display: flex; flex-wrap: wrap; gap: .15rem .4rem; align-items: baseline; }
.op { font-weight: 650; } .bit { font-size: .74rem; padding: 0 .4em; border-radius: 4px; background: var(--sunk); color: var(--soft); white-space: nowrap; }
.bit.off { color: var(--wait); } .bit.rsv { color: var(--bad); } .payload { overflow-wrap: anywhere; }
.hex { margin-top: .2rem; line-height: 1.55; font-size: .78rem; } .more { color: var(--soft); }
.h0 { color: var(--h0); } .h1 { color: var(--h1); } .key { color: var(--key); } .data { color: var(--data); }
pre.http { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.45; font-size: .78rem; }
.transport { color: var(--soft); } .legend { font-size: .76rem; margin-top: .3rem; }
.command { display: flex; gap: .6rem; align-items: start; padding: .55rem .7rem; border-radius: 8px; background: var(--sunk); }
.command code { flex: 1; min-width: 0; overflow-wrap: anywhere; } .command button { padding: .1rem .6rem; }

.section-head { margin: 1.6rem 0 .2rem; font-size: .95rem; }
.rule-row { display: grid; grid-template-columns: 4.4rem minmax(0, 1fr); gap: .8rem; padding: .5rem 0; border-bottom: 1px solid var(--line); align-items: baseline; }
.meta { font-size: .82rem; } .squares { display: flex; flex-wrap: wrap; align-items: center; margin-top: .35rem; } .squares .label { width: 7rem; }
.square { width: 24px; height: 24px; border: 6px solid transparent; border-radius: 9px; background: var(--tone) padding-box; } .square.pass { opacity: .75; }
.square:hover { opacity: 1; outline: 2px solid var(--ink); }
#foot { padding-bottom: 2rem; font-size: .82rem; display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; justify-content: space-between; }
kbd { padding: 0 .35em; border: 1px solid var(--line); border-radius: 4px; background: var(--card); }
noscript p { padding: 1.5rem; }

@media (min-width: 42rem) {
  body:not(.with-panel) .what { padding-left: 13.8rem; text-indent: -13.8rem; } .what > * { text-indent: 0; }
}
@media (min-width: 64rem) {
  .with-panel #top, .with-panel #tabs, .with-panel #view, .with-panel #foot { margin-right: var(--panel); max-width: none; }
  .with-panel .wide { display: none; } .with-panel .remark { display: block; margin: 0; } .with-panel .what .id { display: block; min-width: 0; }
}
@media (max-width: 64rem) { :root { --panel: min(46rem, 100vw); } }
@media (max-width: 42rem) {
  #top, #tabs, #view, #foot { padding-left: 1rem; padding-right: 1rem; } #tabs::after { inset: auto 1rem 0; } #tabs { gap: 1.1rem; }
  #top { padding-top: 1.2rem; } h1 { font-size: 1.35rem; } .verdict strong { font-size: 1.4rem; } .card { padding: .9rem 1rem; }
  .wide, .keys { display: none; } .remark { display: block; margin: 0; } .what .id { display: block; min-width: 0; }
  .group { grid-template-columns: minmax(0, 1fr) 9.5rem; } .finding .rule { margin-left: 0; width: 100%; }
  .filters select { flex: 1 1 9rem; min-width: 0; max-width: none; } input[type=search], select, button { font-size: 16px; } button.tag { font-size: .84rem; }
  #panel { border: 0; } #panel > header, #panel .body { padding-left: 1rem; padding-right: 1rem; }
  .pair { grid-template-columns: minmax(0, 1fr); gap: 0; } .pair dd { margin-bottom: .4rem; }
  .several .group { grid-template-columns: minmax(0, 1fr); } .several .score { grid-column: 1; }
  .rule-row { grid-template-columns: minmax(0, 1fr); gap: .2rem; } .rule-row > .tag { justify-self: start; } .rule-row > .none { display: none; }
  .cases .v { min-width: 0; } .compared .what { min-width: 11rem; } .cases th.v { white-space: normal; max-width: 5rem; } .square { border-width: 4px; }
}
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --sunk: #f2f2f2; color-scheme: light; }
  body { font-size: 10pt; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  #tabs, .filters, .keys, button { display: none !important; } #top, #view, #foot { max-width: none; padding: 0; }
  .card, tr, .group, .rule-row { break-inside: avoid; } #panel, #panel > header { position: static; width: auto; box-shadow: none; border: 0; }
  .with-panel #top, .with-panel #view, .with-panel #foot { margin-right: 0; } .with-panel #view { display: none; }
}
`
