// fake-gcs-server in memory, over plain HTTP, with what its XML API lacks and clients such as object_store
// (obstore) take for granted: listings below /BUCKET, with ETags and in pages, and If-Match on downloads.
// The JSON API is fake-gcs-server's own.
package main

import (
	"encoding/xml"
	"flag"
	"fmt"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/fsouza/fake-gcs-server/fakestorage"
)

// publicHost is the host for which fake-gcs-server speaks the XML API.
const publicHost = "storage.googleapis.com"

var jsonPrefixes = []string{"/storage/", "/upload/", "/download/", "/batch/", "/b/", "/_internal/"}

func main() {
	address := flag.String("listen", "127.0.0.1:4443", "host:port to listen on")
	flag.Parse()
	gcs, err := fakestorage.NewServerWithOptions(fakestorage.Options{
		NoListener: true, PublicHost: publicHost, ExternalURL: "http://" + *address,
	})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(*address, &handler{gcs: gcs, upstream: gcs.HTTPHandler()}))
}

type handler struct {
	gcs      *fakestorage.Server
	upstream http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, prefix := range jsonPrefixes {
		if strings.HasPrefix(r.URL.Path, prefix) {
			h.upstream.ServeHTTP(w, r)
			return
		}
	}
	bucket, object, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if object == "" && r.Method == http.MethodGet {
		h.list(w, r, bucket)
		return
	}
	r.Host = publicHost
	h.upstream.ServeHTTP(&conditional{ResponseWriter: w, match: r.Header.Get("If-Match")}, r)
}

// listBucketResult is of https://docs.cloud.google.com/storage/docs/xml-api/get-bucket-list
type listBucketResult struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name                  string
	Prefix                string
	Delimiter             string `xml:",omitempty"`
	KeyCount              int
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []contents
	CommonPrefixes        []commonPrefix
}

type contents struct {
	Key          string
	Generation   int64
	LastModified string
	ETag         string
	Size         int64
}

type commonPrefix struct {
	Prefix string
}

func (h *handler) list(w http.ResponseWriter, r *http.Request, bucket string) {
	query := r.URL.Query()
	size, err := strconv.Atoi(query.Get("max-keys"))
	if err != nil || size > 1000 {
		size = 1000
	}
	page, err := h.gcs.ListObjectsWithOptionsPaginated(bucket, fakestorage.ListOptions{
		Prefix: query.Get("prefix"), Delimiter: query.Get("delimiter"), MaxResults: size,
		PageToken: query.Get("continuation-token"),
	})
	if err != nil {
		answer(w, http.StatusNotFound, xmlError{Code: "NoSuchBucket", Message: "The specified bucket does not exist."})
		return
	}
	result := listBucketResult{
		Name: bucket, Prefix: query.Get("prefix"), Delimiter: query.Get("delimiter"), KeyCount: len(page.Objects),
		IsTruncated: page.NextPageToken != "", NextContinuationToken: page.NextPageToken,
	}
	for _, object := range page.Objects {
		result.Contents = append(result.Contents, contents{
			object.Name, object.Generation, object.Updated.UTC().Format(time.RFC3339Nano),
			fmt.Sprintf("%q", object.Etag), object.Size,
		})
	}
	for _, prefix := range page.Prefixes {
		result.CommonPrefixes = append(result.CommonPrefixes, commonPrefix{prefix})
	}
	answer(w, http.StatusOK, result)
}

type xmlError struct {
	XMLName xml.Name `xml:"Error"`
	Code    string
	Message string
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/xml; charset=UTF-8")
	w.WriteHeader(status)
	fmt.Fprint(w, xml.Header)
	if err := xml.NewEncoder(w).Encode(body); err != nil {
		log.Print(err)
	}
}

// conditional holds an answer back whose ETag is not the one that was asked for.
type conditional struct {
	http.ResponseWriter
	match  string
	failed bool
}

func (c *conditional) WriteHeader(status int) {
	etag := c.Header().Get("ETag")
	if c.match == "" || etag == "" || c.match == etag || c.match == "*" {
		c.ResponseWriter.WriteHeader(status)
		return
	}
	c.failed = true
	for _, name := range []string{"Content-Length", "Content-Range", "Accept-Ranges", "ETag"} {
		c.Header().Del(name)
	}
	answer(c.ResponseWriter, http.StatusPreconditionFailed, xmlError{
		Code: "PreconditionFailed", Message: "At least one of the pre-conditions you specified did not hold.",
	})
}

func (c *conditional) Write(data []byte) (int, error) {
	if c.failed {
		return len(data), nil
	}
	return c.ResponseWriter.Write(data)
}
