// Package discovery is where the record meets the policy: changed facts become findings and warnings.
//
// [Discovery.Run] determines every household of the record, as every night; [Discovery.Update] those that a promoted feed or a statement
// touched, within a second. Both end in the same step: what a household comes to now is held against what is stored of it, and only what
// is different is written: the finding, the outcomes that became others, the warnings that are raised or closed.
//
// A run is built beside what is current, counted, and put in its place in one transaction. What events changed while it was built is
// determined again after it, so that nothing that arrives is lost to a run that had read the record before.
package discovery
