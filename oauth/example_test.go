package oauth_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/motive-go/motive/motivetest"
	"github.com/motive-go/motive/oauth"
	"golang.org/x/oauth2"
)

// A whole login, against the fake of motivetest, which grants it without asking.
func ExampleLogin() {
	fake, err := motivetest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fake.Close()
	cfg := fake.OAuth().Config("https://app.example.com/callback", oauth.ScopeUsersRead) // oauth.NewConfig for the real one
	store := oauth.NewMemoryStore(nil)
	ctx := context.Background()

	// In the handler that begins the login: send the browser to login.URL, and
	// keep login.Session in the user's session.
	login, err := oauth.NewLogin(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	session := login.Session()
	callback := visit(login.URL())

	// In the handler of the callback.
	login, err = oauth.ResumeLogin(cfg, session)
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := login.Exchange(ctx, callback)
	if errors.Is(err, oauth.ErrAccessDenied) {
		fmt.Println("the user said no")
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := oauth.Save(ctx, store, token); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("connected for", time.Until(token.Expiry).Round(time.Hour))
	// Output: connected for 1h0m0s
}

// visit is the browser. It returns the query of the request that comes back.
func visit(address string) url.Values {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(address)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		return nil
	}
	return back.Query()
}

// A Source serves any http.Client: here one that calls an endpoint of Motive's
// that package motive does not know. Hand the same Source to
// motive.WithTokenSource, so that one owner of the refresh token serves both.
func ExampleSource() {
	fake, err := motivetest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer fake.Close()
	cfg := fake.OAuth().Config("https://app.example.com/callback")
	expired := fake.IssueToken(oauth.ScopeUsersRead)
	expired.Expiry = time.Now().Add(-time.Minute)

	source, err := oauth.NewSource(cfg, oauth.NewMemoryStore(expired),
		oauth.WithReport(func(err error) { fmt.Println("not seen by a call:", err) }))
	if err != nil {
		fmt.Println(err)
		return
	}
	// The transport puts the token on every request: let it send to Motive only.
	client := &http.Client{
		Transport:     &oauth2.Transport{Source: source},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Get(fake.URL + "/v1/users?per_page=1")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resp.Status, json.Valid(body))
	// After a 401: source.Invalidate(accessToken), and the next token is another.
	fmt.Println("refreshes:", fake.OAuthStats().Refreshes)
	// Output:
	// 200 OK true
	// refreshes: 1
}

// rowStore keeps a login in one row of a table in Postgres:
//
//	CREATE TABLE motive_login (id int PRIMARY KEY, record jsonb, holder text);
//	CREATE TABLE motive_lock (id int PRIMARY KEY);
//
// with a row of id 1 in each. A transaction that has locked the second is the
// lock, and ends with its process. One rowStore serves one Source, which does one
// thing at a time.
type rowStore struct {
	db     *sql.DB
	holder string // a name of the lock that is held; "" for none
}

func (s *rowStore) Load(ctx context.Context) (*oauth.Record, error) {
	var document []byte
	err := s.db.QueryRowContext(ctx, `SELECT record FROM motive_login WHERE id = 1`).Scan(&document)
	if err != nil || document == nil {
		return nil, err
	}
	record := new(oauth.Record)
	return record, json.Unmarshal(document, record)
}

func (s *rowStore) Lock(ctx context.Context) (unlock func(), err error) {
	// Not under ctx, which would end the transaction with the wait for it.
	tx, err := s.db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return nil, err
	}
	holder := rand.Text()
	_, err = tx.ExecContext(ctx, `SELECT 1 FROM motive_lock WHERE id = 1 FOR UPDATE`)
	if err == nil {
		_, err = s.db.ExecContext(ctx, `UPDATE motive_login SET holder = $1 WHERE id = 1`, holder)
	}
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	s.holder = holder
	return sync.OnceFunc(func() {
		s.holder = ""
		_ = tx.Rollback() // nothing is written in it
	}), nil
}

// Save writes outside the transaction, since an intent must be seen at once and
// survive the end of the lock. Whoever lost the lock is no longer the holder.
func (s *rowStore) Save(ctx context.Context, r *oauth.Record) error {
	document, err := json.Marshal(r)
	if err != nil {
		return err
	}
	result, err := s.db.ExecContext(ctx, `UPDATE motive_login SET record = $1 WHERE id = 1 AND holder = $2 AND $2 <> ''`, document, s.holder)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errors.New("the lock is not held"), err)
	}
	return nil
}

// A store of your own needs three methods. To it, a record is JSON. Check it with
// motivetest.TestTokenStore.
func ExampleStore() {
	var db *sql.DB // from sql.Open
	var store oauth.Store = &rowStore{db: db}
	source, err := oauth.NewSource(oauth.NewConfig("client id", "client secret", "https://app.example.com/callback"), store)
	fmt.Println(source, err)
	// Output: oauth.Source{…} <nil>
}
