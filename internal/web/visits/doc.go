// Package visits is the pages of whoever visits homes, made for a phone without signal: today's visits, the questions of each, signatures,
// photographs and voice notes, and what still waits to be sent. For the township it has what waits for a decision.
//
// Every page is plain HTML that works without scripts. With them the pages are kept by a service worker, one question is shown at a time, and
// what is answered is kept in the browser's database until the server has taken it: see static/store.js, which both the pages and the service
// worker use to send. What waits belongs to the account that answered; another account on the same phone neither sees nor sends it.
//
//	pages, err := visits.New(visits.Deps{DB: db, Visits: visits})
//	site, err := web.New(config, pages)
package visits
