// Keeps the pages of today's visits for when there is no signal, and sends what waits when it is back.
importScripts("/static/visits/store.js?VERSION");
const shell = "visits-shell-VERSION", pages = "visits-pages";
const files = ["/static/visits/store.js?VERSION", "/static/visits/app.js?VERSION", "/static/visits/visits.css?VERSION", "/static/visits/icon-192.png", "/visits/app.webmanifest"];

addEventListener("install", event => event.waitUntil((async () => {
  await (await caches.open(shell)).addAll(files);
  await skipWaiting();
})()));

addEventListener("activate", event => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("visits-shell-") && name !== shell) await caches.delete(name);
  await clients.claim();
})()));

const isPage = url => url.pathname === "/visits" || url.pathname === "/visits/outbox" || /^\/visits\/\d+(\/check)?$/.test(url.pathname);

// fresh gets a page and keeps it; one that leads to signing in is not kept, and takes nothing away.
const fresh = async request => {
  const reply = await fetch(request);
  if (reply.ok && !reply.redirected && reply.type === "basic") await (await caches.open(pages)).put(new URL(request.url).pathname, reply.clone());
  return reply;
};

const page = async request => {
  try {
    return await fresh(request);
  } catch {
    const kept = await (await caches.open(pages)).match(new URL(request.url).pathname);
    return kept ?? (await (await caches.open(pages)).match("/visits")) ?? new Response("没有信号，这一页还没有存到手机上。No signal, and this page is not on the phone yet.",
      { status: 503, headers: { "Content-Type": "text/plain; charset=utf-8" } });
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
  if (isPage(url)) event.respondWith(page(event.request));
  else if (url.pathname.startsWith("/static/") || url.pathname === "/visits/app.webmanifest") event.respondWith(still(event.request));
});

// A page tells which visits there are today: they are got now, while there is a signal; those of other days go.
addEventListener("message", event => {
  if (event.data?.keep) event.waitUntil((async () => {
    const kept = await caches.open(pages), wanted = new Set(event.data.keep);
    for (const request of await kept.keys()) {
      const path = new URL(request.url).pathname;
      if (/^\/visits\/\d/.test(path) && !wanted.has(path)) await kept.delete(request);
    }
    for (const path of wanted) await fresh(new Request(path, { credentials: "same-origin" })).catch(() => null);
    event.source?.postMessage({ kept: true });
  })());
});

addEventListener("sync", event => { if (event.tag === "visits") event.waitUntil(self.visitStore.send().then(how => { if (how === "offline") throw new Error("no signal yet"); })); });
