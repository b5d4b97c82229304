// Package e2e drives the real program in a real browser: it builds the binary, serves a sample county on a real PostgreSQL in a folder of its own,
// signs people in headless Chromium, and walks what they do all day. Nothing of it is in the program.
//
// Its tests need Chromium. "make test" installs it where it is missing and may; without one they fail, and say what to install.
package e2e
