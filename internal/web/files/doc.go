// Package files is the pages on whom there is: searching people, a household's file (一户一档), why a programme comes to what it comes to, and
// the list of everything that a family gets (幸福清单).
//
// A file is read in the name of who asks: row-level security says which households there are for them, and a table here how much of a file a role
// sees. What the policy comes to is explained by package discovery only after that. Sensitive values are masked; each opening is recorded in
// its own transaction before the value is shown.
package files
