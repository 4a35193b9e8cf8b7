// Package telemetry tells others how a run went: a text file of metrics for Prometheus, OpenLineage events, a ping
// of the kind that healthchecks.io takes, and a webhook.
//
// A Night is all that may be told: codes, counts, names of tables and of what mappings name, and ids of submissions.
// It has no field for the text of a cell, or for the name of a file, a sheet or a person. A Sender says it; what it
// cannot say it returns as a Failure, which never ends a run, and which names no address, since one may hold a
// secret.
package telemetry
