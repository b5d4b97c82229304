package access

// CheckHash reads a stored hash and reports whether it can be used, for the fuzzer.
func CheckHash(s string) (Hashing, bool) {
	h, salt, key, err := decodeHash(s)
	if err != nil {
		return Hashing{}, false
	}
	return h, h.encode(salt, key) == s
}

// Delay is the wait after so many failures to sign in.
var Delay = ofLogin.delay
