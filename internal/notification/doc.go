// Package notification tells people of their matters (通知): in the platform, by SMS and by e-mail. The public 公示 of a case is no notification.
//
// [Notifications.Tell] writes a message in the transaction of what it tells of, filled in from a template of the pack's messages.yaml, in both
// languages: if the transaction does not commit, nobody is told, and the same message told twice is told once. It goes to an account, to an
// office, which is whoever is posted there, or to a person of the record by the telephone kept there.
//
//	err := notes.Tell(ctx, tx, notification.Message{To: notification.To{Person: 12}, Template: "accepted", About: "item:34", Area: village,
//		Args: notification.Args{"number": notification.Same("34"), "programme": programme.Name, "due": notification.Same("2026-12-01")}})
//
// A job then makes of it the SMS and e-mails that its recipients want, and hands each to a [Carrier], outside quiet hours unless it is
// urgent. Every state of each of them is a receipt that stays: queued, being sent, sent, delivered, failed and why. A carrier that fails is asked
// again, ever later, for a day and a half. What was being sent when the program broke off is sent again under the same id, by which a gateway knows
// it: an SMS may in that one case come twice, but none is lost.
//
// An SMS holds nothing sensitive, which the pack's reading makes sure of. Telephones and addresses are sealed; a receipt shows their mask.
package notification
