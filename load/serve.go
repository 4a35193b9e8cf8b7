package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"palermo/sandbox"
)

// errUnwanted says that nobody wants the database any longer, after the answers.
var errUnwanted = errors.New("the database is not wanted")

// ServeBuild is the role of a process that builds a database and answers the job's questions on the way: it reads the
// job, writes the answers, reads whether to go on, and writes the result.
func ServeBuild(ctx context.Context, in io.Reader, out io.Writer) error {
	dec, enc := json.NewDecoder(in), json.NewEncoder(out)
	dec.DisallowUnknownFields()
	var job BuildJob
	if err := dec.Decode(&job); err != nil {
		return fmt.Errorf("read job: %w", err)
	}
	r, err := buildOrNothing(ctx, job, func(a Answers) error {
		if err := enc.Encode(a); err != nil {
			return err
		}
		var on bool
		if err := dec.Decode(&on); err != nil || !on {
			return errUnwanted
		}
		return nil
	})
	if errors.Is(err, errUnwanted) {
		return nil
	}
	if err != nil {
		return err
	}
	return enc.Encode(r)
}

// Build has a worker in the role, which is ServeBuild, build the database. between is handed the answers to the job's
// questions when all tables but those that come late are filled; it writes the files of those, or ends it all
// with an error, which Build returns.
func Build(ctx context.Context, role string, job BuildJob, between func(Answers) error, o sandbox.Options) (*BuildResult, error) {
	w, err := sandbox.Start(ctx, role, o)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	enc, dec := json.NewEncoder(w.In), json.NewDecoder(w.Out)
	said := func(err error) error { // what the worker says of itself tells more than a pipe that broke
		if failure := w.Failure(); failure != nil {
			return failure
		}
		return err
	}
	if err := enc.Encode(job); err != nil {
		return nil, said(err)
	}
	var a Answers
	if err := dec.Decode(&a); err != nil {
		return nil, said(fmt.Errorf("read answers: %w", err))
	}
	if err := between(a); err != nil {
		_ = enc.Encode(false)
		return nil, err
	}
	if err := enc.Encode(true); err != nil {
		return nil, said(err)
	}
	var r BuildResult
	if err := dec.Decode(&r); err != nil {
		return nil, said(fmt.Errorf("read result: %w", err))
	}
	return &r, w.Failure()
}
