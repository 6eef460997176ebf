package fleets

import (
	"context"
	"database/sql"
)

// heart is the connection for signs of life. It is set apart, so that a process
// whose slots keep all others busy is not taken for dead. A file has one
// connection a process, and none to set apart.
type heart struct {
	reserve bool
	conn    *sql.Conn // nil: none yet, or it is broken
}

func (d *database) newHeart() *heart { return &heart{reserve: d.reserve} }

// exec is [state.exec] on the heart's own connection.
func (h *heart) exec(ctx context.Context, s *state, query string, args ...any) (changed int64, err error) {
	if !h.reserve {
		return s.exec(ctx, query, args...)
	}
	if h.conn == nil {
		if h.conn, err = s.db.Conn(ctx); err != nil {
			return 0, err
		}
	}
	result, err := h.conn.ExecContext(ctx, s.dialect.Replace(query), s.with(args)...)
	if err != nil {
		h.stop()
		return 0, err
	}
	return result.RowsAffected()
}

// stop gives the connection back.
func (h *heart) stop() {
	if h.conn != nil {
		_ = h.conn.Close()
		h.conn = nil
	}
}
