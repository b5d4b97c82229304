// Package visit sends people to homes, and takes what they bring back without losing or doubling anything.
//
// A visit is planned for a household ([Plan]) and shows among its visitors' ([Visits.Today]). Its sheet ([Visits.Sheet]) holds the questions that
// can still decide something, and the pack's checklist. What a device answered comes as a [Bundle] ([Visits.Sync]), once or many times, soon
// or weeks later; photographs, voice notes and signatures come in pieces ([Visits.Begin], [Visits.Append]). [Visits.End] closes the visit. Under
// which key a device keeps all this until then, [Visits.DeviceKey] says.
//
//	id, err := visit.Plan(ctx, tx, visit.Task{Household: 12, Purpose: visit.Warning, Visitors: []int64{3}, Due: friday})
//	sheet, err := visits.Sheet(ctx, tx, id, today)
//	result, err := visits.Sync(ctx, tx, bundle, today)
//
// # What an answer becomes
//
// Every answer that arrives is kept for good. One that gives a value of a fact of the pack is a statement of package registry, made in the same
// transaction, so that the household is determined anew by itself; "not known" and "would not say" are kept and state nothing. Of the answers of
// one device to one question the last one counts, whatever order they arrive in.
//
// An answer says what was known of its field when the sheet was made (its base). Two devices that answer the same field without knowing of each
// other, and differently, have said nothing yet: neither answer stands, and both are put before a person ([Visits.Conflicts], [Visits.Decide]).
// What an officer corrected meanwhile stands until then. So any order of arrival, and any repetition, ends in the same statements.
//
// What cannot be taken, as of a visit that went to others or an account whose posting ended, is set aside as it was sent and put before the
// township ([Visits.Aside], [Visits.Settle]).
package visit
