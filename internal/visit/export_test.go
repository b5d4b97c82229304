package visit

// Cleaned is for the fuzzing of what comes from outside.
var Cleaned = cleaned
