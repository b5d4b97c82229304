// Makes the visits' pages work without signal, one question at a time. Without it they are plain forms.
const store = self.visitStore;
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const lang = $("#signal")?.dataset.lang === "en" ? "en" : "zh";
const say = (zh, en) => lang === "zh" ? zh : en;
const told = text => text ? say(text.zh, text.en) : "";
const make = (tag, more) => Object.assign(document.createElement(tag), more);
const shell = Boolean($("#shell")); // there is no signal, and this page has nothing in it yet
let account = Number($("#signal")?.dataset.account);
let shown; // what ends with the page that is shown

// ── Signal, and what waits ──
let how = shell || !navigator.onLine ? "offline" : "";
async function showSignal() {
  const signal = $("#signal"), w = await store.waiting(account);
  if (!signal) return;
  const state = how === "offline" ? say("没有信号", "No signal") : how === "signed-out" ? say("需要重新登录", "Sign in again") : "";
  const others = w.count - w.mine;
  signal.hidden = !w.count && !state;
  signal.classList.toggle("waits", w.mine > 0);
  $("a", signal).textContent = [state, w.mine ? say(`${w.mine}项待发送`, `${w.mine} to be sent`) : "", others ? say(`另有${others}项是别人的`, `${others} are somebody else's`) : ""].filter(Boolean).join(" · ");
  signal.dataset.waits = w.mine;
}
async function send() {
  how = await store.send();
  await showSignal();
  if (how === "offline" && "serviceWorker" in navigator) navigator.serviceWorker.ready.then(r => r.sync?.register("visits")).catch(() => null);
  return how;
}
addEventListener("online", send);
addEventListener("offline", () => { how = "offline"; showSignal(); });
setInterval(async () => { if ((await store.waiting(account)).mine) send(); }, 20000);

// ── The PIN ──
const weakness = { short: say("至少8位", "At least 8 signs"), simple: say("太容易猜：不要用生日、同一个数字或连续数字", "Too easy to guess: no birthday, one digit again and again, or digits in a row") };
// openKept has the holder open what the phone keeps; false where nothing can be opened without signing in.
async function openKept() {
  account = await store.owner();
  if (!account || !await store.lockOf(account)) return false;
  const form = $("#unlock"), wrong = $(".fault", form), pin = $("input", form);
  form.hidden = false;
  pin.focus();
  return new Promise(done => form.addEventListener("submit", async event => {
    event.preventDefault();
    event.stopPropagation();
    const tried = await store.unlock(account, pin.value);
    pin.value = "";
    if (tried.how === "open") { form.hidden = true; done(true); return; }
    if (tried.how === "gone") { form.hidden = true; done(false); return; }
    wrong.textContent = say(`口令不对，还可以试${tried.left}次`, `That is not the PIN; ${tried.left} tries are left`);
    wrong.hidden = false;
    pin.focus();
  }));
}
// offerPin lets the holder choose a PIN, without which nothing is kept for reading.
async function offerPin() {
  const form = $("#pin");
  if (!form || shell || !store.holds(account)) return;
  const has = await store.lockOf(account);
  $$("[data-when]", form).forEach(p => p.hidden = (p.dataset.when === "set") !== Boolean(has));
  form.hidden = Boolean(has) && form.dataset.offer === "first";
  if ($("#pin-offer")) $("#pin-offer").hidden = form.hidden;
  form.onsubmit = async event => {
    event.preventDefault();
    event.stopPropagation();
    const [one, two] = $$("input[type=password]", form), wrong = $(".fault", form);
    const weak = store.weak(one.value);
    wrong.textContent = weak ? weakness[weak] : one.value !== two.value ? say("两次输入的口令不一样", "The two are not the same") : "";
    if (!wrong.textContent) wrong.textContent = await store.setPin(account, one.value).then(() => "", e => e instanceof store.SignedOut ? say("需要重新登录", "Sign in again") : say("没有信号，稍后再设", "No signal: set it later"));
    wrong.hidden = !wrong.textContent;
    if (wrong.textContent) { (weak ? one : two).focus(); return; }
    one.value = two.value = "";
    await keepPages();
    await offerPin();
    $(".done", form.parentNode)?.remove();
    form.before(make("p", { className: "done", textContent: say("口令已设好。没有信号时用它打开今天的走访。", "The PIN is set. It opens today's visits without a signal.") }));
  };
}

// ── Kept pages ──
// A page is kept sealed, as what stands in its main part.
const whole = path => path === "/visits" || path === "/visits/outbox" || /^\/visits\/\d+(\/check)?$/.test(path);
let leaving = false; // whoever signs out takes it all along
document.addEventListener("submit", event => { if (event.target.getAttribute("action") === "/signout") leaving = true; }, true);
const keepPages = () => store.alone("pages", async () => {
  if (leaving || shell || location.pathname !== "/visits" || !navigator.onLine || !store.holds(account)) return;
  await store.setting("lang", lang);
  const visits = $$("#visits [data-visit]").map(li => Number(li.dataset.visit));
  const paths = ["/visits", "/visits/outbox", ...visits.flatMap(id => [`/visits/${id}`, `/visits/${id}/check`])];
  await store.keepOnly(account, paths, visits);
  if (!await store.lockOf(account)) return; // nobody could open them
  await navigator.storage?.persist?.().catch(() => null); // the browser is not to make room by what waits
  for (const path of paths) {
    const reply = await fetch(path, { redirect: "manual", cache: "no-store" }).catch(() => null);
    if (leaving) return;
    if (!reply?.ok) continue;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    await store.keepPage(account, path, { title: page.title, main: $("#main", page).innerHTML });
  }
  await navigator.serviceWorker?.ready; // which answers when there is no signal
  document.documentElement.dataset.kept = "yes";
});
// show puts a kept page in the place of the one that is shown.
async function show(path) {
  const page = await store.page(account, path);
  if (!page) return false;
  document.title = page.title;
  $("#main").innerHTML = page.main;
  document.documentElement.dataset.shows = path;
  await start();
  scrollTo(0, 0);
  return true;
}
// go goes to another page of the visits: without a signal to the kept one, while the key is open.
async function go(path) {
  const bare = path.split("#")[0];
  const there = how !== "offline" && await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(5000) }).then(r => r.ok, () => false);
  if (there || !store.holds(account) || !await store.page(account, bare)) { location.href = path; return; }
  how = "offline";
  history.pushState(null, "", path);
  await show(bare);
}
document.addEventListener("click", event => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || link.origin !== location.origin || !whole(link.pathname)) return;
  if (link.pathname === location.pathname && link.hash) return;
  event.preventDefault();
  go(link.pathname + link.hash);
});
addEventListener("popstate", () => { const at = document.documentElement.dataset.shows; if (at && at !== location.pathname) show(location.pathname).then(so => so || location.reload()); });
// Who leaves the phone lying finds it locked again.
let left;
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") { document.activeElement?.blur?.(); left = Date.now(); return; }
  if (left && Date.now() - left > 10 * 60 * 1000 && document.documentElement.dataset.shows) location.reload();
});

// ── Nearest first ──
const rad = d => d * Math.PI / 180;
const metres = (a, b) => {
  const h = Math.sin(rad(b[0] - a[0]) / 2) ** 2 + Math.cos(rad(a[0])) * Math.cos(rad(b[0])) * Math.sin(rad(b[1] - a[1]) / 2) ** 2;
  return 12742000 * Math.asin(Math.sqrt(h));
};
const here = () => new Promise((done, fail) => navigator.geolocation.getCurrentPosition(done, fail, { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 }));
function orderVisits() {
  const bar = $("#order"), list = $("#visits");
  if (!bar || !("geolocation" in navigator) || !$("[data-latitude]", list)) return;
  const first = [...list.children];
  bar.hidden = false;
  $("[data-near]", bar).addEventListener("click", async () => {
    const { coords } = await here().catch(() => ({}));
    if (!coords) { $("[data-near]", bar).textContent = say("没有取得位置", "The place is not known"); return; }
    const far = li => li.dataset.latitude ? metres([coords.latitude, coords.longitude], [Number(li.dataset.latitude), Number(li.dataset.longitude)]) : Infinity;
    for (const li of first) if (far(li) < Infinity) { const span = $(".far", li); span.hidden = false; span.textContent = "· " + (far(li) < 1000 ? `${Math.round(far(li) / 10) * 10} m` : `${(far(li) / 1000).toFixed(1)} km`); }
    list.append(...[...first].sort((a, b) => far(a) - far(b)));
    drawHere(coords);
    $("[data-near]", bar).hidden = true; $("[data-due]", bar).hidden = false;
  });
  $("[data-due]", bar).addEventListener("click", () => { list.append(...first); $("[data-near]", bar).hidden = false; $("[data-due]", bar).hidden = true; });
}
// drawHere marks on the map where the phone is, at its edge if it is beyond.
function drawHere(coords) {
  const map = $("svg.village"), mark = map && $(".here", map);
  if (!mark) return;
  const within = (n, most) => Math.min(most - 8, Math.max(8, n)), { west, south, eastUnit, northUnit } = map.dataset;
  mark.setAttribute("transform", `translate(${within(26 + (coords.longitude - west) * eastUnit, 340)} ${within(260 - 26 - (coords.latitude - south) * northUnit, 260)})`);
  mark.removeAttribute("hidden");
}
async function markVisits() {
  for (const li of $$("#visits [data-visit]")) {
    const visit = Number(li.dataset.visit), end = await store.extraOf(account, visit, "end");
    const some = (await store.all("answers", account)).filter(a => a.visit === visit);
    if (end || some.length) {
      const mark = document.createElement("span");
      mark.className = "status good";
      mark.textContent = end ? say("已走访", "visited") : say(`已答${new Set(some.map(a => a.key)).size}项`, `${new Set(some.map(a => a.key)).size} answered`);
      $(".who", li).append(" ", mark);
    }
  }
}

// ── One question at a time ──
const answerOf = section => {
  const on = $$("input:checked", $(".answers", section)).map(i => i.value);
  const text = $("input:not([type=radio]):not([type=checkbox]), textarea", $(".answers", section))?.value.trim() ?? "";
  const special = on.find(v => v.startsWith("?"));
  if (text) return { kind: "value", value: text };
  if (special === "?none") return { kind: "value", value: [] };
  if (special) return { kind: special.slice(1) };
  if (!on.length) return null;
  const type = section.dataset.type;
  return { kind: "value", value: type === "bool" ? on[0] === "true" : type === "codes" ? on : on[0] };
};
const fill = (section, a) => {
  for (const input of $$(".answers input, .answers textarea", section)) {
    if (input.type === "radio" || input.type === "checkbox") {
      const value = a.kind !== "value" ? "?" + a.kind : a.value;
      input.checked = Array.isArray(value) ? (value.length ? value.includes(input.value) : input.value === "?none") : String(value) === input.value;
    } else input.value = a.kind === "value" ? a.value : "";
  }
};
// wrongNumber is why an amount cannot be one, as the server would say it.
const wrongNumber = (section, a) => a?.kind === "value" && ((section.dataset.type === "int" && !/^-?\d+$/.test(a.value)) || (section.dataset.type === "decimal" && !/^-?\d+(\.\d{1,6})?$/.test(a.value)))
  ? say("请填数字，不加逗号和单位", "Write a number, without commas or a unit") : "";
const pageBase = section => $("input[name^='b.']", section)?.value ?? "0.0";
// ahead reports whether the phone knows a later answer than the page, which may have been kept before it was given.
const ahead = (a, base) => a.state !== "sent" || !a.known || Number(base.split(".")[1]) < Number(a.known.split(".")[1]);

async function questions() {
  const form = $("#sheet"), bar = $("#steps");
  if (!form || !$("#send-form") || !store.holds(account)) return; // without a key nothing is kept: the form is sent as it is
  const visit = Number(form.dataset.visit), sections = $$(".question", form);
  const known = (await store.all("answers", account)).filter(a => a.visit === visit).sort((a, b) => a.seq - b.seq);
  for (const a of known) {
    const section = sections.find(s => s.dataset.key === a.key);
    if (section && ahead(a, pageBase(section))) fill(section, a);
  }
  const said = await store.saidBy(account, visit);
  for (const input of $$("input[name=said_by]", form)) {
    if (said) input.checked = input.value === said;
    input.addEventListener("change", () => store.saidBy(account, visit, input.value));
  }
  let writing = Promise.resolve();
  const keep = async section => {
    const a = answerOf(section), wrong = wrongNumber(section, a);
    let p = $(".fault", section);
    if (wrong && !p) { p = document.createElement("p"); p.className = "fault"; p.setAttribute("role", "alert"); $("h2", section).after(p); }
    if (p) p.textContent = wrong;
    section.classList.toggle("faulty", Boolean(wrong));
    if (!a || wrong) return !wrong;
    const same = JSON.stringify(a);
    if (section.dataset.kept !== same) {
      section.dataset.kept = same;
      writing = writing.then(() => store.answer(account, visit, section.dataset.key, a.kind, a.value, pageBase(section), $("h2", section).textContent));
    }
    await writing; // nobody goes on before it is kept
    return true;
  };
  for (const section of sections.filter(s => s.dataset.key)) {
    const a = answerOf(section);
    if (a) section.dataset.kept = JSON.stringify(a);
    section.addEventListener("change", event => {
      // A word of its own takes back what was chosen beside it.
      if (event.target.value?.startsWith("?")) for (const i of $$(".answers input:not([type=radio]), .answers textarea", section)) i.type === "checkbox" ? i.checked = false : i.value = "";
      else for (const i of $$(".answers input[value^='?']", section)) if (i !== event.target) i.checked = false;
      keep(section);
    });
  }
  let at = Math.max(0, sections.findIndex(s => "#" + s.id === location.hash));
  const turn = () => {
    sections.forEach((s, i) => s.hidden = i !== at);
    $(".intro").hidden = at > 0;
    $("progress", bar).value = (at + 1) / sections.length;
    $(".progress span", bar).textContent = `${at + 1}/${sections.length}`;
    $("[data-back]", bar).disabled = at === 0;
    $("[data-next]", bar).textContent = at + 1 < sections.length ? say("下一问", "Next") : say("核对", "Check");
    history.replaceState(null, "", "#" + sections[at].id);
    scrollTo(0, 0);
  };
  form.classList.add("one");
  form.addEventListener("submit", event => { event.preventDefault(); event.stopPropagation(); $("[data-next]", bar).click(); });
  $("#send-form").hidden = true;
  bar.hidden = false;
  $("[data-back]", bar).addEventListener("click", async () => { await keep(sections[at]); at--; turn(); });
  $("[data-next]", bar).addEventListener("click", async () => {
    if (sections[at].dataset.key && !await keep(sections[at])) return;
    if (at + 1 < sections.length) { at++; turn(); return; }
    send();
    go(`/visits/${visit}/check`);
  });
  addEventListener("hashchange", () => { const to = sections.findIndex(s => "#" + s.id === location.hash); if (to >= 0) { at = to; turn(); } }, { signal: shown.signal });
  turn();
}

// ── Check, sign, end ──
const kinds = { photo: say("照片", "Photograph"), voice: say("录音", "Voice note"), visitor: say("走访人签字", "Visitor's signature"), family: say("家庭成员签字", "Family's signature"), consent: say("同意签字", "Consent") };
const fileState = f => f.state === "sent" ? say("已送达", "sent") : f.state === "refused" ? told(f.why) : f.received ? say(`已传${Math.round(100 * f.received / f.size)}%`, `${Math.round(100 * f.received / f.size)}% sent`) : say("待发送", "to be sent");

// thumbs are pictures that are kept on the phone, each opened once.
const thumbs = new Map();
async function thumb(f) {
  if (!thumbs.has(f.id)) {
    const bytes = await Promise.resolve(store.content(f)).catch(() => null);
    thumbs.set(f.id, make("img", { alt: "", className: "thumb", src: bytes ? URL.createObjectURL(new Blob([bytes], { type: f.media })) : "" }));
  }
  return thumbs.get(f.id);
}

async function check() {
  const root = $("#check");
  if (!root || !$("#capture") || !store.holds(account)) return;
  const visit = Number(root.dataset.visit);
  const showAnswers = async () => {
    const known = (await store.all("answers", account)).filter(a => a.visit === visit).sort((a, b) => a.seq - b.seq);
    for (const a of known) {
      const row = $$("[data-key]", root).find(r => r.dataset.key === a.key);
      if (!row) continue;
      const name = v => v === true ? say("是", "yes") : v === false ? say("否", "no") : $$("template[data-code]", row).find(t => t.dataset.code === v)?.innerHTML ?? v;
      const words = a.kind === "unknown" ? say("不知道", "not known") : a.kind === "refused" ? say("不愿说", "would not say") : Array.isArray(a.value) ? (a.value.length ? a.value.map(name).join(say("、", ", ")) : say("都没有", "none of them")) : name(a.value);
      const dd = $("dd", row), change = $(".change", dd), codes = $$("template", dd);
      const state = a.state !== "sent" ? say("待发送", "to be sent") : a.became === "conflict" ? say("有不同回答，待裁定", "answered differently: to be decided") : a.became === "aside" ? told(a.why) : "";
      const mark = document.createElement("span");
      mark.className = "status" + (state ? " due" : " hidden"); mark.textContent = state;
      dd.replaceChildren(words, " ", mark, " ", ...(change ? [change] : []), ...codes);
      row.dataset.answered = "yes";
    }
    const done = $$("[data-key]", root).filter(r => r.dataset.answered || !$("dd > .quiet", r)).length;
    $("#count", root).textContent = `${done}/${$$("[data-key]", root).length}`;
  };
  const showFiles = async () => {
    const list = $("#files", root);
    for (const f of (await store.all("files", account)).filter(f => f.visit === visit)) {
      let li = $(`[data-file="${f.id}"]`, list);
      if (!li) { li = document.createElement("li"); li.dataset.file = f.id; list.append(li); }
      li.replaceChildren(`${kinds[f.kind]}${f.signer ? " · " + f.signer : ""} `);
      const mark = document.createElement("span");
      mark.className = "status " + (f.state === "sent" ? "good" : f.state === "refused" ? "bad" : "due"); mark.textContent = fileState(f);
      li.append(mark);
      if (f.kind === "photo" && f.state !== "sent") li.prepend(await thumb(f));
    }
  };
  const refresh = () => { showAnswers(); showFiles(); showEnd(); };
  const keepFile = async (kind, blob, more) => { await store.file(account, visit, kind, blob, more); refresh(); send(); };
  $("#upload").hidden = true;
  $("#capture").hidden = false;
  $("[data-photo]").addEventListener("change", async event => {
    for (const photo of event.target.files) await keepFile("photo", await smaller(photo));
    event.target.value = "";
  });
  voice(keepFile);
  pad(keepFile);
  $("[data-place]").addEventListener("click", async () => {
    const got = await here().catch(e => e);
    const n = (x, places) => Number(x.toFixed(places));
    await store.extra(account, visit, "place", got.coords ? { latitude: n(got.coords.latitude, 6), longitude: n(got.coords.longitude, 6), accuracy: n(got.coords.accuracy, 1) } : { refused: true });
    $("#place").textContent = got.coords ? say("已记下", "noted") : say("没有取得位置，已照此记下", "the place is not known, which is noted");
    send();
  });
  const showEnd = async () => {
    const end = await store.extraOf(account, visit, "end"), form = $("#end");
    if (!end || !form) return;
    let p = $("#ended") ?? Object.assign(document.createElement("p"), { id: "ended" });
    p.className = end.state === "sent" ? "done" : "note";
    p.textContent = end.state === "sent" ? say("这次走访已经结束。", "This visit has ended.") : end.state === "lacking" ? say("还不能结束：", "It cannot end yet: ") + end.lacks.map(told).join(say("；", "; "))
      : say("已记下，有信号时自动送出。", "Noted: it goes by itself once there is a signal.");
    form.before(p);
    form.hidden = end.state === "sent";
  };
  $("#end")?.addEventListener("submit", async event => {
    event.preventDefault();
    event.stopPropagation();
    await store.extra(account, visit, "end", { result: new FormData(event.target).get("result") });
    await send();
    await showEnd();
    for (const b of $$("button", event.target)) b.disabled = false;
  });
  store.listen(refresh);
  refresh();
}

// smaller makes of a photograph a JPEG of at most 1600 points, the right way up; what the browser cannot read goes as it is.
async function smaller(photo) {
  const picture = await createImageBitmap(photo, { imageOrientation: "from-image" }).catch(() => null);
  if (!picture) return photo;
  const scale = Math.min(1, 1600 / Math.max(picture.width, picture.height));
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise(done => canvas.toBlob(blob => done(blob ?? photo), "image/jpeg", .82));
}

function voice(keep) {
  const button = $("[data-voice]");
  if (!self.MediaRecorder || !navigator.mediaDevices) return;
  button.hidden = false;
  const words = button.textContent;
  let recorder, parts;
  button.addEventListener("click", async () => {
    if (recorder?.state === "recording") { recorder.stop(); return; }
    const sound = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
    if (!sound) { button.textContent = say("不能录音", "No microphone"); return; }
    recorder = new MediaRecorder(sound, { audioBitsPerSecond: 24000 });
    parts = [];
    recorder.ondataavailable = event => parts.push(event.data);
    recorder.onstop = () => { for (const t of sound.getTracks()) t.stop(); button.textContent = words; keep("voice", new Blob(parts, { type: recorder.mimeType })); };
    recorder.start(1000);
    button.textContent = say("停止录音", "Stop");
    setTimeout(() => recorder.state === "recording" && recorder.stop(), 5 * 60 * 1000);
  });
}

function pad(keep) {
  const dialog = $("#pad"), canvas = $("canvas", dialog), ink = canvas.getContext("2d");
  let asks, drawn;
  const clear = () => { ink.fillStyle = "#fff"; ink.fillRect(0, 0, canvas.width, canvas.height); ink.lineWidth = 4; ink.lineCap = ink.lineJoin = "round"; drawn = 0; };
  const at = event => { const box = canvas.getBoundingClientRect(); return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height]; };
  canvas.addEventListener("pointerdown", event => { canvas.setPointerCapture(event.pointerId); ink.beginPath(); ink.moveTo(...at(event)); });
  canvas.addEventListener("pointermove", event => { if (event.buttons) { ink.lineTo(...at(event)); ink.stroke(); drawn++; } });
  $("[data-clear]", dialog).addEventListener("click", clear);
  $("form", dialog).addEventListener("submit", event => event.stopPropagation()); // it is used again: the frame is not to still its buttons
  for (const button of $$("[data-sign]")) button.addEventListener("click", () => {
    asks = button.dataset;
    $("h2", dialog).textContent = button.textContent;
    $(".signer", dialog).hidden = asks.sign === "visitor";
    clear();
    dialog.returnValue = "";
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "keep" || drawn < 3) return;
    const more = asks.sign === "visitor" ? { signer: asks.name, signer_id: Number(asks.id ?? account) } : { signer: $("select", dialog).value };
    canvas.toBlob(blob => keep(asks.sign, blob, more), "image/png");
  });
}

// ── Outbox ──
async function showOutbox() {
  const root = $("#outbox");
  if (!root) return;
  const w = await store.waiting(account), others = w.count - w.mine;
  const item = (what, state, key) => { const li = document.createElement("li"); li.dataset.waits = key; li.append(what + " "); li.append(make("span", { className: "status due", textContent: state })); return li; };
  const why = how === "offline" ? say("等信号", "waits for a signal") : how === "signed-out" ? say("等您登录", "waits until you sign in") : say("待发送", "to be sent");
  const refused = new Map(w.bundles.filter(b => b.wrong).flatMap(b => [...b.answers, ...b.extras].map(id => [id, told(b.wrong)])));
  const list = make("ul", { className: "files" });
  for (const a of w.answers) list.append(item(a.ask, refused.get(a.id) ?? why, a.id));
  for (const f of w.files) list.append(item(kinds[f.kind] + (f.signer ? " · " + f.signer : ""), f.state === "refused" ? told(f.why) : f.received ? fileState(f) : why, f.id));
  for (const e of w.extras) list.append(item(e.what === "end" ? say("结束走访", "End of the visit") : say("位置", "The place"), e.state === "lacking" ? e.lacks.map(told).join(" ") : why, e.id));
  root.replaceChildren(make("p", { textContent: w.mine ? say(`${w.mine}项没有送到平台：`, `${w.mine} not at the platform yet:`) : say("都已送到平台，没有待发送的。", "All is at the platform; nothing waits.") }), list);
  if (w.shut) root.append(make("p", { className: "note", textContent: say(`其中${w.shut}项要登录后才能打开并发送，手机上留着。`, `${w.shut} of them open and go once you have signed in; the phone keeps them.`) }));
  if (others) root.append(make("p", { className: "note", textContent: say(`另有${others}项是别的账号填的，由其本人登录后发送。`, `${others} more are of another account and go once that person signs in.`) }));
  const button = $("#send");
  button.hidden = !w.mine;
  button.onclick = async () => {
    button.disabled = true;
    await store.again();
    await send();
    button.disabled = false;
  };
}

// start brings the page that is shown to life.
async function start() {
  shown?.abort();
  shown = new AbortController();
  store.deafen();
  store.listen(() => { showSignal(); showOutbox(); });
  showSignal();
  orderVisits();
  markVisits();
  await questions();
  await check();
  await showOutbox();
  await offerPin();
  document.documentElement.dataset.started = location.pathname;
}

const visiting = Boolean($("#signal")); // the township's pages on visits keep nothing
if (visiting && "serviceWorker" in navigator) navigator.serviceWorker.register("/visits/sw.js", { scope: "/visits" }).catch(() => null);
if (shell) {
  const open = await openKept();
  const kept = open && (await show(location.pathname) || await show("/visits"));
  if (!kept) {
    $("#closed").hidden = false;
    await showSignal();
  }
} else if (visiting) {
  const me = await store.enter().catch(e => e);
  if (me instanceof Error) how = me instanceof store.SignedOut ? "signed-out" : "offline";
  if (me.account && me.account !== account) location.reload(); // somebody else has signed in meanwhile
  if (me.account && !leaving) await store.owner(account);
  else if (how === "offline" && await store.owner() === account) await openKept(); // the signal went after the page had come
  await start();
  if (me.account) { await keepPages(); send(); }
}
