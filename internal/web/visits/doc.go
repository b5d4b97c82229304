// Package visits is the pages of whoever visits homes, made for a phone without signal: today's visits, the questions of each, signatures,
// photographs and voice notes, and what still waits to be sent. For the township it has what waits for a decision.
//
// Every page is plain HTML that works without scripts. With them one question is shown at a time, and today's pages and what is answered are kept
// in the browser's database, sealed under a key of the account on that phone: see static/store.js, which both the pages and the service worker use
// to send. Without a signal the service worker gives an empty page, which opens what is kept with the holder's PIN. What waits belongs to the
// account that answered; another account on the same phone neither sees nor sends it.
//
//	pages, err := visits.New(visits.Deps{DB: db, Visits: visits})
//	site, err := web.New(config, pages)
package visits
