// Package cases is the pages of casework: the queue, a new filing, a case with the form of every step, supervision, meetings, reviews, registers,
// what prints, and what people were told.
//
// Nothing of a procedure stands here. A case page asks package casework which steps may be done next, and shows for each the form of what it gives:
// an application, an authorisation, a survey, a notice, a decision. What the database refuses comes back on the same page with all that was written.
// A form carries a key, so that what is sent twice is done once, and the moment at which its writer saw the case, so that nobody acts on a page that
// is out of date.
package cases
