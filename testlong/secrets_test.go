package testlong

import (
	"context"
	"time"

	"palermo/pipeline"
)

// runAction says what this program, executed again, is to do with the home in place of a run.
const runAction = "PALERMO_LONG_RUN_ACTION"

// actions is what changes how the secrets of a home lie.
var actions = map[string]func(h *pipeline.Home) error{
	"seal": func(h *pipeline.Home) error {
		_, err := h.Seal(context.Background(), time.Now())
		return err
	},
	"open": func(h *pipeline.Home) error {
		_, err := h.Unseal(context.Background(), time.Now())
		return err
	},
	"rotate": func(h *pipeline.Home) error {
		_, err := h.RotateKey(context.Background(), time.Now())
		return err
	},
}
