"""A map of many records as one page: a canvas, a few lines of script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from ..tables.plain_json import json_text

STYLE = """
:root{color-scheme:light dark;--back:#fff;--ink:#222;--dim:#667}
@media(prefers-color-scheme:dark){:root{--back:#14161a;--ink:#e8e8ea;--dim:#99a}}
*{box-sizing:border-box}
body{margin:0;height:100vh;display:flex;flex-direction:column;background:var(--back);
color:var(--ink);font:14px/1.4 system-ui,sans-serif}
header{display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center;padding:.5rem .8rem}
h1{font-size:1rem;margin:0}
ul{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem .8rem;margin:0;padding:0;color:var(--dim)}
li{cursor:pointer}li.off{opacity:.35}
li::before{content:"";display:inline-block;width:.7em;height:.7em;border-radius:50%;
margin-right:.35em;background:var(--c)}
canvas{flex:1;min-height:0;width:100%;cursor:grab;touch-action:none}
#tip{position:fixed;pointer-events:none;max-width:22rem;padding:.35rem .55rem;display:none;
background:var(--back);border:1px solid var(--dim);border-radius:4px;white-space:pre-line}
"""

SCRIPT = """
"use strict";
const D=JSON.parse(document.getElementById("data").textContent),N=D.x.length;
const C=document.getElementById("map"),G=C.getContext("2d"),tip=document.getElementById("tip");
const pick=document.getElementById("by"),find=document.getElementById("find");
const legend=document.getElementById("legend");
const HUES=["#4477aa","#ee6677","#228833","#ccbb44","#66ccee","#aa3377","#999999","#e07b39",
"#6f5fb5","#0f9d8a","#b8860b","#d45fa6","#888877"];
const FIXED={kept:"#228833",passed:"#ee6677","not asked":"#9aa3ad",owned:"#4477aa"};
let view={k:1,x:0,y:0},off=new Set(),hits=null,grid=null,cell=24,px=new Float32Array(N),
py=new Float32Array(N),queued=false;
for(const name of Object.keys(D.by))pick.add(new Option(name));
const colour=(w,i)=>FIXED[w]||HUES[i%HUES.length];
function lay(){legend.replaceChildren();const b=D.by[pick.value];b.words.forEach((w,i)=>{
const li=document.createElement("li");li.textContent=(w||"none given")+" "+b.counts[i];
li.style.setProperty("--c",colour(w,i));if(off.has(i))li.className="off";
li.onclick=()=>{off.has(i)?off.delete(i):off.add(i);lay();draw()};legend.append(li)})}
function draw(){if(queued)return;queued=true;requestAnimationFrame(paint)}
function paint(){queued=false;const r=devicePixelRatio||1,w=C.clientWidth,h=C.clientHeight;
if(C.width!==Math.round(w*r)||C.height!==Math.round(h*r)){C.width=Math.round(w*r);
C.height=Math.round(h*r)}
G.setTransform(r,0,0,r,0,0);G.clearRect(0,0,w,h);
const s=Math.min(w,h)*.46/10000*view.k,cx=w/2+view.x,cy=h/2+view.y,b=D.by[pick.value];
const size=Math.max(2,Math.min(7,1.5*Math.sqrt(view.k)*Math.sqrt(20000/Math.max(N,1500))));
grid=new Map();const order=[...b.words.keys()].sort((i,j)=>b.counts[j]-b.counts[i]);
const lists=b.words.map(()=>[]);
for(let i=0;i<N;i++){const X=cx+D.x[i]*s,Y=cy-D.y[i]*s;px[i]=X;py[i]=Y;
if(X<-9||Y<-9||X>w+9||Y>h+9||off.has(b.codes[i]))continue;lists[b.codes[i]].push(i);
const key=(X/cell|0)*4096+(Y/cell|0),at=grid.get(key);at?at.push(i):grid.set(key,[i])}
for(const c of order){G.fillStyle=colour(b.words[c],c);G.globalAlpha=hits?.15:.75;
for(const i of lists[c])G.fillRect(px[i]-size/2,py[i]-size/2,size,size)}
if(hits){G.globalAlpha=1;for(const i of hits){if(off.has(b.codes[i]))continue;
G.fillStyle=colour(b.words[b.codes[i]],b.codes[i]);const z=size+3;
G.fillRect(px[i]-z/2,py[i]-z/2,z,z)}}G.globalAlpha=1}
function near(x,y){let best=-1,far=144;if(!grid)return best;const gx=x/cell|0,gy=y/cell|0;
for(let a=gx-1;a<=gx+1;a++)for(let b=gy-1;b<=gy+1;b++)for(const i of grid.get(a*4096+b)||[]){
const d=(px[i]-x)**2+(py[i]-y)**2;if(d<far){far=d;best=i}}return best}
function show(e){const q=C.getBoundingClientRect(),i=near(e.clientX-q.left,e.clientY-q.top);
if(i<0){tip.style.display="none";return}
tip.textContent=D.names[i]+(D.notes[i]?"\\n"+D.notes[i]:"");tip.style.display="block";
tip.style.left=Math.min(e.clientX+14,innerWidth-tip.offsetWidth-6)+"px";
tip.style.top=Math.min(e.clientY+14,innerHeight-tip.offsetHeight-6)+"px"}
function zoom(f,x,y){const w=C.clientWidth/2,h=C.clientHeight/2,
k=Math.max(.5,Math.min(200,view.k*f));
f=k/view.k;view={k,x:(view.x-x+w)*f+x-w,y:(view.y-y+h)*f+y-h};draw()}
let from=null;
C.onpointerdown=e=>{from=[e.clientX-view.x,e.clientY-view.y];C.setPointerCapture(e.pointerId)};
C.onpointerup=()=>{from=null};
C.onpointermove=e=>{if(from){view.x=e.clientX-from[0];view.y=e.clientY-from[1];draw();
tip.style.display="none"}else show(e)};
C.onpointerleave=()=>{tip.style.display="none"};
C.addEventListener("wheel",e=>{e.preventDefault();const q=C.getBoundingClientRect();
zoom(Math.exp(-e.deltaY/400),e.clientX-q.left,e.clientY-q.top)},{passive:false});
C.onkeydown=e=>{const s={
ArrowLeft:[40,0],ArrowRight:[-40,0],ArrowUp:[0,40],ArrowDown:[0,-40]}[e.key];
if(s){view.x+=s[0];view.y+=s[1];draw()}
if(e.key==="+"||e.key==="-")zoom(e.key==="+"?1.3:1/1.3,C.clientWidth/2,C.clientHeight/2);
if(e.key==="0"){view={k:1,x:0,y:0};draw()}};
pick.onchange=()=>{off.clear();lay();draw()};
find.oninput=()=>{const q=find.value.trim().toLowerCase();hits=null;if(q){hits=[];
for(let i=0;i<N;i++)if(D.names[i].toLowerCase().includes(q))hits.push(i)}draw()};
new ResizeObserver(draw).observe(C);lay();draw();
"""


_STEPS = 10_000
_MOST_COLOURS = 12


def map_page(
    title: str,
    points: np.ndarray,
    names: Sequence[str],
    notes: Sequence[str],
    colourings: Mapping[str, Sequence[str]],
) -> str:
    """Draw (n, 2) points in -1..1: `names` and `notes` show under the pointer, `colourings` are
    ways to colour them, each a word for every point.

    >>> page = map_page("Taste", np.zeros((1, 2)), ["<b>"], [""], {"keeper": ["kept"]})
    >>> "<b>" in page, page.startswith("<!doctype html>")
    (False, True)
    """
    data = {
        "x": np.round(points[:, 0] * _STEPS).astype(int).tolist(),
        "y": np.round(points[:, 1] * _STEPS).astype(int).tolist(),
        "names": list(names),
        "notes": list(notes),
        "by": {name: _coded(words) for name, words in colourings.items()},
    }
    held = json_text(data).replace("<", "\\u003c").replace("\u2028", " ").replace("\u2029", " ")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>"
        f'<header><h1>{escape(title)}</h1><label>Colour <select id="by"></select></label>'
        f'<input id="find" type="search" placeholder="Find" aria-label="Find a record">'
        f'<ul id="legend"></ul></header><canvas id="map" tabindex="0" '
        f'aria-label="{len(names)} records on a plane; near ones are alike"></canvas>'
        f'<div id="tip" role="status"></div>'
        f'<script type="application/json" id="data">{held}</script>'
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def _coded(words: Sequence[str]) -> dict[str, Any]:
    """Words as numbers, the commonest first; the rarest are one."""
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    kept = ranked[:_MOST_COLOURS] if len(ranked) > _MOST_COLOURS + 1 else ranked
    place = {word: number for number, word in enumerate(kept)}
    names = [*kept, "others"] if len(kept) < len(ranked) else kept
    return {
        "words": names,
        "counts": [counts.get(w, len(words) - sum(counts[k] for k in kept)) for w in names],
        "codes": [place.get(word, len(kept)) for word in words],
    }
