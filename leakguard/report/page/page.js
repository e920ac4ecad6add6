"use strict";
// The page's behaviour. Text reaches the screen by textContent alone; nothing is fetched, nothing is evaluated.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const SEVERITIES = ["critical", "high", "medium", "low"];
  const CONFIDENCES = ["proven", "high", "medium", "low"];
  const SPARE = 12;
  const PRINTED = 2000;
  const PREFIX = "leakguard:";
  const $ = (id) => document.getElementById(id);
  const DECISIONS = {
    "": "No decision",
    "false positive": "False positive: this is no secret",
    "test value": "Test value: it opens nothing",
    "rotated": "Rotated: the old value is dead",
    "accepted risk": "Accepted risk",
  };

  // ---- small makers of elements -------------------------------------------------------------------------------
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || (value === false && !name.startsWith("aria-"))) continue;
      if (name === "class") element.className = value;
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, String(value));
    }
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  }
  const isolated = (text) => make("bdi", {}, text);
  // What stands between two backticks is a command or a name.
  const sentence = (text) => make("bdi", {}, ...text.split(/`([^`]+)`/).map((part, at) => (at % 2 ? make("code", {}, part) : part)));
  const number = (count) => count.toLocaleString("en-US");
  const plural = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;
  function day(seconds) {
    const date = new Date(seconds * 1000);
    return Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 ? "????-??-??" : date.toISOString().slice(0, 10);
  }
  const days = (seconds) => (seconds < 86400 ? "< 1 day" : plural(Math.floor(seconds / 86400), "day"));

  // ---- what the person decided and ticked, kept where the browser lets us --------------------------------------
  const memory = (() => {
    let store = null;
    try {
      store = window.localStorage;
      store.setItem(`${PREFIX}probe`, "1");
      store.removeItem(`${PREFIX}probe`);
    } catch { store = null; }
    const known = new Map();
    if (store) {
      for (let at = 0; at < store.length; at++) {
        const key = store.key(at);
        if (!key.startsWith(PREFIX)) continue;
        try {
          const kept = JSON.parse(store.getItem(key));
          if (kept && typeof kept === "object") known.set(key.slice(PREFIX.length), kept);
        } catch { /* not ours, or damaged: as if it were not there */ }
      }
    }
    return {
      lasting: () => store !== null,
      get: (id) => known.get(id) || {},
      set(id, value) {
        known.set(id, value);
        if (!store) return;
        try { store.setItem(PREFIX + id, JSON.stringify(value)); } catch { store = null; }
      },
      theme() { try { return store ? store.getItem("leakguard-theme") || "" : ""; } catch { return ""; } },
      setTheme(name) { try { if (store) store.setItem("leakguard-theme", name); } catch { /* only this time */ } },
    };
  })();
  const decision = (item) => memory.get(item.id).decision || null;

  // ---- the findings, with what search and order need ------------------------------------------------------------
  const domainOf = (email) => (email.includes("@") ? email.slice(email.lastIndexOf("@") + 1).trim().toLowerCase() : "no domain");
  const items = data.findings.map((item, at) => {
    const commit = item.in && item.in.length ? data.commits[item.in[0][0]] : null;
    const place = item.places ? item.places[0] : null;
    item.at = at;
    item.where = place ? `${place.path}:${place.line}` : "";
    item.file = place ? place.path : "no file";
    item.domain = commit ? domainOf(commit[4]) : "no commit";
    item.state = item.history ? (item.head ? "yes" : item.alive ? "elsewhere" : "no") : "file";
    const words = [item.kind, item.rule, item.provider, item.severity, item.secret, item.name, item.id, item.change,
      data.targets[item.target], ...(item.places || []).map((one) => one.path)];
    for (const [which] of [...(item.in || []), ...(item.out || [])]) words.push(...[0, 3, 4, 5].map((part) => data.commits[which][part]));
    item.words = words.filter(Boolean).join("\n").toLowerCase();
    return item;
  });
  const hasHistory = items.some((item) => item.history);
  const compared = items.some((item) => item.change);
  const rank = (names, name) => names.indexOf(name);
  const text = (pick) => (a, b) => (pick(a) < pick(b) ? -1 : pick(a) > pick(b) ? 1 : 0);
  const amount = (pick) => (a, b) => {
    const one = pick(a), other = pick(b);
    if (one === undefined || other === undefined) return (one === undefined) - (other === undefined);
    return one - other;
  };
  const STATES = { yes: "in HEAD", elsewhere: "other ref", no: "history", file: "in file" };
  const PUSHED = { yes: "pushed", no: "not pushed", unknown: "unknown" };
  const COLUMNS = [
    { id: "severity", title: "Severity", order: (a, b) => rank(SEVERITIES, a.severity) - rank(SEVERITIES, b.severity) || rank(CONFIDENCES, a.confidence) - rank(CONFIDENCES, b.confidence) },
    { id: "kind", title: "Kind", order: text((item) => item.kind) },
    { id: "secret", title: "Secret", order: text((item) => item.secret) },
    { id: "where", title: "Where", order: text((item) => item.where) },
    { id: "since", title: "Since", order: amount((item) => item.since) },
    { id: "head-state", title: "Still there", order: text((item) => ["yes", "file", "elsewhere", "no"].indexOf(item.state)) },
    { id: "pushed", title: "Pushed", order: text((item) => ["yes", "unknown", "no"].indexOf(item.pushed)) },
    { id: "decision", title: "Decision", order: text((item) => (decision(item) ? decision(item).kind : "~")) },
  ];

  // ---- filters, groups and order ---------------------------------------------------------------------------------
  const tally = (pick) => {
    const counts = new Map();
    for (const item of items) counts.set(pick(item), (counts.get(pick(item)) || 0) + 1);
    return counts;
  };
  const FILTERS = [
    { id: "change", title: "Change", pick: (item) => item.change || "", order: ["new", "moved", "same", "fixed"], names: { same: "still there" } },
    { id: "severity", title: "Severity", pick: (item) => item.severity, order: SEVERITIES },
    { id: "provider", title: "Provider", pick: (item) => item.provider },
    { id: "head", title: "Still there", pick: (item) => item.state, order: ["yes", "file", "elsewhere", "no"], names: { yes: "in HEAD", elsewhere: "in another ref only", no: "only in the history", file: "in a file" } },
    { id: "pushed", title: "Pushed", pick: (item) => item.pushed || "", order: ["yes", "unknown", "no"], names: PUSHED },
    { id: "confidence", title: "Confidence", pick: (item) => item.confidence, order: CONFIDENCES },
    { id: "domain", title: "Author's domain", pick: (item) => item.domain, chip: true },
    { id: "span", title: "Exposed for", pick: (item) => item.span || "", chip: true },
    { id: "target", title: "Target", pick: (item) => data.targets[item.target] },
    { id: "decided", title: "Decision", pick: (item) => (decision(item) ? "yes" : "no"), order: ["no", "yes"], names: { no: "not decided", yes: "decided" }, always: true },
  ];
  const GROUPS = {
    "": ["No groups", null],
    kind: ["Group by kind", (item) => item.kind],
    provider: ["Group by provider", (item) => item.provider],
    severity: ["Group by severity", (item) => item.severity],
    file: ["Group by file", (item) => item.file],
    domain: ["Group by author's domain", (item) => item.domain],
    target: ["Group by target", (item) => data.targets[item.target]],
  };
  const view = { search: "", chosen: {}, group: "", sort: "", down: false, folded: new Set(), selected: new Set(), open: null, focus: 0 };
  let shown = [];   // the findings that fit
  let lines = [];   // what the list shows: findings and heads of groups

  function fitting() {
    const terms = view.search.toLowerCase().split(/\s+/).filter(Boolean);
    const active = FILTERS.filter((filter) => view.chosen[filter.id] !== undefined);
    return items.filter((item) =>
      terms.every((term) => item.words.includes(term)) && active.every((filter) => filter.pick(item) === view.chosen[filter.id]));
  }
  function ordered(found) {
    const column = COLUMNS.find((one) => one.id === view.sort);
    if (!column) return found;
    const sign = view.down ? -1 : 1;
    return found.sort((a, b) => sign * column.order(a, b) || a.at - b.at);
  }
  function grouped(found) {
    const pick = GROUPS[view.group][1];
    if (!pick) return found;
    const groups = new Map();
    for (const item of found) {
      const key = pick(item);
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(item);
    }
    const size = ([, members]) => -members.length;
    const keys = [...groups].sort((a, b) => (view.group === "severity"
      ? rank(SEVERITIES, a[0]) - rank(SEVERITIES, b[0]) : size(a) - size(b) || (a[0] < b[0] ? -1 : 1)));
    return keys.flatMap(([key, members]) => [{ group: key, count: members.length }, ...(view.folded.has(key) ? [] : members)]);
  }
  function refresh(keep) {
    const anchor = keep || lines[view.focus];
    shown = ordered(fitting());
    lines = grouped(shown);
    const at = anchor ? lines.findIndex((line) => line === anchor || (anchor.group !== undefined && line.group === anchor.group)) : 0;
    view.focus = Math.max(0, at);
    $("count").textContent = shown.length === items.length ? `${plural(items.length, "finding")}${decidedCount()}`
      : `${number(shown.length)} of ${plural(items.length, "finding")}${decidedCount()}`;
    $("empty").hidden = lines.length > 0;
    $("grid").setAttribute("aria-rowcount", lines.length + 1);
    $("clear").hidden = !view.search && !Object.keys(view.chosen).length && !view.group && !view.sort;
    drawn.clear();
    $("rows").textContent = "";
    measure();
    draw();
  }
  function decidedCount() {
    const count = items.reduce((sum, item) => sum + (decision(item) ? 1 : 0), 0);
    $("save").disabled = count === 0;
    $("add").hidden = count === 0;
    $("save").textContent = count ? `Save baseline (${number(count)})` : "Save baseline";
    return count ? `, ${number(count)} decided` : "";
  }

  // ---- the list: only the rows on the screen exist ----------------------------------------------------------------
  const drawn = new Map();
  let rowHeight = 36;
  let waiting = false;
  function measure() {
    rowHeight = parseFloat(getComputedStyle($("rows")).getPropertyValue("--row")) || 36;
    $("rows").style.height = `${lines.length * rowHeight}px`;
  }
  function draw() {
    waiting = false;
    const top = $("rows").getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(-top / rowHeight) - SPARE);
    const last = Math.min(lines.length, Math.ceil((window.innerHeight - top) / rowHeight) + SPARE);
    for (const [at, row] of drawn) {
      if ((at < first || at >= last) && at !== view.focus) {
        row.remove();
        drawn.delete(at);
      }
    }
    const fresh = [];
    for (let at = first; at < last; at++) if (!drawn.has(at)) fresh.push(at);
    if (lines.length && !drawn.has(view.focus) && !fresh.includes(view.focus)) fresh.push(view.focus);
    for (const at of fresh) drawn.set(at, rowFor(at));
    $("rows").append(...fresh.map((at) => drawn.get(at)));
  }
  function later() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(draw);
  }
  function rowFor(at) {
    const line = lines[at];
    const row = line.group === undefined ? findingRow(line) : groupRow(line);
    row.style.transform = `translateY(${at * rowHeight}px)`;
    row.dataset.at = at;
    row.setAttribute("aria-rowindex", at + 2);
    row.tabIndex = at === view.focus ? 0 : -1;
    return row;
  }
  const cell = (name, content, title) => make("div", { role: "gridcell", class: `cell ${name}`, title }, content);
  function findingRow(item) {
    const made = decision(item);
    const classes = ["row", item.severity, made ? "done" : "", item === view.open ? "current" : ""].filter(Boolean).join(" ");
    const others = item.placeCount > 1 ? ` +${item.placeCount - 1}` : "";
    const label = item.change ? `${item.change === "same" ? "still there" : item.change}: ${item.kind}` : item.kind;
    return make("div", { role: "row", class: classes, "aria-selected": view.selected.has(item.id) },
      make("div", { role: "gridcell", class: `cell severity ${item.severity}` }, make("span", { class: "word tone" }, item.severity), item.confidence === "proven" ? make("span", { class: "away" }, ", proven") : ""),
      cell("kind", label, label),
      cell("secret", isolated(item.secret)),
      cell("where", pathCells(item.where + others), item.where),
      cell("since", item.since === undefined ? "" : day(item.since)),
      cell(`head-state ${item.state === "yes" ? "yes" : "dim"}`, item.change === "fixed" ? "fixed" : STATES[item.state]),
      cell(`pushed ${item.pushed === "yes" ? "yes" : "dim"}`, item.history ? PUSHED[item.pushed] : ""),
      cell("decision dim", made ? made.kind : "", made ? made.reason : null));
  }
  // A path too long for its cell loses its folders' end, not the file's name.
  function pathCells(where) {
    const cut = where.lastIndexOf("/") + 1;
    const made = document.createDocumentFragment();
    if (cut) made.append(make("bdi", { class: "folder" }, where.slice(0, cut)));
    made.append(make("bdi", { class: "base" }, where.slice(cut)));
    return made;
  }
  function groupRow(line) {
    const folded = view.folded.has(line.group);
    return make("div", { role: "row", class: "row group", "aria-expanded": !folded },
      make("div", { role: "gridcell", class: "cell" }, make("span", { class: "arrow", "aria-hidden": "true" }, folded ? "▸" : "▾"),
        isolated(line.group), make("span", { class: "muted" }, `  ${number(line.count)}`)));
  }
  function redraw(at) {
    const old = drawn.get(at);
    if (!old) return;
    const focused = document.activeElement === old;
    const row = rowFor(at);
    old.replaceWith(row);
    drawn.set(at, row);
    if (focused) row.focus({ preventScroll: true });
  }
  function redrawItem(item) {
    redraw(lines.indexOf(item));
  }

  // ---- moving about ----------------------------------------------------------------------------------------------
  function moveTo(at, focus = true) {
    if (!lines.length) return;
    const before = view.focus;
    view.focus = Math.min(Math.max(at, 0), lines.length - 1);
    const top = $("rows").getBoundingClientRect().top + view.focus * rowHeight;
    const roof = $("columns").getBoundingClientRect().height + 56;
    if (top < roof) window.scrollBy({ top: top - roof, behavior: "instant" });
    else if (top + rowHeight > window.innerHeight - 8) window.scrollBy({ top: top + rowHeight - window.innerHeight + 8, behavior: "instant" });
    draw();
    if (drawn.has(before)) drawn.get(before).tabIndex = -1;
    const row = drawn.get(view.focus);
    row.tabIndex = 0;
    if (focus) row.focus({ preventScroll: true });
    if (view.open && lines[view.focus].group === undefined && !narrow()) open(lines[view.focus], false);
  }
  const narrow = () => window.matchMedia("(max-width: 1100px)").matches;
  function fold(line, closed) {
    if (closed === view.folded.has(line.group)) return;
    if (closed) view.folded.add(line.group); else view.folded.delete(line.group);
    refresh(line);
    moveTo(view.focus);
  }
  function select(item) {
    if (view.selected.has(item.id)) view.selected.delete(item.id); else view.selected.add(item.id);
    redrawItem(item);
    showBulk();
  }
  function onRowKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const line = lines[view.focus];
    if (!line) return;
    const isGroup = line.group !== undefined;
    const moves = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 10, PageUp: -10 };
    if (event.key in moves) moveTo(view.focus + moves[event.key]);
    else if (event.key === "Home") moveTo(0);
    else if (event.key === "End") moveTo(lines.length - 1);
    else if (event.key === "Enter") { if (isGroup) fold(line, !view.folded.has(line.group)); else open(line, true); }
    else if (event.key === "ArrowLeft" && isGroup) fold(line, true);
    else if (event.key === "ArrowRight" && isGroup) fold(line, false);
    else if (event.key === " " && !isGroup) select(line);
    else if (event.key === "d" && !isGroup) { open(line, true); focusDecision(); }
    else if (event.key === "Escape" && view.open) close();
    else return;
    event.preventDefault();
  }
  function focusDecision() {
    const field = $("panel").querySelector("select");
    if (field) field.focus();
  }

  // ---- the details of one finding ---------------------------------------------------------------------------------
  function open(item, focus) {
    const before = view.open;
    view.open = item;
    if (before) redrawItem(before);
    redrawItem(item);
    const panel = $("panel");
    panel.textContent = "";
    panel.append(...details(item));
    panel.hidden = false;
    panel.scrollTop = 0;
    panel.parentElement.classList.add("open");
    if (focus) panel.focus({ preventScroll: true });
  }
  function close() {
    const item = view.open;
    view.open = null;
    $("panel").hidden = true;
    $("panel").parentElement.classList.remove("open");
    measure();
    if (item) {
      redrawItem(item);
      const at = lines.indexOf(item);
      moveTo(at < 0 ? view.focus : at);
    }
  }
  function stepBy(by) {
    let at = lines.indexOf(view.open) + by;
    while (lines[at] && lines[at].group !== undefined) at += by;
    if (lines[at]) { moveTo(at, false); open(lines[at], true); }
  }
  function details(item) {
    const state = `${item.confidence === "proven" ? "proven" : `${item.confidence} confidence`}`;
    const parts = [
      make("header", {},
        make("h3", {}, item.kind),
        make("button", { type: "button", class: "quiet", "aria-label": "Previous finding", onclick: () => stepBy(-1) }, "↑"),
        make("button", { type: "button", class: "quiet", "aria-label": "Next finding", onclick: () => stepBy(1) }, "↓"),
        make("button", { type: "button", class: "quiet", "aria-label": "Close the details", onclick: close }, "✕")),
      make("p", { class: "sub" },
        make("span", { class: `severity ${item.severity}` }, make("span", { class: `tone ${item.severity}` }, item.severity)),
        make("span", {}, state), make("span", {}, item.provider),
        item.change ? make("span", {}, item.change === "same" ? "still there" : item.change) : ""),
      make("p", { class: "what" }, isolated(item.secret), make("span", { class: "dim" }, `  ${plural(item.length, "byte")}`)),
    ];
    if (item.name) parts.push(make("p", { class: "small" }, "Assigned to ", make("span", { class: "mono" }, isolated(item.name))));
    for (const [rule, secret] of item.parts || []) parts.push(make("p", { class: "small" }, `With ${rule}: `, make("span", { class: "mono" }, isolated(secret))));
    if (item.changeNote) parts.push(make("p", { class: "small" }, "Since the older result: ", isolated(item.changeNote)));
    return [...parts, ...places(item), ...steps(item), ...life(item), ...reasons(item), ...deciding(item), ...identity(item)];
  }
  const heading = (words) => make("h4", {}, words);
  function steps(item) {
    if (!item.steps) return [];
    const rule = data.rules[item.rule] || {};
    const kept = memory.get(item.id);
    const list = item.steps.map((which, at) => {
      const box = make("input", { type: "checkbox" });
      box.checked = Boolean((kept.steps || [])[at]);
      box.addEventListener("change", () => {
        const now = memory.get(item.id);
        const ticks = item.steps.map((_, other) => Boolean((now.steps || [])[other]));
        ticks[at] = box.checked;
        memory.set(item.id, { ...now, steps: ticks });
      });
      return make("li", {}, make("label", {}, box, make("span", {}, sentence(data.sentences[which]))));
    });
    return [heading("What to do"), rule.impact ? make("p", { class: "small" }, rule.impact) : "",
      make("ul", { class: "steps" }, ...list), link(item.link || rule.link)].filter(Boolean);
  }
  function link(address) {
    if (!address || !/^https:\/\/[^\s"'<>\\]+$/.test(address)) return "";
    return make("p", {}, make("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, "The provider's own words"));
  }
  function places(item) {
    if (!item.places) return [];
    const told = item.places.map((place) => make("li", {},
      make("div", { class: "place" }, isolated(`${place.path}:${place.line}`), place.source ? make("span", { class: "dim" }, `  ${place.source}`) : ""),
      place.excerpt ? excerpt(place.excerpt) : ""));
    const first = make("ul", { class: "bare" }, ...told.slice(0, 2));
    const rest = told.slice(2);
    const missing = item.placeCount - item.places.length;
    const more = rest.length ? make("details", {}, make("summary", {}, `${number(item.placeCount - 2)} more`), make("ul", { class: "bare" }, ...rest),
      missing > 0 ? make("p", { class: "small" }, `… and ${number(missing)} that only --format json lists`) : "") : "";
    return [heading(`Where (${plural(item.placeCount, "place")}, seen ${number(item.occurrences)}×)`), first, more].filter(Boolean);
  }
  function excerpt(quoted) {
    return make("div", { class: "excerpt", tabindex: "0", role: "region", "aria-label": "Excerpt" }, ...quoted.map(([line, words, hit]) =>
      make("div", { class: hit ? "hit" : "" }, make("span", { class: "number", "aria-hidden": "true" }, String(line)), make("span", { class: "code" }, words))));
  }
  function life(item) {
    if (!item.history) return [];
    const event = (sign, name, word) => ([which, at]) => {
      const [id, time, , author, email, subject] = data.commits[which];
      return make("li", { class: `event ${name}` }, make("span", { class: "sign", "aria-hidden": "true" }, sign), make("div", {},
        make("div", {}, `${word} ${day(time)} `, make("span", { class: "mono" }, id.slice(0, 10)), " ", isolated(subject)),
        make("div", { class: "about" }, isolated(author), " ", isolated(email ? `<${email}>` : ""), at ? " · " : "", at ? make("span", { class: "mono" }, isolated(at)) : "")));
    };
    const more = (count, list, word) => (count > list.length ? [make("li", { class: "small" }, `… ${word} by ${plural(count - list.length, "more commit")}`)] : []);
    const list = make("ul", { class: "bare" },
      ...(item.in || []).map(event("+", "in", "came in")), ...more(item.inCount, item.in || [], "brought in"),
      ...(item.out || []).map(event("−", "out", "went out")), ...more(item.outCount, item.out || [], "taken out"));
    return [heading("Its life"), list, make("ul", { class: "small" }, ...(item.life || []).map((fact) => make("li", {}, isolated(fact))),
      make("li", {}, `held by ${plural(item.commits, "commit")}`))];
  }
  function reasons(item) {
    const told = [...(item.expired ? [`expired on ${item.expired}`] : []), ...(item.reasons || []).map((which) => data.sentences[which])];
    if (!told.length) return [];
    return [heading(item.confidence === "proven" ? "Proof" : "Why it is believed"), make("ul", {}, ...told.map((reason) => make("li", {}, isolated(reason))))];
  }
  function identity(item) {
    const copy = make("button", { type: "button", class: "link", onclick: () => {
      const done = () => { copy.textContent = "copied"; };
      if (navigator.clipboard) navigator.clipboard.writeText(item.id).then(done, () => { copy.textContent = "not allowed here"; });
    } }, "copy");
    return [heading("Identity"), make("p", { class: "small" }, "Rule ", make("span", { class: "mono" }, item.rule)),
      make("p", { class: "small" }, "Fingerprint ", make("span", { class: "mono" }, item.id), " ", navigator.clipboard ? copy : "")];
  }

  // ---- decisions ----------------------------------------------------------------------------------------------------
  function deciding(item) {
    const kept = decision(item) || { kind: "", reason: "", owner: "", expires: "" };
    const form = decisionForm(kept, (made) => {
      decide([item], made);
      redrawItem(item);
    });
    return [heading("Decision"), form, memory.lasting() ? "" : make("p", { class: "small" }, "This browser keeps nothing for this file: save the baseline before you close the page.")].filter(Boolean);
  }
  function decisionForm(kept, done) {
    const kind = make("select", {}, ...Object.entries(DECISIONS).map(([value, words]) => make("option", { value }, words)));
    kind.value = kept.kind in DECISIONS ? kept.kind : "";
    const reason = make("input", { type: "text", maxlength: 500, value: kept.reason, autocomplete: "off" });
    const owner = make("input", { type: "text", maxlength: 200, value: kept.owner, autocomplete: "off" });
    const expires = make("input", { type: "date", value: kept.expires });
    const said = make("p", { class: "small wide", role: "status" });
    const field = (label, input, wide) => make("label", { class: wide ? "wide" : "" }, make("span", {}, label), input);
    return make("form", { class: "decide", onsubmit: (event) => {
      event.preventDefault();
      const made = kind.value ? { kind: kind.value, reason: reason.value.trim(), owner: owner.value.trim(), expires: expires.value } : null;
      done(made);
      said.textContent = made ? "Kept. Save the baseline to make it count in the next run." : "No decision any more.";
    } }, field("What is it?", kind, true), field("Reason, for those who come after you", reason, true), field("Owner", owner), field("Valid until", expires),
    make("div", { class: "wide buttons" }, make("button", { class: "main" }, "Keep decision")), said);
  }
  function decide(chosen, made) {
    for (const item of chosen) {
      const { decision: _, ...rest } = memory.get(item.id);
      memory.set(item.id, made ? { ...rest, decision: made } : rest);
    }
    refresh();
  }
  function showBulk() {
    const bar = $("bulk");
    const chosen = items.filter((item) => view.selected.has(item.id));
    bar.hidden = chosen.length === 0;
    bar.textContent = "";
    if (!chosen.length) return;
    const kind = make("select", { "aria-label": "Decision on the selected findings" }, ...Object.entries(DECISIONS).map(([value, words]) => make("option", { value }, words)));
    const reason = make("input", { type: "text", maxlength: 500, placeholder: "Reason", "aria-label": "Reason", class: "search" });
    bar.append(`${number(chosen.length)} selected`, kind, reason,
      make("button", { type: "button", onclick: () => {
        decide(chosen, kind.value ? { kind: kind.value, reason: reason.value.trim(), owner: "", expires: "" } : null);
        view.selected.clear();
        showBulk();
        if (view.open) open(view.open, false);
        moveTo(view.focus);
      } }, "Keep decision"),
      make("button", { type: "button", class: "quiet", onclick: () => { view.selected.clear(); showBulk(); refresh(); } }, "Select none"));
  }
  // The entries of a baseline file: what was decided here, on top of what the file had.
  function baseline(before) {
    const today = new Date().toISOString().slice(0, 10);
    const unique = new Map(before.entries.map((entry) => [entry.fingerprint, entry]));
    for (const item of items) {
      const made = decision(item);
      if (!made) continue;
      const entry = { fingerprint: item.id, rule: item.rule, reason: made.reason ? `${made.kind}: ${made.reason}` : made.kind };
      if (item.places && item.places[0]) entry.path = item.places[0].path;
      if (made.owner) entry.owner = made.owner;
      entry.added = today;
      if (made.expires) entry.expires = made.expires;
      unique.set(item.id, entry);
    }
    const entries = [...unique.values()].sort((a, b) => text((entry) => entry.rule)(a, b) || text((entry) => entry.fingerprint)(a, b));
    return `${JSON.stringify({ ...before, entries }, null, 2)}\n`;
  }
  function save(before) {
    const address = URL.createObjectURL(new Blob([baseline(before)], { type: "application/json" }));
    make("a", { href: address, download: "leakguard-baseline.json" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    $("said").textContent = "Saved. Put it into the root of the repository as .leakguard-baseline.json.";
  }
  async function addTo(file) {
    try {
      const before = JSON.parse(await file.text());
      const right = before.schema === data.baseline && Array.isArray(before.entries) && before.entries.every((entry) => entry && typeof entry.fingerprint === "string" && typeof entry.rule === "string");
      if (right) save(before);
      else $("said").textContent = "That file is no leakguard baseline of this version; choose another one.";
    } catch { $("said").textContent = "That file is no JSON; choose a leakguard baseline."; }
  }

  // ---- the tools above the list ---------------------------------------------------------------------------------------
  const controls = {};
  const chips = {};   // filters that only a chart sets: shown while they hold
  function buildFilters() {
    for (const filter of FILTERS) {
      if (filter.chip) {
        chips[filter.id] = make("button", { type: "button", class: "chip", hidden: true, onclick: () => { choose(filter.id, undefined); $("search").focus(); } });
        continue;
      }
      const counts = filter.always ? null : tally(filter.pick);
      if (counts && counts.size < 2) continue;
      const values = filter.order || [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));
      const options = values.filter((value) => !counts || counts.has(value)).map((value) =>
        make("option", { value: `=${value}` }, ((filter.names || {})[value] || value) + (counts ? ` (${number(counts.get(value))})` : "")));
      const control = make("select", { "aria-label": filter.title, onchange: () => choose(filter.id, control.value ? control.value.slice(1) : undefined) },
        make("option", { value: "" }, `${filter.title}: any`), ...options);
      controls[filter.id] = control;
      $("filters").append(control);
    }
    const names = Object.entries(GROUPS).filter(([id]) => (id !== "target" || data.targets.length > 1) && (id !== "domain" || hasHistory));
    const group = make("select", { "aria-label": "Group", onchange: () => { view.group = group.value; view.folded.clear(); mark(); refresh(); } },
      ...names.map(([id, [words]]) => make("option", { value: id }, words)));
    controls.group = group;
    $("filters").append(group, ...Object.values(chips));
  }
  function choose(id, value) {
    if (value === undefined) delete view.chosen[id]; else view.chosen[id] = value;
    mark();
    refresh();
  }
  function mark() {
    for (const [id, control] of Object.entries(controls)) {
      const value = id === "group" ? view.group : view.chosen[id] === undefined ? "" : `=${view.chosen[id]}`;
      control.value = value;
      control.classList.toggle("on", value !== "");
    }
    for (const [id, chip] of Object.entries(chips)) {
      chip.hidden = view.chosen[id] === undefined;
      chip.replaceChildren(`${FILTERS.find((filter) => filter.id === id).title}: `, isolated(view.chosen[id] || ""), " ✕");
      chip.setAttribute("aria-label", `Clear the filter ${chip.textContent.slice(0, -2)}`);
    }
    const count = Object.keys(view.chosen).length + (view.group ? 1 : 0);
    $("filters-toggle").textContent = count ? `Filters (${count})` : "Filters";
  }
  function clearAll() {
    Object.assign(view, { search: "", chosen: {}, group: "", sort: "", down: false });
    view.folded.clear();
    $("search").value = "";
    mark();
    buildColumns();
    refresh();
  }
  function buildColumns() {
    const head = $("columns");
    head.textContent = "";
    for (const column of COLUMNS) {
      const on = view.sort === column.id;
      const arrow = on ? make("span", { "aria-hidden": "true" }, view.down ? " ↓" : " ↑") : "";
      head.append(make("div", { role: "columnheader", class: column.id, "aria-sort": on ? (view.down ? "descending" : "ascending") : null },
        make("button", { type: "button", "data-sort": column.id, onclick: () => sortBy(column.id) }, column.title, arrow)));
    }
  }
  function sortBy(id, down) {
    if (down === undefined && view.sort === id && view.down) { view.sort = ""; view.down = false; }
    else { view.down = down === undefined ? view.sort === id : down; view.sort = id; }
    const focused = document.activeElement && document.activeElement.dataset.sort;
    buildColumns();
    if (focused) $("columns").querySelector(`[data-sort="${focused}"]`).focus();
    refresh();
  }
  function showFor(wish) {
    const cut = wish.indexOf("=");
    const [id, value] = [wish.slice(0, cut), wish.slice(cut + 1)];
    clearAll();
    if (id === "sort") sortBy(value, false);
    else choose(id, value);
    $("findings").scrollIntoView({ behavior: "instant" });
    moveTo(0);
  }

  // ---- light and dark ---------------------------------------------------------------------------------------------------
  const THEMES = ["", "light", "dark"];
  function setTheme(name) {
    if (name) document.documentElement.dataset.theme = name;
    else delete document.documentElement.dataset.theme;
    $("theme").textContent = `Theme: ${name || "auto"}`;
  }

  // ---- paper --------------------------------------------------------------------------------------------------------------
  function printed() {
    const sheet = $("print");
    sheet.textContent = "";
    sheet.hidden = false;
    const many = shown.length > PRINTED ? `The first ${number(PRINTED)} of ${number(shown.length)} findings` : plural(shown.length, "finding");
    sheet.append(make("h2", {}, many));
    for (const item of shown.slice(0, PRINTED)) {
      const made = decision(item);
      const first = item.steps ? data.sentences[item.steps[0]] : "";
      sheet.append(make("div", { class: "printed" },
        make("p", {}, make("strong", { class: `tone ${item.severity}` }, item.severity), ` ${item.kind} `, make("span", { class: "mono" }, isolated(item.secret))),
        make("p", { class: "mono" }, isolated(item.where), item.placeCount > 1 ? ` and ${plural(item.placeCount - 1, "more place")}` : ""),
        make("p", {}, [item.since === undefined ? "" : `since ${day(item.since)}`, STATES[item.state], item.history ? (item.pushed === "unknown" ? "unknown whether pushed" : PUSHED[item.pushed]) : "", item.exposed === undefined ? "" : `exposed for ${days(item.exposed)}`].filter(Boolean).join(" · ")),
        first ? make("p", {}, sentence(first)) : "",
        made ? make("p", {}, `Decision: ${made.kind}${made.reason ? `, ${made.reason}` : ""}`) : "",
        make("p", { class: "mono dim" }, `${item.rule} · ${item.id}`)));
    }
  }

  // ---- start ---------------------------------------------------------------------------------------------------------------
  function start() {
    let theme = THEMES.includes(memory.theme()) ? memory.theme() : "";
    setTheme(theme);
    $("theme").hidden = false;
    $("theme").addEventListener("click", () => {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      setTheme(theme);
      memory.setTheme(theme);
    });
    window.addEventListener("beforeprint", printed);
    window.addEventListener("afterprint", () => { $("print").hidden = true; $("print").textContent = ""; });
    if (!items.length) return;
    $("app").hidden = false;
    if (compared) COLUMNS[1].title = "Change and kind";
    buildFilters();
    mark();
    buildColumns();
    let timer = 0;
    $("search").addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => { view.search = $("search").value; refresh(); }, items.length > 5000 ? 80 : 0);
    });
    $("search").addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "Enter") return;
      event.preventDefault();
      moveTo(0);
    });
    $("filters-toggle").addEventListener("click", () => {
      const opened = $("filters").classList.toggle("open");
      $("filters-toggle").setAttribute("aria-expanded", opened);
    });
    $("clear").addEventListener("click", () => { clearAll(); $("search").focus(); });
    $("save").addEventListener("click", () => save({ schema: data.baseline, entries: [] }));
    $("add").addEventListener("click", () => $("file").click());
    $("file").addEventListener("change", () => {
      if ($("file").files[0]) addTo($("file").files[0]);
      $("file").value = "";
    });
    $("keys").addEventListener("click", () => $("help").showModal());
    $("rows").addEventListener("keydown", onRowKey);
    $("rows").addEventListener("click", (event) => {
      const row = event.target.closest("[data-at]");
      if (!row || String(window.getSelection())) return;
      const line = lines[Number(row.dataset.at)];
      moveTo(Number(row.dataset.at));
      if (line.group !== undefined) fold(line, !view.folded.has(line.group));
      else if (event.shiftKey || event.ctrlKey || event.metaKey) select(line);
      else open(line, narrow());
    });
    $("panel").addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      close();
    });
    document.addEventListener("keydown", (event) => {
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
      event.preventDefault();
      $("search").focus();
      $("search").select();
    });
    for (const button of document.querySelectorAll("[data-shows]")) {
      button.hidden = false;
      button.disabled = false;
      button.addEventListener("click", () => showFor(button.dataset.shows));
    }
    window.addEventListener("scroll", later, { passive: true });
    new ResizeObserver(() => {
      const before = rowHeight;
      measure();
      if (rowHeight !== before) { drawn.clear(); $("rows").textContent = ""; }
      later();
    }).observe($("list"));
    window.addEventListener("resize", later);
    refresh();
  }
  start();
})();
