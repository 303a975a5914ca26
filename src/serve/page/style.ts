/** Style of the page at `/`. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d4d8dd, #3a4048); --soft: light-dark(#f5f6f8, #1d2126); --ink: light-dark(#16191d, #e8eaed); --accent: light-dark(#0b5cad, #6cb6ff); --bad: light-dark(#b3261e, #ff8a80); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: light-dark(#fff, #14171a); }
header { border-bottom: 3px double var(--line); margin-bottom: 1rem; }
h1 { margin: 0; font-size: 1.6rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 1rem 0 .5rem; }
header p { margin: .1rem 0; }
.small { font-size: .85rem; opacity: .8; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem 2rem; }
section { min-width: 0; }
.wide { grid-column: 1 / -1; }
form { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .6rem; }
label span { display: block; font-size: .85rem; overflow-wrap: anywhere; }
input, select, textarea { width: 100%; font: inherit; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: .3rem; padding: .3rem .5rem; }
textarea { font-family: ui-monospace, monospace; font-size: .85rem; }
button { font: inherit; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: .3rem; padding: .3rem .8rem; cursor: pointer; }
button[type=submit], button[aria-selected=true] { border-color: var(--accent); color: var(--accent); font-weight: 600; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.actions { grid-column: 1 / -1; display: flex; gap: 1rem; align-items: center; }
#answer { margin-top: .8rem; }
#answer output { font-size: 1.8rem; font-weight: 600; overflow-wrap: anywhere; }
#answer .error { color: var(--bad); }
#answer table { width: 100%; }
#answer td:nth-child(2) { text-align: right; white-space: nowrap; }
#answer td:nth-child(3) { width: 45%; padding-right: 0; }
meter { display: block; width: 100%; }
.tabs { display: flex; flex-wrap: wrap; gap: .4rem; }
#copy { margin-left: auto; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .3rem; padding: .8rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.5 ui-monospace, monospace; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .2rem 1rem .2rem 0; border-bottom: 1px solid var(--line); }
td, tbody th { overflow-wrap: anywhere; }
.kind { white-space: nowrap; }
ul { padding-left: 1.2rem; }
li { overflow-wrap: anywhere; }
a { color: var(--accent); }
`;
