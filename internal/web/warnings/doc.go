// Package warnings is the pages on warnings: the inbox, one warning with why it is and what may be done, how often warnings turn out right, and
// the reports that anybody may send in by a code, and operators and organisations by a form.
//
// What somebody may do is offered by role, and package warning and the database hold to it. Each form carries a key, so that pressing twice, or
// going back and sending again, does nothing twice. The page for the public shows nothing of anybody: who reports gets a receipt, and with it how
// far the report came.
package warnings
