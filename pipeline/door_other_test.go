//go:build !linux

package pipeline_test

import (
	"context"
	"io"

	"palermo/extract"
)

// killedOnce is a reader as any other: nobody kills it here.
func killedOnce(ctx context.Context, in io.Reader, out io.Writer) error {
	return extract.Serve(ctx, in, out)
}
