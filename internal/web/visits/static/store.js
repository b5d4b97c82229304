// What a phone keeps until the server has taken it, and how it is sent. The pages use it, and the service worker, which sends when the signal is
// back and no page is open. Everything is kept under the account that answered: another one neither sees nor sends it. Nothing is removed before
// the server has said that it has it.
self.visitStore = (() => {
  const wait = request => new Promise((done, fail) => { request.onsuccess = () => done(request.result); request.onerror = () => fail(request.error); });
  let opened;
  const open = () => opened ??= new Promise((done, fail) => {
    const request = indexedDB.open("dajiuzhu-visits", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("answers", { keyPath: "id" });
      request.result.createObjectStore("files", { keyPath: "id" });
      request.result.createObjectStore("extras", { keyPath: "id" });  // the place and the end of a visit
      request.result.createObjectStore("bundles", { keyPath: "id" }); // as they are sent, until they are taken
      request.result.createObjectStore("settings", { keyPath: "name" });
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  const all = async store => wait((await open()).transaction(store).objectStore(store).getAll());
  const get = async (store, key) => wait((await open()).transaction(store).objectStore(store).get(key));
  const change = async (stores, work) => {
    const tx = (await open()).transaction(stores, "readwrite");
    const whole = new Promise((done, fail) => { tx.oncomplete = () => done(); tx.onerror = tx.onabort = () => fail(tx.error); });
    const result = await work(...stores.map(s => tx.objectStore(s)));
    await whole;
    return result;
  };
  const put = (store, row) => change([store], s => wait(s.put(row)));

  // device is this browser's own name.
  const device = () => change(["settings"], async s => {
    const known = await wait(s.get("device"));
    if (known) return known.value;
    const value = crypto.randomUUID();
    await wait(s.put({ name: "device", value }));
    return value;
  });
  const hex = buffer => [...new Uint8Array(buffer)].map(b => b.toString(16).padStart(2, "0")).join("");
  const now = () => new Date().toISOString();

  // answer keeps an answer to a question. What it replaces and was never on its way is let go.
  const answer = async (account, visit, key, kind, value, base, ask) => {
    const [unit, of, ...fact] = key.split(":");
    const row = { id: crypto.randomUUID(), account, visit, key, unit, of: Number(of), fact: fact.join(":"), kind, value, base, ask, at: now(), state: "waiting" };
    await change(["answers", "settings"], async (s, settings) => { // at once: the page may be left
      row.seq = ((await wait(settings.get("seq")))?.value ?? 0) + 1;
      await wait(settings.put({ name: "seq", value: row.seq }));
      for (const old of await wait(s.getAll())) {
        if (old.account === account && old.visit === visit && old.key === key && old.state !== "sending") await wait(s.delete(old.id));
      }
      await wait(s.put(row));
    });
    return row;
  };

  const file = async (account, visit, kind, blob, more) => {
    const bytes = await blob.arrayBuffer();
    const row = { id: crypto.randomUUID(), account, visit, kind, media: blob.type.split(";")[0], size: bytes.byteLength, digest: hex(await crypto.subtle.digest("SHA-256", bytes)),
      at: now(), bytes, received: 0, state: "waiting", ...more };
    await put("files", row);
    return row;
  };

  const extra = (account, visit, what, body) => put("extras", { id: `${what}:${account}:${visit}`, account, visit, what, body, at: now(), state: "waiting" });
  const saidBy = async (visit, value) => value === undefined ? (await get("settings", "said:" + visit))?.value : put("settings", { name: "said:" + visit, value });

  // owner is the account whose pages are kept on the phone.
  const owner = async value => value === undefined ? (await get("settings", "owner"))?.value : put("settings", { name: "owner", value });

  // pack puts waiting answers of a visit into a bundle that stays the same until it is taken, so that it may be sent any number of times.
  const pack = async (account, visit, end) => {
    const from = await device(), said_by = await saidBy(visit) || undefined;
    return change(["answers", "extras", "bundles"], async (answers, extras, bundles) => {
      const some = (await wait(answers.getAll())).filter(a => a.account === account && a.visit === visit && a.state === "waiting");
      const more = (await wait(extras.getAll())).filter(e => e.account === account && e.visit === visit && e.state === "waiting" && (e.what !== "end" || end));
      if (!some.length && !more.length) return null;
      const bundle = { bundle: crypto.randomUUID(), device: from, visit, said_by,
        answers: some.map(({ id, seq, unit, of, fact, kind, value, base, at }) => ({ id, seq, unit, of, fact, kind, value, base, at })) };
      for (const e of more) bundle[e.what] = { ...e.body, at: e.at };
      const row = { id: bundle.bundle, account, visit, body: JSON.stringify(bundle), answers: some.map(a => a.id), extras: more.map(e => e.id) };
      for (const a of some) await wait(answers.put({ ...a, state: "sending" }));
      for (const e of more) await wait(extras.put({ ...e, state: "sending" }));
      await wait(bundles.put(row));
      return row;
    });
  };

  const post = (path, method, body, type) => fetch(path, { method, body, headers: type ? { "Content-Type": type } : {}, redirect: "manual", cache: "no-store" });
  class SignedOut extends Error {}
  const read = async reply => {
    if (reply.type === "opaqueredirect" || reply.status === 401) throw new SignedOut();
    if (reply.status >= 500) throw new Error("server " + reply.status);
    return reply.json();
  };

  // deliver sends a bundle and notes what became of each of its parts.
  const deliver = async row => {
    const said = await read(await post("/visits/sync", "POST", row.body, "application/json"));
    await change(["answers", "extras", "bundles"], async (answers, extras, bundles) => {
      if (said.wrong) { await wait(bundles.put({ ...row, wrong: said.wrong })); return; }
      const became = new Map((said.answers ?? []).map(a => [a.id, a]));
      for (const id of row.answers) {
        const a = await wait(answers.get(id));
        if (a) await wait(answers.put({ ...a, state: "sent", became: became.get(id)?.state ?? said.state, why: became.get(id)?.why ?? said.why, known: became.get(id)?.base }));
      }
      for (const id of row.extras) {
        const e = await wait(extras.get(id));
        if (e) await wait(extras.put({ ...e, state: e.what === "end" && !said.done ? "lacking" : "sent", lacks: said.lacks ?? (said.why ? [said.why] : []) }));
      }
      await wait(bundles.delete(row.id));
    });
    return !said.wrong;
  };

  const piece = 256 * 1024;
  // upload sends a file from where the server has it to.
  const upload = async row => {
    const { bytes, ...head } = row;
    let said = await read(await post("/visit-files", "POST", JSON.stringify({ id: row.id, visit: row.visit, kind: row.kind, signer: row.signer, signer_id: row.signer_id,
      media: row.media, size: row.size, digest: row.digest, at: row.at }), "application/json"));
    for (let tries = 0; !said.wrong && said.state === "receiving" && tries < 3 * Math.ceil(row.size / piece) + 3; tries++) {
      await put("files", { ...row, received: said.received });
      changed();
      said = await read(await post(`/visit-files/${row.id}?at=${said.received}`, "PUT", bytes.slice(said.received, said.received + piece), "application/octet-stream"));
    }
    if (said.wrong) { await put("files", { ...row, why: said.wrong }); return false; }
    // What the server has whole is let go of here; what it refuses stays, to be seen.
    await put("files", said.state === "kept" ? { ...head, received: row.size, state: "sent" } : { ...row, state: said.state === "refused" ? "refused" : "waiting", why: said.why });
    return said.state === "kept";
  };

  const listeners = new Set();
  const changed = () => { for (const told of listeners) told(); };

  // round sends all that waits of the account that is signed in.
  const round = async () => {
    const me = await read(await fetch("/visits/me", { redirect: "manual", cache: "no-store" }));
    const mine = rows => rows.filter(r => r.account === me.account);
    for (const row of mine(await all("bundles"))) { await deliver(row); changed(); }
    const visits = new Set([...mine(await all("answers")), ...mine(await all("extras")), ...mine(await all("files"))].map(r => r.visit));
    for (const visit of visits) {
      for (let row; (row = await pack(me.account, visit, false)); changed()) if (!await deliver(row)) break;
      for (const row of mine(await all("files")).filter(f => f.visit === visit && f.state === "waiting")) { await upload(row); changed(); }
      const left = mine([...await all("answers"), ...await all("files")]).some(r => r.visit === visit && ["waiting", "sending"].includes(r.state));
      const row = left ? null : await pack(me.account, visit, true);
      if (row) { await deliver(row); changed(); }
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

  // waiting is all that the server has not taken yet, of everybody.
  const waiting = async () => ({
    answers: (await all("answers")).filter(a => a.state !== "sent"), files: (await all("files")).filter(f => f.state !== "sent"),
    extras: (await all("extras")).filter(e => e.state !== "sent"), bundles: await all("bundles"),
  });

  // again has what lacked something tried once more.
  const again = () => change(["extras"], async s => { for (const e of await wait(s.getAll())) if (e.state === "lacking") await wait(s.put({ ...e, state: "waiting" })); });

  return { all, get, answer, file, extra, saidBy, owner, send, waiting, again, drop: (store, id) => change([store], s => wait(s.delete(id))), listen: told => listeners.add(told) };
})();
