package population

// Steps is how many ties away from a person others have to be known so that the person's household comes out as it does among everybody:
// who the parents' families are decides with whom a child belongs, and that is two ties away. One more costs nothing.
const Steps = 3
