// Command unit-testing deactivates the people who have left, by the ids that the
// fleet's other system has for them. It is here for its tests, which need no
// network: leavers_test.go shows the three ways to write them.
//
//	go run ./examples/unit-testing my_tms 987 988
//
// It needs MOTIVE_ACCESS_TOKEN or MOTIVE_API_KEY in the environment.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/motive-go/motive"
)

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: unit-testing <integration name> <external id> …")
	}
	client, err := motive.NewClientFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	report, err := deactivateLeavers(context.Background(), client, os.Args[1], os.Args[2:])
	for _, line := range report {
		fmt.Println(line)
	}
	if err != nil {
		log.Fatal(err)
	}
}
