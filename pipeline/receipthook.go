package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"go.uber.org/zap"

	"palermo/load/receipt"
)

// How long the webhook may take for one receipt, and for all of a run.
const (
	hookTime = 5 * time.Second
	hookAll  = 30 * time.Second
)

// hookNote is all that the webhook is told of a receipt.
type hookNote struct {
	Receipt string        `json:"receipt"`
	Agency  string        `json:"agency"` // its folder
	State   receipt.State `json:"state"`
}

// tell notes that there is a receipt to tell of. Of several states in one run the last is told.
func (d *desk) tell(s *Submission, state receipt.State) {
	if d.Config.Receipts.Webhook == "" {
		return
	}
	n := hookNote{s.Receipt, s.Agency, state}
	if i := slices.IndexFunc(d.told, func(o hookNote) bool { return o.Receipt == n.Receipt && o.Agency == n.Agency }); i >= 0 {
		d.told[i] = n
		return
	}
	d.told = append(d.told, n)
}

// call tells the webhook of each receipt that was written. One that does not answer is not asked again in this run, and is
// never told later: whoever waits for it looks into the folder.
func (d *desk) call(ctx context.Context) {
	if len(d.told) == 0 || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, hookAll)
	defer cancel()
	slices.SortFunc(d.told, func(a, b hookNote) int {
		return cmp.Or(cmp.Compare(a.Receipt, b.Receipt), cmp.Compare(a.Agency, b.Agency))
	})
	client := &http.Client{Timeout: hookTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	for i, n := range d.told {
		if err := post(ctx, client, d.Config.Receipts.Webhook, n); err != nil {
			d.summary.Receipts.Untold = true
			d.Log.Warn("webhook not told", zap.Int("receipts", len(d.told)-i))
			return
		}
	}
}

func post(ctx context.Context, client *http.Client, to string, n hookNote) error {
	b, err := json.Marshal(n)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "palermo")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return nil
}

// checkHook reports whether the address is one that can be told.
func checkHook(address string) bool {
	u, err := url.Parse(address)
	return address == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
