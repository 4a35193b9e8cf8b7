package extract

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"syscall"
	"time"

	"palermo/diag"
	"palermo/sandbox"
)

// Limits is what the worker that reads a file may use. The zero value of each field stands for its
// default.
type Limits struct {
	MemoryMiB int           // 512
	Silence   time.Duration // how long nothing may come from it, and a second for each MiB of the file; 20 s
}

const (
	memoryMiB  = 512
	silence    = 20 * time.Second
	cpuBase    = 25 * time.Second // of processor time, and
	cpuMiB     = 4 * time.Second  // for each MiB of the file
	openFiles  = 64
	drainBytes = 256 << 20 // of frames that may still come once no more are wanted

	// One thread parses and one collects garbage. More would only cost memory: the stack of each counts
	// towards the limit, 8 MiB, and a large machine would make a hundred of them.
	threads = "GOMAXPROCS=2"
)

func (l Limits) withDefaults() Limits {
	return Limits{cmp.Or(l.MemoryMiB, memoryMiB), cmp.Or(l.Silence, silence)}
}

// OpenApart is OpenFile in a worker: the bytes are parsed in another process, which has no key and
// reaches no other file, and only rows come from it. The File is used as any other; h is its to
// close. What the worker sends is held against o's limits. A worker that dies, uses too much, or
// sends nonsense is the file's fault, as an *Error with code file.stopped: the cause says how, as a
// *sandbox.WorkerError. The worker ends with ctx.
func OpenApart(ctx context.Context, h *os.File, o Options, l Limits) (*File, error) {
	f := &File{f: h, o: o.withDefaults()}
	if err := f.openApart(ctx, h, l.withDefaults()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// apart is the parent's side of a worker that reads a file.
type apart struct {
	w       *sandbox.Worker
	file    *File
	silence time.Duration
	frames  frameReader
	dead    error // why nothing more can be read
	busy    bool  // a sheet is being read
}

func (f *File) openApart(ctx context.Context, h *os.File, l Limits) error {
	st, err := h.Stat()
	if err != nil {
		return err
	}
	f.size = st.Size()
	if f.size > f.o.MaxBytes {
		return fault(nil, diag.FileTooLarge, f.pos(), "%d bytes are over the limit of %d", f.size, f.o.MaxBytes)
	}
	mib := time.Duration(f.size >> 20)
	files := []*os.File{h}
	if f.o.InMemory {
		scratch, err := sandbox.MemoryFile()
		if err != nil {
			return err
		}
		defer scratch.Close() // the worker has its own
		files = append(files, scratch)
	}
	w, err := sandbox.Start(ctx, Role, sandbox.Options{CPU: cpuBase + mib*cpuMiB, MemoryBytes: int64(l.MemoryMiB) << 20,
		FileBytes: f.o.MaxUnzipBytes, OpenFiles: openFiles, TempDir: f.o.TmpDir, Files: files, Confined: true, Env: []string{threads}})
	if err != nil {
		return err
	}
	f.apart = &apart{w: w, file: f, silence: l.Silence + mib*time.Second, frames: frameReader{r: bufio.NewReaderSize(w.Out, 64<<10)}}
	theirs := f.o
	theirs.Name, theirs.TmpDir = "", "" // they need no name, and have a folder of their own
	if err := f.apart.ask(request{Open: &theirs}); err != nil {
		return err
	}
	return f.apart.opened()
}

// opened takes the answer to the first request.
func (a *apart) opened() error {
	kind, payload, err := a.next()
	if err != nil {
		return err
	}
	switch kind {
	case frameFault:
		return a.fault(payload)
	case frameOpened:
	default:
		return a.nonsense()
	}
	var o opened
	if json.Unmarshal(payload, &o) != nil || checkOpened(&o, a.file.o.Names) != nil {
		return a.nonsense()
	}
	a.file.format, a.file.sheets, a.file.names, a.file.mark = o.Format, o.Sheets, o.Names, o.Mark
	for i := range o.Sheets {
		s := &a.file.sheets[i]
		s.file = a.file
		no := s.No
		s.rows = func(ctx context.Context) iter.Seq2[Row, error] { return a.rows(ctx, no) }
	}
	return a.notes(o.Notes)
}

// notes takes what was found so far.
func (a *apart) notes(ds []diag.Diagnostic) error {
	if len(ds) > maxNotes {
		return a.nonsense()
	}
	a.file.notes = diag.List{}
	for _, d := range ds {
		if checkFinding(&d, a.file) != nil {
			return a.nonsense()
		}
		a.file.notes.Add(d)
	}
	return nil
}

// rows streams a sheet, as Sheet.Rows promises.
func (a *apart) rows(ctx context.Context, no int) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if err := a.begin(ctx, no); err != nil {
			yield(Row{}, err)
			return
		}
		defer func() { a.busy = false }()
		o := a.file.o
		b := blockReader{o: o, rowsLeft: a.file.size + 1<<24, textLeft: 4*a.file.size + o.MaxUnzipBytes}
		for {
			more, err := a.block(ctx, &b)
			if err != nil {
				yield(Row{}, err)
				return
			}
			if !more {
				return
			}
			for {
				row, ok, err := b.row()
				if err != nil {
					yield(Row{}, a.nonsense())
					return
				}
				if !ok {
					break
				}
				if !yield(row, nil) {
					a.stop()
					return
				}
			}
		}
	}
}

func (a *apart) begin(ctx context.Context, no int) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case a.dead != nil:
		return a.dead
	case a.busy:
		return errors.New("extract: another sheet of the file is being read")
	}
	a.busy = true
	if err := a.ask(request{Rows: no}); err != nil {
		a.busy = false
		return err
	}
	return nil
}

// block takes the next block, and reports whether there was one.
func (a *apart) block(ctx context.Context, b *blockReader) (bool, error) {
	if ctx.Err() != nil {
		a.stop()
		return false, ctx.Err()
	}
	kind, payload, err := a.next()
	if err != nil {
		return false, err
	}
	switch kind {
	case frameFault:
		return false, a.fault(payload)
	case frameEnd:
		return false, a.end(payload)
	case frameRows:
		if b.take(payload) != nil {
			return false, a.nonsense()
		}
		return true, nil
	}
	return false, a.nonsense()
}

// end is the end of a pass, which may have found something.
func (a *apart) end(payload []byte) error {
	var o opened
	if json.Unmarshal(payload, &o) != nil {
		return a.nonsense()
	}
	return a.notes(o.Notes)
}

// stop says that no more rows are wanted, and passes over those that are on their way. What goes
// wrong with that, the next request meets.
func (a *apart) stop() {
	if a.ask(request{Stop: true}) != nil {
		return
	}
	for left := drainBytes; ; {
		kind, payload, err := a.next()
		if err != nil {
			return
		}
		switch kind {
		case frameEnd:
			_ = a.end(payload)
			return
		case frameFault:
			_ = a.fault(payload)
			return
		}
		if left -= len(payload) + frameHead; kind != frameRows || left < 0 {
			_ = a.nonsense()
			return
		}
	}
}

// ask sends a request. A worker that takes none is dead, or soon will be.
func (a *apart) ask(r request) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := a.w.In.SetWriteDeadline(time.Now().Add(a.silence)); err != nil {
		return err
	}
	switch _, err = a.w.In.Write(append(b, '\n')); {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return a.silent()
	case err != nil:
		return a.died()
	}
	return nil
}

// next is the next frame. Its error is why there is none, and there will be no other.
func (a *apart) next() (byte, []byte, error) {
	if a.dead != nil {
		return 0, nil, a.dead
	}
	if err := a.w.Out.SetReadDeadline(time.Now().Add(a.silence)); err != nil {
		return 0, nil, err
	}
	kind, payload, err := a.frames.next()
	switch {
	case err == nil:
		return kind, payload, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 0, nil, a.silent()
	case errors.Is(err, errNonsense):
		return 0, nil, a.nonsense()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return 0, nil, a.died()
	}
	return 0, nil, err
}

// fault is the finding that a worker ended the reading with.
func (a *apart) fault(payload []byte) error {
	var d diag.Diagnostic
	if json.Unmarshal(payload, &d) != nil || checkFinding(&d, a.file) != nil {
		return a.nonsense()
	}
	a.dead = &Error{Diagnostic: d}
	return a.dead
}

func (a *apart) nonsense() error {
	return a.over(a.w.Kill(errNonsense), "what its reader sent was not rows: the file may have been made to break it")
}

func (a *apart) silent() error {
	return a.over(a.w.Kill(errSilent), fmt.Sprintf("its reader said nothing for %v", a.silence))
}

var errSilent = errors.New("was silent for too long")

// over keeps why nothing more is read, as the file's fault.
func (a *apart) over(cause error, message string) error {
	a.dead = fault(cause, diag.FileStopped, a.file.pos(), "%s", message)
	return a.dead
}

// died finds out why the worker is gone.
func (a *apart) died() error {
	err := a.w.Failure()
	var dead *sandbox.WorkerError
	var said *sandbox.RoleError
	switch {
	case errors.As(err, &dead) && dead.Unfit():
		a.dead = fmt.Errorf("extract: %w", err)
		return a.dead
	case errors.As(err, &dead):
		return a.over(err, why(dead))
	case errors.As(err, &said) && said.Errno == syscall.ENOSPC && full(a.file.o.TmpDir):
		a.dead = fmt.Errorf("extract: write temporary files: %w", said.Errno)
		return a.dead
	case errors.As(err, &said) && said.Errno == syscall.EFBIG:
		a.dead = fault(said.Errno, diag.FileTooLarge, a.file.pos(), "unpacked, the file is over the limit")
		return a.dead
	case errors.As(err, &said): // its words may be a cell's
		return a.over(said.Unwrap(), "its reader could not go on")
	case err == nil:
		return a.over(errNonsense, "its reader ended before the file did")
	}
	a.dead = err // the caller's context has ended
	return err
}

// why is how a worker died, for who sent the file.
func why(e *sandbox.WorkerError) string {
	switch {
	case e.OutOfMemory():
		return "reading it takes more memory than a file may use"
	case e.CPU, e.Timeout:
		return "reading it takes more time than a file may use"
	case e.Signal == syscall.SIGKILL:
		return "its reader was killed"
	}
	return "its reader broke off"
}

// full reports whether the file system of dir has no room: what a worker says of that is not
// believed.
func full(dir string) bool {
	free, err := freeBytes(cmp.Or(dir, os.TempDir()))
	return err == nil && free < 1<<20
}

func (a *apart) close() error { return a.w.Close() }
