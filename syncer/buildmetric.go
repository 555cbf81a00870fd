// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/relay-secrets/terraform-provider-relay/internal/buildinfo"
)

// newBuildMetric is the metric that names the build, always 1, as exporters of Prometheus
// have it.
func newBuildMetric(build buildinfo.Info) prometheus.Collector {
	metric := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "relay_sync_build_info",
		Help:        "Always 1; the labels name the version, the commit and the version of Go of this build.",
		ConstLabels: prometheus.Labels{"version": build.Version, "commit": build.Commit, "goversion": build.Go},
	})
	metric.Set(1)
	return metric
}

// gatherer gathers the metrics of the controller, and those of Go and of the process.
func (c *Controller) gatherer() prometheus.Gatherer {
	process := prometheus.NewRegistry()
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return prometheus.Gatherers{c.registry, process}
}
