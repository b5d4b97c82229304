// Package access decides who may come in, as whom, and what they may see and do.
//
// An [Access] holds accounts and signs people in: password ([Access.SignIn]), one-time code or recovery code ([Access.SecondFactor]), passkey
// ([Access.FinishPasskey]), or an outside identity provider ([Access.FinishOutside]). All lead to a [Session], which a token opens
// ([Access.Session]) until it expires. A session that still lacks something, as a second factor, says what in [Session.Due] and may do nothing.
//
//	session, err := access.Session(ctx, cookie)
//	if !session.May(access.ConfirmWarning) { … }
//	err = db.As(ctx, session.Principal(access.ForVisit), func(tx pgx.Tx) error {
//		phones, err := access.Open(ctx, tx, access.Sensitive{…})
//		…
//	})
//
// An account has postings: a role, the area and, for a department's officer, the department, each from a day to a day. A session acts in one of
// them at a time. What the role may do stands in one table, [Role.May]; which rows it sees is row-level security's, by [Session.Principal].
//
// Passwords, second factors and sessions are in tables that the role of pages has no right to at all: this package reads them under the
// platform's own. Tokens, codes and passwords are kept as digests only, and no fault tells whether an account exists.
package access
