package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// target says where a client connects and how; the flags are those of the Python client too.
type target struct {
	address, authority, authorities, certificate, key, from string
}

func (t *target) declare(flags *flag.FlagSet) {
	flags.StringVar(&t.address, "address", "", "where to connect")
	flags.StringVar(&t.authority, "authority", "", "what to ask for there")
	flags.StringVar(&t.authorities, "ca", "", "speak TLS and believe these authorities")
	flags.StringVar(&t.certificate, "cert", "", "the client's certificate")
	flags.StringVar(&t.key, "key", "", "its key")
	flags.StringVar(&t.from, "from", "127.0.0.1", "the client's own address")
}

func (t *target) dial(options ...grpc.DialOption) (*grpc.ClientConn, error) {
	transport := insecure.NewCredentials()
	if t.authorities != "" {
		settings := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: t.authority}
		pem, err := os.ReadFile(t.authorities)
		if err != nil {
			return nil, err
		}
		if !settings.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("no certificate in " + t.authorities)
		}
		if t.certificate != "" {
			pair, err := tls.LoadX509KeyPair(t.certificate, t.key)
			if err != nil {
				return nil, err
			}
			settings.Certificates = []tls.Certificate{pair}
		}
		transport = credentials.NewTLS(settings)
	}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(t.from)}}
	return grpc.NewClient("passthrough:///"+t.address, append([]grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithAuthority(t.authority),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", address)
		}),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{}), grpc.MaxCallRecvMsgSize(16<<20)),
		// The least that grpc-go allows is ten seconds; the Python client pings more often.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, PermitWithoutStream: true}),
	}, options...)...)
}
