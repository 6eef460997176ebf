package motivetest_test

import (
	"context"
	"fmt"
	"log"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// A program starts a fake with Start; a test uses NewServer, which closes it.
func ExampleStart() {
	srv, err := motivetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	srv.Seed(motive.User{FirstName: "Ada", LastName: "Reed", Role: motive.RoleDriver, Username: "ada"})

	user, err := srv.Client().Users.Lookup(context.Background(), motive.UserLookup{Username: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.FirstName, user.LastName)
	// Output: Ada Reed
}

// The driver is created and the connection is cut before the response. A create
// that carries an external id is reconciled by the client: there is one driver.
func ExampleFake_Inject() {
	srv, err := motivetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	srv.Inject(motivetest.ResetAfter(), motivetest.OnMethod("POST"), motivetest.Times(1))

	_, err = srv.Client().Users.Create(context.Background(), &motive.CreateUserRequest{
		FirstName: motive.Set("Ada"),
		LastName:  motive.Set("Reed"),
		Role:      motive.Set(motive.RoleDriver),
		Username:  motive.Set("ada"),
		ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{
			{ExternalID: "7", IntegrationName: "tms"},
		}),
	})
	fmt.Println(err, srv.Created("7", "tms"))
	for _, f := range srv.Faults() {
		fmt.Printf("%s on request %d, committed %v\n", f.Fault, f.Request, f.Committed)
	}
	// Output:
	// <nil> 1
	// reset after commit on request 0, committed true
}

// One token is used up under the client's hands: it refreshes and goes on.
func ExampleFake_OAuth() {
	srv, err := motivetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	config := srv.OAuth().Config("", "users.read")
	token := srv.IssueToken("users.read")
	srv.RevokeTokens() // the access token; the refresh token is as good as before

	ctx := context.Background()
	token.Expiry = token.Expiry.AddDate(-1, 0, 0)
	client := srv.Client(motive.WithTokenSource(config.TokenSource(ctx, token)))
	page, err := client.Users.List(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Users), srv.OAuthStats().Refreshes)
	// Output: 0 1
}
