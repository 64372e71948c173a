// Package objects keeps bytes in a bucket of S3 or of a server that speaks its protocol:
// small objects that are changed by compare-and-set, large ones that are written as a
// stream and read from any place.
//
//	at, err := objects.Parse("s3://bucket/prefix?region=eu-central-1")
//	bucket, err := objects.Open(ctx, at)
//	tag, err := bucket.Put(ctx, "name", body, "") // if there is no such object
//	tag, err = bucket.Put(ctx, "name", other, tag) // if it is still the one
//
// Credentials, and what the URL leaves out, are those of the AWS_… variables, the shared
// files and the machine's role, as the AWS SDK finds them.
package objects
