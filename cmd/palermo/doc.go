// Command palermo turns spreadsheets of counter-trafficking data into one published database.
//
// Its nouns are those of package pipeline: a home, a run, a submission. One file here is one
// command; app.go is what they share. A command returns a result, which is printed for people or,
// under --json, as one object:
//
//	{"command": "run", "ok": true, "summary": "…", "result": {…}, "error": null}
//
// ok is false with an error of null where something was found that a person should look at; error
// is set where the command could not do its work. Results go to standard output; progress, logs
// and errors go to standard error.
//
// The exit status is decided here alone (exit.go):
//
//	0        done, or nothing new
//	1        could not finish
//	2        the command line, the config or a mapping is wrong
//	3        the environment is: disk, permissions, a missing key
//	5        rows could not be read, under run --fail-on
//	11       another run is at work in the home
//	130 143  ended by SIGINT or SIGTERM
//
// The package holds no logic about data.
package main
