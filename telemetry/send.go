package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Sender is where it is told. The zero value tells nobody.
type Sender struct {
	Textfile    string // a path
	OpenLineage string // a path, or a URL
	Namespace   string
	Ping        string // a URL
	Webhook     string // a URL
	Timeout     time.Duration
}

// Nobody reports whether there is nobody to tell.
func (s Sender) Nobody() bool {
	return s.Textfile == "" && s.OpenLineage == "" && s.Ping == "" && s.Webhook == ""
}

// Failure is a place that could not be told. Its text has no address.
type Failure struct {
	To  string // textfile, openlineage, ping, webhook
	Err error
}

func (f Failure) Error() string { return f.To + ": " + f.Err.Error() }

// Started tells that a run has begun.
func (s Sender) Started(ctx context.Context, n *Night) []Failure {
	return s.all(ctx, map[string]func(context.Context) error{
		"openlineage": s.when(s.OpenLineage, func(ctx context.Context) error { return s.event(ctx, s.startEvent(n)) }),
		"ping":        s.when(s.Ping, func(ctx context.Context) error { return s.ping(ctx, n, "start") }),
	})
}

// Ended tells how a run has ended.
func (s Sender) Ended(ctx context.Context, n *Night) []Failure {
	return s.all(ctx, map[string]func(context.Context) error{
		"textfile":    s.when(s.Textfile, func(context.Context) error { return writeMetrics(s.Textfile, n) }),
		"openlineage": s.when(s.OpenLineage, func(ctx context.Context) error { return s.event(ctx, s.endEvent(n)) }),
		"ping":        s.when(s.Ping, func(ctx context.Context) error { return s.ping(ctx, n, strconv.Itoa(n.Exit)) }),
		"webhook":     s.when(s.Webhook, func(ctx context.Context) error { return post(ctx, s.Webhook, n) }),
	})
}

func (s Sender) when(to string, do func(context.Context) error) func(context.Context) error {
	if to == "" {
		return nil
	}
	return do
}

// all does everything at once, so that who does not answer holds up nobody else. It goes on where ctx has ended: a
// run that was interrupted is told of, too.
func (s Sender) all(ctx context.Context, do map[string]func(context.Context) error) []Failure {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Timeout)
	defer cancel()
	var (
		mu   sync.Mutex
		wait sync.WaitGroup
		out  []Failure
	)
	for to, f := range do {
		if f == nil {
			continue
		}
		wait.Go(func() {
			if err := f(ctx); err != nil {
				mu.Lock()
				defer mu.Unlock()
				out = append(out, Failure{to, addressless(err)})
			}
		})
	}
	wait.Wait()
	return out
}

// addressless is the error without the address that it is about.
func addressless(err error) error {
	var (
		errno    syscall.Errno
		name     *net.DNSError
		answered statusError
		timeout  net.Error
	)
	switch {
	case errors.As(err, &answered):
		return answered
	case errors.As(err, &name):
		return errors.New("the name of the host is not known")
	case errors.As(err, &errno):
		return errno
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("no answer in time")
	}
	return errors.New("could not be sent or written")
}

// statusError is an answer that is none of success.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("answered %d", int(s)) }

// ping asks for the address with the word added, and the run's id, by which a start and an end belong together.
func (s Sender) ping(ctx context.Context, n *Night, word string) error {
	u, err := url.Parse(s.Ping)
	if err != nil {
		return err
	}
	u = u.JoinPath(word)
	q := u.Query()
	q.Set("rid", n.uuid())
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(n.Status+"\n"))
	if err != nil {
		return err
	}
	return do(req)
}

// event sends an event to the address, or adds it to the file.
func (s Sender) event(ctx context.Context, e any) error {
	if strings.Contains(s.OpenLineage, "://") {
		return post(ctx, s.OpenLineage, e)
	}
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(s.OpenLineage, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Close())
}

func post(ctx context.Context, to string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	return do(req)
}

func do(req *http.Request) error {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return statusError(res.StatusCode)
	}
	return nil
}

// writeMetrics replaces the text file by one rename: who scrapes it meanwhile reads one or the other.
func writeMetrics(path string, n *Night) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".palermo-*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(metrics(n))
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
