// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package bench

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// secrets is the number of secrets of each measurement.
const secrets = 300

// steps lists the measured steps, in order.
var steps = []string{"create", "plan", "change all"}

// BenchmarkSecrets creates 300 secrets, plans them, and changes them all: by bare
// requests, as 300 relay_workflow_secret, and in one relay_workflow_secrets. The same
// number of terraform_data, which send no requests, shows the time of Terraform itself. Each
// metric less-host is without that time; its ratio is to the bare requests, 16 at once.
func BenchmarkSecrets(b *testing.B) {
	vault := vaulttest.Start(b)
	for b.Loop() {
		var (
			alone    = bare(b, vault, 1)
			together = bare(b, vault, 16)
			single   = terraform(b, vault, singles)
			set      = terraform(b, vault, oneSet)
			floor    = terraform(b, vault, nothing)
		)
		var table strings.Builder
		w := tabwriter.NewWriter(&table, 0, 0, 3, ' ', tabwriter.AlignRight)
		fmt.Fprintf(w, "%d secrets\tbare requests\tbare, 16 at once\tterraform_data\trelay_workflow_secret\tless terraform_data\trelay_workflow_secrets\t\n", secrets)
		for i, step := range steps {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", step, seconds(alone[i]), seconds(together[i]), beside(floor[i], together[i]),
				beside(single[i], together[i]), beside(single[i].less(floor[i]), together[i]), beside(set[i], together[i]))
			name, own := strings.Fields(step)[0], single[i].less(floor[i])
			b.ReportMetric(single[i].wall.Seconds(), name+"-each-s")
			b.ReportMetric(set[i].wall.Seconds(), name+"-set-s")
			b.ReportMetric(floor[i].wall.Seconds(), name+"-host-s")
			b.ReportMetric(own.wall.Seconds(), name+"-each-less-host-s")
			b.ReportMetric(own.processor.Seconds(), name+"-each-less-host-cpu-s")
			b.ReportMetric(own.wall.Seconds()/together[i].Seconds(), name+"-each-less-host-ratio")
		}
		_ = w.Flush()
		b.Logf("wall time, how many times that of bare requests, 16 at once, and processor time without Vault's:\n%s", table.String())
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func beside(t taken, bare time.Duration) string {
	return fmt.Sprintf("%s (x %.1f, cpu %s)", seconds(t.wall), t.wall.Seconds()/bare.Seconds(), seconds(t.processor))
}
