// Keys of lists and the keeping of long texts. Pages do all their work without it.
const typing = e => e.target.matches("input, select, textarea, [contenteditable]");
let at = -1;
const rows = () => [...document.querySelectorAll("table[data-keys] tbody tr")];
const move = step => {
  const all = rows();
  if (!all.length) return;
  all[at]?.classList.remove("at");
  at = Math.min(Math.max(at + step, 0), all.length - 1);
  all[at].classList.add("at");
  all[at].scrollIntoView({ block: "nearest" });
  all[at].querySelector("a")?.focus({ preventScroll: true });
};
document.addEventListener("keydown", e => {
  if (e.ctrlKey || e.metaKey || e.altKey || typing(e)) return;
  if (e.key === "j") move(1);
  else if (e.key === "k") move(-1);
  else if (e.key === "/") { const box = document.querySelector("input[type=search]"); if (box) { box.focus(); e.preventDefault(); } }
  else if (e.key === "?") document.getElementById("keys")?.showModal?.();
});

// A form with data-keep is kept in this tab until it is sent.
for (const form of document.querySelectorAll("form[data-keep]")) {
  const key = "keep:" + location.pathname + ":" + form.dataset.keep;
  try {
    for (const [name, value] of JSON.parse(sessionStorage.getItem(key) ?? "[]")) {
      const field = form.elements.namedItem(name);
      if (field instanceof HTMLTextAreaElement && !field.value) field.value = value;
      else if (field instanceof HTMLInputElement && field.type === "text" && !field.value) field.value = value;
    }
  } catch { sessionStorage.removeItem(key); }
  form.addEventListener("input", () => {
    const texts = [...form.elements].filter(f => f.name && (f.matches("textarea") || f.type === "text")).map(f => [f.name, f.value]);
    sessionStorage.setItem(key, JSON.stringify(texts));
  });
  form.addEventListener("submit", () => sessionStorage.removeItem(key));
}

// What is on its way is asked for again until it is done.
for (const part of document.querySelectorAll("[data-refresh]")) {
  const again = async () => {
    const answer = await fetch(part.dataset.refresh, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.ok) {
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
      if (next) part.replaceChildren(...next.childNodes);
      if (!next?.dataset.refresh) return;
    }
    setTimeout(again, 2000);
  };
  setTimeout(again, 2000);
}
// One press sends a form once. One with data-stays is answered by a file, and the page stays.
document.addEventListener("submit", e => { if (e.target.dataset.stays === undefined) for (const b of e.target.querySelectorAll("button")) setTimeout(() => b.disabled = true); });
addEventListener("pageshow", () => { for (const b of document.querySelectorAll("button:disabled")) b.disabled = false; });
// Who signs out on a phone that visits homes leaves nothing behind that can be read: the worker that keeps the visits is told, and waited for a
// little. What waits to be sent stays, sealed, until the same person signs in.
document.addEventListener("submit", async e => {
  if (e.target.getAttribute("action") !== "/signout" || !navigator.serviceWorker) return;
  e.preventDefault();
  const worker = (await navigator.serviceWorker.getRegistration("/visits").catch(() => null))?.active;
  if (worker) await new Promise(done => {
    const heard = new MessageChannel();
    heard.port1.onmessage = done;
    setTimeout(done, 3000);
    worker.postMessage("wipe", [heard.port2]);
  });
  e.target.submit();
});
