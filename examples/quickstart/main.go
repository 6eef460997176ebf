// Command quickstart creates a driver and lists everybody.
//
// It needs MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY in the environment.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/motive-go/motive"
)

func main() {
	ctx := context.Background()
	client, err := motive.NewClientFromEnv() // MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY
	if err != nil {
		log.Fatal(err)
	}
	driver, err := client.Users.Create(ctx, &motive.CreateUserRequest{
		FirstName:             motive.Set("Ada"),
		LastName:              motive.Set("Moss"),
		Role:                  motive.Set(motive.RoleDriver),
		Username:              motive.Set("ada.moss"),
		Cycle:                 motive.Set(motive.CycleUSProperty70Hour8Day),
		ExternalIDsAttributes: motive.Set([]motive.ExternalIDAttributes{{ExternalID: "987", IntegrationName: "my_tms"}}),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("created", driver.ID)

	for user, err := range client.Users.All(ctx, nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(user.ID, user.FirstName, user.LastName, user.Role, user.Status)
	}
}
