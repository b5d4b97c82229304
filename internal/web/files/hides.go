package files

import (
	"dajiuzhu/internal/access"
	"dajiuzhu/internal/rules"
)

// Hides is which facts and variables a role does not see in what is told of a household: other pages that tell why hold to the same.
func Hides(policy *rules.Policy) func(access.Role) func(path string) bool {
	s := newSecrets(policy)
	return func(role access.Role) func(path string) bool { return s.hide(sights[role]) }
}
