import Engine

/// A session as one page that plays it in a browser: every step's screen, with its words, its branches, a search, and keys. It needs
/// nothing but itself.
package struct HTMLPlayer {
  /// A step's screen, and what a reader is told of it.
  package struct Frame {
    package let canvas: Canvas
    package let branch: Int
    package let step: Int
    /// What was done, and what was answered.
    package let text: String
    package let words: [String]

    package init(canvas: Canvas, branch: Int, step: Int, text: String, words: [String]) {
      self.canvas = canvas
      self.branch = branch
      self.step = step
      self.text = text
      self.words = words
    }
  }

  /// A branch: where its frames begin, and from which step of which other one.
  package struct Line {
    package let name: String
    package let parent: Int?
    package let fork: Int

    package init(name: String, parent: Int?, fork: Int) {
      self.name = name
      self.parent = parent
      self.fork = fork
    }
  }

  private let frames: [Frame]
  private let lines: [Line]
  /// Nil: light or dark, as the reader prefers.
  private let theme: Theme?
  private let title: String
  /// The frame that is shown first.
  private let start: Int

  /// - Parameter theme: nil for light or dark, as the reader prefers.
  package init(_ frames: [Frame], _ lines: [Line], _ theme: Theme?, title: String, start: Int) {
    self.frames = frames
    self.lines = lines
    self.theme = theme
    self.title = title
    self.start = start
  }

  package var page: String {
    let width = frames.first?.canvas.width ?? 0
    let colours =
      theme.map(Self.colours)
      ?? "\(Self.colours(.standard))@media (prefers-color-scheme:light){\n\(Self.colours(.light))}\n"
    let deltas = deltas
    let first = frames.isEmpty ? "" : Picture.escaped(frames[min(start, frames.count - 1)].canvas.plainText)
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
      <title>\(Picture.escaped(title))</title>
      <style>
      body{margin:0;font:15px/1.4 system-ui,sans-serif}
      main{max-width:\(width + 2)ch;margin:0 auto;padding:1em;font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}
      #screen{margin:0;font:inherit;line-height:1.2;white-space:pre;overflow-x:auto;tab-size:8}
      #words{min-height:2.8em;margin:.3em 0}#words p{margin:0}
      nav{display:flex;flex-wrap:wrap;gap:.4em;align-items:center;margin:.4em 0}
      nav input[type=range]{flex:1 1 12em}button,select,input{font:inherit;color:inherit;background:transparent;border:1px solid;padding:.1em .6em}
      option{color:#000}button:focus-visible,input:focus-visible,select:focus-visible{outline:2px solid}
      \(colours)</style>
      </head>
      <body>
      <main>
      <h1 style="font-size:1em;margin:0">\(Picture.escaped(title))</h1>
      <nav aria-label="Time">
      <button id="first" title="Home">|◀</button><button id="back" title="left arrow">◀</button><button id="play" title="space">play</button>
      <button id="on" title="right arrow">▶</button><button id="last" title="End">▶|</button>
      <input id="at" type="range" min="0" value="0" aria-label="Step"><output id="number"></output>
      <select id="branch" aria-label="Branch"></select>
      <input id="find" type="search" placeholder="/ find" aria-label="Find a step" size="16">
      </nav>
      <p id="did" aria-live="polite"></p>
      <div id="words" aria-live="polite"></div>
      <pre id="screen" tabindex="0" aria-label="The screen after this step">\(first)</pre>
      <noscript>This is one step; a browser with scripts plays all of them.</noscript>
      </main>
      <script>
      "use strict";
      const W=\(width),H=\(frames.first?.canvas.height ?? 0);
      const B=[\(lines.map { "[\(JSONText.quoted($0.name)),\($0.parent ?? -1),\($0.fork)]" }.joined(separator: ","))];
      // A frame: branch, step, what was done, words, cells that differ from the frame before: row, column, style, text or the number of
      // a text that occurs again.
      const T=[\(deltas.texts)];
      const F=[
      \(deltas.frames)];
      const START=\(start);
      \(Self.script)
      </script>
      </body>
      </html>

      """
  }

  /// What a theme says of the page, and of each style of a cell.
  private static func colours(_ theme: Theme) -> String {
    let ground = Picture.ground(theme)
    var text = "body{background:\(ground.background);color:\(ground.text)}\n"
    for role in Role.allCases {
      let style = theme.style(role)
      var turned = style
      turned.reverse.toggle()
      text += ".s\(role.rawValue * 2){\(Picture.declarations(style, ground))}"
      text += ".s\(role.rawValue * 2 + 1){\(Picture.declarations(turned, ground))}\n"
    }
    return text
  }

  /// Each frame as what differs from the one before, and the texts that occur again and again.
  private var deltas: (texts: String, frames: String) {
    var runs: [[(y: Int, x: Int, style: Int, text: String)]] = []
    var counts: [String: Int] = [:]
    var last: Canvas?
    for frame in frames {
      var differing: [(y: Int, x: Int, style: Int, text: String)] = []
      frame.canvas.changes(from: last) { run in
        guard let cell = run.cells.first else { return }
        var letters = String.UnicodeScalarView()
        for index in run.cells.indices where run.cells[index].scalar != Cell.second {
          letters.append(run.cells[index].scalar)
          letters.append(contentsOf: frame.canvas.marks[index] ?? [])
        }
        let isBlank = last == nil && letters.allSatisfy { $0 == " " } && !cell.reverse && cell.role == .text
        guard !isBlank else { return }
        differing.append((run.y, run.x, Int(cell.role.rawValue) * 2 + (cell.reverse ? 1 : 0), String(letters)))
        counts[String(letters), default: 0] += 1
      }
      runs.append(differing)
      last = frame.canvas
    }
    let common = counts.filter { $0.value > 1 && $0.key.utf8.count > 3 }
    let texts = common.keys.sorted { (common[$1] ?? 0, $0) < (common[$0] ?? 0, $1) }
    let numbers = Dictionary(uniqueKeysWithValues: texts.enumerated().map { ($1, $0) })
    var lines = ""
    for (frame, differing) in zip(frames, runs) {
      let words = frame.words.map { JSONText.quoted($0) }.joined(separator: ",")
      let cells = differing.map { run in
        "\(run.y),\(run.x),\(run.style),\(numbers[run.text].map(String.init) ?? JSONText.quoted(run.text))"
      }
      lines += "[\(frame.branch),\(frame.step),\(JSONText.quoted(frame.text)),[\(words)],[\(cells.joined(separator: ","))]],\n"
    }
    return (texts.map { JSONText.quoted($0) }.joined(separator: ","), lines)
  }

  private static let script = """
    const wide=c=>/[\\u1100-\\u115f\\u2e80-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6]|[\\ud83c-\\ud83e]/.test(c);
    const $=id=>document.getElementById(id);
    const keep=new Map();let cells=null,shown=-1;
    function blank(){return Array.from({length:H},()=>Array.from({length:W},()=>[" ",0]));}
    function apply(g,f){const d=f[4];for(let i=0;i<d.length;i+=4){let x=d[i+1];for(const c of typeof d[i+3]==="number"?T[d[i+3]]:d[i+3]){
      if(/\\p{M}/u.test(c)&&x>0){g[d[i]][x-1]=[g[d[i]][x-1][0]+c,d[i+2]];continue}
      if(x<W)g[d[i]][x]=[c,d[i+2]];x++;if(wide(c)){if(x<W)g[d[i]][x]=["",d[i+2]];x++}}}}
    function screen(n){let from=n<shown||shown<0?-1:shown;let g=cells;
      if(from<0){g=blank();let k=n-n%64;while(k>0&&!keep.has(k))k-=64;if(k>0){g=keep.get(k).map(r=>r.slice());from=k}}
      for(let i=from+1;i<=n;i++){apply(g,F[i]);if(i%64===0&&!keep.has(i))keep.set(i,g.map(r=>r.slice()))}
      cells=g;shown=n;return g}
    const esc=s=>s.replace(/[&<>"]/g,c=>({"&":"&amp;","<":"&lt;",">":"&gt;",'"':"&quot;"}[c]));
    function html(g){return g.map(r=>{let out="",run="",style=0;const flush=()=>{if(run){out+=style?`<span class=s${style}>${esc(run)}</span>`:esc(run)}run=""};
      for(const c of r){if(c[1]!==style){flush();style=c[1]}run+=c[0]}flush();return out}).join("\\n")}
    // The frames of a branch, with those it has from others.
    const own=B.map((_,b)=>F.map((f,i)=>i).filter(i=>F[i][0]===b));
    function path(b){const [,p,fork]=B[b];return (p<0?[]:path(p).filter(i=>F[i][1]<=fork)).concat(own[b])}
    let branch=F.length?F[START][0]:0,way=path(branch),here=Math.max(0,way.indexOf(START)),timer=0,addressed=0;
    B.forEach((b,i)=>{const o=document.createElement("option");o.value=i;o.textContent=b[0];$("branch").append(o)});
    $("branch").hidden=B.length<2;
    function show(n){if(!way.length)return;here=Math.max(0,Math.min(n,way.length-1));const f=F[way[here]];
      $("screen").innerHTML=html(screen(way[here]));$("at").max=way.length-1;$("at").value=here;
      $("number").textContent=`step ${f[1]} of ${F[way[way.length-1]][1]}`;$("did").textContent=f[2]||" ";
      $("words").replaceChildren(...f[3].map(t=>{const p=document.createElement("p");p.textContent=t;return p}));
      $("branch").value=branch;
      // Browsers refuse an address that changes with each key of many.
      clearTimeout(addressed);addressed=setTimeout(()=>history.replaceState(null,"",`#${B[branch][0]}@${f[1]}`),300)}
    function turn(b){const step=F[way[here]][1];branch=b;way=path(b);let n=way.findIndex(i=>F[i][1]>=step);show(n<0?way.length-1:n)}
    function play(on){clearInterval(timer);timer=0;$("play").textContent=on?"stop":"play";
      if(on)timer=setInterval(()=>{if(here+1<way.length)show(here+1);else play(false)},1000)}
    function seek(d){const q=$("find").value.toLowerCase();if(!q)return;
      for(let n=here+d;n>=0&&n<way.length;n+=d){const f=F[way[n]];if((f[2]+" "+f[3].join(" ")).toLowerCase().includes(q)){show(n);return}}
      $("number").textContent="not found"}
    $("first").onclick=()=>show(0);$("back").onclick=()=>show(here-1);$("on").onclick=()=>show(here+1);$("last").onclick=()=>show(way.length-1);
    $("play").onclick=()=>play(!timer);$("at").oninput=e=>show(+e.target.value);$("branch").onchange=e=>turn(+e.target.value);
    $("find").onkeydown=e=>{if(e.key==="Enter"){seek(e.shiftKey?-1:1);e.preventDefault()}if(e.key==="Escape"){e.target.blur()}e.stopPropagation()};
    document.onkeydown=e=>{if(e.ctrlKey||e.metaKey||e.altKey||/^(INPUT|SELECT|BUTTON)$/.test(e.target.tagName)&&e.target.id!=="at")return;
      const k={ArrowLeft:()=>show(here-1),ArrowRight:()=>show(here+1),"[":()=>show(here-1),"]":()=>show(here+1),Home:()=>show(0),End:()=>show(way.length-1),
        "<":()=>show(here-10),">":()=>show(here+10)," ":()=>play(!timer),";":()=>turn((branch+1)%B.length),"/":()=>$("find").focus(),n:()=>seek(1),N:()=>seek(-1)}[e.key];
      if(k){k();e.preventDefault()}};
    const wanted=decodeURIComponent(location.hash.slice(1)).split("@"),there=B.findIndex(b=>b[0]===wanted[0]);
    if(there>=0){branch=there;way=path(there);here=Math.max(0,way.findIndex(i=>F[i][1]===+wanted[1]))}
    show(here);
    """
}
