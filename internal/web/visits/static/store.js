// What a phone keeps, and how what waits is sent. The pages use it, and the service worker, which sends when the signal is back and no page is
// open. Nothing about anybody lies on the phone in clear: every row is sealed under a key of the account that made it, of which the phone has a
// copy that only the holder's PIN opens, and the platform another, for whoever is signed in to the account on this phone. Another account neither
// sees nor sends it. Nothing is removed before the server has said that it has it.
self.visitStore = (() => {
  const wait = request => new Promise((done, fail) => { request.onsuccess = () => done(request.result); request.onerror = () => fail(request.error); });
  const stores = ["answers", "files", "extras", "bundles", "pages", "settings"];
  let opened;
  const open = () => opened ??= new Promise((done, fail) => {
    const request = indexedDB.open("dajiuzhu-visits", 2);
    request.onupgradeneeded = async () => {
      const earlier = await taken(request.transaction);
      for (const name of request.result.objectStoreNames) request.result.deleteObjectStore(name);
      for (const name of stores) request.result.createObjectStore(name, { keyPath: "id" });
      // extras: the place and the end of a visit, and who answers. bundles: as they are sent, until they are taken.
      for (const r of earlier) request.transaction.objectStore("settings").put(r);
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => { request.result.close(); opened = undefined; }; // a later form of it does not wait for this page
      done(request.result);
    };
    request.onerror = () => fail(request.error);
  });
  // taken is what the first form of this database has that the server has not, in which it lay open, as settings: it stays as it is until the key of
  // the account that made it is open, and is sealed then (see adopt).
  const taken = async tx => {
    const names = [...tx.objectStoreNames], kept = [];
    for (const store of ["answers", "files", "extras", "bundles"].filter(s => names.includes(s))) {
      for (const r of await wait(tx.objectStore(store).getAll())) {
        if (r.state !== "sent") kept.push({ id: `${early}${store}:${r.id}`, store, account: r.account, visit: r.visit, state: r.state ?? "sending", value: r });
      }
    }
    for (const r of names.includes("settings") ? await wait(tx.objectStore("settings").getAll()) : []) {
      if (["device", "seq"].includes(r.name)) kept.push({ id: r.name, value: r.value });
      const visit = Number(r.name.slice(5));
      if (r.name.startsWith("said:") && kept.some(k => k.visit === visit)) kept.push({ id: `${early}${r.name}`, visit, value: r.value });
    }
    return kept;
  };
  const early = "early:", earlier = () => IDBKeyRange.bound(early, early.slice(0, -1) + ";");
  // lies are the rows of the first form that lie here still, of everybody.
  const lies = async () => (await wait((await open()).transaction("settings").objectStore("settings").getAll(earlier()))).filter(r => r.store);
  const saidThen = visit => row("settings", `${early}said:${visit}`); // who answered at a visit, of whichever account
  const rows = async store => wait((await open()).transaction(store).objectStore(store).getAll());
  const row = async (store, id) => wait((await open()).transaction(store).objectStore(store).get(id));
  const change = async (names, work) => {
    const tx = (await open()).transaction(names, "readwrite");
    const whole = new Promise((done, fail) => { tx.oncomplete = () => done(); tx.onerror = tx.onabort = () => fail(tx.error); });
    const result = await work(...names.map(s => tx.objectStore(s)));
    await whole;
    return result;
  };
  const drop = (store, id) => change([store], s => wait(s.delete(id)));
  const setting = async (id, value) => value === undefined ? (await row("settings", id))?.value : change(["settings"], s => wait(s.put({ id, value })));

  // device is this browser's own name.
  const device = () => change(["settings"], async s => {
    const known = await wait(s.get("device"));
    if (known) return known.value;
    const value = crypto.randomUUID();
    await wait(s.put({ id: "device", value }));
    return value;
  });
  const hex = buffer => [...new Uint8Array(buffer)].map(b => b.toString(16).padStart(2, "0")).join("");
  const now = () => new Date().toISOString();

  // ── Sealing ──
  const written = new TextEncoder(), read = new TextDecoder();
  const fromBase64 = s => Uint8Array.from(atob(s), c => c.charCodeAt(0));
  const keys = new Map(); // by account, of those that are open now; never on the disk
  const aes = (raw, uses) => crypto.subtle.importKey("raw", raw, "AES-GCM", false, uses);
  const hold = async (account, raw) => {
    keys.set(account, await aes(raw, ["encrypt", "decrypt"]));
    await alone("early", () => adopt(account)).catch(() => null); // what does not come over now lies where it is, and counts as waiting
  };
  const holds = account => keys.has(account);
  const about = (store, r) => written.encode(`${store}|${r.account}|${r.visit ?? ""}|${r.id}`); // sealed content opens in its own row only
  const seal = async (store, r, content) => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv, content: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: about(store, r) }, keys.get(r.account), content) };
  };
  const unseal = (store, r, s) => crypto.subtle.decrypt({ name: "AES-GCM", iv: s.iv, additionalData: about(store, r) }, keys.get(r.account), s.content);

  // What of a row lies open: whose, of which visit, and how far it is.
  const plain = ["id", "account", "visit", "state", "seq", "received", "size", "answers", "extras", "blob"];
  const close = async (store, whole) => {
    const r = {}, inner = {};
    for (const [name, value] of Object.entries(whole)) if (name !== "mark") (plain.includes(name) ? r : inner)[name] = value;
    r.sealed = await seal(store, r, written.encode(JSON.stringify(inner)));
    return r;
  };
  const reveal = async (store, r) => {
    const { sealed, ...rest } = r;
    return { ...rest, ...JSON.parse(read.decode(await unseal(store, r, sealed))), mark: sealed.iv.join() };
  };
  // all is an account's rows, opened; those that do not open are left where they are (see waiting).
  const all = async (store, account) => {
    if (!holds(account)) return [];
    const found = (await rows(store)).filter(r => r.account === account);
    return (await Promise.all(found.map(r => reveal(store, r).catch(() => null)))).filter(Boolean);
  };
  const put = async (store, whole) => { const r = await close(store, whole); await change([store], s => wait(s.put(r))); };

  // adopt seals an account's rows of the first form and puts them where they belong, each at once, so that none is ever in no place.
  const adopt = async account => {
    for (const e of (await lies()).filter(r => r.account === account)) {
      const { bytes, ...whole } = e.value;
      if (bytes) whole.blob = await seal("files/content", whole, bytes);
      const said = await saidThen(e.visit), note = extraID(account, e.visit, "said");
      const r = await close(e.store, whole), says = said && await close("extras", { id: note, account, visit: e.visit, what: "said", body: said.value, at: now(), state: "note" });
      await change([...new Set([e.store, "extras", "settings"])], async (store, ...rest) => {
        const settings = rest[rest.length - 1], extras = rest.length > 1 ? rest[0] : store;
        if (!await wait(store.get(r.id))) await wait(store.put(r));
        if (says && !await wait(extras.get(note))) await wait(extras.put(says));
        await wait(settings.delete(e.id));
      });
      if (said && !(await lies()).some(r => r.visit === e.visit)) await drop("settings", said.id);
    }
  };

  // ── The PIN ──
  // A copy of the key lies on the phone, sealed under the PIN and under a key that the browser does not give away, so that guesses have to be made
  // on this phone. After some wrong ones it is removed: then only signing in opens what is kept.
  const rounds = 600000, mostTries = 10;
  const bound = async () => {
    const known = await setting("bound");
    if (known) return known;
    await setting("bound", await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]));
    return setting("bound");
  };
  const pinKey = async (pin, salt) => {
    const base = await crypto.subtle.importKey("raw", written.encode(pin.normalize("NFKC")), "PBKDF2", false, ["deriveBits"]);
    const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, base, 256);
    return aes(await crypto.subtle.sign("HMAC", await bound(), bits), ["encrypt", "decrypt"]);
  };
  const lockOf = account => setting(`lock:${account}`);
  // weak is why a PIN is none: it must not be a word of fewer than eight signs, one sign again and again, a row of digits, or a day.
  const weak = pin => [...pin].length < 8 ? "short" : /^(.)\1*$/.test(pin) || "01234567890123456789".includes(pin) || "98765432109876543210".includes(pin)
    || /^(19|20)\d\d(0\d|1[0-2])([0-2]\d|3[01])$/.test(pin) ? "simple" : "";
  // setPin locks the account's key with a PIN; it needs a signal, since the page itself cannot take the key out of the browser.
  const setPin = async (account, pin) => {
    const given = await enter();
    if (given.account !== account) throw new SignedOut();
    const salt = crypto.getRandomValues(new Uint8Array(16)), iv = crypto.getRandomValues(new Uint8Array(12));
    await setting(`lock:${account}`, { salt, iv, tries: 0, content: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await pinKey(pin, salt), given.raw) });
  };
  // unlock opens an account's key with its PIN: "open", "wrong" with how many tries are left, or "gone" where no copy is left.
  const unlock = async (account, pin) => {
    const lock = await change(["settings"], async s => { // a try counts before it is made
      const found = await wait(s.get(`lock:${account}`));
      if (found) await wait(s.put({ ...found, value: { ...found.value, tries: found.value.tries + 1 } }));
      return found?.value;
    });
    if (!lock) return { how: "gone" };
    const raw = await crypto.subtle.decrypt({ name: "AES-GCM", iv: lock.iv }, await pinKey(pin, lock.salt), lock.content).catch(() => null);
    if (raw) {
      await setting(`lock:${account}`, { ...lock, tries: 0 });
      await hold(account, raw);
      return { how: "open" };
    }
    if (lock.tries + 1 < mostTries) return { how: "wrong", left: mostTries - lock.tries - 1 };
    await drop("settings", `lock:${account}`);
    return { how: "gone" };
  };

  // ── Who has the phone ──
  const unsent = r => r.state !== "sent" && r.state !== "note";
  // owner is the account that used the phone last, with a signal. Of who used it before only what waits to be sent stays.
  const owner = async value => {
    if (value === undefined) return setting("owner");
    if (await setting("owner") !== value) await forget(r => r.account !== value);
    return setting("owner", value);
  };
  // forget removes what is kept for reading: pages, what the server has, and the PIN's copies of keys. Who answers goes with the answers.
  const forget = async whose => {
    await change(stores, async (answers, files, extras, bundles, pages, settings) => {
      const lying = [];
      for (const s of [answers, files, extras]) for (const r of await wait(s.getAll())) lying.push([s, r]);
      const waits = r => lying.some(([, o]) => o.account === r.account && o.visit === r.visit && unsent(o));
      for (const [s, r] of lying) if (whose(r) && (r.state === "sent" || r.state === "note" && !waits(r))) await wait(s.delete(r.id));
      for (const r of await wait(pages.getAll())) if (whose(r)) await wait(pages.delete(r.id));
      for (const r of await wait(settings.getAll())) if (r.id.startsWith("lock:") && whose({ account: Number(r.id.slice(5)) })) await wait(settings.delete(r.id));
    });
  };
  // alone runs work while nothing else of its kind does, in whichever page or worker.
  const alone = (what, work) => navigator.locks ? navigator.locks.request(`dajiuzhu-${what}`, work) : work();
  // wipe is what signing out does: nothing is left that opens without signing in again, and nothing at all where nothing waits.
  const wipe = () => alone("visits", () => alone("pages", async () => {
    keys.clear();
    await forget(() => true);
    await change(["settings"], s => wait(s.delete("owner")));
    if ((await waiting()).count) return;
    await change(stores, async (...every) => { for (const s of every) await wait(s.clear()); });
  }));

  // ── Pages ──
  const keepPage = (account, path, page) => put("pages", { id: `${account}:${path}`, account, ...page });
  const page = async (account, path) => {
    const found = await row("pages", `${account}:${path}`);
    return found && holds(account) ? reveal("pages", found).catch(() => null) : null;
  };
  // keepOnly removes the pages of visits of other days, and what was sent of them.
  const keepOnly = async (account, paths, visits) => change(["pages", "answers", "files", "extras"], async (pages, ...rest) => {
    for (const r of await wait(pages.getAll())) if (!paths.some(path => r.id === `${account}:${path}`)) await wait(pages.delete(r.id));
    for (const s of rest) for (const r of await wait(s.getAll())) if (r.account === account && !visits.includes(r.visit) && (r.state === "sent" || r.state === "note")) await wait(s.delete(r.id));
  });

  // ── What is answered ──
  // answer keeps an answer to a question. What it replaces and was never on its way is let go.
  const answer = async (account, visit, key, kind, value, base, ask) => {
    const [unit, of, ...fact] = key.split(":");
    const before = (await all("answers", account)).filter(a => a.visit === visit && a.key === key).map(a => a.id);
    const r = await close("answers", { id: crypto.randomUUID(), account, visit, key, unit, of: Number(of), fact: fact.join(":"), kind, value, base, ask, at: now(), state: "waiting" });
    await change(["answers", "settings"], async (s, settings) => {
      r.seq = ((await wait(settings.get("seq")))?.value ?? 0) + 1;
      await wait(settings.put({ id: "seq", value: r.seq }));
      for (const id of before) {
        const old = await wait(s.get(id));
        if (old && old.state !== "sending") await wait(s.delete(id));
      }
      await wait(s.put(r));
    });
  };

  const file = async (account, visit, kind, blob, more) => {
    const bytes = await blob.arrayBuffer();
    const r = { id: crypto.randomUUID(), account, visit, kind, media: blob.type.split(";")[0], size: bytes.byteLength, digest: hex(await crypto.subtle.digest("SHA-256", bytes)),
      at: now(), received: 0, state: "waiting", ...more };
    r.blob = await seal("files/content", r, bytes);
    await put("files", r);
  };
  // content is a file's bytes, null once the server has them.
  const content = r => r.blob ? unseal("files/content", r, r.blob) : null;

  const extraID = (account, visit, what) => `${what}:${account}:${visit}`;
  const extra = (account, visit, what, body) => put("extras", { id: extraID(account, visit, what), account, visit, what, body, at: now(), state: what === "said" ? "note" : "waiting" });
  const extraOf = async (account, visit, what) => {
    const found = await row("extras", extraID(account, visit, what));
    return found && holds(account) ? reveal("extras", found).catch(() => null) : null;
  };
  // saidBy is who answers at a visit.
  const saidBy = async (account, visit, value) => value === undefined ? (await extraOf(account, visit, "said"))?.body : extra(account, visit, "said", value);

  // ── Sending ──
  const post = (path, method, body, type) => fetch(path, { method, body, headers: type ? { "Content-Type": type } : {}, redirect: "manual", cache: "no-store" });
  class SignedOut extends Error {}
  const told = async reply => {
    if (reply.type === "opaqueredirect" || reply.status === 401) throw new SignedOut();
    if (reply.status >= 500) throw new Error("server " + reply.status);
    return reply.json();
  };
  // enter asks the platform whose session this is, and for the key under which that account keeps things on this phone.
  const enter = async () => {
    const said = await told(await post("/visits/key", "POST", JSON.stringify({ device: await device() }), "application/json"));
    if (!said.key) throw new SignedOut();
    const raw = fromBase64(said.key);
    await hold(said.account, raw);
    return { account: said.account, raw };
  };

  // pack puts waiting answers of a visit into a bundle that stays the same until it is taken, so that it may be sent any number of times.
  const pack = async (account, visit, end) => {
    const from = await device(), said_by = await saidBy(account, visit) || undefined;
    for (;;) {
      const some = (await all("answers", account)).filter(a => a.visit === visit && a.state === "waiting").sort((a, b) => a.seq - b.seq);
      const more = (await all("extras", account)).filter(e => e.visit === visit && e.state === "waiting" && (e.what !== "end" || end));
      if (!some.length && !more.length) return null;
      const bundle = { bundle: crypto.randomUUID(), device: from, visit, said_by,
        answers: some.map(({ id, seq, unit, of, fact, kind, value, base, at }) => ({ id, seq, unit, of, fact, kind, value, base, at })) };
      for (const e of more) bundle[e.what] = { ...e.body, at: e.at };
      const made = { id: bundle.bundle, account, visit, body: JSON.stringify(bundle), answers: some.map(a => a.id), extras: more.map(e => e.id) };
      const r = await close("bundles", made);
      const still = await change(["answers", "extras", "bundles"], async (answers, extras, bundles) => { // unless something was answered meanwhile
        const parts = [];
        for (const [s, before] of [...some.map(a => [answers, a]), ...more.map(e => [extras, e])]) {
          const r = await wait(s.get(before.id));
          if (r?.state !== "waiting" || r.sealed.iv.join() !== before.mark) return false;
          parts.push([s, r]);
        }
        for (const [s, r] of parts) await wait(s.put({ ...r, state: "sending" }));
        await wait(bundles.put(r));
        return true;
      });
      if (still) return made;
    }
  };

  // deliver sends a bundle and notes what became of each of its parts.
  const deliver = async bundle => {
    const said = await told(await post("/visits/sync", "POST", bundle.body, "application/json"));
    if (said.wrong) { await put("bundles", { ...bundle, wrong: said.wrong }); return false; }
    const became = new Map((said.answers ?? []).map(a => [a.id, a]));
    const answers = (await all("answers", bundle.account)).filter(a => bundle.answers.includes(a.id));
    const extras = (await all("extras", bundle.account)).filter(e => bundle.extras.includes(e.id) && e.state === "sending");
    const settled = [
      ...await Promise.all(answers.map(async a => ["answers", await close("answers", { ...a, state: "sent", became: became.get(a.id)?.state ?? said.state, why: became.get(a.id)?.why ?? said.why, known: became.get(a.id)?.base })])),
      ...await Promise.all(extras.map(async e => ["extras", await close("extras", { ...e, state: e.what === "end" && !said.done ? "lacking" : "sent", lacks: said.lacks ?? (said.why ? [said.why] : []) })])),
    ];
    await change(["answers", "extras", "bundles"], async (a, e, bundles) => {
      for (const [store, r] of settled) await wait((store === "answers" ? a : e).put(r));
      await wait(bundles.delete(bundle.id));
    });
    return true;
  };

  const piece = 256 * 1024;
  // upload sends a file from where the server has it to.
  const upload = async r => {
    const bytes = await content(r);
    let said = await told(await post("/visit-files", "POST", JSON.stringify({ id: r.id, visit: r.visit, kind: r.kind, signer: r.signer, signer_id: r.signer_id,
      media: r.media, size: r.size, digest: r.digest, at: r.at }), "application/json"));
    for (let tries = 0; !said.wrong && said.state === "receiving" && tries < 3 * Math.ceil(r.size / piece) + 3; tries++) {
      await put("files", { ...r, received: said.received });
      changed();
      said = await told(await post(`/visit-files/${r.id}?at=${said.received}`, "PUT", bytes.slice(said.received, said.received + piece), "application/octet-stream"));
    }
    if (said.wrong) { await put("files", { ...r, why: said.wrong }); return; }
    // What the server has whole is let go of here; what it refuses stays, to be seen.
    const { blob, ...head } = r;
    await put("files", said.state === "kept" ? { ...head, received: r.size, state: "sent" } : { ...r, state: said.state === "refused" ? "refused" : "waiting", why: said.why });
  };

  const listeners = new Set();
  const changed = () => { for (const heard of listeners) heard(); };

  // round sends all that waits of the account that is signed in.
  const round = async () => {
    const { account } = await enter();
    for (const b of await all("bundles", account)) { await deliver(b); changed(); }
    const visits = new Set([...await all("answers", account), ...await all("extras", account), ...await all("files", account)].map(r => r.visit));
    for (const visit of visits) {
      for (let b; (b = await pack(account, visit, false)); changed()) if (!await deliver(b)) break;
      for (const f of (await all("files", account)).filter(f => f.visit === visit && f.state === "waiting")) { await upload(f); changed(); }
      const left = [...await all("answers", account), ...await all("files", account)].some(r => r.visit === visit && ["waiting", "sending"].includes(r.state));
      const b = left ? null : await pack(account, visit, true);
      if (b) { await deliver(b); changed(); }
    }
    return "sent";
  };

  const send = async () => {
    const once = async () => {
      try { return await round(); } catch (e) { return e instanceof SignedOut ? "signed-out" : "offline"; } finally { changed(); }
    };
    if (!navigator.locks) return once();
    return navigator.locks.request("dajiuzhu-visits", { ifAvailable: true }, lock => lock ? once() : "busy");
  };

  // waiting is how much the server has not taken yet: of everybody, of an account, and of what the account made how much does not open.
  const waiting = async account => {
    const lying = [...await rows("answers"), ...await rows("files"), ...await rows("extras"), ...(await lies()).filter(r => r.store !== "bundles")].filter(unsent);
    const count = lying.length, mine = lying.filter(r => r.account === account).length;
    const w = { count, mine, answers: [], files: [], extras: [], bundles: [], shut: mine };
    if (!holds(account)) return w;
    for (const store of ["answers", "files", "extras"]) w[store] = (await all(store, account)).filter(unsent);
    w.bundles = await all("bundles", account);
    w.shut = mine - w.answers.length - w.files.length - w.extras.length;
    return w;
  };

  // again has what lacked something tried once more.
  const again = () => change(["extras"], async s => { for (const e of await wait(s.getAll())) if (e.state === "lacking") await wait(s.put({ ...e, state: "waiting" })); });

  return { all, answer, file, content, extra, extraOf, saidBy, setting, owner, enter, holds, lockOf, weak, setPin, unlock, wipe, alone, keepPage, page, keepOnly, send, waiting, again,
    SignedOut, listen: heard => listeners.add(heard), deafen: () => listeners.clear() };
})();
