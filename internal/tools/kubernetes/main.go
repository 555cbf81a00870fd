// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // as in kube-apiserver's own program
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

// etcdTimeout is how long etcd may take to elect itself.
const etcdTimeout = time.Minute

type options struct {
	data, listen string
	untilEOF     bool
}

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kube-api:", err)
		os.Exit(1)
	}
}

// run serves until a signal or, with -until-eof, until the end of stdin.
func run(args []string, stdin io.Reader, stderr io.Writer) error {
	opts, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if err := prepare(opts.data, opts.listen); err != nil {
		return fmt.Errorf("prepare %s: %w", opts.data, err)
	}
	store, err := startEtcd(filepath.Join(opts.data, "etcd"))
	if err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	defer store.Close()
	if opts.untilEOF {
		go func() {
			_, _ = io.Copy(io.Discard, stdin)                   // an error ends the input, too
			_ = syscall.Kill(syscall.Getpid(), syscall.SIGTERM) // the API server stops at signals only
		}()
	}
	command := app.NewAPIServerCommand()
	command.SetArgs(apiServerArgs(opts, store.Clients[0].Addr().String()))
	return command.Execute()
}

func parse(args []string, stderr io.Writer) (options, error) {
	var opts options
	flags := flag.NewFlagSet("kube-api", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opts.data, "data", "", "`folder` of the data, which is created")
	flags.StringVar(&opts.listen, "listen", "", "loopback `address` to serve on, such as 127.0.0.1:6443")
	flags.BoolVar(&opts.untilEOF, "until-eof", false, "stop when standard input ends")
	if err := flags.Parse(args); err != nil {
		return opts, err
	}
	if flags.NArg() > 0 {
		return opts, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if opts.data == "" {
		return opts, errors.New("-data is required")
	}
	host, _, err := net.SplitHostPort(opts.listen)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return opts, fmt.Errorf("invalid -listen %q: must be a loopback IP address with a port, such as 127.0.0.1:6443", opts.listen)
	}
	return opts, nil
}

// startEtcd starts an etcd of one member at free ports.
func startEtcd(data string) (*embed.Etcd, error) {
	config := embed.NewConfig()
	config.Dir = data
	config.LogLevel = "error"
	config.UnsafeNoFsync = true // a test needs its data after a crash of the process, not of the machine
	free := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.ListenPeerUrls, config.ListenClientUrls, config.AdvertiseClientUrls = free, free, free
	config.AdvertisePeerUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:1"}} // no other member asks there
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	store, err := embed.StartEtcd(config)
	if err != nil {
		return nil, err
	}
	select {
	case <-store.Server.ReadyNotify():
		return store, nil
	case err := <-store.Err():
		return nil, err
	case <-time.After(etcdTimeout):
		store.Close()
		return nil, errors.New("timed out")
	}
}

func apiServerArgs(opts options, etcd string) []string {
	host, port, _ := net.SplitHostPort(opts.listen) // parse checked it
	key := filepath.Join(opts.data, serviceAccountKey)
	return []string{
		"--etcd-servers=http://" + etcd,
		"--bind-address=" + host, "--secure-port=" + port, "--advertise-address=" + host,
		"--cert-dir=" + opts.data,         // where it writes its own certificate
		"--endpoint-reconciler-type=none", // it refuses a loopback address as its endpoint
		"--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-issuer=https://" + opts.listen,
		"--service-account-key-file=" + key, "--service-account-signing-key-file=" + key,
		"--authorization-mode=RBAC", "--token-auth-file=" + filepath.Join(opts.data, tokens),
	}
}
