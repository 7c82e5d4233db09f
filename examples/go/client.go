// Submits a request to Mezzotint's REST API, waits for the job and fetches its files.
//
//	go run client.go REQUEST.json FOLDER
//	go run client.go cancel ID
//
// WORKER_URL is the address of a worker (http://localhost:8080), WORKER_TOKEN its token.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type job struct{ ID, State, Cause string }

type results struct {
	Images, Files []struct{ Key, Path string }
	Total         int
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// call ends the program with the answer if the call is refused.
func call(method, path string, body []byte) []byte {
	url := cmp.Or(os.Getenv("WORKER_URL"), "http://localhost:8080")
	request := must(http.NewRequest(method, url+path, bytes.NewReader(body)))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+os.Getenv("WORKER_TOKEN"))
	response := must(http.DefaultClient.Do(request))
	defer response.Body.Close()
	content := must(io.ReadAll(response.Body))
	if response.StatusCode >= 400 {
		log.Fatal(response.Status, ": ", string(content))
	}
	return content
}

func read[T any](content []byte) (value T) {
	must(0, json.Unmarshal(content, &value))
	return value
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: go run client.go REQUEST.json FOLDER | cancel ID")
	} else if os.Args[1] == "cancel" {
		call("POST", "/api/jobs/"+os.Args[2]+"/cancel", []byte("{}"))
		return
	}
	id := read[job](call("POST", "/api/jobs", must(os.ReadFile(os.Args[1])))).ID
	state := read[job](call("GET", "/api/jobs/"+id, nil))
	for state.State == "queued" || state.State == "running" {
		time.Sleep(time.Second / 2)
		state = read[job](call("GET", "/api/jobs/"+id, nil))
	}
	if state.State != "completed" {
		log.Fatal(id, " ", state.State, ": ", state.Cause)
	}
	for offset, total := 0, 1; offset < total; offset += 500 {
		path := fmt.Sprintf("/api/jobs/%s/results?limit=500&offset=%d", id, offset)
		page := read[results](call("GET", path, nil))
		for _, file := range append(page.Images, page.Files...) {
			target := filepath.Join(os.Args[2], strings.TrimPrefix(file.Key, "jobs/"+id+"/"))
			must(0, os.MkdirAll(filepath.Dir(target), 0o777))
			must(0, os.WriteFile(target, call("GET", file.Path, nil), 0o666))
		}
		total = page.Total
	}
	fmt.Println(id, "completed")
}
