package ledger

// VerifyIn verifies within a transaction, which a test then rolls back.
var VerifyIn = verifyIn
