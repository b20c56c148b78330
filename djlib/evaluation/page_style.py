"""How a report looks: on a wide screen, on a telephone, in the dark, on paper."""

from __future__ import annotations

from .palette import DARK, FONT, LIGHT

_LAYOUT = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 FONT;
 font-variant-numeric:tabular-nums;print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:1120px;margin:0 auto;padding:2.5rem 1.25rem 4rem}
header{margin-bottom:1.75rem}
h1{font-size:clamp(1.5rem,1.1rem + 1.8vw,2.15rem);line-height:1.2;margin:0 0 .4rem;
 letter-spacing:-.015em;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 .35rem;letter-spacing:-.005em}
h3{font-size:1rem;margin:1.6rem 0 .4rem}
p{margin:.3rem 0 .8rem;max-width:46rem;overflow-wrap:anywhere}
.meta,.note,figcaption,caption{color:var(--soft);font-size:.875rem}
section{background:var(--card);border:1px solid var(--faint);border-radius:12px;
 padding:1.4rem 1.5rem 1.5rem;margin:0 0 1.25rem;min-width:0}
section.verdict{border-left:5px solid var(--accent)}
section.verdict p{font-size:1.03rem}
ul{margin:.4rem 0;padding-left:1.1rem;max-width:52rem}
li{margin:.25rem 0;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:.6rem -1.5rem 0;padding:0 1.5rem}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:-2px}
table{border-collapse:collapse;font-size:.9rem;width:100%}
caption{text-align:left;caption-side:bottom;padding-top:.6rem;font-size:.8125rem}
th,td{padding:.42rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--faint)}
thead th{color:var(--soft);font-weight:600;font-size:.8125rem;vertical-align:bottom}
tbody th{font-weight:600}
tr>:first-child{text-align:left;padding-left:0}
td.words,th.words{text-align:left}
td.wrap{white-space:normal;text-align:left;min-width:14rem}
tr.simple th{font-weight:400;color:var(--soft)}
.bar{display:inline-block;min-width:4.6rem;padding-bottom:3px;background:
 linear-gradient(var(--tint),var(--tint)) 0 100%/calc(var(--v)*100%) 3px no-repeat,
 linear-gradient(var(--faint),var(--faint)) 0 100%/100% 3px no-repeat}
tr.simple .bar{--tint:var(--soft)}
.bar{--tint:var(--accent)}
.best{font-weight:700;position:relative}
.best::after{content:"\\2605";color:var(--accent);font-size:.75em;position:absolute;left:100%;
 bottom:.1em;padding-left:.2em}
.better{color:var(--good);font-weight:600}.worse{color:var(--bad);font-weight:600}
.cannot{color:var(--soft)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
 white-space:nowrap}
.swatch{width:26px;height:10px;margin-right:.5rem;vertical-align:middle;overflow:visible}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;margin:.5rem 0 .4rem;padding:0;
 font-size:.875rem}
.legend li{margin:0}
.grid-2{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1.25rem}
.multiples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(46%,11rem),1fr));gap:1rem}
figure{margin:0;min-width:0}
figure svg{display:block;width:100%;max-width:36rem;height:auto}
figcaption{margin-top:.2rem}
.bars table{max-width:52rem}.bars tbody th{font-weight:400}.bars .bar{min-width:min(13rem,26vw)}
figcaption b{color:var(--ink)}
svg text{font:12px FONT;fill:var(--soft)}
svg text.goal{fill:var(--good);font-weight:600}
svg text.name{font-size:11px}
svg .grid{stroke:var(--faint);stroke-width:1;fill:none}
svg .line{fill:none;stroke-linejoin:round;stroke-linecap:round}
.effect{position:relative;display:block;height:1.5rem;min-width:15rem;width:100%}
.effect::before{content:"";position:absolute;left:calc(var(--zero)*100%);top:-.45rem;bottom:-.45rem;
 border-left:1px dashed var(--soft)}
.effect i{position:absolute;left:calc(var(--low)*100%);width:calc((var(--high) - var(--low))*100%);
 top:50%;height:3px;margin-top:-1.5px;border-radius:2px;background:currentColor;min-width:2px}
.effect b{position:absolute;left:calc(var(--mid)*100%);top:50%;width:11px;height:11px;
 margin:-5.5px;border-radius:50%;background:currentColor;border:2px solid var(--card)}
td.effects{width:45%;text-align:left}
.scale{display:flex;justify-content:space-between;font-weight:400}
.matrix{width:auto;font-size:.8rem;line-height:1.1}
.matrix th,.matrix td{border:0}
.matrix thead th:nth-child(n+3){padding:.2rem .1rem;width:2.5rem}
.matrix thead th:nth-child(n+3) span{writing-mode:vertical-rl;transform:rotate(180deg);
 display:inline-block;max-height:9.5rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.matrix tbody th{position:sticky;left:0;background:var(--card);z-index:1;font-weight:400;
 padding:.1rem .5rem .1rem 0}
.matrix tbody th span{display:inline-block;max-width:13rem;overflow:hidden;text-overflow:ellipsis;
 vertical-align:middle}
.matrix tbody td{text-align:center;padding:0;min-width:2.5rem;height:2.1rem;--c:var(--second);
 background:color-mix(in srgb,var(--c) calc(var(--v,0)*92%),transparent);
 border:1px solid var(--card);
 box-shadow:inset 0 0 0 1px color-mix(in srgb,var(--faint) 45%,transparent)}
.matrix tbody td.hit{--c:var(--accent)}
.matrix tbody td.n{background:none;box-shadow:none;color:var(--soft);text-align:right;
 padding-right:.6rem}
.matrix td.strong{color:var(--card);font-weight:600}
@media screen and (prefers-color-scheme:dark){.matrix td.mid{color:var(--card);font-weight:600}}
.matrix.small{font-size:.6875rem}
.matrix.small tbody td{min-width:1.45rem;height:1.45rem}
.matrix.small thead th:nth-child(n+3){width:1.45rem}
.matrix.small thead th:nth-child(n+3) span{max-height:11rem}
.matrix.small tbody th span{max-width:11rem}
.matrix caption{caption-side:top;padding:0 0 .4rem}
.either{display:flex;gap:1rem;font-size:.875rem;margin:.6rem 0 .2rem}
.either label{cursor:pointer}
.either input{accent-color:var(--accent);margin:0 .35rem 0 0}
.share-or-count:has(input[value=share]:checked) .count,
.share-or-count:has(input[value=count]:checked) .share{display:none}
details summary{cursor:pointer;color:var(--accent);font-weight:600}
footer{color:var(--soft);font-size:.8125rem;margin-top:2rem}
footer dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:.5rem 0}
footer dt{font-weight:600}footer dd{margin:0;overflow-wrap:anywhere}
@media (max-width:640px){main{padding:1.5rem .75rem 3rem}
 section{padding:1.1rem 1rem 1.2rem;border-radius:10px}
 .scroll{margin:.6rem -1rem 0;padding:0 1rem}
 th,td{padding:.4rem .5rem}
 .pinned tr>:first-child{position:sticky;left:0;background:var(--card);z-index:1;
  min-width:6rem;max-width:9rem;white-space:normal;overflow-wrap:break-word}
 .matrix tbody th span{max-width:7rem}
 footer dl{grid-template-columns:1fr}footer dd{margin-bottom:.4rem}}
@media print{body{background:#fff;font-size:11pt}main{max-width:none;padding:0}
 section{border-color:#bbb;break-inside:avoid-page}section.long{break-inside:auto}
 .scroll{overflow:visible}.either{display:none}
 h2,h3{break-after:avoid}figure{break-inside:avoid}}
"""


def style() -> str:
    """The style sheet of every page."""
    light = f":root{{color-scheme:light dark;{LIGHT.css()}}}"
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{DARK.css()}}}}}"
    return light + dark + _LAYOUT.replace("FONT", FONT)
