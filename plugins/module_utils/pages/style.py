# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look of all pages: light and dark as the reader's system is, and printed on A4 with everything unfolded."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #f7f6f2; --card: #ffffff; --ink: #1b2430; --soft: #566273; --line: #dcdfe2; --wash: #f0f1ef;
  --accent: #0f5c6e; --accent-ink: #ffffff;
  --good: #1c6b45; --good-wash: #e0f0e6; --bad: #a62626; --bad-wash: #fae5e2; --warn: #845400; --warn-wash: #fbeed3;
  --note: #4c4a9c; --note-wash: #e9e8f8; --none: #566273; --none-wash: #eaecee;
  --bar-good: #2f8f62; --bar-bad: #c8403a; --bar-warn: #dc9a2b; --bar-note: #7d7ad0; --bar-gap: #aab3bd;
  --bar-none: #dadee2;
  --mono: ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #11161c; --card: #181f27; --ink: #e6eaee; --soft: #a3afbc; --line: #2d3742; --wash: #1e2731;
    --accent: #5fb9cd; --accent-ink: #0d1419;
    --good: #7fd3a6; --good-wash: #17352a; --bad: #ff9d93; --bad-wash: #43201f; --warn: #f0c069; --warn-wash: #3d2f14;
    --note: #b9b6ff; --note-wash: #2a2950; --none: #a3afbc; --none-wash: #26303a;
    --bar-good: #3fa777; --bar-bad: #dd5c54; --bar-warn: #d99a35; --bar-note: #8784dd; --bar-gap: #66727f;
    --bar-none: #364250;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
main, .cover-inner, footer { max-width: 72rem; margin: 0 auto; padding: 0 1.5rem; }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: 1px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 2; }
h1, h2, h3, h4 { line-height: 1.2; letter-spacing: -.011em; text-wrap: balance; }
h1 { font-size: clamp(2rem, 5vw, 3rem); margin: .2rem 0 .5rem; font-weight: 680; letter-spacing: -.025em; }
h2 { font-size: 1.55rem; margin: 0 0 .4rem; font-weight: 650; }
h3 { font-size: 1.15rem; margin: 2rem 0 .6rem; font-weight: 650; }
h4 { font-size: .82rem; margin: 1.5rem 0 .5rem; color: var(--soft); text-transform: uppercase;
    letter-spacing: .07em; }
p { margin: .4rem 0 .8rem; max-width: 68ch; }
.soft { color: var(--soft); }
code, .mono { font-family: var(--mono); font-size: .86em; overflow-wrap: anywhere; }
section { padding: 2.6rem 0 .6rem; }

.cover { border-bottom: 1px solid var(--line); background: var(--card); border-top: 6px solid var(--accent); }
.cover-inner { padding-top: 2.4rem; padding-bottom: 1.2rem; }
.eyebrow { color: var(--accent); font-weight: 650; font-size: .85rem; letter-spacing: .06em;
    text-transform: uppercase; margin: 0; }
.facts { display: flex; flex-wrap: wrap; gap: .4rem 2.4rem; margin: 1rem 0 0; }
.facts div { min-width: 7rem; }
dt { color: var(--soft); font-size: .82rem; }
dd { margin: 0; font-weight: 550; }
nav { margin-top: 1.6rem; display: flex; flex-wrap: wrap; gap: .3rem 1.3rem; font-size: .94rem; }

.verdict { font-size: 1.18rem; max-width: 62ch; }
.result { display: inline-block; border-radius: .6rem; padding: .35rem 1rem; font-size: 1.2rem; font-weight: 650; }
.result.yes { color: var(--good); background: var(--good-wash); }
.result.no { color: var(--bad); background: var(--bad-wash); }
.bar { display: flex; height: 1.5rem; border-radius: .4rem; overflow: hidden; gap: 2px; margin: 1.1rem 0 .8rem; }
.bar span { display: block; min-width: 3px; }
.legend { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr));
    gap: .5rem 1.6rem;
  margin: 0 0 1.6rem; padding: 0; }
.legend li { display: grid; grid-template-columns: .8rem 2.3rem 1fr; gap: .5rem; align-items: baseline;
    font-size: .93rem; }
.legend i { width: .8rem; height: .8rem; border-radius: .2rem; align-self: center; }
.legend b { font-size: 1.15rem; text-align: right; font-variant-numeric: tabular-nums; }
.f-satisfied, .f-pass { background: var(--bar-good); } .f-waivers, .f-waived { background: var(--bar-note); }
.f-scanner { background: var(--bar-warn); } .f-open, .f-fail { background: var(--bar-bad); }
.f-gap, .f-not_assessed { background: var(--bar-gap); } .f-outside { background: var(--bar-none); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .8rem; margin: 0; }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
    padding: .8rem 1rem .9rem; }
.tiles dd { font-size: 1.75rem; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums;
    line-height: 1.25; }
.tiles dd small { font-size: .95rem; font-weight: 450; color: var(--soft); letter-spacing: 0; }

.chip { display: inline-block; white-space: nowrap; border-radius: 1rem; padding: .08rem .65rem; font-size: .82rem;
    font-weight: 600; }
.c-satisfied, .c-pass { color: var(--good); background: var(--good-wash); }
.c-open, .c-fail { color: var(--bad); background: var(--bad-wash); }
.c-scanner { color: var(--warn); background: var(--warn-wash); }
.c-waivers, .c-waived { color: var(--note); background: var(--note-wash); }
.c-gap, .c-outside, .c-not_assessed, .c-not_applicable { color: var(--none); background: var(--none-wash); }

.wide { overflow-x: auto; }
.sheet { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .91rem; }
caption { text-align: left; color: var(--soft); padding: .6rem .9rem; font-size: .88rem; }
th, td { text-align: left; vertical-align: top; padding: .55rem .9rem; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-size: .8rem; font-weight: 600; white-space: nowrap; }
caption + thead th { border-top: 1px solid var(--line); }
tbody th { font-weight: 550; min-width: 13rem; }
.inside tbody th { width: 27%; }
.inside td:nth-child(4) { width: 30%; }
td { overflow-wrap: anywhere; min-width: 6rem; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.host { white-space: nowrap; }
.id { display: block; color: var(--soft); font: .8rem/1.4 var(--mono); font-weight: 400; overflow-wrap: anywhere; }
.refs { font-size: .84rem; }
.refs a { white-space: nowrap; margin-right: .35rem; }
.empty { background: var(--good-wash); color: var(--good); border-radius: .6rem; padding: .8rem 1rem;
    font-weight: 550; max-width: none; }
.warning { background: var(--warn-wash); color: var(--warn); border-radius: .6rem; padding: .6rem 1rem;
    max-width: none; }

.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 1rem; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem; }
figcaption { font-weight: 600; font-size: .95rem; }
figcaption small { font-weight: 400; color: var(--soft); font-size: .85rem; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 15px system-ui, sans-serif; fill: var(--soft); }
svg .who { fill: var(--ink); paint-order: stroke; stroke: var(--card); stroke-width: 4px; }
svg .grid { stroke: var(--line); } svg .middle { stroke: var(--soft); stroke-width: 2; }
@media (max-width: 32rem) { .plots { grid-template-columns: 1fr; } }

fieldset { border: 0; padding: 0; margin: .8rem 0 0; display: flex; flex-wrap: wrap; gap: .4rem;
    align-items: center; }
legend { float: left; padding: 0 .5rem 0 0; color: var(--soft); font-size: .91rem; }
fieldset label { border: 1px solid var(--line); background: var(--card); border-radius: 1.2rem;
    padding: .25rem .9rem; font-size: .91rem;
  cursor: pointer; }
fieldset input { position: absolute; opacity: 0; }
fieldset label:has(:checked) { background: var(--accent); color: var(--accent-ink); border-color: var(--accent); }
fieldset label:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 2px; }
#controls:has(#show-open:checked) .control:not(.s-open, .s-scanner),
#controls:has(#show-waivers:checked) .control:not(.waived),
#controls:has(#show-gap:checked) .control:not(.s-gap, .lacking) { display: none; }
#controls:not(:has(#show-all:checked)) .theme:not(:has(.control:not([hidden]))) { display: none; }

details.control, details.fold { background: var(--card); border: 1px solid var(--line); margin: 0 0 -1px; }
.theme > .control:first-of-type, details.fold { border-radius: .6rem .6rem 0 0; }
.theme > .control:last-of-type { border-radius: 0 0 .6rem .6rem; }
details.fold { border-radius: .6rem; margin: .8rem 0; overflow: hidden; }
summary { cursor: pointer; padding: .65rem .9rem; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary:hover { background: var(--wash); }
summary::before { content: ""; display: inline-block; width: .45rem; height: .45rem; border: solid var(--soft);
  border-width: 0 2px 2px 0; transform: rotate(-45deg); transition: transform .12s; margin-right: .7rem; }
details[open] > summary::before { transform: rotate(45deg); }
.control > summary { display: grid; grid-template-columns: 1rem 6.2rem minmax(10rem, 1fr) auto 12.5rem;
    gap: 0 .6rem; align-items: center; }
.control > summary .name { font-weight: 600; }
.control > summary .ref { font: .88rem var(--mono); color: var(--soft); }
.control > summary .amount { color: var(--soft); font-size: .87rem; text-align: right;
    font-variant-numeric: tabular-nums; }
.control > summary .chip { justify-self: end; }
.control[open] > summary { border-bottom: 1px solid var(--line); }
.inside { padding: .2rem 0 .6rem; }
.inside > p, .inside > ul { margin-left: .9rem; margin-right: .9rem; }
.inside table td, .inside table th { padding-top: .45rem; padding-bottom: .45rem; }
tr.dim { color: var(--soft); }
.rules { columns: 22rem; column-gap: 2rem; font-size: .88rem; padding-left: 1.1rem; }
.rules.failed { list-style: none; padding-left: 0; }
.rules li { break-inside: avoid; margin-bottom: .25rem; }
.outside { columns: 19rem; column-gap: 2.4rem; list-style: none; padding: 0; margin: 0 0 1rem; font-size: .93rem; }
.outside li { break-inside: avoid; display: grid; grid-template-columns: 5.6rem 1fr; gap: .5rem; padding: .22rem 0; }
.outside .ref { color: var(--soft); font: .86rem/1.6 var(--mono); }
.meaning { display: grid; grid-template-columns: max-content 1fr; gap: .5rem 1.1rem; max-width: 62rem;
    align-items: baseline; }
.meaning dd { font-weight: 400; }
footer { padding: 2rem 1.5rem 3rem; color: var(--soft); font-size: .86rem; }

@media (max-width: 46rem) {
  .control > summary { grid-template-columns: 1rem 1fr auto; }
  .control > summary .name { grid-column: 2 / -1; grid-row: 2; }
  .control > summary .amount { grid-column: 2 / -1; grid-row: 3; text-align: left; }
  .control > summary .chip { grid-column: 3; grid-row: 1; }
  .wide table { min-width: 46rem; }
  .meaning { grid-template-columns: 1fr; gap: .15rem; } .meaning dd { margin-bottom: .6rem; }
}

@page { size: A4; margin: 15mm 13mm 17mm; @bottom-right { content: counter(page) " / " counter(pages);
    font: 8pt sans-serif; } }
@media print {
  :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #111; --soft: #444; --line: #bbb; --wash: #fff;
    --accent: #0f5c6e; --good: #14532d; --good-wash: #e0f0e6; --bad: #8f1d1d; --bad-wash: #fae5e2; --warn: #6b4400;
    --warn-wash: #fbeed3; --note: #3a3880; --note-wash: #e9e8f8; --none: #444; --none-wash: #eaecee;
    --bar-good: #2f8f62; --bar-bad: #c8403a; --bar-warn: #dc9a2b; --bar-note: #7d7ad0; --bar-gap: #aab3bd;
    --bar-none: #dadee2; }
  html { font-size: 8.5pt; } body { font-size: 1rem; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main, .cover-inner, footer { max-width: none; padding-left: 0; padding-right: 0; }
  .cover { border-top-width: 3mm; } nav, fieldset, .skip { display: none; }
  section { padding: 7mm 0 0; } h2, h3, h4, summary { break-after: avoid; }
  .tiles div, .legend li { break-inside: avoid; }
  .sheet, .wide { overflow: visible; } thead { display: table-header-group; }
  th, td { padding: .4rem .7rem; } summary::before { display: none; }
  .control > summary { grid-template-columns: 6.2rem minmax(10rem, 1fr) auto 12.5rem; }
  /* What is folded on the screen is open on paper: nobody can click there. Long lists of what passed stay folded. */
  details.control::details-content { content-visibility: visible; block-size: auto; display: block; }
  details.control > :not(summary) { display: block; }
  a { color: inherit; text-decoration: none; }
  figure { break-inside: avoid; } .plots { grid-template-columns: 1fr 1fr; }
}
"""
