// Package telling is who is told of what: every event of the platform about which somebody must be told, the template of the pack by which, and to
// whom it goes. [Templates] is the one list; what an act tells, it tells in its own transaction, and what only a clock brings about is told by the
// job that finds it.
//
//	t, err := telling.New(notes, pack, "12345")                 // refuses a pack that lacks the text for an event
//	err = t.VisitChanged(ctx, tx, visit.Going{}, planned, key)  // whoever is sent to a home
//	err = t.ExportReady(ctx, tx, telling.Export{…})             // whoever asked for an export
//
// Nobody is told of what they did themselves, and nobody is told the same twice: each message has a key of its matter and its occasion. What
// comes in bulk, as warnings passed on in a night, is told as a count to the office that they came to. A nil *Telling tells nobody.
//
// The pages of casework tell of each step of a case themselves, by the same templates: their words are the page's.
package telling
