// Package witness watches ledgers for somebody who does not run them: it cosigns their checkpoints only as long as each goes on from the one before.
//
//	err := witness.Generate("witness", "jiwei.example.cn/witness")   // once: the key, and the folder of what was seen
//	w, err := witness.Open("witness", ledgers, time.Now)             // the public keys of the ledgers that it watches
//	http.Serve(listener, w.Handler())                                // C2SP tlog-witness
//
// It speaks C2SP tlog-witness and tlog-cosignature. Of each ledger it keeps the newest checkpoint that it cosigned, on disk before it answers, and
// never cosigns one that does not contain that. Whoever rewrites a ledger or cuts its end off, be it with the ledger's own key, gets no further
// cosignature; and what the witness keeps shows what there was. A witness that has lost what it kept is none any more: it needs another key.
package witness
