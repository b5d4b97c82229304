package means

// Leads reports whether a check may go from a state to another.
var Leads = leads
