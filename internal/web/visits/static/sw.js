// Answers with the page that opens what the phone keeps when there is no signal, and sends what waits when it is back. The cache holds our own
// files and that page, which say nothing about anybody; what does is sealed in the database (store.js).
importScripts("/static/visits/store.js?VERSION");
const shell = "visits-shell-VERSION", empty = lang => `/visits/offline?lang=${lang}`;
const files = ["/static/visits/store.js?VERSION", "/static/visits/app.js?VERSION", "/static/visits/visits.css?VERSION", "/static/visits/icon-192.png", "/visits/app.webmanifest", empty("zh"), empty("en")];

addEventListener("install", event => event.waitUntil((async () => {
  await (await caches.open(shell)).addAll(files.map(path => new Request(path, { credentials: "omit" }))); // as nobody sees them
  await skipWaiting();
})()));

addEventListener("activate", event => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== shell) await caches.delete(name);
  await clients.claim();
})()));

const isPage = url => url.pathname === "/visits" || url.pathname === "/visits/outbox" || /^\/visits\/\d+(\/check)?$/.test(url.pathname);

const page = async request => {
  try {
    return await fetch(request);
  } catch {
    const lang = await self.visitStore.setting("lang").catch(() => "zh") ?? "zh";
    return await caches.match(empty(lang)) ?? new Response("没有信号。No signal.", { status: 503, headers: { "Content-Type": "text/plain; charset=utf-8" } });
  }
};

const still = async request => {
  const kept = await caches.match(request);
  if (kept) return kept;
  const reply = await fetch(request);
  if (reply.ok && new URL(request.url).search) await (await caches.open(shell)).put(request, reply.clone());
  return reply;
};

addEventListener("fetch", event => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && isPage(url)) event.respondWith(page(event.request));
  else if (url.pathname.startsWith("/static/") || url.pathname === "/visits/app.webmanifest") event.respondWith(still(event.request));
});

// Whoever signs out, on whatever page, leaves nothing behind that can be read.
addEventListener("message", event => { if (event.data === "wipe") event.waitUntil(self.visitStore.wipe().finally(() => event.ports[0]?.postMessage("wiped"))); });

addEventListener("sync", event => { if (event.tag === "visits") event.waitUntil(self.visitStore.send().then(how => { if (how === "offline") throw new Error("no signal yet"); })); });
