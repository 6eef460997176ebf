// Motive gets a user with this module.
package main

import (
	"context"
	"fmt"

	"github.com/motive-go/motive"
)

func main() {
	client, err := motive.NewClientFromEnv()
	if err != nil {
		panic(err)
	}
	user, err := client.Users.Get(context.Background(), 7)
	if err != nil {
		panic(err)
	}
	fmt.Println(user.FirstName)
}
