# docker build --tag downbeat .
# docker run --rm --network host --volume downbeat:/data downbeat
#
# Host networking, or WebRTC's ports as they are (-p 8080:8080/tcp -p 8080:8080/udp -p 8081:8081/tcp
# and --advertise ADDRESS): devices must reach the addresses that the server tells them.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/downbeat ./cmd/downbeat && mkdir /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/downbeat /usr/bin/downbeat
COPY --from=build --chown=nonroot:nonroot /out/data /data
VOLUME /data
EXPOSE 8080/tcp 8080/udp 8081/tcp
ENTRYPOINT ["/usr/bin/downbeat"]
CMD ["serve", "--data", "/data"]
