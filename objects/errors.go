package objects

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// What can be wrong with a bucket. An object that isn't there is [fs.ErrNotExist].
var (
	// ErrChanged says that a condition wasn't met: the object is another one by now.
	ErrChanged = errors.New("another writer has changed the object")
	// ErrAway says that the server doesn't answer, or says itself that it can't just now.
	ErrAway = errors.New("the S3 server doesn't answer just now")
	// ErrFull says that there is no room, or that a quota is used up.
	ErrFull = errors.New("the S3 server has no room")
	// ErrDenied says that the credentials are wrong, or don't allow this: the bucket may be another's.
	ErrDenied = errors.New("the S3 server refuses the credentials, or what they may do")
	// ErrNoBucket says that there is no such bucket.
	ErrNoBucket = errors.New("the S3 server has no such bucket")
	// ErrConditions says that the server writes whatever the conditions are: it can't be shared.
	ErrConditions = errors.New("the S3 server ignores the conditions of writes (If-None-Match, If-Match), without which instances can't share it")
)

// meaning of the codes of S3 and of servers like it.
var meaning = map[string]error{
	"NoSuchKey": fs.ErrNotExist, "NotFound": fs.ErrNotExist, "NoSuchUpload": ErrChanged,
	"NoSuchBucket":       ErrNoBucket,
	"PreconditionFailed": ErrChanged, "ConditionalRequestConflict": ErrChanged,
	"AccessDenied": ErrDenied, "InvalidAccessKeyId": ErrDenied, "SignatureDoesNotMatch": ErrDenied, "ExpiredToken": ErrDenied,
	"InvalidToken": ErrDenied, "AllAccessDisabled": ErrDenied, "AccountProblem": ErrDenied, "RequestTimeTooSkewed": ErrDenied,
	"QuotaExceeded": ErrFull, "InsufficientStorage": ErrFull, "XMinioStorageFull": ErrFull, "XAdminBucketQuotaExceeded": ErrFull,
}

// meant wraps an error of the SDK with what it means.
func meant(err error) error {
	if err == nil {
		return nil
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		if e := meaning[api.ErrorCode()]; e != nil {
			return fmt.Errorf("%w (%s)", e, api.ErrorCode())
		}
	}
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		switch status := answer.HTTPStatusCode(); status {
		case http.StatusNotFound:
			return fmt.Errorf("%w: %s", fs.ErrNotExist, http.StatusText(status))
		case http.StatusPreconditionFailed, http.StatusConflict:
			return fmt.Errorf("%w: %s", ErrChanged, http.StatusText(status))
		case http.StatusUnauthorized, http.StatusForbidden:
			return fmt.Errorf("%w: %s", ErrDenied, http.StatusText(status))
		case http.StatusInsufficientStorage:
			return fmt.Errorf("%w: %s", ErrFull, http.StatusText(status))
		}
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrAway, err)
}
