package pipeline

import (
	"strings"
	"sync"
)

// idMemo is the ids of one submission's records as a zone has them, each made once: the same id
// stands in a dozen tables. It is safe for many goroutines.
type idMemo struct {
	key  key
	mu   sync.RWMutex
	made map[string]string // by the id of the lake
}

func newIDMemo(k key) *idMemo { return &idMemo{key: k, made: map[string]string{}} }

func (m *idMemo) id(lake string) string {
	m.mu.RLock()
	id, known := m.made[lake]
	m.mu.RUnlock()
	if known {
		return id
	}
	id = m.key.id(lake)
	m.mu.Lock()
	m.made[strings.Clone(lake)] = id
	m.mu.Unlock()
	return id
}
